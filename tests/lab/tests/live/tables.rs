//! Tables of fake agents, read by net-snmp's tool.

use anyhow::{Result, ensure};

use crate::{SEGMENT, Test, stage};

pub(crate) const TESTS: &[(&str, Test)] = crate::tests![
    a_dump_is_served_as_it_was_recorded,
    a_table_of_a_vlan_is_seen_by_its_community_alone,
    a_table_without_end_is_walked_as_far_as_one_likes,
];

/// Recorded with snmpbulkwalk from net-snmp's agent.
pub(crate) const DUMP: &str = include_str!("../../../../agent/probe/tests/dumps/linux-router.walk");

/// Holds a walk of a part against the recorded one; clocks have gone on since.
pub(crate) fn same_as_recorded(said: &str, part: &str) -> Result<()> {
    let lines = |text: &str| -> Vec<String> {
        let below = format!(".{part}.");
        let lines = text.lines().filter(|line| line.starts_with(&below));
        // " = No more variables left": where the walk came to the end.
        let values = lines.filter(|line| !line.contains("Timeticks") && !line.contains(" = No "));
        values.map(|line| line.trim_end().to_owned()).collect()
    };
    let (said, recorded) = (lines(said), lines(DUMP));
    let different = said.iter().zip(&recorded).find(|(said, recorded)| said != recorded);
    ensure!(different.is_none(), "{different:?}");
    ensure!(said.len() == recorded.len(), "{} of {} objects of {part}", said.len(), recorded.len());
    ensure!(!recorded.is_empty(), "nothing was recorded of {part}");
    Ok(())
}

fn a_dump_is_served_as_it_was_recorded() -> Result<()> {
    let stage = stage(&format!(
        "{SEGMENT}[[device]]\nuses = \"huawei-ne40e\"\naddress = \"10.99.0.11\"\n[device.snmp]\ndump = '''\n{DUMP}'''\n"
    ))?;
    for part in ["1.0.8802", "1.3.6.1.2.1"] {
        let said = stage.walk(&["-v2c", "-c", "lab-read", "10.99.0.11", part])?;
        if part == "1.0.8802" {
            same_as_recorded(&said, part)?;
        } else {
            for group in [2, 4, 25, 31] {
                same_as_recorded(&said, &format!("{part}.{group}"))?;
            }
        }
    }
    Ok(())
}

fn a_table_of_a_vlan_is_seen_by_its_community_alone() -> Result<()> {
    let stage = stage(&format!(
        "{SEGMENT}[[device]]\nuses = \"cisco-catalyst\"\naddress = \"10.99.0.12\"\n\
         [[device.snmp.context.20.table]]\nentry = \"1.3.6.1.2.1.17.4.3.1\"\ncolumns = [\"2 integer\", \"3 integer\"]\n\
         rows = [[\"68.25.182.0.0.7\", 11, 3]]\n"
    ))?;
    let walk = |community| stage.walk(&["-v2c", "-c", community, "10.99.0.12", "1.3.6.1.2.1.17"]);
    let (none, twenty) = (walk("lab-read")?, walk("lab-read@20")?);
    ensure!(none.contains(" = No more variables left"), "{none}");
    ensure!(
        twenty.matches("INTEGER").count() == 2
            && twenty.contains(".17.4.3.1.2.68.25.182.0.0.7 = INTEGER: 11"),
        "{twenty}"
    );
    Ok(())
}

fn a_table_without_end_is_walked_as_far_as_one_likes() -> Result<()> {
    let stage = stage(&format!(
        "{SEGMENT}[[device]]\nuses = \"huawei-ne40e\"\naddress = \"10.99.0.11\"\n\
         [[device.snmp.table]]\nentry = \"1.3.6.1.2.1.4.22.1\"\ncolumns = [\"2 mac\", \"4 integer\"]\n\
         rows = [[\"7.10.0.0.0\", \"02:00:00:00:00:00\", 3]]\ncount = 10000000\n"
    ))?;
    // The last of ten million, and what comes behind it: the next column.
    let args =
        ["-Cr2", "-v2c", "-c", "lab-read", "10.99.0.11", "1.3.6.1.2.1.4.22.1.2.7.10.152.150.126"];
    let said = stage.net_snmp("snmpbulkget", &args)?;
    let lines: Vec<&str> = said.lines().collect();
    ensure!(
        lines.first()
            == Some(&".1.3.6.1.2.1.4.22.1.2.7.10.152.150.127 = Hex-STRING: 02 00 00 98 96 7F "),
        "{said}"
    );
    ensure!(
        lines.get(1).is_some_and(|line| line.starts_with(".1.3.6.1.2.1.4.22.1.4.7.10.0.0.0 ")),
        "{said}"
    );
    Ok(())
}
