use std::collections::{BTreeMap, BTreeSet};

use herkomst_ids::MacAddr;
use herkomst_model::{ChassisKey, NeighbourOrigin, SnmpVersion};
use proptest::prelude::*;

use super::super::exchange::{MOST_VALUES, MOST_VARIABLES, Operation};
use super::super::plan::Wanted;
use super::super::simulated::{Agent, Habits};
use super::super::walk::TRIES;
use super::*;

const DUMP: &str = include_str!("../../../tests/dumps/linux-router.walk");

fn system(object_id: &str, services: Option<u8>) -> System {
    System {
        version: SnmpVersion::V2c,
        credential: "ro".into(),
        description: None,
        object_id: object_id.parse().ok(),
        up_time: None,
        contact: None,
        name: None,
        location: None,
        services,
        cut_short: false,
    }
}

fn only(tables: &[Table]) -> Plan {
    let tables = tables.iter().map(|table| (*table, Wanted::Always)).collect();
    Plan { tables, ..Plan::default() }
}

/// What came of each table, and the rows before that.
#[derive(Default)]
struct Report {
    ends: BTreeMap<Table, Answer<TableEnd>>,
    rows: Vec<Rows>,
}

impl Report {
    fn take(&mut self, collection: &mut Collection) {
        while let Some((table, answer)) = collection.poll_news() {
            match answer {
                Answer::Is(TableNews::Rows(rows)) => {
                    assert!((1..=Rows::MOST).contains(&rows.len()));
                    assert!(!self.ends.contains_key(&table), "rows after the end of {table}");
                    self.rows.push(rows);
                }
                other => {
                    let end = other.map(|news| match news {
                        TableNews::End(end) => end,
                        TableNews::Rows(_) => unreachable!(),
                    });
                    assert!(self.ends.insert(table, end).is_none(), "{table} ends twice");
                }
            }
        }
    }

    fn end(&self, table: Table) -> &TableEnd {
        match &self.ends[&table] {
            Answer::Is(end) => end,
            other => panic!("{table}: {other:?}"),
        }
    }
}

/// Runs a collection against an agent: each answer takes a millisecond, silence as long as it is waited for.
fn run(collection: &mut Collection, agent: &mut Agent) -> (Report, Duration) {
    let (start, mut report) = (Instant::now(), Report::default());
    let mut now = start;
    loop {
        match collection.next(now) {
            Next::Ask(request) => match agent.answer(&request) {
                Some(response) => {
                    let took = Duration::from_millis(1);
                    now += took;
                    collection.answered(now, took, response);
                }
                None => {
                    now += collection.wait();
                    collection.failed(now, Failure::Silent);
                }
            },
            Next::Wait(until) => {
                assert!(until > now, "waits for the past");
                now = until;
            }
            Next::Done => break,
        }
        report.take(collection);
        assert!(agent.requests < 60_000, "does not end");
    }
    report.take(collection);
    assert!(agent.most_variables <= MOST_VARIABLES && agent.most_values <= MOST_VALUES);
    assert_eq!(report.ends.len(), Table::ALL.len(), "every table ends once");
    (report, now - start)
}

fn recorded(habits: Habits, bulk: bool) -> (Report, Agent) {
    let mut agent = Agent::recorded(DUMP, habits);
    let router = system("1.3.6.1.4.1.8072.3.2.10", Some(72));
    let mut collection = Collection::new(Plan::default(), Some(router), bulk);
    let (report, _) = run(&mut collection, &mut agent);
    (report, agent)
}

