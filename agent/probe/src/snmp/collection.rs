//! Reads the tables of one device, one request at a time: what is asked next, how long to wait, what was learned.
//!
//! Every table ends with an [`Answer`] of its own, and nothing is left out of the count: not asked (and why), silent,
//! refused, malformed, or a last word on how far it was read. Rows are handed on in parts as they come in; what is held
//! is bounded by the walk and by the maps of [`Scope`].

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use herkomst_ids::Oid;
use herkomst_model::{Answer, Cut, Refusal, Rows, System, Table, TableEnd, TableNews, Why};

use super::exchange::{Request, Response, Value};
use super::manners::{Manners, Pace, manners};
use super::plan::Plan;
use super::scalars::Scalars;
use super::tables::forwarding::MOST_CONTEXTS;
use super::tables::objects::{self, Probe};
use super::tables::{
    Scope, Source, Tally, addresses, cdp, entities, forwarding, interfaces, lldp, neighbours,
    software,
};
use super::walk::{End, Failure, Limits, Row, Spent, TRIES, Walk};

/// So many tables without any answer in a row, and the device is let be.
const MOST_SILENT: u8 = 2;
/// The bounds of one walk, beside the rows that its table may have.
const WALK: Limits =
    Limits { rows: 0, octets: 64 << 20, requests: 25_000, time: Duration::from_secs(15 * 60) };

/// What a collection wants next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// This sent, and its answer.
    Ask(Request),
    /// Nothing before then: the device is let be.
    Wait(Instant),
    /// No more.
    Done,
}

