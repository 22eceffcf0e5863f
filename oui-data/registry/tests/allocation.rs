//! A look-up takes no memory: the answers are views of the file.
//!
//! A test program of its own, since it counts what this thread allocates.

use allocation_counter::measure;
use herkomst_ids::{MacAddr, Pen};
use herkomst_registry::*;

/// How often memory was asked for meanwhile.
fn allocations(work: impl FnOnce()) -> u64 {
    measure(work).count_total
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(vec![1u8]))), 1);
}

#[test]
fn opening_the_embedded_file_takes_memory_for_three_dates_alone() {
    let opened = allocations(|| drop(Registry::carried(FILE)));
    assert_eq!(opened, 3, "one for each edition");
}

#[test]
fn no_look_up_allocates() {
    let registry = embedded();
    let day = "2026-11-21";
    let mut found = 0;
    let taken = allocations(|| {
        // Each row of each listing, and what lies between.
        for listing in RegistryKind::ALL {
            for row in registry.listing(*listing) {
                let mac = row.prefix.first();
                let [a, b, c, d, e, f] = mac.octets();
                for mac in [mac, MacAddr([a, b, c, d ^ 0x55, e, f ^ 0x33])] {
                    if let MacMeaning::Assigned(answer) = registry.mac(mac) {
                        found += usize::from(registry.correction(answer.prefix).is_some());
                        found += usize::from(answer.vendor.is_some());
                    }
                }
                found += usize::from(registry.company([a, b, c]).is_some());
            }
        }
        for number in 0..70_000 {
            let assigned = matches!(registry.pen(Pen(number)), PenMeaning::Assigned { .. });
            found += usize::from(assigned);
        }
        for vendor in registry.vendors() {
            found += usize::from(registry.vendor(vendor.id()) == Some(vendor));
            found += usize::from(registry.by_name(vendor.name()) == Some(vendor));
            found += vendor.brands().filter(|brand| registry.by_name(brand).is_some()).count();
            found += vendor.pens().count() + vendor.successors().count();
            found += vendor.control_history().count() + vendor.control_steps(day).count();
            found += usize::from(vendor.country_of_control(day).is_some());
        }
        found += registry.special_ranges().count() + registry.sources().count();
    });
    assert!(found > 150_000, "{found}");
    assert_eq!(taken, 0);
}