#[test]
fn a_recorded_linux_router_is_read_whole() {
    let (report, agent) = recorded(Habits::default(), true);
    for (table, rows) in [
        (Table::Interfaces, 2),
        (Table::Addresses, 5),
        (Table::Neighbours, 42),
        (Table::LldpLocal, 1),
        (Table::LldpPorts, 1),
        (Table::LldpRemote, 1),
        (Table::LldpAddresses, 2),
        (Table::LldpInventory, 1),
        (Table::Entities, 0),
        (Table::Installed, 25),
        (Table::Running, 5),
    ] {
        let end = report.end(table);
        assert_eq!((end.rows, &end.cut), (rows, &None), "{table}");
        assert_eq!((end.unreadable, end.odd_values), (0, 0), "{table}");
    }
    assert_eq!(report.ends[&Table::Forwarding], Answer::NotAsked(Why::NotItsKind));
    assert_eq!(report.ends[&Table::Cdp], Answer::NotAsked(Why::NotItsKind));
    assert!(agent.requests <= 20, "{} requests", agent.requests);
}

#[test]
fn what_a_recorded_router_says_is_kept_as_it_was_said() {
    let (report, _) = recorded(Habits::default(), true);
    let mut neighbours = vec![];
    for rows in &report.rows {
        match rows {
            Rows::Interfaces(rows) => {
                assert_eq!(rows[1].name, Some("va".into()));
                assert_eq!(rows[1].alias, None, "an empty text is none");
                assert_eq!(rows[1].mac, Some(MacAddr([2, 0, 0x5e, 0, 0, 10])));
            }
            Rows::Addresses(rows) => {
                let own: Vec<_> = rows.iter().map(|a| (a.address.to_string(), a.prefix)).collect();
                assert!(own.contains(&("192.0.2.1".to_owned(), Some(24))), "{own:?}");
                assert!(own.contains(&("2001:db8::1".to_owned(), Some(64))), "{own:?}");
            }
            Rows::Neighbours(rows) => neighbours.extend(rows),
            Rows::LldpLocal(own) => {
                assert_eq!(own.name, Some("edge-a".into()));
                assert_eq!(own.chassis, Some(ChassisKey::Mac(MacAddr([2, 0, 0x5e, 0, 0, 10]))));
            }
            Rows::LldpRemote(rows) => {
                assert_eq!(rows[0].system_name, Some("edge-b".into()));
                // lldpd can be a bridge, a wireless station, a router; it is an end station
                let bits = rows[0].capabilities.unwrap();
                assert_eq!((bits.supported, bits.enabled), (0b1001_1100, 0b1000_0000));
            }
            Rows::LldpInventory(rows) => {
                assert_eq!(rows[0].inventory.software, Some("6.1.0-example".into()));
            }
            Rows::Software(rows) => assert!(rows.iter().all(|row| !row.name.is_blank())),
            _ => {}
        }
    }
    let one = neighbours.iter().find(|n| n.address.to_string() == "192.0.2.31").unwrap();
    assert_eq!(one.mac, MacAddr([2, 0, 0x5e, 0, 1, 0x1f]));
    assert!(neighbours.iter().any(|n| n.address.is_ipv6()));
    assert!(neighbours.iter().all(|n| n.origin != NeighbourOrigin::Local));
}

#[test]
fn version_1_and_a_shy_agent_read_the_same_rows() {
    let (full, _) = recorded(Habits::default(), true);
    let shy = Habits { too_big: Some(3), ..Habits::default() };
    let v1 = Habits { v1: true, ..Habits::default() };
    for (habits, bulk) in [(shy, true), (v1, false)] {
        let (other, _) = recorded(habits, bulk);
        for (table, answer) in &full.ends {
            let (Answer::Is(one), Answer::Is(two)) = (answer, &other.ends[table]) else {
                assert_eq!(answer, &other.ends[table]);
                continue;
            };
            assert_eq!((one.rows, &one.cut), (two.rows, &two.cut), "{table}");
        }
    }
}

fn insert(agent: &mut Agent, name: &str, value: Value) {
    agent.objects.insert(name.parse().unwrap(), value);
}

/// A table of neighbours in the old style, so many of them.
fn arp(count: u32) -> Agent {
    let mut agent = Agent::new(BTreeMap::new(), Habits::default());
    for n in 0..count {
        let [_, a, b, c] = n.to_be_bytes();
        let index = format!("7.10.{a}.{b}.{c}");
        let entry = "1.3.6.1.2.1.4.22.1";
        insert(&mut agent, &format!("{entry}.2.{index}"), Value::Octets(vec![2, 0, 0, a, b, c]));
        insert(&mut agent, &format!("{entry}.4.{index}"), Value::Integer(3));
    }
    agent
}

