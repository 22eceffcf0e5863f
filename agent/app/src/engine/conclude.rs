//! What an answer leads to: the ledger's line, the next question, and the observation that is passed on.

use std::net::IpAddr;
use std::sync::Arc;

use herkomst_model::{
    About, Answer, Fact, Method, Observation, Outcome, Rows, Table, TableLine, TableNews, Why,
};
use herkomst_probe::snmp::interview::Discovered;
use herkomst_probe::{Probe, Seen};
use jiff::Timestamp;

use herkomst_ids::MacAddr;
use herkomst_probe::pacer::Zone;

use super::book::Book;
use super::{Engine, LinkSweep, Station};

impl Engine {
    /// Takes what the probes of a wire have found out.
    pub(super) fn collect_wire(&mut self, wire: usize, observations: &mut Vec<Observation>) {
        for place in 0..self.sweeps.len() {
            if self.sweeps[place].wire != wire {
                continue;
            }
            let source = self.sweeps[place].source;
            while let Some(seen) = self.sweeps[place].probe.poll_observation() {
                self.conclude_station(&seen, wire, Some(source.into()));
                self.keep(seen, Some(wire), observations);
            }
        }
        for place in 0..self.links.len() {
            if self.links[place].wire != wire {
                continue;
            }
            while let Some(seen) = self.links[place].probe.poll_observation() {
                self.conclude_neighbour(&seen, wire, place);
                self.keep(seen, Some(wire), observations);
            }
        }
        while let Some(seen) = self.heard[wire].poll_observation() {
            self.learn(&seen, wire);
            self.expand(&seen);
            self.keep(seen, Some(wire), observations);
        }
    }

    /// Takes what the other probes have found out.
    pub(super) fn collect(&mut self, observations: &mut Vec<Observation>) {
        for wire in 0..self.ports.wires.len() {
            self.collect_wire(wire, observations);
        }
        while let Some(seen) = self.echo.poll_observation() {
            self.record(&seen);
            if let Some(target) = target_of(&seen).filter(|_| !self.asks_snmp) {
                self.book.close(target);
            }
            self.keep(seen, None, observations);
        }
        while let Some(seen) = self.discovery.poll_observation() {
            self.record(&seen);
            self.conclude_discovery(&seen);
            self.keep(seen, None, observations);
        }
        for place in 0..self.questions.len() {
            while let Some(seen) = self.questions[place].probe.poll_observation() {
                if let Some(target) = target_of(&seen) {
                    self.book.set_question(target, seen.method, Book::outcome(&seen.answer));
                }
                self.keep(seen, None, observations);
            }
        }
        while let Some(seen) = self.interviews.poll_observation() {
            match seen.method {
                Method::Table(table) => self.record_table(table, &seen),
                _ => self.record(&seen),
            }
            // Its tables come after its system group.
            if let Some(target) = target_of(&seen).filter(|to| !self.interviews.is_asking(*to)) {
                self.sessions.forget(target);
                self.book.close(target);
            }
            self.expand(&seen);
            self.keep(seen, None, observations);
        }
    }

    fn record_table(&mut self, table: Table, seen: &Seen) {
        let Some(target) = target_of(seen) else { return };
        let line = match &seen.answer {
            // Part of it: how it ended comes last.
            Answer::Is(Fact::Table(TableNews::Rows(_))) => return,
            Answer::Is(Fact::Table(TableNews::End(end))) => TableLine {
                outcome: if end.cut.is_some() { Outcome::CutShort } else { Outcome::Answered },
                rows: end.rows,
                unreadable: end.unreadable.saturating_add(end.odd_values),
                requests: end.requests,
                cut: end.cut.clone().map(Box::new),
            },
            answer => TableLine { outcome: Book::outcome(answer), ..TableLine::default() },
        };
        self.book.set_table(target, table, line);
    }

    fn record(&mut self, seen: &Seen) {
        if let Some(target) = target_of(seen) {
            self.book.set(target, seen.method, Book::outcome(&seen.answer));
        }
    }

