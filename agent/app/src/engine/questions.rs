//! Questions that the operator switches on, for all targets (`--methods`) or for groups of them (`[[scan.ask]]`): put to
//! each target by itself, once it is known to be there or at once where nobody can tell.

use std::net::IpAddr;
use std::time::Instant;

use herkomst_model::{PacketKind, Why};
use herkomst_probe::ask::{Ask, Question};
use herkomst_probe::retry::Retry;
use herkomst_probe::snmp::cookie::Cookies;
use herkomst_probe::{Fit, Input, Probe};

use super::Engine;
use crate::config::checked::Scan;
use crate::config::methods::Means;
use crate::config::targets::AddressSet;

/// One question, and who is asked it.
pub(super) struct Asking {
    pub(super) probe: Ask,
    everybody: bool,
    groups: Vec<AddressSet>,
}

/// What `Means` asks, if it is a question.
const fn question(means: Means) -> Option<Question> {
    match means {
        Means::SadpQuery => Some(Question::Sadp),
        Means::DhipQuery => Some(Question::Dhip),
        Means::OnvifQuery => Some(Question::Onvif),
        Means::SsdpQuery => Some(Question::Ssdp),
        Means::MdnsQuery => Some(Question::Mdns),
        _ => None,
    }
}

impl Asking {
    /// The questions of a scan.
    pub(super) fn of(scan: &Scan, cookies: &Cookies) -> Vec<Self> {
        let everybody = scan.methods.questions();
        let of = |means: Means| {
            let asked = scan.ask.iter().filter(|group| group.questions.contains(&means));
            let groups: Vec<AddressSet> =
                asked.map(|group| group.targets.addresses.clone()).collect();
            let everybody = everybody.contains(&means);
            let question = question(means).filter(|_| everybody || !groups.is_empty())?;
            let retry = Retry::question().at_most(scan.attempts);
            Some(Self { probe: Ask::new(question, retry, cookies.clone()), everybody, groups })
        };
        if scan.passive {
            Vec::new()
        } else {
            Means::QUESTIONS.into_iter().filter_map(of).collect()
        }
    }

    fn is_for(&self, target: IpAddr) -> bool {
        self.everybody || self.groups.iter().any(|group| group.contains(target))
    }
}

impl Engine {
    /// Asks a target what is switched on for it.
    pub(super) fn question(&mut self, target: IpAddr) {
        for asking in &mut self.questions {
            if asking.is_for(target) {
                asking.probe.add(target);
                self.book.expect(target, asking.probe.question().method());
            }
        }
    }

    /// Another station claims the address, and is to be spared.
    pub(super) fn spare_questions(&mut self, target: IpAddr) {
        for asking in &mut self.questions {
            asking.probe.spare(target);
        }
    }

    /// A question did not leave.
    pub(super) fn question_unsent(&mut self, target: IpAddr, kind: PacketKind, why: Why) {
        let is_it = |asking: &&mut Asking| asking.probe.question().packet() == kind;
        if let Some(asking) = self.questions.iter_mut().find(is_it) {
            asking.probe.give_up(target, why);
        }
    }

    /// Offers an input to those that wait for one; an answer that comes from the port of a question is for it alone.
    pub(super) fn offer_to_questions(&mut self, now: Instant, input: Input<'_>) -> Fit {
        let mut fit = Fit::NotMine;
        for asking in &mut self.questions {
            match asking.probe.handle_input(now, input) {
                Fit::Taken => return Fit::Taken,
                Fit::Ignored => fit = Fit::Ignored,
                Fit::NotMine => {}
            }
        }
        fit
    }
}

/// The port that a packet of this kind goes to.
pub(super) fn port(kind: PacketKind) -> Option<u16> {
    Question::ALL.into_iter().find(|question| question.packet() == kind).map(Question::port)
}
