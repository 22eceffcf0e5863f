//! What a fake agent knows: names with values, in the order of the names, and tables of any length that are never
//! written out but counted.

mod dump;

use std::collections::BTreeMap;
use std::time::Duration;

use herkomst_ids::{MacAddr, Oid};
use herkomst_wire::snmp::Value;

pub(crate) use self::dump::read_dump;

/// The value of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// An OCTET STRING.
    Text(Vec<u8>),
    /// An INTEGER.
    Integer(i64),
    /// An OBJECT IDENTIFIER.
    Oid(Oid),
    /// An IpAddress.
    Address([u8; 4]),
    /// A Counter32.
    Counter(u32),
    /// A Gauge32.
    Gauge(u32),
    /// A Counter64.
    Counter64(u64),
    /// TimeTicks: a clock that runs on.
    Ticks(u32),
}

impl Held {
    /// As it is sent, `elapsed` after the lab started.
    pub(crate) fn value(&self, elapsed: Duration) -> Value<'_> {
        match self {
            Self::Text(text) => Value::OctetString(text),
            Self::Integer(integer) => Value::Integer(*integer),
            Self::Oid(oid) => Value::Oid(oid.clone()),
            Self::Address(address) => Value::IpAddress(*address),
            Self::Counter(number) => Value::Counter32(*number),
            Self::Gauge(number) => Value::Gauge32(*number),
            Self::Counter64(number) => Value::Counter64(*number),
            Self::Ticks(ticks) => {
                let more = u32::try_from(elapsed.as_millis() / 10).unwrap_or(u32::MAX);
                Value::TimeTicks(ticks.wrapping_add(more))
            }
        }
    }
}

/// A cell of a counted table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// The same in every row.
    Same(Held),
    /// An INTEGER that grows by one with each row.
    Number(i64),
    /// An IpAddress that does.
    Address([u8; 4]),
    /// A MAC address that does, in its last three octets.
    Mac(MacAddr),
}

impl Cell {
    fn at(&self, row: u32) -> Held {
        match self {
            Self::Same(held) => held.clone(),
            Self::Number(first) => Held::Integer(first.wrapping_add(row.into())),
            Self::Address(first) => {
                Held::Address(u32::from_be_bytes(*first).wrapping_add(row).to_be_bytes())
            }
            Self::Mac(first) => {
                let [a, b, c, d, e, f] = first.octets();
                let [_, d, e, f] = u32::from_be_bytes([0, d, e, f]).wrapping_add(row).to_be_bytes();
                Held::Text(vec![a, b, c, d, e, f])
            }
        }
    }
}

/// A table whose rows are counted: ten million of them take no more memory than one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// The entry, below which the columns stand.
    pub entry: Oid,
    /// The columns by their number.
    pub columns: BTreeMap<u32, Cell>,
    /// The index of the first row. Where it ends in an IPv4 address, or in anything of four octets, that is counted
    /// on; else its last arc is.
    pub first: Vec<u32>,
    /// How many rows.
    pub rows: u32,
}

impl Series {
    /// Says what is impossible about it.
    pub(crate) fn check(&self) -> Result<(), String> {
        let Some(last) = self.rows.checked_sub(1) else {
            return Err(format!("the table {} has no rows", self.entry));
        };
        let (head, start) = self.counted();
        let most = if head.len() + 4 == self.first.len() { u32::MAX - start } else { u32::MAX };
        let fits = start.checked_add(last).is_some() && last <= most;
        let name = self.columns.keys().next_back().and_then(|column| self.name(*column, last));
        match name {
            Some(_) if fits => Ok(()),
            _ => Err(format!("the table {} cannot count {} rows", self.entry, self.rows)),
        }
    }

    /// The part of the index that stays, and the number that is counted on.
    fn counted(&self) -> (&[u32], u32) {
        if let Some((head, last)) = self.first.split_last_chunk::<4>()
            && last.iter().all(|arc| *arc < 256)
        {
            return (head, last.iter().fold(0, |number, arc| number << 8 | arc));
        }
        match self.first.split_last() {
            Some((last, head)) => (head, *last),
            None => (&[], 0),
        }
    }

    fn name(&self, column: u32, row: u32) -> Option<Oid> {
        let (head, start) = self.counted();
        let number = start.checked_add(row)?;
        let mut arcs = self.entry.arcs().to_vec();
        arcs.push(column);
        arcs.extend_from_slice(head);
        if head.len() + 4 == self.first.len() {
            arcs.extend(number.to_be_bytes().map(u32::from));
        } else {
            arcs.push(number);
        }
        Oid::new(arcs)
    }

