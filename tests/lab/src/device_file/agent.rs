//! The `[snmp]` of a device file: an engine, communities, manners, and what the agent knows, as single objects, tables or a
//! dump.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use herkomst_ids::{EngineId, MacAddr, Oid};

use super::hex;
use crate::device::{Agent, CommunityVersion, Engine, Habits, Manner, engine_of};
use crate::objects::{Cell, Held, Objects, Series, read_dump};

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct AgentFile {
    #[serde(default)]
    manner: Manner,
    #[serde(default)]
    habits: Habits,
    error_status: Option<i32>,
    engine: Option<EngineFile>,
    #[serde(default)]
    community: Vec<CommunityFile>,
    #[serde(default)]
    system: SystemFile,
    dump: Option<String>,
    #[serde(default)]
    objects: BTreeMap<String, toml::Value>,
    #[serde(default)]
    table: Vec<TableFile>,
    #[serde(default)]
    context: BTreeMap<String, ContextFile>,
}

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct EngineFile {
    enterprise: Option<u32>,
    id: Option<String>,
    #[serde(default = "one")]
    boots: i32,
    #[serde(default)]
    time: i32,
}

#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct CommunityFile {
    name: String,
    #[serde(default = "both_versions")]
    versions: Vec<CommunityVersion>,
}

#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct SystemFile {
    description: Option<String>,
    object_id: Option<String>,
    up_time: Option<u32>,
    contact: Option<String>,
    name: Option<String>,
    location: Option<String>,
    services: Option<i64>,
}

/// What is known besides when `community@NAME` asks.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ContextFile {
    dump: Option<String>,
    #[serde(default)]
    objects: BTreeMap<String, toml::Value>,
    #[serde(default)]
    table: Vec<TableFile>,
}

/// A table: each row is its index and then a value for each column, `false` where it has none.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct TableFile {
    entry: String,
    /// `"NUMBER KIND"`
    columns: Vec<String>,
    rows: Vec<Vec<toml::Value>>,
    /// So many rows are counted on from the one that is given.
    count: Option<u32>,
}

impl AgentFile {
    pub(super) fn check(self, mac: MacAddr) -> Result<Agent, String> {
        let engine = match self.engine {
            None => None,
            Some(EngineFile { enterprise, id, boots, time }) => {
                let id = match (enterprise, id) {
                    (Some(pen), None) => engine_of(pen, mac),
                    (None, Some(id)) => hex(&id).and_then(|octets| EngineId::new(&octets)),
                    _ => return Err("snmp.engine needs either enterprise or id".into()),
                };
                let id = id.ok_or("snmp.engine.id is not 5 to 32 octets in hexadecimal")?;
                Some(Engine { id, boots, time })
            }
        };
        let mut objects = Objects::default();
        read(&mut objects, self.dump.as_deref(), &self.objects, &self.table)?;
        objects.single.extend(self.system.objects()?);
        let contexts = self.context.into_iter().map(|(name, file)| {
            let mut objects = Objects::default();
            read(&mut objects, file.dump.as_deref(), &file.objects, &file.table)?;
            Ok((name, objects))
        });
        let contexts: Result<_, String> = contexts.collect();
        let communities =
            self.community.into_iter().map(|one| (one.name.into_bytes(), one.versions)).collect();
        Ok(Agent {
            manner: self.manner,
            habits: self.habits,
            error_status: self.error_status,
            engine,
            communities,
            objects,
            contexts: contexts?,
        })
    }
}

/// A dump first, so that what else is given lies over it.
fn read(
    objects: &mut Objects,
    dump: Option<&str>,
    single: &BTreeMap<String, toml::Value>,
    tables: &[TableFile],
) -> Result<(), String> {
    if let Some(dump) = dump {
        objects.single.extend(read_dump(dump).map_err(|error| format!("snmp.dump: {error}"))?);
    }
    for table in tables {
        table.read(objects).map_err(|error| format!("snmp.table {}: {error}", table.entry))?;
    }
    for (name, value) in single {
        let held = typed(value).map_err(|error| format!("snmp.objects.{name}: {error}"))?;
        objects.single.insert(oid("snmp.objects", name)?, held);
    }
    Ok(())
}

impl SystemFile {
    /// The scalars of the system group (RFC 3418): `1.3.6.1.2.1.1.N.0`.
    fn objects(self) -> Result<Vec<(Oid, Held)>, String> {
        let object_id = self.object_id.map(|id| oid("snmp.system.object-id", &id)).transpose()?;
        let text = |text: Option<String>| text.map(|text| Held::Text(text.into_bytes()));
        let held = [
            (1, text(self.description)),
            (2, object_id.map(Held::Oid)),
            (3, self.up_time.map(Held::Ticks)),
            (4, text(self.contact)),
            (5, text(self.name)),
            (6, text(self.location)),
            (7, self.services.map(Held::Integer)),
        ];
        Ok(held
            .into_iter()
            .filter_map(|(arc, held)| {
                Some((Oid::new([1, 3, 6, 1, 2, 1, 1, arc, 0].as_slice())?, held?))
            })
            .collect())
    }
}

