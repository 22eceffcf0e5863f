//! The books of one scan: what each target is expected to be asked, what was sent to it, and what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use herkomst_model::{
    Answer, Fact, Ledger, Method, Outcome, PacketKind, QuickMap, Receipt, Sent, Table, TableLine,
    TargetLine, Why,
};
use herkomst_probe::pacer::Zone;
use herkomst_probe::{Fit, Transmit};
use herkomst_wire::ipv6::ALL_NODES;

use crate::plan::{Allowed, Plan};

/// One target.
#[derive(Debug, Clone, Copy, Default)]
struct Page {
    line: TargetLine,
    sent: Sent,
    /// Where it lies; `None` when nothing may be sent to it.
    zone: Option<Zone>,
    /// Something answered.
    answered: bool,
    /// Nothing more is expected of it.
    done: bool,
    /// Its window closed: nothing more is sent to it.
    shut: bool,
}

impl Page {
    /// The last word on one method: what was put, or to be put, and has no end yet was cut short, or not even begun.
    fn settle(&self, method: Method, outcome: &mut Outcome, is_expected: bool) {
        let is_open = *outcome == Outcome::NotExpected && is_expected;
        // Given up on after the first packet had left: the receipt says that it was asked.
        let is_given_up = matches!(outcome, Outcome::NotAsked(_));
        let asked = || self.sent.by_kind().any(|(kind, _)| kinds_of(method).contains(&kind));
        if (is_open || is_given_up) && asked() {
            *outcome = Outcome::CutShort;
        } else if is_open {
            let why = if self.shut { Why::OutsideWindow } else { Why::Interrupted };
            *outcome = Outcome::NotAsked(why);
        }
    }
}

/// The books. A target that has no page is none: nothing is sent to it.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pages: QuickMap<IpAddr, Page>,
    /// What was sent to find out who is there: to groups, and to addresses that nobody answered at.
    guesses: QuickMap<IpAddr, Sent>,
    allowed: Arc<Allowed>,
    asks_everybody: bool,
    /// Questions beside those that every target is asked, to whom they are put.
    questions: BTreeMap<IpAddr, Vec<(Method, Outcome)>>,
    /// The tables of those that were interviewed.
    tables: BTreeMap<IpAddr, Vec<(Table, TableLine)>>,
    credentials: BTreeMap<Arc<str>, BTreeSet<IpAddr>>,
    /// Packets that came in and were not what was asked for.
    pub(crate) ignored: u64,
    /// Targets with an answer.
    pub(crate) answered: u64,
    /// Targets that nothing more is expected of.
    pub(crate) done: u64,
    /// Packets that left.
    pub(crate) sent: u64,
}

/// The kinds of outcome, for the final page.
fn kinds_of(method: Method) -> &'static [PacketKind] {
    match method {
        Method::Arp | Method::KernelNeighbour => &[PacketKind::ArpRequest],
        Method::Icmp | Method::Icmpv6 => &[PacketKind::IcmpEcho, PacketKind::Icmpv6Echo],
        Method::Ndp => &[PacketKind::NeighbourSolicitation],
        Method::SnmpEngine => &[PacketKind::SnmpEngine],
        Method::Snmp | Method::Table(_) => &[PacketKind::SnmpCommunity, PacketKind::SnmpUser],
        Method::Sadp => &[PacketKind::Sadp],
        Method::Dhip => &[PacketKind::Dhip],
        Method::WsDiscovery => &[PacketKind::Onvif],
        Method::Ssdp => &[PacketKind::Ssdp],
        Method::Mdns => &[PacketKind::Mdns],
        // Asked of everybody, or only heard.
        Method::Mld
        | Method::Lldp
        | Method::Cdp
        | Method::Edp
        | Method::Fdp
        | Method::Sonmp
        | Method::Mndp
        | Method::Dhcp
        | Method::Dhcpv6
        | Method::Vrrp
        | Method::Hsrp
        | Method::Glbp
        | Method::Carp => &[],
    }
}

impl Book {
    /// Opens the books of a plan: a page for every target.
    pub(crate) fn open(plan: &Plan, allowed: Arc<Allowed>) -> Self {
        let asks_everybody = plan.links.iter().any(|link| link.everybody);
        let mut book = Self { allowed, asks_everybody, ..Self::default() };
        let size = plan.segments.iter().map(|segment| segment.targets.len()).sum::<usize>()
            + plan.routed.len();
        book.pages.reserve(size + plan.through_kernel.len() + plan.not_asked.len());
        let zones = [(Zone::Beyond, &plan.routed), (Zone::ThroughKernel, &plan.through_kernel)];
        let on_link = plan.segments.iter().flat_map(|segment| &segment.targets);
        let on_link = on_link.map(|target| (Zone::Segment, IpAddr::V4(*target)));
        let on_links = plan.links.iter().flat_map(|link| &link.targets);
        let on_links = on_links.map(|target| (Zone::Segment, IpAddr::V6(*target)));
        let others =
            zones.into_iter().flat_map(|(zone, all)| all.iter().map(move |to| (zone, *to)));
        for (zone, target) in on_link.chain(on_links).chain(others) {
            book.pages.insert(target, Page { zone: Some(zone), ..Page::default() });
        }
        for (target, why) in &plan.not_asked {
            let no = Outcome::NotAsked(*why);
            let (arp, nd) = match target {
                IpAddr::V4(_) => (no, Outcome::NotExpected),
                IpAddr::V6(_) => (Outcome::NotExpected, no),
            };
            let line = TargetLine { arp, nd, icmp: no, snmp_engine: no, snmp: no };
            book.pages.insert(*target, Page { line, done: true, ..Page::default() });
        }
        book
    }

