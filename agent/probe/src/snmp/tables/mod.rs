//! The tables that are read, one file a group: which columns, and what their rows mean.
//!
//! A decoder takes the rows of one part of a walk and says what it could not use: a row whose index is not what the
//! MIB says, or whose values are all unusable, is `unreadable`; a single value of another type is `odd` and left out.

use std::collections::BTreeMap;

use herkomst_ids::{MacAddr, Oid};
use herkomst_model::{Capabilities, ChassisKey, DeviceText, Rows};

use super::exchange::Value;
use super::walk::Row;

pub mod addresses;
pub mod cdp;
pub mod entities;
pub mod forwarding;
pub mod interfaces;
pub mod lldp;
pub mod neighbours;
pub mod objects;
pub mod software;

/// The most entries that are kept to translate ports and VLANs of one device.
const MOST_TRANSLATED: usize = 16_384;

/// Columns that share an index, and what to make of them.
#[derive(Debug)]
pub struct Source {
    /// Entries, and the columns of each that are read.
    pub parts: &'static [(&'static [u32], &'static [u32])],
    /// How long a row is in an answer, about.
    pub row: usize,
    /// The most rows that are kept.
    pub rows: u32,
    /// Makes facts of rows; `None` where they only say how to read other tables.
    pub decode: fn(&[Row], &mut Scope, &mut Tally) -> Option<Rows>,
}

impl Source {
    /// The columns in the order that rows have their values in.
    pub fn columns(&self) -> Vec<Oid> {
        let columns = self.parts.iter().flat_map(|(entry, columns)| {
            columns.iter().map(|column| [entry, &[*column][..]].concat())
        });
        columns.map(|arcs| Oid::new(arcs).expect("columns are short and begin well")).collect()
    }
}

/// What earlier tables of the same device said that later ones need.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// `ifIndex` by port of the bridge.
    pub ports: BTreeMap<u32, u32>,
    /// VLAN by filtering database, where it is one only.
    pub vlans: BTreeMap<u32, Option<u16>>,
    /// The VLANs that have a context of their own.
    pub contexts: Vec<u16>,
    /// The VLAN whose context is asked now.
    pub vlan: Option<u16>,
}

impl Scope {
    /// Keeps a translation, as long as there is room.
    fn note<V>(map: &mut BTreeMap<u32, V>, key: u32, value: V) {
        if map.len() < MOST_TRANSLATED || map.contains_key(&key) {
            map.insert(key, value);
        }
    }
}

/// What decoders count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Rows that were kept.
    pub rows: u32,
    /// Rows that were not.
    pub unreadable: u32,
    /// Values that were left out.
    pub odd: u32,
}

impl Tally {
    /// Keeps what `decode` makes of each row.
    fn collect<T>(
        &mut self,
        rows: &[Row],
        mut decode: impl FnMut(&mut Cells<'_>) -> Option<T>,
    ) -> Vec<T> {
        let mut kept = Vec::with_capacity(rows.len());
        for row in rows {
            let mut cells = Cells { row, odd: 0 };
            match decode(&mut cells) {
                Some(fact) => {
                    self.rows = self.rows.saturating_add(1);
                    kept.push(fact);
                }
                None => {
                    tracing::debug!(index = ?row.index, "row is not what the MIB says");
                    self.unreadable = self.unreadable.saturating_add(1);
                }
            }
            self.odd = self.odd.saturating_add(cells.odd);
        }
        kept
    }
}

/// The values of one row, taken by the type that their column has.
struct Cells<'r> {
    row: &'r Row,
    odd: u32,
}

impl<'r> Cells<'r> {
    fn typed<T>(&mut self, column: usize, read: impl FnOnce(&'r Value) -> Option<T>) -> Option<T> {
        let value = self.row.values.get(column)?.as_ref()?;
        let read = read(value);
        self.odd += u32::from(read.is_none());
        read
    }

    /// Octets; some agents send an IpAddress for four of them.
    fn octets(&mut self, column: usize) -> Option<&'r [u8]> {
        self.typed(column, |value| match value {
            Value::Octets(octets) => Some(&octets[..]),
            Value::Address(octets) => Some(&octets[..]),
            _ => None,
        })
    }

    /// Text that is not blank.
    fn text(&mut self, column: usize) -> Option<DeviceText> {
        let text = self.typed(column, |value| match value {
            Value::Octets(octets) => Some(DeviceText::from_bytes(octets)),
            _ => None,
        })?;
        (!text.is_blank()).then_some(text)
    }

    /// A number of 32 bits without a sign, by whichever of the types for one.
    fn number(&mut self, column: usize) -> Option<u32> {
        self.typed(column, |value| match value {
            Value::Integer(number) => u32::try_from(*number).ok(),
            Value::Unsigned(number) => u32::try_from(*number).ok(),
            _ => None,
        })
    }