#[test]
fn the_old_table_is_asked_where_the_new_one_gives_nothing() {
    let mut collection = Collection::new(only(&[Table::Neighbours]), None, true);
    let (report, _) = run(&mut collection, &mut arp(300));
    assert_eq!(
        (report.end(Table::Neighbours).rows, &report.end(Table::Neighbours).cut),
        (300, &None)
    );
    assert!(report.rows.len() >= 5, "rows come in parts");
    assert_eq!(report.ends[&Table::Interfaces], Answer::NotAsked(Why::MethodOff));
}

#[test]
fn a_neighbour_table_without_end_is_cut_at_its_bound_and_nothing_is_hoarded() {
    let mut collection = Collection::new(only(&[Table::Neighbours]), None, true);
    let (mut now, mut parts, mut n) = (Instant::now(), 0, 0u32);
    let end = loop {
        let Next::Ask(request) = collection.next(now) else { panic!("asks on") };
        now += Duration::from_millis(1);
        let root = &request.oids[0];
        let response = if root.is_under(&[1, 3, 6, 1, 2, 1, 4, 35]) {
            Response::Bindings(
                request.oids.iter().map(|oid| (oid.clone(), Value::EndOfView)).collect(),
            )
        } else {
            let Operation::Bulk { repetitions } = request.operation else { panic!() };
            let row = |n: u32| {
                let [a, b, c, d] = n.to_be_bytes().map(u32::from);
                let name = |column| {
                    Oid::new(vec![1, 3, 6, 1, 2, 1, 4, 22, 1, column, 1, a, b, c, d]).unwrap()
                };
                let [a, b, c, d] = n.to_be_bytes();
                [(name(2), Value::Octets(vec![2, 0, a, b, c, d])), (name(4), Value::Integer(3))]
            };
            let rows = (n + 1..=n + u32::from(repetitions)).flat_map(row).collect();
            n += u32::from(repetitions);
            Response::Bindings(rows)
        };
        collection.answered(now, Duration::from_millis(1), response);
        let mut held = 0;
        let mut end = None;
        while let Some((_, news)) = collection.poll_news() {
            match news {
                Answer::Is(TableNews::Rows(_)) => held += 1,
                Answer::Is(TableNews::End(last)) => end = Some(last),
                _ => {}
            }
        }
        assert!(held <= 4, "{held} parts from one answer");
        parts += held;
        if end.is_none() && n >= 250_000 {
            // The bound is reached within an answer: the end is said with the next step.
            assert_eq!(collection.next(now), Next::Done);
            while let Some((_, news)) = collection.poll_news() {
                if let Answer::Is(TableNews::End(last)) = news {
                    end = Some(last);
                }
            }
        }
        if let Some(end) = end {
            break end;
        }
    };
    assert_eq!((end.rows, end.cut), (250_000, Some(Cut::Rows(250_000))));
    assert!(parts >= 250_000 / Rows::MOST);
}

/// A Cisco switch: one forwarding table for each VLAN, in a context of its own.
struct Catalyst {
    default: Agent,
    contexts: BTreeMap<u16, Agent>,
    asked: BTreeSet<Option<u16>>,
}

fn catalyst(vlans: &[u16]) -> Catalyst {
    let mut default = Agent::new(BTreeMap::new(), Habits::default());
    let mut contexts = BTreeMap::new();
    for vlan in vlans {
        let state = format!("1.3.6.1.4.1.9.9.46.1.3.1.1.2.1.{vlan}");
        insert(&mut default, &state, Value::Integer(1));
        let mut agent = Agent::new(BTreeMap::new(), Habits::default());
        let port = vlan % 48 + 1;
        let ports = format!("1.3.6.1.2.1.17.1.4.1.2.{port}");
        insert(&mut agent, &ports, Value::Integer(10_100 + i64::from(port)));
        let [a, b] = vlan.to_be_bytes();
        let station = format!("0.17.34.51.{a}.{b}");
        insert(
            &mut agent,
            &format!("1.3.6.1.2.1.17.4.3.1.2.{station}"),
            Value::Integer(port.into()),
        );
        insert(&mut agent, &format!("1.3.6.1.2.1.17.4.3.1.3.{station}"), Value::Integer(3));
        contexts.insert(*vlan, agent);
    }
    Catalyst { default, contexts, asked: BTreeSet::new() }
}