    /// Counts what came in and was not what was asked for.
    pub(crate) fn count(&mut self, fit: Fit) {
        self.ignored += u64::from(fit == Fit::Ignored);
    }

    /// Where a target lies; `None` for what is excluded or no target: nothing may be sent there. Groups of a segment, and
    /// addresses on it that nobody may have, are asked and are no targets.
    pub(crate) fn zone(&self, target: IpAddr) -> Option<Zone> {
        match self.pages.get(&target) {
            Some(page) => page.zone.filter(|_| !page.shut),
            None => self.may_guess(target).then_some(Zone::Segment),
        }
    }

    /// Whether a question to find out who is there may go to it: to the group of all nodes of a segment (RFC 4291, 2.7.1),
    /// and to addresses within the targets.
    fn may_guess(&self, target: IpAddr) -> bool {
        let IpAddr::V6(address) = target else { return false };
        self.asks_everybody && (address == ALL_NODES || self.allowed.holds(target))
    }

    /// Whether it is a target, asked or not.
    pub(crate) fn has(&self, target: IpAddr) -> bool {
        self.pages.contains_key(&target)
    }

    /// Takes in who has shown himself or was told of; says whether he is new.
    pub(crate) fn admit(&mut self, target: IpAddr, zone: Zone) -> bool {
        if self.pages.contains_key(&target) {
            return false;
        }
        self.pages.insert(target, Page { zone: Some(zone), ..Page::default() });
        true
    }

    /// Nothing more is sent to those for whom this holds; gives them back, and of how many something was expected. Those
    /// that are done with may still be asked: by echo, or a question of their own.
    pub(crate) fn shut(&mut self, is_to_be: impl Fn(IpAddr) -> bool) -> (Vec<IpAddr>, usize) {
        let (mut shut, mut unfinished) = (Vec::new(), 0);
        for (target, page) in &mut self.pages {
            if page.zone.is_some() && !page.shut && is_to_be(*target) {
                page.shut = true;
                unfinished += usize::from(!page.done);
                shut.push(*target);
            }
        }
        (shut, unfinished)
    }

    /// Whether its window has closed.
    pub(crate) fn is_shut(&self, target: IpAddr) -> bool {
        self.pages.get(&target).is_some_and(|page| page.shut)
    }

    /// How many targets there are.
    pub(crate) fn len(&self) -> usize {
        self.pages.len()
    }

    /// Writes down a packet that leaves.
    pub(crate) fn sent(&mut self, transmit: &Transmit) {
        self.sent += 1;
        match self.pages.get_mut(&transmit.to) {
            Some(page) => page.sent.add(transmit.kind),
            None => self.guesses.entry(transmit.to).or_default().add(transmit.kind),
        }
        if let Some(name) = &transmit.credential {
            self.credentials.entry(Arc::clone(name)).or_default().insert(transmit.to);
        }
    }

    /// Takes back a packet that the kernel would not send.
    pub(crate) fn not_sent(&mut self, target: IpAddr, kind: PacketKind) {
        self.sent = self.sent.saturating_sub(1);
        match self.pages.get_mut(&target) {
            Some(page) => page.sent.take_back(kind),
            None => self.guesses.entry(target).or_default().take_back(kind),
        }
    }

    /// How one method ended for one target.
    pub(crate) fn set(&mut self, target: IpAddr, method: Method, outcome: Outcome) {
        let Some(page) = self.pages.get_mut(&target) else { return };
        let slot = match method {
            Method::Arp | Method::KernelNeighbour if target.is_ipv4() => &mut page.line.arp,
            Method::Ndp | Method::KernelNeighbour => &mut page.line.nd,
            Method::Icmp | Method::Icmpv6 => &mut page.line.icmp,
            Method::SnmpEngine => &mut page.line.snmp_engine,
            Method::Snmp => &mut page.line.snmp,
            _ => return,
        };
        *slot = outcome;
        if outcome == Outcome::Answered && !page.answered {
            page.answered = true;
            self.answered += 1;
        }
    }

    /// A question of its own is put to the target.
    pub(crate) fn expect(&mut self, target: IpAddr, method: Method) {
        let questions = self.questions.entry(target).or_default();
        if questions.iter().all(|(asked, _)| *asked != method) {
            questions.push((method, Outcome::NotExpected));
        }
    }

