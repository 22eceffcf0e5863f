//! What a device is made of: the chassis and what is in it (ENTITY-MIB, RFC 6933).
//!
//! Agents fill these columns with whatever the firmware has, down to `To be filled by O.E.M.`: what names nobody is nobody's
//! name. Who made a part is looked up by its exact name and by nothing else.

use std::collections::{BTreeMap, BTreeSet};

use herkomst_model::{DeviceText, Entity, EntityClass};
use herkomst_registry::Registry;

use crate::evidence::{EntityOf, Evidence};
use crate::gather::maker_by_name;

/// How deep entities may be in each other; beyond, it is a circle or rubbish.
const DEEPEST: usize = 32;
/// The most names of manufacturers that are held against each other.
const MOST_MAKERS: usize = 8;
/// The most parts that are shown of one device.
const MOST_PARTS: usize = 4096;

/// A thing inside a device that can have a maker of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// Where it sits: its name, else that of what it is in.
    pub place: Option<DeviceText>,
    /// Its model.
    pub model: Option<DeviceText>,
    /// Its serial number.
    pub serial: Option<DeviceText>,
    /// Who made it, in the device's words.
    pub manufacturer: Option<DeviceText>,
    /// Whom that names.
    pub maker: Option<Evidence>,
}

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PartKind {
    /// One chassis of a stack.
    StackMember,
    /// A card or another plug-in board.
    LineCard,
    /// A pluggable transceiver.
    Optic,
    /// A power supply.
    PowerSupply,
    /// A fan or a tray of fans.
    Fan,
    /// A drive.
    Storage,
    /// A battery.
    Battery,
}

impl PartKind {
    /// The word that stands in outputs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StackMember => "stack-member",
            Self::LineCard => "line-card",
            Self::Optic => "optic",
            Self::PowerSupply => "power-supply",
            Self::Fan => "fan",
            Self::Storage => "storage",
            Self::Battery => "battery",
        }
    }
}

/// The entities of one device.
#[derive(Debug, Default)]
pub(crate) struct MadeOf<'d> {
    entities: BTreeMap<u32, &'d Entity>,
}

impl<'d> MadeOf<'d> {
    pub(crate) fn add(&mut self, rows: &'d [Entity]) {
        for row in rows {
            let kept = self.entities.entry(row.index).or_insert(row);
            // Said twice: the order of the rows must not decide.
            if order(row) > order(kept) {
                *kept = row;
            }
        }
    }

    /// The whole boxes: chassis, and stacks of them, that are in no other.
    fn boxes(&self) -> impl Iterator<Item = &'d Entity> {
        let is_box =
            |row: &Entity| matches!(row.class, Some(EntityClass::Chassis | EntityClass::Stack));
        self.entities
            .values()
            .copied()
            .filter(move |row| is_box(row) && !self.above(row).any(is_box))
    }

    /// What an entity is in, from the inside out.
    fn above(&self, row: &'d Entity) -> impl Iterator<Item = &'d Entity> {
        let up = |row: &&'d Entity| self.entities.get(&row.contained_in?).copied();
        std::iter::successors(up(&row), up).take(DEEPEST)
    }

    /// Who made the chassis, in its words.
    pub(crate) fn manufacturers(&self) -> BTreeSet<&'d DeviceText> {
        let texts = self.boxes().filter_map(|row| real(&row.manufacturer));
        texts.collect::<BTreeSet<_>>().into_iter().take(MOST_MAKERS).collect()
    }

    /// The model of the chassis, where all have one.
    pub(crate) fn model(&self) -> Option<&'d DeviceText> {
        self.agreed(|row| &row.model)
    }

    /// The serial number of the chassis, where there is one.
    pub(crate) fn serial(&self) -> Option<&'d DeviceText> {
        self.agreed(|row| &row.serial)
    }

    /// The software of the chassis, where all have one.
    pub(crate) fn software(&self) -> Option<&'d DeviceText> {
        self.agreed(|row| &row.software).or_else(|| self.agreed(|row| &row.firmware))
    }

    fn agreed(&self, of: fn(&Entity) -> &Option<DeviceText>) -> Option<&'d DeviceText> {
        let texts: BTreeSet<&DeviceText> = self.boxes().filter_map(|row| real(of(row))).collect();
        let mut texts = texts.into_iter();
        texts.next().filter(|_| texts.next().is_none())
    }

    /// What is in the device and is told apart by a maker, a model or a serial number; a port only by a maker, since with
    /// some agents it is the transceiver in it, and with others a hole.
    pub(crate) fn parts(&self, registry: &Registry) -> Vec<Part> {
        let boxes: BTreeSet<u32> = self.boxes().map(|row| row.index).collect();
        let inside = self.entities.values().filter(|row| !boxes.contains(&row.index));
        let parts = inside.filter_map(|row| {
            let kind = kind_of(row)?;
            let manufacturer = real(&row.manufacturer);
            let (model, serial) = (real(&row.model), real(&row.serial));
            let is_told = manufacturer.is_some()
                || (row.class != Some(EntityClass::Port) && (model.is_some() || serial.is_some()));
            is_told.then(|| Part {
                kind,
                place: self.place(row).cloned(),
                model: model.cloned(),
                serial: serial.cloned(),
                manufacturer: manufacturer.cloned(),
                maker: manufacturer.and_then(|text| {
                    let vendor = Some(maker_by_name(text.raw(), registry)?);
                    let of = EntityOf::Part;
                    Some(Evidence::Entity { of, manufacturer: text.clone(), vendor })
                }),
            })
        });
        let mut parts: Vec<Part> = parts.take(MOST_PARTS).collect();
        parts.sort_by(|a, b| {
            let order = |part: &Part| (part.kind, part.place.clone(), part.serial.clone());
            order(a).cmp(&order(b)).then_with(|| a.model.cmp(&b.model))
        });
        parts
    }

    fn place(&self, row: &'d Entity) -> Option<&'d DeviceText> {
        let names = std::iter::once(row).chain(self.above(row)).map(|row| real(&row.name));
        names.take(3).flatten().next().or_else(|| real(&row.description))
    }
}

