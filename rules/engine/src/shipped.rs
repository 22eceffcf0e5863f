//! The packs that come with the program, as text: read and checked by the same code as an operator's own.

/// Id and TOML text of every shipped pack.
pub fn shipped() -> &'static [(&'static str, &'static str)] {
    &[("public-lists", include_str!("../../packs/public-lists.toml"))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Pack, Relation};

    #[test]
    fn every_shipped_pack_is_right_and_its_own_cases_come_out() {
        for (id, text) in shipped() {
            let pack = Pack::parse(text, id).unwrap_or_else(|problems| panic!("{problems}"));
            assert_eq!(pack.id, *id);
            let failures: Vec<_> = pack.run_cases().iter().map(ToString::to_string).collect();
            assert!(failures.is_empty(), "{}", failures.join("\n"));
        }
    }

    #[test]
    fn every_rule_of_the_watch_list_rests_on_a_list_that_names_its_maker() {
        let pack = Pack::parse(shipped()[0].1, "public-lists").unwrap();
        for rule in &pack.rules {
            assert!(
                rule.listings.iter().any(|listing| listing.reaches.contains(&Relation::Maker)),
                "{}",
                rule.id
            );
            assert!(
                rule.actions.is_empty(),
                "{}: the watch list binds nobody, its lists do",
                rule.id
            );
        }
    }
}
