//! What IEEE 802.1 (802.1Q-2018, annex D), IEEE 802.3 (802.3-2018, 79.3) and the TIA (ANSI/TIA-1057, 10.2) add to LLDP. The
//! inventory of the last is [`super::Tlv::Inventory`].

use super::tlv::Tlv;
use crate::{Reader, WireError};

/// IEEE 802.1.
pub const IEEE_802_1: [u8; 3] = [0x00, 0x80, 0xc2];
/// IEEE 802.3.
pub const IEEE_802_3: [u8; 3] = [0x00, 0x12, 0x0f];
/// The TIA, of LLDP-MED.
pub const TIA: [u8; 3] = [0x00, 0x12, 0xbb];

/// A TLV of an organisation that is known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrganisationTlv<'a> {
    /// 802.1, 1: the VLAN of untagged frames; 0 for none.
    PortVlan(u16),
    /// 802.1, 2: a VLAN that a protocol's frames are put in.
    PortAndProtocolVlan {
        /// Bit 1 supported, bit 2 enabled.
        flags: u8,
        /// The VLAN; 0 for none.
        vlan: u16,
    },
    /// 802.1, 3: a VLAN of the port, and its name.
    VlanName {
        /// The VLAN.
        vlan: u16,
        /// The name.
        name: &'a [u8],
    },
    /// 802.1, 4: the first octets of a protocol that the port speaks.
    Protocol(&'a [u8]),
    /// 802.1, 7, and 802.3, 3 before it: whether ports are bundled, and with which one this is.
    LinkAggregation {
        /// Bit 0 can be, bit 1 is.
        status: u8,
        /// The bundle, as an interface number; 0 for none.
        port: u32,
    },
    /// 802.3, 1: speed and duplex.
    MacPhy {
        /// Bit 0 can negotiate, bit 1 does.
        negotiation: u8,
        /// What it offers (IETF RFC 4836, ifMauAutoNegCapAdvertisedBits).
        offered: u16,
        /// What it runs at, as the last number of a dot3MauType (RFC 4836).
        mau: u16,
    },
    /// 802.3, 2: power over the cable.
    Power(Power),
    /// 802.3, 4: the longest frame.
    MaximumFrame(u16),
    /// TIA, 1: which TLVs of LLDP-MED it has, and which class of device it is.
    MedCapabilities {
        /// Bit 0 capabilities, 1 network policy, 2 location, 3 power giving, 4 power taking, 5 inventory.
        capabilities: u16,
        /// 1 to 3 endpoints (generic, media, communication), 4 network connectivity.
        class: u8,
    },
    /// TIA, 2: where a telephone's frames belong.
    NetworkPolicy {
        /// 1 voice, 2 its signals, … (ANSI/TIA-1057, table 12).
        application: u8,
        /// Nothing is set yet.
        unknown: bool,
        /// Frames are tagged.
        tagged: bool,
        /// The VLAN.
        vlan: u16,
        /// The priority of frames.
        priority: u8,
        /// The code point of packets.
        dscp: u8,
    },
    /// TIA, 3: where it stands.
    Location {
        /// 1 coordinates (RFC 3825), 2 a civic address (RFC 4776), 3 an emergency number.
        format: u8,
        /// The place, in that format.
        data: &'a [u8],
    },
    /// TIA, 4: power, as LLDP-MED has it.
    MedPower {
        /// 0 it gives, 1 it takes.
        kind: u8,
        /// Where from.
        source: u8,
        /// 1 critical, 2 high, 3 low.
        priority: u8,
        /// In tenths of a watt.
        value: u16,
    },
}

/// Power over the cable (IEEE 802.3-2018, 79.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Power {
    /// Bit 0 it can give and does not take, 1 supported, 2 enabled, 3 the pairs can be chosen.
    pub flags: u8,
    /// 1 signal pairs, 2 spare pairs.
    pub pairs: u8,
    /// The class plus one.
    pub class: u8,
    /// What newer devices add: type, source and priority as one octet, then tenths of a watt asked for and given.
    pub negotiated: Option<(u8, u16, u16)>,
}

