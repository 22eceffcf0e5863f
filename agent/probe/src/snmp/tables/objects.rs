//! Single objects that prove something, as a table: which object, when it is asked, what it says.

use herkomst_ids::Oid;
use herkomst_model::{DeviceText, Object, Proof, System};

use crate::snmp::exchange::Value;

/// When an object is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The agent's sysObjectID stands under this enterprise, or it gave no system group at all.
    EnterpriseOrNone(u32),
    /// The agent's sysObjectID stands under this enterprise.
    Enterprise(u32),
    /// sysServices has the application layer, or is not known: kinds of device with a standard MIB of their own.
    Endpoint,
}

/// An object and what it is good for.
#[derive(Debug)]
pub struct Probe {
    /// Its name, and the MIB it is in.
    pub name: &'static str,
    /// Where it stands, instance and all.
    pub oid: &'static [u32],
    /// When it is asked for.
    pub when: When,
    /// What it proves.
    pub proves: Proof,
}

/// Every probe. Each names the MIB that defines the object.
pub const PROBES: [Probe; 11] = [
    Probe {
        // Some cameras answer this and nothing else.
        name: "HIK-DEVICE-MIB::deviceType",
        oid: &[1, 3, 6, 1, 4, 1, 39165, 1, 1, 0],
        when: When::EnterpriseOrNone(39165),
        proves: Proof::Model,
    },
    Probe {
        name: "UPS-MIB::upsIdentManufacturer",
        oid: &[1, 3, 6, 1, 2, 1, 33, 1, 1, 1, 0],
        when: When::Endpoint,
        proves: Proof::Manufacturer,
    },
    Probe {
        name: "UPS-MIB::upsIdentModel",
        oid: &[1, 3, 6, 1, 2, 1, 33, 1, 1, 2, 0],
        when: When::Endpoint,
        proves: Proof::Model,
    },
    Probe {
        name: "Printer-MIB::prtGeneralSerialNumber",
        oid: &[1, 3, 6, 1, 2, 1, 43, 5, 1, 1, 17, 1],
        when: When::Endpoint,
        proves: Proof::Serial,
    },
    Probe {
        name: "PowerNet-MIB::upsBasicIdentModel",
        oid: &[1, 3, 6, 1, 4, 1, 318, 1, 1, 1, 1, 1, 1, 0],
        when: When::Enterprise(318),
        proves: Proof::Model,
    },
    Probe {
        name: "JUNIPER-MIB::jnxBoxDescr",
        oid: &[1, 3, 6, 1, 4, 1, 2636, 3, 1, 2, 0],
        when: When::Enterprise(2636),
        proves: Proof::Model,
    },
    Probe {
        name: "JUNIPER-MIB::jnxBoxSerialNo",
        oid: &[1, 3, 6, 1, 4, 1, 2636, 3, 1, 3, 0],
        when: When::Enterprise(2636),
        proves: Proof::Serial,
    },
    Probe {
        name: "MIKROTIK-MIB::mtxrSerialNumber",
        oid: &[1, 3, 6, 1, 4, 1, 14988, 1, 1, 7, 3, 0],
        when: When::Enterprise(14988),
        proves: Proof::Serial,
    },
    Probe {
        name: "MIKROTIK-MIB::mtxrFirmwareVersion",
        oid: &[1, 3, 6, 1, 4, 1, 14988, 1, 1, 7, 4, 0],
        when: When::Enterprise(14988),
        proves: Proof::Software,
    },
    Probe {
        name: "SYNOLOGY-SYSTEM-MIB::modelName",
        oid: &[1, 3, 6, 1, 4, 1, 6574, 1, 5, 1, 0],
        when: When::Enterprise(6574),
        proves: Proof::Model,
    },
    Probe {
        name: "SYNOLOGY-SYSTEM-MIB::serialNumber",
        oid: &[1, 3, 6, 1, 4, 1, 6574, 1, 5, 2, 0],
        when: When::Enterprise(6574),
        proves: Proof::Serial,
    },
];

/// The probes for a device: `None` is one whose agent answered and has no system group.
pub fn probes_for(system: Option<&System>) -> Vec<&'static Probe> {
    let enterprise =
        system.and_then(|system| system.object_id.as_ref()).and_then(Oid::pen).map(|pen| pen.0);
    let services = system.and_then(|system| system.services);
    let fits = |probe: &&Probe| match probe.when {
        When::EnterpriseOrNone(_) if system.is_none() => true,
        When::EnterpriseOrNone(wanted) | When::Enterprise(wanted) => enterprise == Some(wanted),
        When::Endpoint => {
            system.is_some()
                && services.is_none_or(|services| services == 0 || services & 0x40 != 0)
        }
    };
    PROBES.iter().filter(fits).collect()
}

/// What an answer to a probe says; `None` for a value that is no text and no number.
pub fn object(probe: &Probe, value: &Value) -> Option<Object> {
    let text = match value {
        Value::Octets(octets) => DeviceText::from_bytes(octets),
        Value::Integer(number) => (&number.to_string()[..]).into(),
        Value::Unsigned(number) => (&number.to_string()[..]).into(),
        _ => return None,
    };
    let oid = Oid::new(probe.oid)?;
    (!text.is_blank()).then_some(Object { name: probe.name, oid, proves: probe.proves, text })
}

#[cfg(test)]
mod tests {
    use herkomst_model::SnmpVersion;

    use super::*;

    fn names(object_id: &str, services: Option<u8>) -> Vec<&'static str> {
        let system = System {
            version: SnmpVersion::V2c,
            credential: "ro".into(),
            description: None,
            object_id: object_id.parse().ok(),
            up_time: None,
            contact: None,
            name: None,
            location: None,
            services,
            cut_short: false,
        };
        probes_for(Some(&system)).iter().map(|probe| probe.name).collect()
    }

    #[test]
    fn an_agent_without_a_system_group_is_asked_what_some_cameras_answer_alone() {
        let asked = probes_for(None);
        assert_eq!(asked.len(), 1);
        assert_eq!(asked[0].oid, [1, 3, 6, 1, 4, 1, 39165, 1, 1, 0]);
    }

    #[test]
    fn makers_are_asked_for_their_own_objects_only() {
        assert_eq!(
            names("1.3.6.1.4.1.2636.1.1.1.2.29", Some(4)),
            ["JUNIPER-MIB::jnxBoxDescr", "JUNIPER-MIB::jnxBoxSerialNo"]
        );
        assert_eq!(names("1.3.6.1.4.1.9.1.1", Some(6)), Vec::<&str>::new());
        assert_eq!(names("1.3.6.1.4.1.9.1.1", Some(72)).len(), 3);
    }

    #[test]
    fn every_probe_is_a_good_name_of_its_own() {
        let mut oids: Vec<_> = PROBES.iter().map(|probe| Oid::new(probe.oid).unwrap()).collect();
        oids.sort();
        oids.dedup();
        assert_eq!(oids.len(), PROBES.len());
    }

    #[test]
    fn blank_text_and_other_types_prove_nothing() {
        assert_eq!(object(&PROBES[0], &Value::Octets(b" \0".to_vec())), None);
        assert_eq!(object(&PROBES[0], &Value::Ticks(1)), None);
        let found = object(&PROBES[0], &Value::Octets(b"DS-2CD".to_vec())).unwrap();
        assert_eq!((found.proves, found.text), (Proof::Model, "DS-2CD".into()));
    }
}
