//! Answers from another address or port than was asked: of agents with many addresses that answer from the nearest, and
//! of those behind a translator. They count where the operator named the place they come from, and only as an answer to a
//! question that carries their number; all other tests (community, user, digest) are those of any answer.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

use herkomst_probe::snmp::AGENT_PORT;
use herkomst_wire::snmp::{CommunityMessage, V3Message, message_version};

use crate::config::targets::AddressSet;

/// So many questions are remembered, the oldest are forgotten: at most about 8 MB.
const MOST_ASKED: usize = 1 << 17;

/// Who was asked under which number. Empty where the operator named no place.
#[derive(Debug)]
pub(super) struct Elsewhere {
    from: AddressSet,
    asked: HashMap<i32, IpAddr>,
    order: VecDeque<i32>,
    /// Answers that were taken.
    pub(super) taken: u64,
}

impl Elsewhere {
    /// Answers may come from these.
    pub(super) fn new(from: AddressSet) -> Self {
        Self { from, asked: HashMap::new(), order: VecDeque::new(), taken: 0 }
    }

    /// A question leaves.
    pub(super) fn asked(&mut self, to: IpAddr, bytes: &[u8]) {
        if self.from.is_empty() {
            return;
        }
        let Some(number) = number_of(bytes) else { return };
        if self.asked.insert(number, to).is_none() {
            self.order.push_back(number);
        }
        if self.order.len() > MOST_ASKED
            && let Some(oldest) = self.order.pop_front()
        {
            self.asked.remove(&oldest);
        }
    }

    /// Who was asked what this answers, if it comes from elsewhere and may.
    pub(super) fn origin(&self, from: SocketAddr, bytes: &[u8]) -> Option<SocketAddr> {
        if !self.from.contains(from.ip()) {
            return None;
        }
        let asked = SocketAddr::new(*self.asked.get(&number_of(bytes)?)?, AGENT_PORT);
        (asked != from).then_some(asked)
    }
}

/// `request-id` of versions 1 and 2c, `msgID` of version 3.
fn number_of(bytes: &[u8]) -> Option<i32> {
    match message_version(bytes) {
        Ok(3) => V3Message::parse(bytes).ok().map(|message| message.msg_id),
        _ => CommunityMessage::parse(bytes).ok().map(|message| message.pdu.request_id),
    }
}

#[cfg(test)]
mod tests {
    use herkomst_wire::snmp::{PduKind, Version, emit_discovery, emit_get};

    use super::*;
    use crate::config::targets::Range;

    fn question(number: i32) -> Vec<u8> {
        let mut bytes = Vec::new();
        emit_get(&mut bytes, Version::V2c, b"ro", PduKind::Get, number, &[]);
        bytes
    }

    fn from_prefix() -> Elsewhere {
        Elsewhere::new(AddressSet::new(vec![Range::hosts_of("10.0.0.0/24".parse().unwrap())]))
    }

    #[test]
    fn an_answer_counts_for_the_one_who_was_asked_under_its_number() {
        let asked: IpAddr = [10, 9, 9, 9].into();
        let mut elsewhere = from_prefix();
        elsewhere.asked(asked, &question(7));
        let near: SocketAddr = "10.0.0.5:161".parse().unwrap();
        assert_eq!(elsewhere.origin(near, &question(7)), Some(SocketAddr::new(asked, 161)));
        assert_eq!(elsewhere.origin(near, &question(8)), None, "another number");
        let far = "10.0.1.5:161".parse().unwrap();
        assert_eq!(elsewhere.origin(far, &question(7)), None, "a place that nobody named");
        assert_eq!(elsewhere.origin(near, &[1, 2, 3]), None);
        let mut discovery = Vec::new();
        emit_discovery(&mut discovery, 9, 9);
        elsewhere.asked(asked, &discovery);
        assert!(elsewhere.origin(near, &discovery).is_some());
    }

    #[test]
    fn from_the_address_that_was_asked_another_port_alone_is_elsewhere() {
        let asked: IpAddr = [10, 0, 0, 5].into();
        let mut elsewhere = from_prefix();
        elsewhere.asked(asked, &question(7));
        assert_eq!(elsewhere.origin(SocketAddr::new(asked, 161), &question(7)), None);
        assert!(elsewhere.origin(SocketAddr::new(asked, 9161), &question(7)).is_some());
    }

    #[test]
    fn a_prefix_that_is_too_large_to_be_swept_is_a_place_too() {
        let asked: IpAddr = [10, 9, 9, 9].into();
        let net = "2001:db8::/48".parse().unwrap();
        let mut elsewhere = Elsewhere::new(AddressSet::new(vec![Range::whole(net)]));
        elsewhere.asked(asked, &question(7));
        let near: SocketAddr = "[2001:db8::5]:161".parse().unwrap();
        assert_eq!(elsewhere.origin(near, &question(7)), Some(SocketAddr::new(asked, 161)));
    }

    #[test]
    fn nothing_is_remembered_without_need_and_never_too_much() {
        let mut nowhere = Elsewhere::new(AddressSet::default());
        nowhere.asked([10, 0, 0, 5].into(), &question(7));
        assert!(nowhere.asked.is_empty());
        let mut elsewhere = from_prefix();
        for number in 1..=i32::try_from(MOST_ASKED).unwrap() + 10 {
            elsewhere.asked([10, 0, 0, 5].into(), &question(number));
        }
        assert_eq!((elsewhere.asked.len(), elsewhere.order.len()), (MOST_ASKED, MOST_ASKED));
    }
}