impl TableFile {
    fn read(&self, objects: &mut Objects) -> Result<(), String> {
        let entry = oid("entry", &self.entry)?;
        let columns: Vec<(u32, &str)> = self
            .columns
            .iter()
            .map(|column| {
                let (number, kind) = column.split_once(' ')?;
                Some((number.parse().ok()?, kind.trim()))
            })
            .collect::<Option<_>>()
            .ok_or("columns are like \"2 text\", a number and a kind")?;
        if self.count.is_some() && self.rows.len() != 1 {
            return Err(format!("counts on from one row, {} are given", self.rows.len()));
        }
        for row in &self.rows {
            let Some((toml::Value::String(index), cells)) = row.split_first() else {
                return Err(format!("a row begins with its index as text, not {row:?}"));
            };
            if cells.len() != columns.len() {
                let (cells, columns) = (cells.len(), columns.len());
                return Err(format!("row {index} has {cells} values for {columns} columns"));
            }
            let first =
                arcs(index).ok_or_else(|| format!("index {index:?} is not like 7.10.0.0.1"))?;
            let given =
                columns.iter().zip(cells).filter(|(_, cell)| **cell != toml::Value::Boolean(false));
            let mut counted = BTreeMap::new();
            for ((column, kind), cell) in given {
                let wrong = |error| format!("row {index}, column {column}: {error}");
                if self.count.is_some() {
                    counted.insert(*column, counted_cell(kind, cell).map_err(wrong)?);
                    continue;
                }
                let mut name = entry.arcs().to_vec();
                name.push(*column);
                name.extend(&first);
                let name = Oid::new(name).ok_or_else(|| format!("index {index} is too long"))?;
                objects.single.insert(name, value(kind, cell).map_err(wrong)?);
            }
            if let Some(rows) = self.count {
                let series = Series { entry: entry.clone(), columns: counted, first, rows };
                series.check()?;
                objects.series.push(series);
            }
        }
        Ok(())
    }
}

fn arcs(text: &str) -> Option<Vec<u32>> {
    text.split('.').map(|arc| arc.parse().ok()).collect()
}

/// A value whose kind is told by its form: text, a number, or a table of one key, the kind.
fn typed(written: &toml::Value) -> Result<Held, String> {
    match written {
        toml::Value::String(_) => value("text", written),
        toml::Value::Integer(_) => value("integer", written),
        toml::Value::Table(table) if table.len() == 1 => table
            .iter()
            .next()
            .map_or_else(|| Err(String::new()), |(kind, inner)| value(kind, inner)),
        _ => Err(format!("is {written}, allowed are text, a number, or a kind and its value")),
    }
}

const KINDS: &str = "text, integer, hex, mac, oid, ip, counter, gauge, counter64, ticks";

fn value(kind: &str, written: &toml::Value) -> Result<Held, String> {
    let wrong = || format!("{written} is no {kind}");
    let text = || written.as_str().ok_or_else(wrong);
    let number = || written.as_integer().ok_or_else(wrong);
    let natural = || number().and_then(|number| u32::try_from(number).map_err(|_| wrong()));
    Ok(match kind {
        "text" => Held::Text(text()?.as_bytes().to_vec()),
        "integer" => Held::Integer(number()?),
        "hex" => Held::Text(hex(text()?).ok_or_else(wrong)?),
        "mac" => {
            let mac: MacAddr = text()?.parse().map_err(|_| wrong())?;
            Held::Text(mac.octets().to_vec())
        }
        "oid" => Held::Oid(text()?.parse().map_err(|_| wrong())?),
        "ip" => Held::Address(text()?.parse::<Ipv4Addr>().map_err(|_| wrong())?.octets()),
        "counter" => Held::Counter(natural()?),
        "gauge" => Held::Gauge(natural()?),
        "counter64" => Held::Counter64(u64::try_from(number()?).map_err(|_| wrong())?),
        "ticks" => Held::Ticks(natural()?),
        _ => return Err(format!("kind is {kind:?}, allowed are {KINDS}")),
    })
}

/// In a counted table addresses of both kinds grow with the row, and so does a `number`.
fn counted_cell(kind: &str, written: &toml::Value) -> Result<Cell, String> {
    if kind == "number" {
        let first = written.as_integer().ok_or_else(|| format!("{written} is no number"))?;
        return Ok(Cell::Number(first));
    }
    Ok(match (kind, value(kind, written)?) {
        ("ip", Held::Address(first)) => Cell::Address(first),
        ("mac", Held::Text(first)) => match first.try_into() {
            Ok(first) => Cell::Mac(MacAddr(first)),
            Err(_) => return Err(format!("{written} is no mac")),
        },
        (_, same) => Cell::Same(same),
    })
}

