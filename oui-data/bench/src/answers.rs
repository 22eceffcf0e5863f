//! Whether they answer, and the same as the listings say. Ours must, in each row.

use herkomst_registry::{MacMeaning, embedded};

use crate::addresses::{Addresses, KINDS};
use crate::{Program, thousands};

/// Prints how many rows each knows, and how often it agrees; panics where ours is wrong.
pub fn compare(programs: &[Program], addresses: &Addresses) {
    let asked: String = addresses.hits.iter().flat_map(|hit| [&hit.mac, "\n"]).collect();
    let in_vain: String = addresses.misses.iter().flat_map(|mac| [mac, "\n"]).collect();
    // Addresses in an assigned block that we name for what they are: virtual machines and routers.
    let special: Vec<bool> = addresses
        .hits
        .iter()
        .map(|hit| {
            let mac = hit.mac.parse().expect("it was made so");
            matches!(embedded().mac(mac), MacMeaning::Special(_))
        })
        .collect();
    let rows =
        KINDS.map(|kind| addresses.hits.iter().filter(|hit| KINDS[hit.kind] == kind).count());
    println!(
        "| rows it knows, of |{} agrees | answers in vain |",
        KINDS
            .iter()
            .zip(rows)
            .map(|(kind, rows)| format!(" {} {kind} |", thousands(rows as f64)))
            .collect::<String>()
    );
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for program in programs {
        let (mut known, mut same) = ([0; KINDS.len()], 0);
        let told = program.ask(&["answers"], &asked);
        assert_eq!(told.lines().count(), addresses.hits.len(), "{}", program.name);
        for ((hit, answer), special) in addresses.hits.iter().zip(told.lines()).zip(&special) {
            let answers = answer != "-" && !is_parent(answer);
            let agrees = letters(answer) == letters(hit.registrant);
            let ours = program.name == "herkomst";
            assert!(!ours || agrees || *special, "{}: {answer}, not {}", hit.mac, hit.registrant);
            known[hit.kind] += usize::from(answers);
            same += usize::from(answers && (agrees || ours));
        }
        let told = program.ask(&["answers"], &in_vain);
        let wrong = told.lines().filter(|answer| *answer != "-" && !is_parent(answer)).count();
        let in_all: usize = known.iter().sum();
        let share = 100.0 * same as f64 / in_all.max(1) as f64;
        let known = known.map(|known| format!(" {} |", thousands(known as f64))).concat();
        println!("| {}: {} |{known} {share:.1} % | {wrong} |", program.name, program.holds);
    }
    let special = special.iter().filter(|special| **special).count();
    println!(
        "\nOne random address in each row was asked for, and {} that stand in none. {special} of them herkomst names for what they are (virtual machines, routers) and not by the row.\n",
        thousands(addresses.misses.len() as f64)
    );
}

/// The blocks that IEEE holds to divide them are nobody's.
fn is_parent(answer: &str) -> bool {
    letters(answer).starts_with("ieeeregistrationauthority")
}

/// What is left of a name when its spelling does not count.
fn letters(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