    /// The first row of a column whose name is this one or comes after it.
    fn row_from(&self, column: u32, name: &Oid) -> Option<u32> {
        let (mut low, mut high) = (0, self.rows);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.name(column, middle)? < *name { low = middle + 1 } else { high = middle }
        }
        (low < self.rows).then_some(low)
    }

    fn exact(&self, name: &Oid) -> Option<Held> {
        let column =
            name.is_under(self.entry.arcs()).then(|| name.arcs().get(self.entry.arcs().len()));
        let (column, cell) = self.columns.get_key_value(column??)?;
        let row = self.row_from(*column, name)?;
        (self.name(*column, row)? == *name).then(|| cell.at(row))
    }

    fn after(&self, name: &Oid) -> Option<(Oid, Held)> {
        self.columns.iter().find_map(|(column, cell)| {
            let mut row = self.row_from(*column, name)?;
            let mut found = self.name(*column, row)?;
            if found == *name {
                row = row.checked_add(1).filter(|row| *row < self.rows)?;
                found = self.name(*column, row)?;
            }
            Some((found, cell.at(row)))
        })
    }
}

/// All that an agent knows in one context.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Objects {
    /// Each by itself.
    pub single: BTreeMap<Oid, Held>,
    /// Tables that are counted.
    pub series: Vec<Series>,
}

impl Objects {
    /// The object of this name.
    pub fn exact(&self, name: &Oid) -> Option<Held> {
        let single = self.single.get(name).cloned();
        single.or_else(|| self.series.iter().find_map(|series| series.exact(name)))
    }

    /// The first object behind this name.
    pub fn after(&self, name: &Oid) -> Option<(Oid, Held)> {
        use std::ops::Bound;
        let mut single = self.single.range((Bound::Excluded(name), Bound::Unbounded));
        let single = single.next().map(|(name, held)| (name.clone(), held.clone()));
        let series = self.series.iter().filter_map(|series| series.after(name));
        series.chain(single).min_by(|a, b| a.0.cmp(&b.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oid(text: &str) -> Oid {
        text.parse().unwrap()
    }

    fn arp(rows: u32) -> Series {
        Series {
            entry: oid("1.3.6.1.2.1.4.22.1"),
            columns: [
                (2, Cell::Mac(MacAddr([2, 0, 0, 0, 0, 1]))),
                (3, Cell::Address([10, 0, 0, 254])),
                (4, Cell::Same(Held::Integer(3))),
            ]
            .into(),
            first: vec![7, 10, 0, 0, 254],
            rows,
        }
    }

    #[test]
    fn a_counted_table_is_walked_column_by_column_like_one_that_is_written_out() {
        let objects = Objects { single: BTreeMap::new(), series: vec![arp(3)] };
        let mut at = oid("1.3.6.1.2.1.4.22");
        let mut seen = Vec::new();
        while let Some((name, held)) = objects.after(&at) {
            assert!(name > at);
            assert_eq!(objects.exact(&name), Some(held.clone()));
            seen.push((name.to_string(), held));
            at = name;
        }
        assert_eq!(seen.len(), 9);
        assert_eq!(
            seen[2],
            ("1.3.6.1.2.1.4.22.1.2.7.10.0.1.0".into(), Held::Text(vec![2, 0, 0, 0, 0, 3]))
        );
        assert_eq!(
            seen[3],
            ("1.3.6.1.2.1.4.22.1.3.7.10.0.0.254".into(), Held::Address([10, 0, 0, 254]))
        );
        assert_eq!(objects.exact(&oid("1.3.6.1.2.1.4.22.1.2.7.10.0.1.1")), None);
    }

    #[test]
    fn ten_million_rows_are_found_in_no_time_and_from_any_place() {
        let objects = Objects { single: BTreeMap::new(), series: vec![arp(10_000_000)] };
        let last = oid("1.3.6.1.2.1.4.22.1.2.7.10.152.151.125");
        assert!(objects.exact(&last).is_some());
        assert_eq!(objects.after(&last).unwrap().0, oid("1.3.6.1.2.1.4.22.1.3.7.10.0.0.254"));
        let between = oid("1.3.6.1.2.1.4.22.1.2.7.10.0.1.0.9");
        assert_eq!(objects.after(&between).unwrap().0, oid("1.3.6.1.2.1.4.22.1.2.7.10.0.1.1"));
    }

    #[test]
    fn a_table_that_cannot_be_counted_is_refused() {
        assert!(arp(0).check().is_err());
        assert!(arp(u32::MAX).check().is_err(), "past 255.255.255.255");
        assert!(Series { first: vec![1], ..arp(u32::MAX) }.check().is_ok());
    }

    #[test]
    fn single_objects_and_tables_stand_in_one_order() {
        let single = [(oid("1.3.6.1.2.1.4.22.1.3.7.10.0.0.255"), Held::Integer(9))].into();
        let objects = Objects { single, series: vec![arp(1)] };
        let mut at = oid("1.3");
        let mut count = 0;
        while let Some((name, _)) = objects.after(&at) {
            assert!(name > at);
            (at, count) = (name, count + 1);
        }
        assert_eq!(count, 4);
    }
}