type Texts<'d> = [&'d Option<DeviceText>; 6];

fn order(row: &Entity) -> (Option<u32>, Option<EntityClass>, Texts<'_>) {
    let texts =
        [&row.manufacturer, &row.model, &row.serial, &row.name, &row.description, &row.software];
    (row.contained_in, row.class, texts)
}

fn kind_of(row: &Entity) -> Option<PartKind> {
    match row.class? {
        EntityClass::Chassis => Some(PartKind::StackMember),
        EntityClass::Module if is_transceiver(row) => Some(PartKind::Optic),
        EntityClass::Module => Some(PartKind::LineCard),
        EntityClass::Port => Some(PartKind::Optic),
        EntityClass::PowerSupply => Some(PartKind::PowerSupply),
        EntityClass::Fan => Some(PartKind::Fan),
        EntityClass::StorageDrive => Some(PartKind::Storage),
        EntityClass::Battery => Some(PartKind::Battery),
        EntityClass::Other
        | EntityClass::Unknown
        | EntityClass::Backplane
        | EntityClass::Container
        | EntityClass::Sensor
        | EntityClass::Stack
        | EntityClass::Cpu
        | EntityClass::EnergyObject
        | EntityClass::NotListed(_) => None,
    }
}

/// Whether the words of a module are those of a transceiver: form factors of the SFF and MSA documents.
fn is_transceiver(row: &Entity) -> bool {
    const WORDS: [&str; 6] = ["sfp", "xfp", "cfp", "gbic", "transceiver", "optical module"];
    let texts = [&row.description, &row.name, &row.model];
    texts.into_iter().flatten().any(|text| {
        let text = text.raw().to_ascii_lowercase();
        WORDS.iter().any(|word| text.contains(word))
    })
}

fn real(text: &Option<DeviceText>) -> Option<&DeviceText> {
    text.as_ref().filter(|text| !is_placeholder(text.raw()))
}

/// What firmware writes where nobody filled in a value.
pub(crate) fn is_placeholder(text: &str) -> bool {
    const WORDS: [&str; 30] = [
        "n/a",
        "na",
        "none",
        "null",
        "nil",
        "unknown",
        "undefined",
        "unspecified",
        "not specified",
        "not available",
        "not applicable",
        "not present",
        "not defined",
        "not set",
        "no value",
        "invalid",
        "empty",
        "oem",
        "o.e.m.",
        "generic",
        "vendor",
        "manufacturer",
        "default string",
        "default",
        "to be filled by o.e.m.",
        "to be filled by oem",
        "system manufacturer",
        "system product name",
        "system serial number",
        "chassis serial number",
    ];
    let marks =
        |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '(' | ')' | '<' | '>' | '[' | ']');
    let text = text.trim_matches(marks);
    let is_filler = |c: char| matches!(c, '0' | '-' | '.' | '_' | '*' | '?' | '#' | '\u{fffd}');
    text.chars().all(is_filler)
        || (text.len() > 2 && text.chars().all(|c| c.eq_ignore_ascii_case(&'x')))
        || WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Whether a text can be a serial number that no other box has: of some length, with a digit, and no pattern.
