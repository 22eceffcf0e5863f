use proptest::prelude::*;

use super::super::simulated::{Agent, Habits};
use super::*;

const ENTRY: &str = "1.3.6.1.2.1.2.2.1";

fn oid(text: &str) -> Oid {
    text.parse().unwrap()
}

fn roots(columns: &[u32]) -> Vec<Oid> {
    columns.iter().map(|column| oid(&format!("{ENTRY}.{column}"))).collect()
}

const LIMITS: Limits =
    Limits { rows: 10_000, octets: 1 << 24, requests: 1_000, time: Duration::from_secs(60) };

fn walk(columns: &[u32], bulk: bool, limits: Limits) -> Walk {
    Walk::new(&roots(columns), 30 * columns.len(), Style::usual(bulk), limits)
}

/// Runs a walk against an agent to its end.
fn run(walk: &mut Walk, agent: &mut Agent) -> Vec<Row> {
    let (mut now, mut rows) = (Instant::now(), vec![]);
    while let Some(request) = walk.request(now) {
        now += Duration::from_millis(1);
        match agent.answer(&request) {
            Some(response) => walk.take(response, false),
            None => walk.fail(Failure::Silent),
        }
        rows.extend(std::iter::from_fn(|| walk.next_row()));
        assert!(agent.requests < 2_000, "does not end");
    }
    rows.extend(std::iter::from_fn(|| walk.next_row()));
    assert!(agent.most_variables <= MOST_VARIABLES && agent.most_values <= MOST_VALUES);
    rows
}

fn read(columns: &[u32], rows: u32, habits: Habits) -> (Vec<Row>, End, Agent) {
    let bulk = !habits.v1;
    let mut agent = Agent::table(ENTRY, columns, rows, habits);
    agent.objects.insert(oid("1.3.6.1.2.1.99.1.0"), Value::Integer(0));
    let mut walk = walk(columns, bulk, LIMITS);
    let rows = run(&mut walk, &mut agent);
    (rows, walk.end().unwrap().clone(), agent)
}

fn is_whole(rows: &[Row], count: usize) -> bool {
    rows.len() == count
        && rows.iter().zip(1u32..).all(|(row, number)| {
            *row.index == [number]
                && row.values.iter().all(|value| *value == Some(Value::Integer(number.into())))
        })
}

#[test]
fn columns_come_back_as_rows_in_the_order_of_their_index() {
    let (rows, end, agent) = read(&[2, 3, 5], 100, Habits::default());
    assert!(is_whole(&rows, 100));
    assert_eq!(end, End::Whole);
    assert!(agent.requests <= 14, "{} requests for 100 rows", agent.requests);
}

#[test]
fn version_1_reads_the_same_one_row_at_a_time() {
    let (rows, end, agent) = read(&[2, 3], 20, Habits { v1: true, ..Habits::default() });
    assert!(is_whole(&rows, 20));
    assert_eq!((end, agent.requests), (End::Whole, 21));
}

#[test]
fn at_the_end_of_the_mib_version_1_says_no_such_name_for_one_column_after_the_other() {
    let mut agent = Agent::table(ENTRY, &[2], 3, Habits { v1: true, ..Habits::default() });
    let mut walk = walk(&[2], false, LIMITS);
    assert!(is_whole(&run(&mut walk, &mut agent), 3));
    assert_eq!(walk.end(), Some(&End::Whole));
}

#[test]
fn an_agent_that_lacks_the_table_is_read_whole_in_one_request() {
    let (rows, end, agent) = read(&[2, 3], 0, Habits::default());
    assert_eq!((rows.len(), end, agent.requests), (0, End::Whole, 1));
}

#[test]
fn repetitions_grow_while_answers_are_whole_and_stay_where_the_agent_stops() {
    let (_, _, open) = read(&[2], 1_000, Habits::default());
    let (rows, end, shy) = read(&[2], 1_000, Habits { repetitions: Some(7), ..Habits::default() });
    assert!(open.most_values >= 40 && open.requests < 40, "{} {}", open.most_values, open.requests);
    assert!(is_whole(&rows, 1_000));
    assert_eq!(end, End::Whole);
    assert!(shy.requests <= 1_000 / 7 + 3, "{}", shy.requests);
}