impl Catalyst {
    fn run(&mut self, collection: &mut Collection) -> Report {
        let (mut now, mut report) = (Instant::now(), Report::default());
        loop {
            match collection.next(now) {
                Next::Ask(request) => {
                    self.asked.insert(request.vlan);
                    let agent = match request.vlan {
                        None => Some(&mut self.default),
                        Some(vlan) => self.contexts.get_mut(&vlan),
                    };
                    match agent.and_then(|agent| agent.answer(&request)) {
                        Some(response) => {
                            collection.answered(now, Duration::from_millis(1), response);
                        }
                        None => {
                            now += collection.wait();
                            collection.failed(now, Failure::Silent);
                        }
                    }
                }
                Next::Wait(until) => now = until,
                Next::Done => break,
            }
            report.take(collection);
        }
        report.take(collection);
        report
    }
}

#[test]
fn stations_of_a_switch_with_a_context_for_each_vlan_have_vlan_and_interface() {
    let mut switch = catalyst(&[1, 40, 41]);
    let cisco = system("1.3.6.1.4.1.9.1.1208", Some(6));
    let mut collection = Collection::new(Plan::default(), Some(cisco), true);
    let report = switch.run(&mut collection);
    assert_eq!(switch.asked, [None, Some(1), Some(40), Some(41)].into());
    let stations: Vec<_> = report
        .rows
        .iter()
        .filter_map(|rows| match rows {
            Rows::Forwarding(rows) => Some(rows),
            _ => None,
        })
        .flatten()
        .map(|station| (station.vlan, station.port, station.interface))
        .collect();
    let at = |vlan, port| (Some(vlan), port, Some(10_100 + port));
    assert_eq!(stations, [at(1, 2), at(40, 41), at(41, 42)]);
    assert_eq!(report.end(Table::Forwarding).rows, 3);
    assert_eq!(report.end(Table::Forwarding).cut, None);
}

#[test]
fn a_switch_that_drops_what_is_asked_in_a_context_is_not_asked_in_the_next() {
    let mut switch = catalyst(&[1, 40, 41]);
    switch.contexts.remove(&40);
    let cisco = system("1.3.6.1.4.1.9.1.1208", Some(6));
    let mut collection = Collection::new(Plan::default(), Some(cisco), true);
    let report = switch.run(&mut collection);
    assert!(!switch.asked.contains(&Some(41)));
    let end = report.end(Table::Forwarding);
    assert_eq!((end.rows, &end.cut), (1, &Some(Cut::Silent { tries: TRIES })));
    assert!(matches!(report.ends[&Table::Entities], Answer::Is(_)), "goes on with the others");
}

#[test]
fn more_contexts_than_are_asked_cut_the_table() {
    let vlans: Vec<u16> = (1..=300).collect();
    let mut switch = catalyst(&vlans);
    let plan = only(&[Table::VlanContexts, Table::Forwarding]);
    let report = switch.run(&mut Collection::new(plan, None, true));
    assert_eq!(report.end(Table::Forwarding).rows, 256);
    assert_eq!(report.end(Table::Forwarding).cut, Some(Cut::Contexts(256)));
}

