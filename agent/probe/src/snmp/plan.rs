//! Which tables are asked of which device, and how much that may cost.

use std::collections::BTreeMap;
use std::time::Duration;

use herkomst_model::{System, Table, Why};

use super::exchange::MOST_VARIABLES;
use super::manners::Manners;
use super::tables::objects;

/// Cisco, whose switches keep a forwarding table for each VLAN.
const CISCO: u32 = 9;
/// sysServices: 2^(layer − 1) (RFC 3418).
const BRIDGE: u8 = 0x02;
const ROUTER: u8 = 0x04;
const APPLICATIONS: u8 = 0x40;

/// When a table is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Of devices that have it, going by their system group.
    WhereItFits,
    /// Of every device: the operator named it.
    Always,
}

/// What one device may be asked for in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Requests.
    pub requests: u32,
    /// Octets in answers, about.
    pub octets: u64,
    /// Time from the first question to the last.
    pub time: Duration,
}

impl Default for Budget {
    /// Enough for a core router with a quarter of a million neighbours at forty packets a second.
    fn default() -> Self {
        Self { requests: 50_000, octets: 128 << 20, time: Duration::from_secs(30 * 60) }
    }
}

/// What is collected. A table that is not in it is not asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The tables.
    pub tables: BTreeMap<Table, Wanted>,
    /// The most variables in a request.
    pub variables: usize,
    /// The most tries of a question; `None` is as the walk has them.
    pub tries: Option<u8>,
    /// The most that a device is asked.
    pub budget: Budget,
}

impl Default for Plan {
    /// All tables where they fit.
    fn default() -> Self {
        let tables = Table::ALL.into_iter().map(|table| (table, Wanted::WhereItFits)).collect();
        Self { tables, variables: MOST_VARIABLES, tries: None, budget: Budget::default() }
    }
}

impl Plan {
    /// Why a table is not asked of a device with this system group; `None` if it is.
    pub fn leaves_out(
        &self,
        table: Table,
        system: Option<&System>,
        manners: &Manners,
    ) -> Option<Why> {
        match self.tables.get(&table) {
            None => Some(Why::MethodOff),
            Some(Wanted::Always) => None,
            Some(Wanted::WhereItFits) if manners.never.contains(&table) => Some(Why::Fragile),
            Some(Wanted::WhereItFits) => (!fits(table, system)).then_some(Why::NotItsKind),
        }
    }
}

/// Whether devices of this kind have such a table. sysServices is a hint and no more: where it is missing or 0,
/// everything is asked.
fn fits(table: Table, system: Option<&System>) -> bool {
    if table == Table::Objects {
        return !objects::probes_for(system).is_empty();
    }
    // An agent without a system group answers little else.
    let Some(system) = system else { return false };
    let services = system.services.filter(|services| *services != 0);
    let has = |layers: u8| services.is_none_or(|services| services & layers != 0);
    let is_cisco =
        system.object_id.as_ref().and_then(|oid| oid.pen()).is_some_and(|pen| pen.0 == CISCO);
    match table {
        Table::BridgePorts | Table::Vlans | Table::Forwarding => has(BRIDGE),
        Table::VlanContexts => is_cisco && has(BRIDGE),
        Table::Cdp => is_cisco || has(BRIDGE | ROUTER),
        Table::Installed | Table::Running => has(APPLICATIONS),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use herkomst_model::SnmpVersion;

    use super::super::manners::manners;
    use super::*;

    fn system(object_id: &str, services: Option<u8>) -> System {
        System {
            version: SnmpVersion::V2c,
            credential: "ro".into(),
            description: Some("N7 Platinum".into()),
            object_id: object_id.parse().ok(),
            up_time: None,
            contact: None,
            name: None,
            location: None,
            services,
            cut_short: false,
        }
    }

    fn asked(plan: &Plan, system: Option<&System>) -> Vec<Table> {
        let manners = manners(system, true);
        let is_asked = |table: &Table| plan.leaves_out(*table, system, &manners).is_none();
        Table::ALL.into_iter().filter(is_asked).collect()
    }

    #[test]
    fn a_server_is_not_asked_for_the_tables_of_a_switch() {
        let asked = asked(&Plan::default(), Some(&system("1.3.6.1.4.1.8072.3.2.10", Some(72))));
        assert!(asked.contains(&Table::Installed) && asked.contains(&Table::LldpRemote));
        assert!(!asked.contains(&Table::Forwarding) && !asked.contains(&Table::Cdp));
    }

    #[test]
    fn a_device_that_does_not_say_what_it_is_is_asked_for_all_but_what_is_ciscos() {
        for services in [None, Some(0)] {
            let asked = asked(&Plan::default(), Some(&system("1.3.6.1.4.1.2011.1", services)));
            assert_eq!(asked.len(), Table::ALL.len() - 1);
            assert!(!asked.contains(&Table::VlanContexts));
        }
    }

    #[test]
    fn an_agent_without_a_system_group_is_asked_for_single_objects_only() {
        assert_eq!(asked(&Plan::default(), None), [Table::Objects]);
    }

    #[test]
    fn what_the_operator_names_is_asked_and_what_he_left_out_is_not() {
        let tables = [(Table::Forwarding, Wanted::Always)].into();
        let plan = Plan { tables, ..Plan::default() };
        assert_eq!(
            asked(&plan, Some(&system("1.3.6.1.4.1.5624.2.1", Some(72)))),
            [Table::Forwarding]
        );
        let fragile = system("1.3.6.1.4.1.5624.2.1", Some(2));
        let why = Plan::default().leaves_out(
            Table::Forwarding,
            Some(&fragile),
            &manners(Some(&fragile), true),
        );
        assert_eq!(why, Some(Why::Fragile));
    }
}