#[test]
fn too_big_makes_the_question_smaller_and_loses_nothing() {
    for most in [1, 2, 5, 11] {
        let habits = Habits { too_big: Some(most), ..Habits::default() };
        let (rows, end, _) = read(&[2, 3, 5], 60, habits);
        assert!(is_whole(&rows, 60), "{most}");
        assert_eq!(end, End::Whole);
    }
    let (rows, end, _) = read(&[2], 5, Habits { too_big: Some(0), ..Habits::default() });
    assert_eq!((rows.len(), end), (0, End::Refused(Refusal::ErrorStatus(1))));
}

#[test]
fn an_agent_that_drops_large_questions_is_asked_smaller_ones() {
    for most in [1, 4, 9] {
        let habits = Habits { drops: Some(most), ..Habits::default() };
        let (rows, end, _) = read(&[2, 3, 5, 6, 7, 8], 30, habits);
        assert!(is_whole(&rows, 30), "{most}: {}", rows.len());
        assert_eq!(end, End::Whole);
    }
}

#[test]
fn variables_that_are_left_out_at_the_end_are_asked_again() {
    let (rows, end, _) =
        read(&[2, 3, 5, 6, 7], 30, Habits { variables: Some(2), ..Habits::default() });
    assert!(is_whole(&rows, 30));
    assert_eq!(end, End::Whole);
}

#[test]
fn variables_that_are_left_out_in_the_middle_do_not_end_a_column() {
    for columns in [&[2, 3][..], &[2, 3, 5], &[2, 3, 5, 6]] {
        let (rows, end, _) = read(columns, 30, Habits { skips: true, ..Habits::default() });
        assert!(is_whole(&rows, 30), "{columns:?}: {} rows, {end:?}", rows.len());
    }
}

#[test]
fn an_agent_that_goes_round_is_left_at_the_object_that_does_not_increase() {
    let at = oid(&format!("{ENTRY}.2.7"));
    let habits = Habits { loops_at: Some(at), ..Habits::default() };
    let (rows, end, _) = read(&[2], 20, habits);
    assert!(is_whole(&rows, 7));
    let End::Cut(cut) = end else { panic!("{end:?}") };
    assert_eq!(cut.to_string(), format!("not increasing at OID {ENTRY}.2.1"));
}

#[test]
fn silence_in_the_middle_keeps_what_was_read() {
    let (rows, end, agent) =
        read(&[2, 3], 500, Habits { dies_after: Some(3), ..Habits::default() });
    assert!(!rows.is_empty() && is_whole(&rows, rows.len()));
    assert_eq!(
        (end, agent.requests),
        (End::Cut(Cut::Silent { tries: TRIES }), 3 + u32::from(TRIES))
    );
    let (_, end, _) = read(&[2], 5, Habits { dies_after: Some(0), ..Habits::default() });
    assert_eq!(end, End::Silent { tries: TRIES });
}

#[test]
fn an_object_that_the_agent_fails_at_is_stepped_over_once_and_said_to_be_missing() {
    for columns in [&[3][..], &[2, 3, 5]] {
        let at = Some(oid(&format!("{ENTRY}.3.9")));
        let (rows, end, _) = read(columns, 30, Habits { fails_at: at, ..Habits::default() });
        assert_eq!(end, End::Cut(Cut::Skipped { objects: 1 }));
        let holes: Vec<_> =
            rows.iter().filter(|row| row.values.iter().any(Option::is_none)).collect();
        if columns.len() == 1 {
            assert_eq!(rows.len(), 29);
        } else {
            assert_eq!((rows.len(), holes.len(), &*holes[0].index), (30, 1, &[9][..]));
        }
    }
}

#[test]
fn a_column_with_holes_waits_for_the_others_and_its_holes_are_seen() {
    let mut agent = Agent::table(ENTRY, &[2, 3, 5], 400, Habits::default());
    agent.objects.retain(|name, _| {
        let [.., column, row] = name.arcs() else { return false };
        *column != 3 || row % 50 == 0
    });
    let mut walk = walk(&[2, 3, 5], true, LIMITS);
    let rows = run(&mut walk, &mut agent);
    assert_eq!((rows.len(), walk.end()), (400, Some(&End::Whole)));
    assert_eq!(rows.iter().filter(|row| row.values[1].is_some()).count(), 8);
    assert!(rows.iter().all(|row| row.values[0].is_some() && row.values[2].is_some()));
}