fn oid(key: &str, text: &str) -> Result<Oid, String> {
    text.parse().map_err(|error| format!("{key}: {error}"))
}

const fn one() -> i32 {
    1
}

fn both_versions() -> Vec<CommunityVersion> {
    vec![CommunityVersion::V1, CommunityVersion::V2c]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Device;

    fn agent(snmp: &str) -> Result<Agent, String> {
        let text = format!("title = \"t\"\nmac = \"00:e0:fc:00:00:01\"\n[snmp]\n{snmp}");
        let device = Device::parse(&text, "t", "t.toml").map_err(|error| error.to_string())?;
        device.agent.ok_or_else(String::new)
    }

    fn all(objects: &Objects) -> Vec<(String, Held)> {
        let mut at = Oid::new([1, 0].as_slice()).unwrap();
        std::iter::from_fn(|| {
            let (name, held) = objects.after(&at)?;
            at = name.clone();
            Some((name.to_string(), held))
        })
        .collect()
    }

    #[test]
    fn objects_tables_and_a_dump_lie_over_each_other() {
        let agent = agent(
            r#"
dump = """
.1.3.6.1.2.1.1.5.0 = STRING: "of the dump"
.1.3.6.1.2.1.1.6.0 = STRING: "here"
"""
[snmp.objects]
"1.3.6.1.2.1.1.6.0" = "there"
"1.3.6.1.4.1.9.9.9" = { gauge = 7 }
[[snmp.table]]
entry = "1.3.6.1.2.1.2.2.1"
columns = ["2 text", "5 gauge", "6 mac"]
rows = [["1", "ge-0/0/1", 1000, "00:e0:fc:00:00:02"], ["2", "vlan20", false, false]]
"#,
        )
        .unwrap();
        let want = [
            ("1.3.6.1.2.1.1.5.0", Held::Text(b"of the dump".into())),
            ("1.3.6.1.2.1.1.6.0", Held::Text(b"there".into())),
            ("1.3.6.1.2.1.2.2.1.2.1", Held::Text(b"ge-0/0/1".into())),
            ("1.3.6.1.2.1.2.2.1.2.2", Held::Text(b"vlan20".into())),
            ("1.3.6.1.2.1.2.2.1.5.1", Held::Gauge(1000)),
            ("1.3.6.1.2.1.2.2.1.6.1", Held::Text(vec![0, 0xe0, 0xfc, 0, 0, 2])),
            ("1.3.6.1.4.1.9.9.9", Held::Gauge(7)),
        ];
        assert_eq!(all(&agent.objects), want.map(|(name, held)| (name.to_owned(), held)));
    }

    #[test]
    fn one_row_stands_for_as_many_as_are_counted() {
        let agent = agent(
            "[[snmp.table]]\nentry = \"1.3.6.1.2.1.4.22.1\"\ncolumns = [\"1 integer\", \"2 mac\", \"3 ip\"]\n\
             rows = [[\"7.10.0.0.0\", 7, \"00:e0:fc:00:00:00\", \"10.0.0.0\"]]\ncount = 300\n",
        )
        .unwrap();
        let all = all(&agent.objects);
        assert_eq!(all.len(), 900);
        assert_eq!(
            all[899],
            ("1.3.6.1.2.1.4.22.1.3.7.10.0.1.43".into(), Held::Address([10, 0, 1, 43]))
        );
        assert_eq!(all[557].1, Held::Text(vec![0, 0xe0, 0xfc, 0, 1, 1]));
    }

    #[test]
    fn mistakes_are_told_with_their_row() {
        for (text, want) in [
            (
                "[snmp.objects]\n\"1.3.6.1\" = { colour = 1 }",
                "snmp.objects.1.3.6.1: kind is \"colour\"",
            ),
            ("[snmp.objects]\n\"1.3.6.1\" = { gauge = -1 }", "-1 is no gauge"),
            ("[[snmp.table]]\nentry = \"1.3\"\ncolumns = [\"2\"]\nrows = []", "columns are like"),
            (
                "[[snmp.table]]\nentry = \"1.3\"\ncolumns = [\"2 text\"]\nrows = [[\"1\"]]",
                "row 1 has 0 values for 1",
            ),
            (
                "[[snmp.table]]\nentry = \"1.3\"\ncolumns = [\"2 text\"]\nrows = [[1, \"a\"]]",
                "begins with its index",
            ),
            (
                "[[snmp.table]]\nentry = \"1.3\"\ncolumns = [\"2 text\"]\nrows = []\ncount = 3",
                "from one row, 0 are given",
            ),
            ("[snmp.habits]\nloops-at = \"1.3.x\"", "1.3.x"),
            ("dump = \"nothing\"", "snmp.dump: line 1"),
        ] {
            let error = agent(text).unwrap_err();
            assert!(error.contains(want), "{error}");
        }
    }
}