impl<'a> OrganisationTlv<'a> {
    /// Reads the value of a TLV; `None` where organisation or subtype is not known here. What is added behind the fields, as
    /// newer editions do, is passed over.
    pub fn read(
        oui: [u8; 3],
        subtype: u8,
        value: &'a [u8],
    ) -> Result<Option<OrganisationTlv<'a>>, WireError> {
        let mut reader = Reader::new(value);
        Ok(Some(match (oui, subtype) {
            (IEEE_802_1, 1) => Self::PortVlan(reader.u16("lldp port vlan")?),
            (IEEE_802_1, 2) => Self::PortAndProtocolVlan {
                flags: reader.u8("lldp protocol vlan flags")?,
                vlan: reader.u16("lldp protocol vlan")?,
            },
            (IEEE_802_1, 3) => {
                let vlan = reader.u16("lldp vlan")?;
                let length = reader.u8("lldp vlan name length")?;
                Self::VlanName { vlan, name: reader.take(length.into(), "lldp vlan name")? }
            }
            (IEEE_802_1, 4) => {
                let length = reader.u8("lldp protocol length")?;
                Self::Protocol(reader.take(length.into(), "lldp protocol")?)
            }
            (IEEE_802_1, 7) | (IEEE_802_3, 3) => Self::LinkAggregation {
                status: reader.u8("lldp aggregation status")?,
                port: reader.u32("lldp aggregation port")?,
            },
            (IEEE_802_3, 1) => Self::MacPhy {
                negotiation: reader.u8("lldp negotiation")?,
                offered: reader.u16("lldp negotiation offer")?,
                mau: reader.u16("lldp mau type")?,
            },
            (IEEE_802_3, 2) => Self::Power(Power::read(reader)?),
            (IEEE_802_3, 4) => Self::MaximumFrame(reader.u16("lldp maximum frame")?),
            (TIA, 1) => Self::MedCapabilities {
                capabilities: reader.u16("lldp-med capabilities")?,
                class: reader.u8("lldp-med class")?,
            },
            (TIA, 2) => {
                let [application, a, b, c] = reader.array("lldp-med network policy")?;
                // ANSI/TIA-1057, 10.2.3: one bit each unknown, tagged and reserved; twelve of the VLAN, three, six
                let bits = u32::from_be_bytes([0, a, b, c]);
                let field = |at: u32, mask: u32| bits >> at & mask;
                Self::NetworkPolicy {
                    application,
                    unknown: field(23, 1) != 0,
                    tagged: field(22, 1) != 0,
                    vlan: u16::try_from(field(9, 0xfff)).expect("twelve bits"),
                    priority: u8::try_from(field(6, 7)).expect("three bits"),
                    dscp: u8::try_from(field(0, 0x3f)).expect("six bits"),
                }
            }
            (TIA, 3) => {
                Self::Location { format: reader.u8("lldp-med location")?, data: reader.rest() }
            }
            (TIA, 4) => {
                let bits = reader.u8("lldp-med power")?;
                let value = reader.u16("lldp-med power value")?;
                let (kind, source, priority) = (bits >> 6, bits >> 4 & 3, bits & 0x0f);
                Self::MedPower { kind, source, priority, value }
            }
            _ => return Ok(None),
        }))
    }

    /// The elements of a civic address: a type (RFC 4776, 3.4) and a text each. Empty for anything else; after an element that
    /// does not end nothing follows.
    pub fn civic_elements(&self) -> impl Iterator<Item = (u8, &'a [u8])> + use<'a> {
        let mut reader = match self {
            Self::Location { format: 2, data } => Reader::new(data),
            _ => Reader::new(&[]),
        };
        // the length of all, what is described, and the country; the elements end where the length says
        let length = reader.u8("civic address length").unwrap_or(0);
        let mut elements = reader.part(length.into(), "civic address").unwrap_or(reader);
        let _ = elements.take(3, "civic address country");
        std::iter::from_fn(move || {
            let kind = elements.u8("civic element").ok()?;
            let length = elements.u8("civic element length").ok()?;
            Some((kind, elements.take(length.into(), "civic element").ok()?))
        })
    }
}

impl Power {
    fn read(mut reader: Reader<'_>) -> Result<Self, WireError> {
        let [flags, pairs, class] = reader.array("lldp power")?;
        let mut more = || {
            let kind = reader.u8("lldp power type").ok()?;
            let asked = reader.u16("lldp power asked for").ok()?;
            Some((kind, asked, reader.u16("lldp power given").ok()?))
        };
        Ok(Self { flags, pairs, class, negotiated: more() })
    }
}

impl<'a> Tlv<'a> {
    /// What an organisation's TLV says, where it is known here; `None` for all others.
    pub fn organisation(&self) -> Result<Option<OrganisationTlv<'a>>, WireError> {
        match *self {
            Self::Organisation { oui, subtype, value } => {
                OrganisationTlv::read(oui, subtype, value)
            }
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Lldp, captures};