#[test]
fn more_columns_than_a_request_holds_make_whole_rows() {
    let columns: Vec<u32> = (2..14).collect();
    let (rows, end, _) = read(&columns, 70, Habits::default());
    assert!(is_whole(&rows, 70));
    assert_eq!(end, End::Whole);
}

#[test]
fn each_bound_cuts_the_walk_and_says_so() {
    let endless = |limits: Limits| {
        let mut agent = Agent::table(ENTRY, &[2], 1_500, Habits::default());
        let mut walk = walk(&[2], true, limits);
        let rows = run(&mut walk, &mut agent);
        (rows.len(), walk.end().cloned().unwrap())
    };
    let (rows, end) = endless(Limits { rows: 100, ..LIMITS });
    assert_eq!((rows, end), (100, End::Cut(Cut::Rows(100))));
    let (rows, end) = endless(Limits { requests: 5, ..LIMITS });
    assert!(rows > 0 && end == End::Cut(Cut::Requests(5)));
    let (rows, end) = endless(Limits { octets: 500, ..LIMITS });
    assert!(rows > 0 && end == End::Cut(Cut::Bytes(500)));
    let (rows, end) = endless(Limits { time: Duration::from_millis(4), ..LIMITS });
    assert!(rows > 0 && end == End::Cut(Cut::Time(Duration::from_millis(4))));
}

#[test]
fn a_table_of_exactly_as_many_rows_as_are_kept_is_whole() {
    let mut agent = Agent::table(ENTRY, &[2], 100, Habits::default());
    let mut walk = walk(&[2], true, Limits { rows: 100, ..LIMITS });
    assert_eq!(run(&mut walk, &mut agent).len(), 100);
    assert_eq!(walk.end(), Some(&End::Whole));
}

#[test]
fn a_slow_answer_halves_the_repetitions() {
    let mut agent = Agent::table(ENTRY, &[2], 1_000, Habits::default());
    let (mut walk, now) = (walk(&[2], true, LIMITS), Instant::now());
    let mut ask = |slow| {
        let request = walk.request(now).unwrap();
        let Operation::Bulk { repetitions } = request.operation else { panic!("{request:?}") };
        walk.take(agent.answer(&request).unwrap(), slow);
        repetitions
    };
    let (first, second) = (ask(false), ask(true));
    assert!(second > first);
    assert_eq!(ask(false), second / 2);
}

#[test]
fn an_error_after_rows_is_a_cut_and_before_them_a_refusal() {
    let now = Instant::now();
    let mut fresh = walk(&[2], true, LIMITS);
    fresh.request(now);
    fresh.take(Response::Error { status: 16, index: 0 }, false);
    assert_eq!(fresh.end(), Some(&End::Refused(Refusal::ErrorStatus(16))));
    let mut agent = Agent::table(ENTRY, &[2], 50, Habits::default());
    let mut later = walk(&[2], true, LIMITS);
    let request = later.request(now).unwrap();
    later.take(agent.answer(&request).unwrap(), false);
    later.request(now);
    later.take(Response::Error { status: 16, index: 0 }, false);
    assert_eq!(later.end(), Some(&End::Cut(Cut::Refused(Refusal::ErrorStatus(16)))));
    assert!(later.next_row().is_some());
}

#[test]
fn an_answer_that_nobody_asked_for_changes_nothing() {
    let mut walk = walk(&[2], true, LIMITS);
    walk.take(Response::Error { status: 5, index: 1 }, false);
    walk.fail(Failure::Silent);
    assert_eq!((walk.end(), walk.spent()), (None, Spent::default()));
}

/// Names near the columns that are asked for, so that every way through a walk is met.
fn any_name() -> impl Strategy<Value = Oid> {
    (0u32..14, proptest::collection::vec(0u32..4, 0..4)).prop_map(|(column, index)| {
        Oid::new([oid(ENTRY).arcs(), &[column], &index[..]].concat()).unwrap()
    })
}