#[test]
fn a_device_that_dies_is_let_be_after_two_tables_and_every_table_is_named() {
    let dies = Habits { dies_after: Some(3), ..Habits::default() };
    let (report, agent) = recorded(dies, true);
    assert!(agent.requests <= 3 + 4 * u32::from(TRIES), "{}", agent.requests);
    let count =
        |want: fn(&Answer<TableEnd>) -> bool| report.ends.values().filter(|a| want(a)).count();
    assert!(count(|a| matches!(a, Answer::NotAsked(Why::NoneBefore))) >= 6);
    assert!(count(|a| matches!(a, Answer::Silent { .. })) >= 1);
    let whole = |a: &Answer<TableEnd>| matches!(a, Answer::Is(TableEnd { cut: None, .. }));
    assert!(count(whole) <= 3, "nothing is called whole after the last answer");
}

#[test]
fn a_small_budget_is_kept_and_named() {
    let mut plan = Plan::default();
    plan.budget.requests = 4;
    let router = system("1.3.6.1.4.1.8072.3.2.10", Some(72));
    let mut agent = Agent::recorded(DUMP, Habits { repetitions: Some(1), ..Habits::default() });
    let (report, _) = run(&mut Collection::new(plan, Some(router), true), &mut agent);
    assert_eq!(agent.requests, 4);
    assert!(report.ends.values().any(|a| *a == Answer::NotAsked(Why::BudgetUsedUp)));
    let cut = Some(Cut::Requests(4));
    assert!(report.ends.values().any(|a| matches!(a, Answer::Is(end) if end.cut == cut)));
    assert_eq!(report.ends[&Table::Forwarding], Answer::NotAsked(Why::NotItsKind));
}

#[test]
fn interrupted_in_the_middle_it_says_what_is_missing() {
    let router = system("1.3.6.1.4.1.8072.3.2.10", Some(72));
    let mut collection = Collection::new(Plan::default(), Some(router), true);
    let (mut agent, now) = (Agent::recorded(DUMP, Habits::default()), Instant::now());
    let Next::Ask(request) = collection.next(now) else { panic!() };
    collection.answered(now, Duration::ZERO, agent.answer(&request).unwrap());
    assert!(matches!(collection.next(now), Next::Ask(_)));
    collection.stop(Cut::NotAsked(Why::Interrupted), Why::Interrupted);
    let mut report = Report::default();
    report.take(&mut collection);
    assert_eq!(report.ends.len(), Table::ALL.len());
    assert_eq!(report.ends[&Table::Running], Answer::NotAsked(Why::Interrupted));
    let cut = Some(Cut::NotAsked(Why::Interrupted));
    assert!(report.ends.values().any(|a| matches!(a, Answer::Is(end) if end.cut == cut)));
    assert_eq!(collection.next(now), Next::Done);
}

#[test]
fn a_camera_that_has_one_object_is_asked_for_that_alone() {
    let mut agent = Agent::new(BTreeMap::new(), Habits::default());
    let model = Value::Octets(b"DS-2CD2143G0-I".to_vec());
    insert(&mut agent, "1.3.6.1.4.1.39165.1.1.0", model);
    let (report, _) = run(&mut Collection::new(Plan::default(), None, true), &mut agent);
    assert_eq!(agent.requests, 1);
    let [Rows::Objects(objects)] = &report.rows[..] else { panic!("{:?}", report.rows) };
    assert_eq!(objects[0].text, "DS-2CD2143G0-I".into());
    assert_eq!(report.end(Table::Objects).rows, 1);
}

#[test]
fn of_a_table_that_was_cut_short_before_its_first_row_nobody_says_that_it_is_empty() {
    let mut agent = Agent::new(BTreeMap::new(), Habits::default());
    let router = system("1.3.6.1.4.1.8072.3.2.10", Some(72));
    let mut collection = Collection::new(Plan::default(), Some(router), true);
    let (mut now, mut report) = (Instant::now(), Report::default());
    let entry = [1, 0, 8802, 1, 1, 2, 1, 4, 1];
    loop {
        match collection.next(now) {
            Next::Ask(request) => {
                // It goes back to the name before.
                let back = request.oids[0].is_under(&entry).then(|| {
                    let name = Oid::new(entry.to_vec()).unwrap();
                    Response::Bindings(vec![(name, Value::Integer(1))])
                });
                let response = back.or_else(|| agent.answer(&request)).unwrap();
                collection.answered(now, Duration::from_millis(1), response);
            }
            Next::Wait(until) => now = until,
            Next::Done => break,
        }
        report.take(&mut collection);
    }
    report.take(&mut collection);
    let end = report.end(Table::LldpRemote);
    assert!(end.rows == 0 && matches!(end.cut, Some(Cut::NotIncreasing(_))), "{end:?}");
    assert_eq!(report.ends[&Table::LldpAddresses], Answer::NotAsked(Why::NoneBefore));
}

