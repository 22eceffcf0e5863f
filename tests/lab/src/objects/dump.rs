//! Reads what `snmpbulkwalk -One` printed: numbers for names, values with their type.

use std::net::Ipv4Addr;

use herkomst_ids::Oid;

use super::Held;

/// The objects of a dump. A value over several lines is text that holds line ends.
pub(crate) fn read_dump(text: &str) -> Result<Vec<(Oid, Held)>, String> {
    let mut objects: Vec<(Oid, Held)> = Vec::new();
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).peekable();
    while let Some((number, line)) = lines.next() {
        let mut line = line.to_owned();
        while let Some((_, more)) = lines.next_if(|(_, next)| !begins_an_object(next)) {
            line.push('\n');
            line.push_str(more);
        }
        let wrong = || {
            format!(
                "line {} of the dump is {line:?}, which snmpbulkwalk -One does not print",
                number + 1
            )
        };
        let (name, said) =
            line.split_once(" = ").or_else(|| line.split_once(" =")).ok_or_else(wrong)?;
        let name: Oid = name.trim().parse().map_err(|_| wrong())?;
        // "No more variables left in this MIB View": where the walk ended.
        if said.starts_with("No ") {
            continue;
        }
        objects.push((name, held(said).ok_or_else(wrong)?));
    }
    Ok(objects)
}

fn begins_an_object(line: &str) -> bool {
    line.starts_with('.') && line.contains(" =")
}

fn held(said: &str) -> Option<Held> {
    let (kind, value) =
        said.split_once(": ").unwrap_or((said.trim_end().trim_end_matches(':'), ""));
    Some(match kind {
        "INTEGER" => Held::Integer(value.trim().parse().ok()?),
        "Gauge32" | "Unsigned32" => Held::Gauge(value.trim().parse().ok()?),
        "Counter32" => Held::Counter(value.trim().parse().ok()?),
        "Counter64" => Held::Counter64(value.trim().parse().ok()?),
        "STRING" => Held::Text(unquoted(value)),
        "\"\"" | "" => Held::Text(Vec::new()),
        "Hex-STRING" => Held::Text(octets(value)?),
        "OID" => Held::Oid(value.trim().parse().ok()?),
        "IpAddress" => Held::Address(value.trim().parse::<Ipv4Addr>().ok()?.octets()),
        "Network Address" => Held::Address(octets(&value.replace(':', " "))?.try_into().ok()?),
        "Timeticks" => {
            let ticks = value.trim_start().trim_start_matches('(').split(')').next()?;
            Held::Ticks(ticks.parse().ok()?)
        }
        _ => return None,
    })
}

fn octets(text: &str) -> Option<Vec<u8>> {
    text.split_whitespace().map(|octet| u8::from_str_radix(octet, 16).ok()).collect()
}

/// net-snmp writes a quote and a backslash inside text with a backslash before them.
fn unquoted(text: &str) -> Vec<u8> {
    let text = text.strip_prefix('"').unwrap_or(text);
    let text = text.strip_suffix('"').unwrap_or(text);
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'\\' { rest.next().unwrap_or(byte) } else { byte });
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_each_kind_that_net_snmp_prints() {
        let text = ".1.3.6.1.2.1.1.1.0 = STRING: \"two\nlines with \\\"quotes\\\"\"\n.1.3.6.1.2.1.1.2.0 = OID: .1.3.6.1.4.1.8072.3.2.10\n\
            .1.3.6.1.2.1.1.3.0 = Timeticks: (512) 0:00:05.12\n.1.3.6.1.2.1.1.4.0 = \"\"\n.1.3.6.1.2.1.2.2.1.6.2 = Hex-STRING: 02 00 FF \n\
            .1.3.6.1.2.1.4.20.1.1.10.0.0.1 = IpAddress: 10.0.0.1\n.1.3.6.1.2.1.31.1.1.1.6.1 = Counter64: 18446744073709551615\n\
            .1.3.6.1.2.1.31.1.1.1.6.9 = No more variables left in this MIB View (It is past the end of the MIB tree)\n";
        let held: Vec<Held> = read_dump(text).unwrap().into_iter().map(|(_, held)| held).collect();
        assert_eq!(
            held,
            [
                Held::Text(b"two\nlines with \"quotes\"".to_vec()),
                Held::Oid("1.3.6.1.4.1.8072.3.2.10".parse().unwrap()),
                Held::Ticks(512),
                Held::Text(vec![]),
                Held::Text(vec![2, 0, 255]),
                Held::Address([10, 0, 0, 1]),
                Held::Counter64(u64::MAX),
            ]
        );
    }

    #[test]
    fn a_recorded_dump_reads_whole() {
        let text = include_str!("../../../../agent/probe/tests/dumps/linux-router.walk");
        let objects = read_dump(text).unwrap();
        assert_eq!(objects.len(), text.lines().filter(|line| line.starts_with('.')).count());
    }

    #[test]
    fn what_is_no_dump_is_told_with_its_line() {
        let error = read_dump(".1.3.6 = INTEGER: 1\n.1.3.7 = COLOUR: red\n").unwrap_err();
        assert!(error.starts_with("line 2 of the dump"), "{error}");
    }
}