fn any_answer() -> impl Strategy<Value = Option<Response>> {
    let value = prop_oneof![
        8 => Just(Value::Integer(1)),
        1 => Just(Value::Absent),
        1 => Just(Value::EndOfView),
        1 => Just(Value::Octets(vec![0; 900])),
    ];
    let bindings = proptest::collection::vec((any_name(), value), 0..40);
    prop_oneof![
        6 => bindings.prop_map(|bindings| Some(Response::Bindings(bindings))),
        2 => (0i32..20, -2i32..14).prop_map(|(status, index)| Some(Response::Error { status, index })),
        1 => Just(None),
    ]
}

/// The next names in order for each column, with a mistake now and then.
fn likely(request: &Request, mistake: Option<(usize, Oid)>) -> Response {
    let per_name = match request.operation {
        Operation::Bulk { repetitions } => repetitions,
        _ => 1,
    };
    let mut names: Vec<Vec<u32>> = request.oids.iter().map(|oid| oid.arcs().to_vec()).collect();
    let mut bindings = vec![];
    for _ in 0..per_name {
        for name in &mut names {
            if name.len() == 10 {
                name.push(1);
            } else if let Some(last) = name.last_mut() {
                *last = last.saturating_add(1);
            }
            bindings.push((Oid::new(name.clone()).unwrap(), Value::Integer(1)));
        }
    }
    if let Some((at, name)) = mistake
        && let Some(binding) = bindings.get_mut(at)
    {
        binding.0 = name;
    }
    Response::Bindings(bindings)
}

proptest! {
    #[test]
    fn whatever_is_answered_the_walk_ends_within_its_bounds(
        bulk: bool,
        columns in proptest::collection::btree_set(1u32..14, 1..13),
        answers in proptest::collection::vec(any_answer(), 1..60),
        slow: bool,
    ) {
        let columns: Vec<u32> = columns.into_iter().collect();
        let limits = Limits { rows: 50, requests: 40, ..LIMITS };
        let (mut walk, now) = (walk(&columns, bulk, limits), Instant::now());
        let (mut requests, mut rows) = (0, 0);
        let mut answers = answers.into_iter().cycle();
        while let Some(request) = walk.request(now) {
            requests += 1;
            prop_assert!(requests <= 40);
            prop_assert!((1..=MOST_VARIABLES).contains(&request.oids.len()));
            let values = match request.operation {
                Operation::Bulk { repetitions } => usize::from(repetitions) * request.oids.len(),
                _ => request.oids.len(),
            };
            prop_assert!(values <= MOST_VALUES);
            match answers.next().unwrap() {
                Some(answer) => walk.take(answer, slow),
                None => walk.fail(Failure::Silent),
            }
            while let Some(row) = walk.next_row() {
                rows += 1;
                prop_assert_eq!(row.values.len(), columns.len());
            }
            prop_assert!(walk.pending.len() <= AHEAD + 2 * MOST_VALUES);
        }
        rows += std::iter::from_fn(|| walk.next_row()).count();
        prop_assert!(walk.end().is_some());
        prop_assert!(rows <= 50 && walk.pending.is_empty());
    }

    #[test]
    fn an_endless_table_with_mistakes_is_cut_and_its_rows_increase(
        mistakes in proptest::collection::vec(proptest::option::of((0usize..60, any_name())), 1..20),
    ) {
        let limits = Limits { rows: 2_000, requests: 200, ..LIMITS };
        let (mut walk, now) = (walk(&[2, 3, 5], true, limits), Instant::now());
        let mut mistakes = mistakes.into_iter().cycle();
        let mut last: Option<Box<[u32]>> = None;
        while let Some(request) = walk.request(now) {
            walk.take(likely(&request, mistakes.next().unwrap()), false);
            while let Some(row) = walk.next_row() {
                prop_assert!(last.as_ref().is_none_or(|last| *last < row.index));
                last = Some(row.index);
            }
        }
        prop_assert!(walk.end().is_some());
    }
}