#[derive(Debug)]
enum Task {
    Table(&'static Source),
    Scalars(&'static Source),
    Objects,
}

/// One step of a table.
#[derive(Debug)]
struct Stage {
    task: Task,
    vlan: Option<u16>,
    /// Done only where the first step found nothing: the old table behind a new one.
    if_empty: bool,
}

impl Stage {
    const fn of(source: &'static Source) -> Self {
        Self { task: Task::Table(source), vlan: None, if_empty: false }
    }

    const fn instead(source: &'static Source) -> Self {
        Self { task: Task::Table(source), vlan: None, if_empty: true }
    }

    const fn in_vlan(source: &'static Source, vlan: u16) -> Self {
        Self { task: Task::Table(source), vlan: Some(vlan), if_empty: true }
    }
}

#[derive(Debug)]
enum Work {
    Walk(Box<Walk>, &'static Source),
    Scalars(Scalars, &'static Source),
    Objects(Scalars, Vec<&'static Probe>),
}

/// The table that is being read.
#[derive(Debug)]
struct Open {
    table: Table,
    stages: VecDeque<Stage>,
    work: Option<Work>,
    vlan: Option<u16>,
    end: TableEnd,
    /// Rows after the first step.
    after_first: Option<u32>,
    /// Whether any step was answered.
    answered: bool,
    /// The most telling of the steps that were not.
    no: Option<Answer<TableNews>>,
}

/// The tables of one device.
#[derive(Debug)]
pub struct Collection {
    plan: Arc<Plan>,
    system: Option<System>,
    manners: Manners,
    pace: Pace,
    left: VecDeque<Table>,
    open: Option<Open>,
    scope: Scope,
    lldp: Option<Answer<u32>>,
    spent: Spent,
    began: Option<Instant>,
    resume: Option<Instant>,
    silent: u8,
    news: VecDeque<(Table, Answer<TableNews>)>,
}

impl Collection {
    /// For a device with this system group, if it has one; `bulk` says whether its version of SNMP has GetBulk.
    pub fn new(plan: impl Into<Arc<Plan>>, system: Option<System>, bulk: bool) -> Self {
        let plan: Arc<Plan> = plan.into();
        let mut manners = manners(system.as_ref(), bulk);
        manners.style.variables = manners.style.variables.min(plan.variables.max(1));
        manners.style.tries = plan.tries.map_or(TRIES, |tries| tries.clamp(1, TRIES));
        if let Some(because) = manners.because {
            tracing::debug!(because, "device is asked gently");
        }
        Self {
            plan,
            system,
            pace: Pace::with_pause(manners.pause),
            manners,
            left: Table::ALL.into(),
            open: None,
            scope: Scope::default(),
            lldp: None,
            spent: Spent::default(),
            began: None,
            resume: None,
            silent: 0,
            news: VecDeque::new(),
        }
    }

    /// What is wanted next. A request counts as open until one of the methods below says what came of it.
    pub fn next(&mut self, now: Instant) -> Next {
        let began = *self.began.get_or_insert(now);
        if let Some(resume) = self.resume
            && now < resume
        {
            return Next::Wait(resume);
        }
        self.resume = None;
        loop {
            if self.open.is_none() && !self.begin_table() {
                return Next::Done;
            }
            let budget = self.plan.budget;
            let cut = if self.spent.requests >= budget.requests {
                Some(Cut::Requests(budget.requests))
            } else if self.spent.octets >= budget.octets {
                Some(Cut::Bytes(budget.octets))
            } else if now.saturating_duration_since(began) >= budget.time {
                Some(Cut::Time(budget.time))
            } else {
                None
            };
            if let Some(cut) = cut {
                self.stop(cut, Why::BudgetUsedUp);
                return Next::Done;
            }
            let Some(open) = &mut self.open else { continue };
            if open.work.is_none()
                && !Self::begin_stage(open, &mut self.scope, &self.manners, self.system.as_ref())
            {
                self.end_table();
                continue;
            }
            let request = match &mut open.work {
                Some(Work::Walk(walk, _)) => walk.request(now),
                Some(Work::Scalars(scalars, _) | Work::Objects(scalars, _)) => scalars.request(now),
                None => None,
            };
            match request {
                Some(mut request) => {
                    request.vlan = open.vlan;
                    open.end.requests += 1;
                    self.spent.requests += 1;
                    return Next::Ask(request);
                }
                None => self.end_stage(),
            }
        }
    }

    /// How long to wait for the answer to the open request.
    pub fn wait(&self) -> Duration {
        self.pace.wait()
    }

    /// The next thing learned.
    pub fn poll_news(&mut self) -> Option<(Table, Answer<TableNews>)> {
        self.news.pop_front()
    }

    /// An answer to the open request, after so long.
    pub fn answered(&mut self, now: Instant, took: Duration, response: Response) {
        let slow = self.pace.answered(took);
        self.let_be(now);
        let Some(Open { work: Some(work), .. }) = &mut self.open else { return };
        let before = work.spent().octets;
        match work {
            Work::Walk(walk, _) => walk.take(response, slow),
            Work::Scalars(scalars, _) | Work::Objects(scalars, _) => scalars.take(response),
        }
        self.spent.octets += work.spent().octets.saturating_sub(before);
        self.hand_on();
    }

    /// No answer that can be used came to the open request.
    pub fn failed(&mut self, now: Instant, failure: Failure) {
        self.pace.was_silent();
        self.let_be(now);
        if let Some(Open { work: Some(work), .. }) = &mut self.open {
            match work {
                Work::Walk(walk, _) => walk.fail(failure),
                Work::Scalars(scalars, _) | Work::Objects(scalars, _) => scalars.fail(failure),
            }
        }
        self.hand_on();
    }

    fn let_be(&mut self, now: Instant) {
        let pause = self.pace.pause();
        self.resume = (pause > Duration::ZERO).then(|| now + pause);
    }

    /// Ends it: the open table is refused or cut short, and the others are not asked for.
    pub fn refused(&mut self, refusal: Refusal) {
        if let Some(Open { work: Some(work), .. }) = &mut self.open {
            match work {
                Work::Walk(walk, _) => walk.refuse(refusal),
                Work::Scalars(scalars, _) | Work::Objects(scalars, _) => scalars.refuse(refusal),
            }
        }
        self.close(Why::NoneBefore);
    }

    /// Ends it: the open table is cut short for this reason, and the others are not asked for that one.
    pub fn stop(&mut self, cut: Cut, why: Why) {
        if let Some(open) = &mut self.open {
            match &mut open.work {
                Some(Work::Walk(walk, _)) => walk.cut(cut),
                Some(Work::Scalars(scalars, _) | Work::Objects(scalars, _)) => scalars.cut(cut),
                // Between two steps: the next of them is what is missing.
                None if open.end.requests > 0 => _ = open.end.cut.get_or_insert(cut),
                None => open.no = Some(Answer::NotAsked(why)),
            }
        }
        self.close(why);
    }

    fn close(&mut self, why: Why) {
        if self.open.is_some() {
            self.end_stage();
            if let Some(open) = &mut self.open {
                open.stages.clear();
            }
            self.end_table();
        }
        for table in std::mem::take(&mut self.left) {
            // What the plan leaves out was never going to be asked.
            let left_out = self.plan.leaves_out(table, self.system.as_ref(), &self.manners);
            self.news.push_back((table, Answer::NotAsked(left_out.unwrap_or(why))));
        }
    }

    /// Opens the next table that is to be asked for; `false` when none is left.
    fn begin_table(&mut self) -> bool {
        while let Some(table) = self.left.pop_front() {
            let why = self.plan.leaves_out(table, self.system.as_ref(), &self.manners);
            match why.or_else(|| self.needless(table)) {
                Some(why) => self.news.push_back((table, Answer::NotAsked(why))),
                None => {
                    let mut end = TableEnd::default();
                    let stages = self.stages(table, &mut end);
                    self.open = Some(Open {
                        table,
                        stages,
                        work: None,
                        vlan: None,
                        end,
                        after_first: None,
                        answered: false,
                        no: None,
                    });
                    return true;
                }
            }
        }
        false
    }

    /// Why a table that fits need not be asked for after what others said.
    fn needless(&self, table: Table) -> Option<Why> {
        if self.silent >= MOST_SILENT {
            return Some(Why::NoneBefore);
        }
        match table {
            Table::VlanContexts if !self.scope.vlans.is_empty() => Some(Why::ToldElsewhere),
            Table::LldpAddresses | Table::LldpInventory => match &self.lldp {
                Some(Answer::Is(0)) => Some(Why::NothingToAdd),
                Some(Answer::Is(_)) => None,
                Some(_) => Some(Why::NoneBefore),
                // The operator did not want the table itself.
                None => None,
            },
            _ => None,
        }
    }

    fn stages(&self, table: Table, end: &mut TableEnd) -> VecDeque<Stage> {
        let scalars = |task| Stage { task, vlan: None, if_empty: false };
        match table {
            Table::Interfaces => [Stage::of(&interfaces::INTERFACES)].into(),
            Table::Addresses => {
                [Stage::of(&addresses::NEW), Stage::instead(&addresses::OLD)].into()
            }
            Table::Neighbours => {
                [Stage::of(&neighbours::NEW), Stage::instead(&neighbours::OLD)].into()
            }
            Table::BridgePorts => [Stage::of(&forwarding::PORTS)].into(),
            Table::Vlans => [Stage::of(&forwarding::VLANS)].into(),
            Table::VlanContexts => [Stage::of(&forwarding::CONTEXTS)].into(),
            Table::Forwarding if self.scope.contexts.is_empty() => {
                [Stage::of(&forwarding::NEW), Stage::instead(&forwarding::OLD)].into()
            }
            Table::Forwarding => {
                if self.scope.contexts.len() > MOST_CONTEXTS {
                    end.cut = u32::try_from(MOST_CONTEXTS).ok().map(Cut::Contexts);
                }
                let contexts = self.scope.contexts.iter().take(MOST_CONTEXTS).flat_map(|vlan| {
                    [&forwarding::PORTS, &forwarding::OLD].map(|s| Stage::in_vlan(s, *vlan))
                });
                std::iter::once(Stage::of(&forwarding::NEW)).chain(contexts).collect()
            }
            Table::LldpLocal => [scalars(Task::Scalars(&lldp::LOCAL))].into(),
            Table::LldpPorts => [Stage::of(&lldp::PORTS)].into(),
            Table::LldpRemote => [Stage::of(&lldp::REMOTE)].into(),
            Table::LldpAddresses => [Stage::of(&lldp::ADDRESSES)].into(),
            Table::LldpInventory => [Stage::of(&lldp::INVENTORY)].into(),
            Table::Cdp => [Stage::of(&cdp::CDP)].into(),
            Table::Entities => [Stage::of(&entities::ENTITIES)].into(),
            Table::Installed => [Stage::of(&software::INSTALLED)].into(),
            Table::Running => [Stage::of(&software::RUNNING)].into(),
            Table::Objects => [scalars(Task::Objects)].into(),
        }
    }

    /// Begins the next step of the open table; `false` when none is left.
    fn begin_stage(
        open: &mut Open,
        scope: &mut Scope,
        manners: &Manners,
        system: Option<&System>,
    ) -> bool {
        loop {
            let Some(stage) = open.stages.pop_front() else { return false };
            if stage.if_empty && open.after_first.is_some_and(|rows| rows > 0) {
                continue;
            }
            if stage.vlan != open.vlan {
                // Port numbers are those of the context.
                scope.ports.clear();
            }
            (open.vlan, scope.vlan) = (stage.vlan, stage.vlan);
            let limits = |source: &Source| Limits {
                rows: source.rows.saturating_sub(open.end.rows),
                ..WALK
            };
            open.work = Some(match stage.task {
                Task::Table(source) => {
                    let columns = source.columns();
                    let walk = Walk::new(&columns, source.row, manners.style, limits(source));
                    Work::Walk(Box::new(walk), source)
                }
                Task::Scalars(source) => {
                    let instances = source
                        .columns()
                        .into_iter()
                        .filter_map(|column| Oid::new([column.arcs(), &[0]].concat()));
                    let scalars = Scalars::new(instances.collect(), manners.style, limits(source));
                    Work::Scalars(scalars, source)
                }
                Task::Objects => {
                    let mut probes = objects::probes_for(system);
                    if probes.is_empty() {
                        probes = objects::PROBES.iter().collect();
                    }
                    let oids = probes.iter().filter_map(|probe| Oid::new(probe.oid)).collect();
                    Work::Objects(Scalars::new(oids, manners.style, WALK), probes)
                }
            });
            return true;
        }
    }

    /// Makes facts of the rows that are complete.
    fn hand_on(&mut self) {
        let Some(open) = &mut self.open else { return };
        let (table, vlan) = (open.table, open.vlan);
        let mut tally = Tally::default();
        let mut news = |rows: Option<Rows>| {
            if let Some(rows) = rows.filter(|rows| !rows.is_empty()) {
                self.news.push_back((table, Answer::Is(TableNews::Rows(rows))));
            }
        };
        let mut counts = true;
        match &mut open.work {
            Some(Work::Walk(walk, source)) => loop {
                let part: Vec<Row> =
                    std::iter::from_fn(|| walk.next_row()).take(Rows::MOST).collect();
                if part.is_empty() {
                    break;
                }
                let rows = (source.decode)(&part, &mut self.scope, &mut tally);
                // The ports of a context only say how to read its stations.
                counts = rows.is_some() || vlan.is_none();
                news(rows);
            },
            Some(Work::Scalars(scalars, source)) => {
                if let Some(row) = scalars.row() {
                    news((source.decode)(&[row], &mut self.scope, &mut tally));
                }
            }
            Some(Work::Objects(scalars, probes)) => {
                if let Some(row) = scalars.row() {
                    let found = probes.iter().zip(&row.values);
                    let found: Vec<_> = found
                        .filter_map(|(probe, value)| {
                            let value: &Value = value.as_ref()?;
                            let object = objects::object(probe, value);
                            tally.odd += u32::from(object.is_none());
                            object
                        })
                        .collect();
                    tally.rows = u32::try_from(found.len()).unwrap_or(u32::MAX);
                    news(Some(Rows::Objects(found)));
                }
            }
            None => {}
        }
        if counts {
            open.end.rows = open.end.rows.saturating_add(tally.rows);
        }
        open.end.unreadable = open.end.unreadable.saturating_add(tally.unreadable);
        open.end.odd_values = open.end.odd_values.saturating_add(tally.odd);
    }

    /// Takes down how a step ended.
    fn end_stage(&mut self) {
        self.hand_on();
        let Some(open) = &mut self.open else { return };
        let Some(work) = open.work.take() else { return };
        open.after_first.get_or_insert(open.end.rows);
        let no = match work.end() {
            Some(End::Whole) => {
                open.answered = true;
                return;
            }
            // A later context may add fewer rows than the table may have: the bound is that of the table.
            Some(End::Cut(Cut::Rows(_))) => {
                open.answered = true;
                open.stages.clear();
                open.end.cut.get_or_insert(Cut::Rows(work.most_rows()));
                return;
            }
            Some(End::Cut(cut)) => {
                open.answered = true;
                open.end.cut.get_or_insert_with(|| cut.clone());
                return;
            }
            Some(End::Refused(refusal)) => Answer::Refused(*refusal),
            Some(End::Malformed(what)) => Answer::Malformed(what.clone()),
            Some(End::Silent { tries }) => Answer::Silent { tries: *tries },
            None => return,
        };
        if open.vlan.is_some() {
            // An agent that knows no contexts drops what is asked in one.
            open.stages.clear();
        }
        if open.no.as_ref().is_none_or(|before| telling(before) < telling(&no)) {
            open.no = Some(no);
        }
    }

    fn end_table(&mut self) {
        let Some(mut open) = self.open.take() else { return };
        if open.vlan.is_some() {
            (self.scope.vlan, self.scope.ports) = (None, BTreeMap::new());
        }
        let answer = match open.no {
            Some(no) if !open.answered => no,
            no => {
                if open.end.cut.is_none() {
                    open.end.cut = no.and_then(|no| match no {
                        Answer::Refused(refusal) => Some(Cut::Refused(refusal)),
                        Answer::Malformed(what) => Some(Cut::Malformed(what)),
                        Answer::Silent { tries } => Some(Cut::Silent { tries }),
                        Answer::NotAsked(_) | Answer::Is(_) => None,
                    });
                }
                Answer::Is(TableNews::End(open.end.clone()))
            }
        };
        self.silent = match answer {
            Answer::Silent { .. } => self.silent.saturating_add(1),
            // Silence in a context says nothing of the device.
            Answer::Is(TableNews::End(TableEnd { cut: Some(Cut::Silent { .. }), .. }))
                if open.vlan.is_none() =>
            {
                self.silent.saturating_add(1)
            }
            _ => 0,
        };
        if open.table == Table::LldpRemote {
            // Of a table that was not read whole nobody knows that nothing is in it.
            self.lldp = Some(match &answer {
                Answer::Is(TableNews::End(end)) if end.cut.is_none() && end.unreadable == 0 => {
                    Answer::Is(end.rows)
                }
                Answer::Is(TableNews::End(end)) if end.rows > 0 => Answer::Is(end.rows),
                _ => Answer::NotAsked(Why::NoneBefore),
            });
        }
        self.news.push_back((open.table, answer));
    }
}

impl Work {
    fn spent(&self) -> Spent {
        match self {
            Self::Walk(walk, _) => walk.spent(),
            Self::Scalars(scalars, _) | Self::Objects(scalars, _) => scalars.spent(),
        }
    }

    /// The most rows that the table may have.
    const fn most_rows(&self) -> u32 {
        match self {
            Self::Walk(_, source) | Self::Scalars(_, source) => source.rows,
            Self::Objects(..) => 1,
        }
    }

    fn end(&self) -> Option<&End> {
        match self {
            Self::Walk(walk, _) => walk.end(),
            Self::Scalars(scalars, _) | Self::Objects(scalars, _) => scalars.end(),
        }
    }
}

/// A refusal tells more than rubbish, and rubbish more than silence.
fn telling(answer: &Answer<TableNews>) -> u8 {
    match answer {
        Answer::NotAsked(_) => 0,
        Answer::Silent { .. } => 1,
        Answer::Malformed(_) => 2,
        Answer::Refused(_) => 3,
        Answer::Is(_) => 4,
    }
}

#[cfg(test)]
mod tests;