    /// After an answer of a segment of IPv6: who has shown himself is a target from now on, where the targets hold him.
    fn conclude_neighbour(&mut self, seen: &Seen, wire: usize, place: usize) {
        let Some(IpAddr::V6(address)) = target_of(seen) else { return };
        if self.allowed.holds(address.into()) {
            self.book.admit(address.into(), Zone::Segment);
        }
        let source = self.links[place].link.source_for(address).map(IpAddr::V6);
        match seen.method {
            Method::Ndp => self.conclude_station(seen, wire, source),
            // Of a group that it listens to: it has shown itself, and was not asked.
            Method::Mld if matches!(seen.answer, Answer::Is(Fact::Neighbour { .. })) => {
                self.book.set(address.into(), Method::Ndp, Outcome::Answered);
                self.conclude_station(seen, wire, source);
            }
            _ => self.record(seen),
        }
    }

    /// What is heard and helps to ask: prefixes that routers of the segment announce, hardware addresses that stations of
    /// IPv6 make addresses of.
    fn learn(&mut self, seen: &Seen, wire: usize) {
        let Answer::Is(fact) = &seen.answer else { return };
        // Guesses are for who looks for everybody.
        let is_looked_for = |link: &&mut LinkSweep| link.wire == wire && link.link.everybody;
        for link in self.links.iter_mut().filter(is_looked_for) {
            match fact {
                Fact::Router(router) => {
                    for prefix in router.prefixes.iter().filter(|prefix| prefix.on_link) {
                        link.probe.learn_prefix(prefix.address, prefix.length);
                    }
                }
                Fact::Neighbour { mac } => link.probe.learn_mac(*mac),
                _ => {}
            }
        }
    }

    /// A station is to be spared: also at those of its addresses of IPv6 that are being asked already.
    fn spare_everywhere(&mut self, mac: MacAddr) {
        if !self.spared.insert(mac) || self.links.is_empty() {
            return;
        }
        let others = self.stations.iter().filter(|(address, station)| {
            address.is_ipv6() && station.mac == mac && !station.spared
        });
        let others: Vec<IpAddr> = others.map(|(address, _)| *address).collect();
        others.into_iter().for_each(|address| self.spare_now(address));
    }

    /// Asks a target nothing more.
    fn spare_now(&mut self, target: IpAddr) {
        if let Some(station) = self.stations.get_mut(&target) {
            station.spared = true;
        }
        self.discovery.spare(target);
        self.spare_questions(target);
        self.interviews.give_up(target, Why::Fragile);
        self.sessions.outgoing.retain(|waiting| waiting.to != target);
    }

    /// After ARP or neighbour discovery: the station is asked over SNMP, unless it is to be spared.
    pub(super) fn conclude_station(&mut self, seen: &Seen, wire: usize, source: Option<IpAddr>) {
        self.record(seen);
        let Some(target) = target_of(seen) else { return };
        if self.book.zone(target).is_none() {
            // An answer to what was asked before its window closed begins nothing, nor does one of who shows himself and may
            // not be asked: his line says why.
            return self.book.close(target);
        }
        let Answer::Is(Fact::Neighbour { mac }) = seen.answer else {
            let why = match seen.answer {
                Answer::NotAsked(why) => why,
                _ if self.asks_snmp => Why::NoneBefore,
                _ => Why::MethodOff,
            };
            self.book.set(target, Method::SnmpEngine, Outcome::NotAsked(why));
            self.book.set(target, Method::Snmp, Outcome::NotAsked(why));
            self.book.close(target);
            return;
        };
        let mut is_spared = (self.spare)(target, mac);
        if target.is_ipv4() && is_spared {
            self.spare_everywhere(mac);
        }
        // The operator spared its address of IPv4: it is the same device by its other ones.
        is_spared |= target.is_ipv6() && self.spared.contains(&mac);
        if self.stations.contains_key(&target) {
            // Another station claims the address: who of them answers is not known, so one to be spared spares both.
            if is_spared {
                self.spare_now(target);
            }
            return;
        }
        if target.is_ipv4() {
            self.learn(seen, wire);
        }
        let why = match source.filter(|source| !source.is_unspecified()) {
            Some(source) => {
                let vlan = self.vlan;
                let spared = is_spared;
                self.stations.insert(target, Station { wire, vlan, source, mac, spared });
                None
            }
            // No address of ours to ask from.
            None => Some(Why::NoRoute),
        };
        if why.is_none() && !is_spared {
            self.question(target);
        }
        let why = match () {
            () if let Some(why) = why => why,
            () if !self.asks_snmp => Why::MethodOff,
            () if is_spared => Why::Fragile,
            () => return self.discovery.add(target),
        };
        self.book.set(target, Method::SnmpEngine, Outcome::NotAsked(why));
        self.book.set(target, Method::Snmp, Outcome::NotAsked(why));
        self.book.close(target);
    }

