//! The packs that come with the program, as text: read and checked by the same code as an operator's own.

/// Id and TOML text of every shipped pack: the default one first, the others by name.
pub fn shipped() -> &'static [(&'static str, &'static str)] {
    &[
        ("public-lists", include_str!("../../packs/public-lists.toml")),
        ("ca-2022", include_str!("../../packs/ca-2022.toml")),
        ("cz-2018", include_str!("../../packs/cz-2018.toml")),
        ("de-2024", include_str!("../../packs/de-2024.toml")),
        ("eu-toolbox", include_str!("../../packs/eu-toolbox.toml")),
        ("nl-bvit", include_str!("../../packs/nl-bvit.toml")),
        ("nl-c2000", include_str!("../../packs/nl-c2000.toml")),
        ("nl-cbb", include_str!("../../packs/nl-cbb.toml")),
        ("nl-kaspersky", include_str!("../../packs/nl-kaspersky.toml")),
        ("se-pts", include_str!("../../packs/se-pts.toml")),
        ("uk-dvd", include_str!("../../packs/uk-dvd.toml")),
        ("us-889", include_str!("../../packs/us-889.toml")),
        ("us-fcc-covered", include_str!("../../packs/us-fcc-covered.toml")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Listing, Mark, Pack, PartyExpression, Relation};

    fn packs() -> Vec<Pack> {
        let read = |(id, text): &(&str, &str)| {
            Pack::parse(text, id).unwrap_or_else(|problems| panic!("{problems}"))
        };
        shipped().iter().map(read).collect()
    }

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

    #[test]
    fn the_default_pack_is_first_and_the_others_are_found_by_name() {
        let ids: Vec<_> = shipped().iter().map(|(id, _)| *id).collect();
        assert_eq!(ids[0], "public-lists");
        assert!(ids[1..].is_sorted(), "{ids:?}");
    }

    /// A reader must see in the finding how well its facts were checked: with the list that names the party, with the
    /// date, or with the source of the rule. What stands in words alone, no output can show as a mark.
    #[test]
    fn every_rule_shows_how_well_its_facts_were_checked() {
        for pack in packs() {
            for rule in &pack.rules {
                let name = format!("{}/{}", pack.id, rule.id);
                let all_marked = rule.actions.iter().all(|action| action.mark.is_some());
                assert!(all_marked, "{name}: a date of the rule itself shows its mark");
                let all_marked = rule.sources.iter().all(|source| source.mark.is_some());
                assert!(all_marked, "{name}: a source of the rule itself shows its mark");
                let none =
                    rule.listings.is_empty() && rule.actions.is_empty() && rule.sources.is_empty();
                assert!(!none, "{name} shows no mark");
            }
        }
    }

    #[test]
    fn only_lists_with_an_affiliates_clause_reach_through_control() {
        let with_clause = ["public-lists", "uk-dvd", "us-889", "us-fcc-covered"];
        for pack in packs() {
            let reaches = |listing: &Listing| listing.reaches.contains(&Relation::ControlledBy);
            let any = pack.rules.iter().any(|rule| {
                rule.party.relations.contains(&Relation::ControlledBy)
                    || rule.listings.iter().any(|listing| reaches(listing))
            });
            assert_eq!(any, with_clause.contains(&pack.id.as_str()), "{}", pack.id);
        }
    }

    /// Two packs that say different things of one list would be wrong in one place at least.
    #[test]
    fn the_watch_list_and_the_other_packs_say_the_same_of_a_list_and_its_dates() {
        let all = packs();
        let (watch, others) = all.split_first().unwrap();
        let mut compared = 0;
        for (pack, rule) in others.iter().flat_map(|pack| pack.rules.iter().map(move |r| (pack, r)))
        {
            for listing in &rule.listings {
                let theirs = watch.rules.iter().find(|other| {
                    other.party.vendors.first().map(|one| &one.id)
                        == rule.party.vendors.first().map(|one| &one.id)
                });
                let same = |other: &&std::sync::Arc<Listing>| {
                    other.list.id == listing.list.id && other.name == listing.name
                };
                let Some(found) = theirs.and_then(|other| other.listings.iter().find(same)) else {
                    // FCC 25-71 is an order of its own, which the watch list does not have.
                    assert_eq!(listing.list.id, "us-fcc-modular", "{}/{}", pack.id, rule.id);
                    continue;
                };
                compared += 1;
                let name = format!("{}/{}", pack.id, rule.id);
                assert_eq!((found.since, found.mark), (listing.since, listing.mark), "{name}");
                assert_eq!(found.reaches, listing.reaches, "{name}");
                let (ours, theirs) = (&listing.list, &found.list);
                let told = |list: &crate::LawList| {
                    let instrument = (list.instrument.clone(), list.article.clone());
                    (instrument, list.force, list.status, list.bound.clone(), list.mark)
                };
                assert_eq!(told(ours), told(theirs), "{name}");
                // A day of the watch list is a day of the pack; its scope is in words there, and in tests here.
                let days = |dated: &[crate::DatedAction]| -> Vec<_> {
                    dated.iter().map(|one| (one.action, one.date)).collect()
                };
                let elsewhere: Vec<_> = pack.rules.iter().flat_map(|r| days(&r.actions)).collect();
                for day in days(&found.actions) {
                    assert!(elsewhere.contains(&day), "{name} lacks {day:?}");
                }
            }
        }
        assert!(compared > 20, "{compared}");
    }

    /// The orders are confidential: a shell names no vendor, no part and no day but the law's own.
    #[test]
    fn the_shells_for_an_order_name_nobody() {
        for pack in packs().iter().filter(|pack| ["nl-bvit", "nl-cbb"].contains(&pack.id.as_str()))
        {
            assert!(pack.order.is_some() && pack.vendors().next().is_none(), "{}", pack.id);
            assert!(pack.country_lists.is_empty() && pack.lists.is_empty(), "{}", pack.id);
            for rule in &pack.rules {
                assert!(rule.parts().is_empty(), "{}", rule.id);
                assert!(matches!(&rule.party.tests, PartyExpression::Named(test) if test.ordered));
                let undated = |action: &crate::DatedAction| {
                    action.date.is_none() && action.period.is_none() && action.soft_date.is_none()
                };
                assert!(rule.actions.iter().all(undated), "{}", rule.id);
            }
        }
    }

    #[test]
    fn an_assessment_without_a_list_or_a_date_carries_the_mark_of_its_sources() {
        for (id, rule, marks) in [
            ("nl-c2000", "considerations", &[Mark::Official][..]),
            ("eu-toolbox", "risk-profile", &[Mark::Official, Mark::Reported]),
        ] {
            let pack = packs().into_iter().find(|pack| pack.id == id).unwrap();
            let sources = &pack.rule(rule).unwrap().sources;
            let told: Vec<_> = sources.iter().filter_map(|source| source.mark).collect();
            assert_eq!(told, marks, "{id}");
        }
    }

    #[test]
    fn what_is_only_reported_is_not_called_official() {
        for pack in packs() {
            for listing in pack.rules.iter().flat_map(|rule| &rule.listings) {
                let reported = ["se-pts", "us-fcc-covered", "us-1260h", "us-1709", "us-5949"];
                let official = ["us-889", "uk-dvd", "cz-2018", "de-2024", "ca-2022", "eu-toolbox"];
                let id = listing.list.id.as_str();
                if reported.contains(&id) {
                    assert_eq!(listing.mark, Mark::Reported, "{}: {id}", pack.id);
                } else if official.contains(&id) {
                    assert_eq!(listing.mark, Mark::Official, "{}: {id}", pack.id);
                }
            }
        }
    }
}