#[test]
fn tables_that_add_to_an_empty_one_are_not_asked() {
    let mut agent = Agent::new(BTreeMap::new(), Habits::default());
    let router = system("1.3.6.1.4.1.8072.3.2.10", Some(72));
    let (report, _) = run(&mut Collection::new(Plan::default(), Some(router), true), &mut agent);
    assert_eq!(report.end(Table::LldpRemote).rows, 0);
    assert_eq!(report.ends[&Table::LldpAddresses], Answer::NotAsked(Why::NothingToAdd));
    assert_eq!(report.ends[&Table::LldpInventory], Answer::NotAsked(Why::NothingToAdd));
}

#[test]
fn a_fragile_device_is_asked_gently() {
    let mut agent = Agent::recorded(DUMP, Habits::default());
    let gentle = system("1.3.6.1.4.1.11863.5.33", Some(72));
    run(&mut Collection::new(Plan::default(), Some(gentle), true), &mut agent);
    assert!(agent.most_variables <= 8);
    let mut slow = system("1.3.6.1.4.1.2011.2.23.1", Some(72));
    slow.description = Some("S6720-30C".into());
    let mut agent = Agent::recorded(DUMP, Habits::default());
    let (_, took) = run(&mut Collection::new(Plan::default(), Some(slow), true), &mut agent);
    assert!(took >= Duration::from_millis(20) * (agent.requests - 1), "{took:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_answered_every_table_ends_once_and_within_the_budget(
        seed in proptest::collection::vec((0u8..8, 0u32..9, 0i32..20, 0usize..12), 1..40),
        services in proptest::option::of(0u8..128),
        bulk: bool,
    ) {
        let mut plan = Plan::default();
        plan.budget.requests = 150;
        let device = system("1.3.6.1.4.1.9.1.1", services);
        let mut collection = Collection::new(plan, Some(device), bulk);
        let (mut now, mut report, mut requests) = (Instant::now(), Report::default(), 0);
        let mut seed = seed.into_iter().cycle();
        loop {
            match collection.next(now) {
                Next::Ask(request) => {
                    requests += 1;
                    let (kind, arc, status, length) = seed.next().unwrap();
                    now += Duration::from_millis(u64::from(arc) * 40);
                    let bound = |name: &Oid, n: u32| {
                        let arcs = [name.arcs(), &vec![n; length]].concat();
                        let value = match kind {
                            0 => Value::EndOfView,
                            1 => Value::Octets(vec![arc as u8; length]),
                            2 => Value::Other,
                            _ => Value::Integer(arc.into()),
                        };
                        Some((Oid::new(arcs)?, value))
                    };
                    match kind {
                        7 => collection.failed(now, Failure::Silent),
                        6 => collection.failed(now, Failure::Malformed("cut".into())),
                        5 => collection.answered(now, Duration::ZERO, Response::Error { status, index: 1 }),
                        _ => {
                            let rows = (1..=arc).flat_map(|n| request.oids.iter().filter_map(move |o| bound(o, n)));
                            let response = Response::Bindings(rows.collect());
                            collection.answered(now, Duration::from_millis(u64::from(arc) * 40), response);
                        }
                    }
                }
                Next::Wait(until) => {
                    prop_assert!(until > now);
                    now = until;
                }
                Next::Done => break,
            }
            report.take(&mut collection);
        }
        report.take(&mut collection);
        prop_assert!(requests <= 150);
        prop_assert_eq!(report.ends.len(), Table::ALL.len());
    }
}