    fn recorded(name: &str) -> Vec<u8> {
        captures::frames(name).remove(0).split_off(14)
    }

    #[test]
    fn reads_what_the_organisations_added_to_a_recorded_packet() {
        let payload = recorded("lldp_organisations");
        let tlvs: Vec<_> = Lldp::parse(&payload).unwrap().tlvs().map(Result::unwrap).collect();
        let known: Vec<_> =
            tlvs.iter().filter_map(|tlv| tlv.organisation().expect("a right one")).collect();
        let power = Power { flags: 0x0f, pairs: 2, class: 4, negotiated: Some((0x13, 100, 150)) };
        let place = |format| move |tlv: &&OrganisationTlv<'_>| matches!(tlv, OrganisationTlv::Location { format: found, .. } if *found == format);
        for tlv in [
            OrganisationTlv::LinkAggregation { status: 1, port: 0 },
            OrganisationTlv::MacPhy { negotiation: 0, offered: 0x8000, mau: 54 },
            OrganisationTlv::Power(power),
            OrganisationTlv::MedCapabilities { capabilities: 0x3f, class: 4 },
            OrganisationTlv::MedPower { kind: 0, source: 1, priority: 2, value: 50 },
            OrganisationTlv::NetworkPolicy {
                application: 1,
                unknown: false,
                tagged: false,
                vlan: 200,
                priority: 5,
                dscp: 46,
            },
            OrganisationTlv::Location { format: 3, data: b"112" },
            OrganisationTlv::PortVlan(100),
            OrganisationTlv::PortAndProtocolVlan { flags: 3, vlan: 100 },
            OrganisationTlv::VlanName { vlan: 100, name: b"cameras" },
            OrganisationTlv::Protocol(&[0x88, 0xcc]),
        ] {
            assert!(known.contains(&tlv), "{tlv:?} in {known:?}");
        }
        let coordinates = known.iter().find(place(1)).expect("coordinates");
        assert_eq!(coordinates.civic_elements().count(), 0);
        let civic: Vec<_> =
            known.iter().find(place(2)).expect("an address").civic_elements().collect();
        let text = |kind, text: &'static str| (kind, text.as_bytes());
        assert_eq!(
            civic,
            [text(0, "nl-NL"), text(3, "Example"), text(6, "Teststraat"), text(19, "1")]
        );
        let stranger = Tlv::Organisation { oui: [0, 1, 2], subtype: 9, value: b"lab" };
        assert!(tlvs.contains(&stranger));
        assert_eq!(stranger.organisation(), Ok(None));
    }

    #[test]
    fn each_is_short_when_it_is_and_says_no_less_when_it_is_longer() {
        for (oui, subtype, length) in [
            (IEEE_802_1, 1, 2),
            (IEEE_802_1, 2, 3),
            (IEEE_802_1, 3, 3),
            (IEEE_802_1, 4, 1),
            (IEEE_802_1, 7, 5),
            (IEEE_802_3, 1, 5),
            (IEEE_802_3, 2, 3),
            (IEEE_802_3, 3, 5),
            (IEEE_802_3, 4, 2),
            (TIA, 1, 3),
            (TIA, 2, 4),
            (TIA, 3, 1),
            (TIA, 4, 3),
        ] {
            let value = [0; 20];
            for short in 0..length {
                let read = OrganisationTlv::read(oui, subtype, &value[..short]);
                assert!(matches!(read, Err(WireError::Short { .. })), "{oui:x?} {subtype}");
            }
            for long in [length, 20] {
                let read = OrganisationTlv::read(oui, subtype, &value[..long]);
                assert!(matches!(read, Ok(Some(_))), "{oui:x?} {subtype}: {read:?}");
            }
        }
        let name = OrganisationTlv::read(IEEE_802_1, 3, &[0, 1, 4, b'x']);
        assert!(matches!(name, Err(WireError::Short { need: 4, have: 1, .. })));
    }

    #[test]
    fn a_civic_address_ends_where_it_says() {
        let elements =
            |data| OrganisationTlv::Location { format: 2, data }.civic_elements().count();
        assert_eq!(elements(&[8, 2, b'N', b'L', 1, 1, b'a', 3, 9]), 1);
        assert_eq!(elements(&[6, 2, b'N', b'L', 1, 1, b'a', 3, 1, b'b']), 1);
        assert_eq!(elements(&[200, 2, b'N', b'L', 1, 1, b'a', 3, 1, b'b']), 2);
        for short in 0..4 {
            assert_eq!(elements(&[3, 2, b'N', b'L'][..short]), 0);
        }
    }
}