    fn oid(&mut self, column: usize) -> Option<Oid> {
        self.typed(column, |value| match value {
            Value::Oid(oid) => Some(oid.clone()),
            _ => None,
        })
    }

    /// A hardware address of six octets that is one; other lengths are other kinds of address, and none is no error.
    fn mac(&mut self, column: usize) -> Option<MacAddr> {
        mac(self.octets(column)?)
    }
}

fn mac(octets: &[u8]) -> Option<MacAddr> {
    octets.try_into().ok().map(MacAddr).filter(|mac| *mac != MacAddr::ZERO)
}

/// An id of LLDP under its subtype. Subtypes differ between chassis and port, the shapes do not.
enum LldpId {
    Mac,
    Address,
    Text,
}

/// IEEE 802.1AB-2016, table 8-2: 4 is a hardware address, 5 a network address with its IANA family before it.
const fn chassis_kind(subtype: u32) -> LldpId {
    match subtype {
        4 => LldpId::Mac,
        5 => LldpId::Address,
        _ => LldpId::Text,
    }
}

/// IEEE 802.1AB-2016, table 8-3: 3 is a hardware address, 4 a network address.
const fn port_kind(subtype: u32) -> LldpId {
    match subtype {
        3 => LldpId::Mac,
        4 => LldpId::Address,
        _ => LldpId::Text,
    }
}

fn chassis(subtype: u32, octets: &[u8]) -> Option<ChassisKey> {
    let kept = match chassis_kind(subtype) {
        LldpId::Mac => mac(octets).map(ChassisKey::Mac),
        LldpId::Address => lldp::family_address(octets).map(ChassisKey::Address),
        LldpId::Text => None,
    };
    if octets.is_empty() {
        return None;
    }
    let text = || ChassisKey::Text {
        subtype: u8::try_from(subtype).unwrap_or(0),
        text: DeviceText::from_bytes(octets),
    };
    Some(kept.unwrap_or_else(text))
}

fn port(subtype: u32, octets: &[u8]) -> Option<DeviceText> {
    let text = match port_kind(subtype) {
        LldpId::Mac => mac(octets).map(|mac| mac.to_string()),
        LldpId::Address => lldp::family_address(octets).map(|address| address.to_string()),
        LldpId::Text => None,
    };
    let text = text.map_or_else(|| DeviceText::from_bytes(octets), |text| (&text[..]).into());
    (!text.is_blank()).then_some(text)
}

/// `LldpSystemCapabilitiesMap`: BITS, of which the first is the highest bit of the first octet (RFC 2578, 7.1.4); as
/// the frame has them, the first is the lowest (IEEE 802.1AB-2016, 8.5.8.1).
fn capability_bits(octets: &[u8]) -> u16 {
    let bits = octets.iter().take(2).enumerate();
    bits.fold(0, |sum, (place, octet)| sum | u16::from(octet.reverse_bits()) << (8 * place))
}

fn capabilities(supported: Option<&[u8]>, enabled: Option<&[u8]>) -> Option<Capabilities> {
    let (supported, enabled) = (supported?, enabled?);
    Some(Capabilities { supported: capability_bits(supported), enabled: capability_bits(enabled) })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A row as a walk hands it out.
    pub(in crate::snmp) fn row(index: &[u32], values: &[Option<Value>]) -> Row {
        Row { index: index.into(), values: values.into() }
    }

    pub(in crate::snmp) fn text(text: &str) -> Option<Value> {
        Some(Value::Octets(text.into()))
    }

    pub(in crate::snmp) fn octets(octets: &[u8]) -> Option<Value> {
        Some(Value::Octets(octets.into()))
    }

    pub(in crate::snmp) fn number(number: i64) -> Option<Value> {
        Some(Value::Integer(number))
    }

    /// What one source makes of these rows, with what it counted.
    pub(in crate::snmp) fn decode(source: &Source, rows: &[Row]) -> (Option<Rows>, Tally) {
        let mut tally = Tally::default();
        ((source.decode)(rows, &mut Scope::default(), &mut tally), tally)
    }

    #[test]
    fn capabilities_are_the_same_bits_as_in_a_frame() {
        // bridge(2) and router(4), as BITS: 0010 1000
        assert_eq!(capability_bits(&[0x28]), 0b1_0100);
        assert_eq!(capability_bits(&[0, 0x80]), 0x100);
        assert_eq!(capability_bits(&[]), 0);
    }

    #[test]
    fn a_value_of_another_type_is_counted_and_a_hole_is_not() {
        let row = row(&[1], &[number(5), None, text(" \0")]);
        let mut cells = Cells { row: &row, odd: 0 };
        assert_eq!(
            (cells.text(0), cells.text(1), cells.text(2), cells.text(3)),
            (None, None, None, None)
        );
        assert_eq!(cells.odd, 1);
    }
}