    /// What came of it; an answer in several parts is one.
    pub(crate) fn set_question(&mut self, target: IpAddr, method: Method, outcome: Outcome) {
        let questions = self.questions.entry(target).or_default();
        match questions.iter_mut().find(|(asked, _)| *asked == method) {
            Some((_, before)) => *before = outcome,
            None => questions.push((method, outcome)),
        }
    }

    /// How a table of a target ended; each ends once.
    pub(crate) fn set_table(&mut self, target: IpAddr, table: Table, line: TableLine) {
        self.tables.entry(target).or_default().push((table, line));
    }

    /// What an answer means for the ledger.
    pub(crate) fn outcome(answer: &Answer<Fact>) -> Outcome {
        match answer {
            Answer::NotAsked(why) => Outcome::NotAsked(*why),
            Answer::Silent { .. } => Outcome::Silent,
            Answer::Refused(_) => Outcome::Refused,
            Answer::Malformed(_) => Outcome::Malformed,
            // What was said counts, and is not all that was asked for.
            Answer::Is(Fact::System(system)) if system.cut_short => Outcome::CutShort,
            Answer::Is(_) => Outcome::Answered,
        }
    }

    /// Nothing more is expected of the target, but perhaps a late answer.
    pub(crate) fn close(&mut self, target: IpAddr) {
        if let Some(page) = self.pages.get_mut(&target)
            && !page.done
        {
            page.done = true;
            self.done += 1;
        }
    }

    /// Closes the books. What was expected and has no end yet was cut short, or not even begun.
    pub(crate) fn finish(
        self,
        expects: impl Fn(IpAddr, Zone, Method) -> bool,
        interrupted: bool,
    ) -> (Ledger, Receipt) {
        let mut ledger = Ledger { interrupted, tables: self.tables, ..Ledger::default() };
        ledger.questions = self.questions;
        for (target, asked) in &mut ledger.questions {
            let page = self.pages.get(target).copied().unwrap_or_default();
            for (method, outcome) in asked {
                page.settle(*method, outcome, true);
            }
        }
        let mut receipt = Receipt { ignored: self.ignored, ..Receipt::default() };
        // In order: maps that are put together at once from what is sorted take a fraction of the time.
        let mut pages: Vec<(IpAddr, Page)> = self.pages.into_iter().collect();
        pages.sort_unstable_by_key(|(target, _)| *target);
        let mut sent: Vec<(IpAddr, Sent)> = Vec::with_capacity(pages.len());
        for (target, page) in &mut pages {
            if let Some(zone) = page.zone {
                let before = *page;
                for (method, slot) in [
                    (Method::Arp, &mut page.line.arp),
                    (Method::Ndp, &mut page.line.nd),
                    (Method::Icmp, &mut page.line.icmp),
                    (Method::SnmpEngine, &mut page.line.snmp_engine),
                    (Method::Snmp, &mut page.line.snmp),
                ] {
                    before.settle(method, slot, expects(*target, zone, method));
                }
            }
            if page.sent != Sent::default() {
                sent.push((*target, page.sent));
            }
        }
        ledger.targets = pages.into_iter().map(|(target, page)| (target, page.line)).collect();
        sent.extend(self.guesses.into_iter().filter(|(_, sent)| *sent != Sent::default()));
        receipt.targets = sent.into_iter().collect();
        receipt.credentials = self.credentials;
        (ledger, receipt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const OPEN: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));
    const FREE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 3));

    fn book() -> Book {
        let mut book = Book::default();
        for target in [DONE, OPEN, FREE] {
            book.admit(target, Zone::Beyond);
        }
        book.close(DONE);
        book
    }

    #[test]
    fn whose_window_closes_is_sent_nothing_more_although_all_but_a_question_is_done() {
        let mut book = book();
        let (mut shut, unfinished) = book.shut(|target| target != FREE);
        shut.sort();
        assert_eq!((shut, unfinished), (vec![DONE, OPEN], 1));
        assert_eq!((book.zone(DONE), book.zone(OPEN)), (None, None));
        assert_eq!(book.zone(FREE), Some(Zone::Beyond));
        assert!(book.is_shut(DONE) && !book.is_shut(FREE));
        assert_eq!(book.shut(|target| target != FREE), (Vec::new(), 0), "once");
    }

    #[test]
    fn a_question_that_never_left_was_not_asked_and_one_that_did_was_cut_short() {
        let mut book = book();
        let sadp = Transmit { to: OPEN, kind: PacketKind::Sadp, credential: None };
        for target in [DONE, OPEN, FREE] {
            book.expect(target, Method::Sadp);
        }
        book.sent(&sadp);
        book.shut(|target| target == DONE);
        let (ledger, _) = book.finish(|_, _, _| false, true);
        let told = |target| ledger.questions[&target][0].1;
        assert_eq!(told(OPEN), Outcome::CutShort);
        assert_eq!(told(FREE), Outcome::NotAsked(Why::Interrupted));
        assert_eq!(told(DONE), Outcome::NotAsked(Why::OutsideWindow));
    }
}