    /// After engine discovery: with credentials, the device is interviewed.
    pub(super) fn conclude_discovery(&mut self, seen: &Seen) {
        let Some(target) = target_of(seen) else { return };
        if self.book.zone(target).is_none() {
            self.book.set(target, Method::Snmp, Outcome::NotAsked(Why::OutsideWindow));
            return self.book.close(target);
        }
        if self.stations.get(&target).is_some_and(|station| station.spared) {
            self.book.set(target, Method::Snmp, Outcome::NotAsked(Why::Fragile));
            return self.book.close(target);
        }
        if !self.has_credentials {
            self.book.set(target, Method::Snmp, Outcome::NotAsked(Why::NoCredential));
            self.book.close(target);
            return;
        }
        let discovered = match &seen.answer {
            Answer::Is(Fact::Engine(engine)) => {
                self.engines.insert(target, engine.id.clone());
                Discovered::Engine(engine.id.clone())
            }
            Answer::NotAsked(why) => {
                self.book.set(target, Method::Snmp, Outcome::NotAsked(*why));
                return self.book.close(target);
            }
            // Nobody listens there, and no version of SNMP changes that.
            Answer::Refused(_) => {
                self.book.set(target, Method::Snmp, Outcome::NotAsked(Why::NoneBefore));
                return self.book.close(target);
            }
            _ => Discovered::Silent,
        };
        self.interviews.add(target, &discovered);
    }

    /// What tables of others say of this host is nothing that was found.
    fn without_us(&self, answer: Answer<Fact>) -> Answer<Fact> {
        let is_ours = |mac: MacAddr| self.ports.wires.iter().any(|wire| wire.mac == mac);
        answer.map(|fact| match fact {
            Fact::Table(TableNews::Rows(Rows::Neighbours(mut rows))) => {
                rows.retain(|row| !is_ours(row.mac) && !self.allowed.is_ours(row.address));
                Fact::Table(TableNews::Rows(Rows::Neighbours(rows)))
            }
            Fact::Table(TableNews::Rows(Rows::Forwarding(mut rows))) => {
                rows.retain(|row| !is_ours(row.mac));
                Fact::Table(TableNews::Rows(Rows::Forwarding(rows)))
            }
            fact => fact,
        })
    }

    /// Passes on what is worth keeping: silence is in the ledger already.
    pub(super) fn keep(
        &self,
        seen: Seen,
        wire: Option<usize>,
        observations: &mut Vec<Observation>,
    ) {
        if matches!(seen.answer, Answer::Silent { .. } | Answer::NotAsked(_)) {
            return;
        }
        let seen = Seen { answer: self.without_us(seen.answer), ..seen };
        let wire = wire.or_else(|| Some(self.stations.get(&target_of(&seen)?)?.wire));
        observations.push(Observation {
            at: Timestamp::now(),
            method: seen.method,
            interface: wire.map(|wire| Arc::clone(&self.ports.wires[wire].name)),
            vlan: seen.vlan,
            about: seen.about,
            answer: seen.answer,
        });
    }
}

fn target_of(seen: &Seen) -> Option<IpAddr> {
    match seen.about {
        About::Address(address) => Some(address),
        About::Station(_) => None,
    }
}