pub(crate) fn is_serial(text: &str) -> bool {
    let octets = text.as_bytes();
    let steady = |step: u8| octets.windows(2).all(|pair| pair[0].wrapping_add(step) == pair[1]);
    // 1234567890 and 0123456789
    let counts = octets
        .windows(2)
        .all(|pair| pair[1] == pair[0].wrapping_add(1) || (pair[0], pair[1]) == (b'9', b'0'));
    (5..=64).contains(&octets.len())
        && octets.iter().all(u8::is_ascii_graphic)
        && octets.iter().any(u8::is_ascii_digit)
        && !(steady(0) || steady(u8::MAX) || counts || is_placeholder(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(index: u32, within: u32, class: EntityClass, words: [&str; 4]) -> Entity {
        let text = |text: &str| (!text.is_empty()).then(|| DeviceText::from(text));
        Entity {
            index,
            contained_in: Some(within),
            class: Some(class),
            name: text(words[0]),
            manufacturer: text(words[1]),
            model: text(words[2]),
            serial: text(words[3]),
            ..Entity::default()
        }
    }

    fn made_of(rows: &[Entity]) -> MadeOf<'_> {
        let mut made = MadeOf::default();
        made.add(rows);
        made
    }

    #[test]
    fn what_nobody_filled_in_names_nobody() {
        for text in [
            "N/A",
            " none ",
            "To Be Filled By O.E.M.",
            "0000000",
            "",
            "---",
            "\"OEM\"",
            "xxxx",
            "<Unknown>",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in ["Huawei", "0A1", "X", "2102351", "XX1"] {
            assert!(!is_placeholder(text), "{text}");
        }
        for text in [
            "123456789",
            "1234567890",
            "0123456789",
            "11111111",
            "987654321",
            "ABCDEFGH",
            "N/A",
            "12",
            "00000000",
            "a b 1 2 3",
        ] {
            assert!(!is_serial(text), "{text}");
        }
        assert!(is_serial("2102350DLR04xxxx"));
        assert!(is_serial("FOC1234X0AB"));
    }

    #[test]
    fn a_chassis_and_what_is_in_it() {
        let rows = [
            entity(1, 0, EntityClass::Chassis, ["Chassis", "Huawei", "S6730", "2102359AB1234567"]),
            entity(2, 1, EntityClass::Container, ["Slot 1", "", "", ""]),
            entity(3, 2, EntityClass::Module, ["", "Huawei", "LSS7X48", "021ABC1234"]),
            entity(4, 3, EntityClass::Port, ["XGE1/0/1", "Finisar Corp.", "FTLX8574", "AQ1234"]),
            entity(5, 3, EntityClass::Port, ["XGE1/0/2", "", "", ""]),
            entity(6, 1, EntityClass::PowerSupply, ["PWR1", "N/A", "PAC600", "unknown"]),
            entity(7, 1, EntityClass::Sensor, ["Temp", "Huawei", "T", "S1"]),
        ];
        let made = made_of(&rows);
        assert_eq!(
            made.manufacturers().into_iter().map(DeviceText::raw).collect::<Vec<_>>(),
            ["Huawei"]
        );
        assert_eq!(made.model().map(DeviceText::raw), Some("S6730"));
        assert_eq!(made.serial().map(DeviceText::raw), Some("2102359AB1234567"));
        let parts: Vec<(PartKind, String, Option<String>)> = made
            .parts(herkomst_registry::embedded())
            .into_iter()
            .map(|part| {
                let maker = part.maker.and_then(|one| one.party()).map(|one| one.name().to_owned());
                (part.kind, part.place.unwrap().raw().to_owned(), maker)
            })
            .collect();
        assert_eq!(parts.len(), 3, "{parts:?}");
        assert_eq!((parts[0].0, parts[0].1.as_str()), (PartKind::LineCard, "Slot 1"));
        assert_eq!(parts[0].2.as_deref(), Some("Huawei"));
        assert_eq!((parts[1].0, parts[1].1.as_str()), (PartKind::Optic, "XGE1/0/1"));
        assert_eq!((parts[2].0, parts[2].2.as_deref()), (PartKind::PowerSupply, None));
    }

    #[test]
    fn a_circle_and_a_stack_are_read_to_an_end() {
        let circle = [
            entity(1, 2, EntityClass::Module, ["a", "Huawei", "", ""]),
            entity(2, 1, EntityClass::Container, ["b", "", "", ""]),
        ];
        assert!(made_of(&circle).manufacturers().is_empty(), "no chassis, no maker of one");
        assert_eq!(made_of(&circle).parts(herkomst_registry::embedded()).len(), 1);
        let stack = [
            entity(1, 0, EntityClass::Stack, ["Stack", "Cisco Systems, Inc.", "", ""]),
            entity(
                10,
                1,
                EntityClass::Chassis,
                ["Switch 1", "Cisco Systems, Inc.", "C9300-48P", "FOC1111X0AA"],
            ),
            entity(
                20,
                1,
                EntityClass::Chassis,
                ["Switch 2", "Cisco Systems, Inc.", "C9300-24T", "FOC2222X0BB"],
            ),
        ];
        let made = made_of(&stack);
        assert_eq!(made.manufacturers().len(), 1);
        assert_eq!(made.serial(), None, "the box is the stack");
        let kinds: Vec<PartKind> =
            made.parts(herkomst_registry::embedded()).iter().map(|part| part.kind).collect();
        assert_eq!(kinds, [PartKind::StackMember; 2]);
    }

    #[test]
    fn the_order_of_doubled_rows_does_not_matter() {
        let one = entity(1, 0, EntityClass::Chassis, ["a", "Huawei", "m1", ""]);
        let other = entity(1, 0, EntityClass::Chassis, ["a", "Cisco Systems", "m2", ""]);
        let (first, second) = ([one.clone(), other.clone()], [other, one]);
        assert_eq!(made_of(&first).model(), made_of(&second).model());
    }
}
