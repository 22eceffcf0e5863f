//! What an operator's file says of packs, held against those packs: an order, an answer or a waiver for something that does
//! not exist would never count, and nobody would notice.

use std::collections::BTreeSet;

use herkomst_rules::{Context, Pack, Rule};

use crate::config::problems::{hint, nearest};

/// What does not fit, each in a sentence. Of a pack that is not among these nothing is known, unless its id is only
/// misspelt.
pub(crate) fn unfitting(context: &Context, packs: &[Pack]) -> Vec<String> {
    let known: Vec<&str> = packs.iter().map(|pack| pack.id.as_str()).collect();
    let mut told = BTreeSet::new();
    let mut pack = |table: &str, id: &str| -> Option<usize> {
        let place = known.iter().position(|one| *one == id);
        if place.is_none()
            && let Some(near) = nearest(id, &known)
        {
            told.insert(format!(
                "{table}.pack is {id:?}, which no pack is called; did you mean {near:?}?"
            ));
        }
        place
    };
    let orders: Vec<_> =
        context.orders.iter().map(|order| (order, pack("order", &order.pack))).collect();
    let answers: Vec<_> =
        context.answers.iter().map(|answer| (answer, pack("answer", &answer.pack))).collect();
    let waivers: Vec<_> =
        context.waivers.iter().map(|waiver| (waiver, pack("waiver", &waiver.pack))).collect();
    for (order, place) in orders {
        let Some(of) = place.and_then(|place| packs.get(place)) else { continue };
        let issuers = of.order.iter().flat_map(|test| &test.issuers);
        let issuers: Vec<&str> = issuers.map(String::as_str).collect();
        if !issuers.is_empty() && !issuers.contains(&order.issuer.as_str()) {
            let hint = hint(&order.issuer, &issuers);
            told.insert(format!(
                "order.issuer is {:?}, no issuer of orders under {}; {hint}",
                order.issuer, of.id
            ));
        }
    }
    for (answer, place) in answers {
        let Some(of) = place.and_then(|place| packs.get(place)) else { continue };
        let Some(rule) = rule("answer", of, &answer.rule, &mut told) else { continue };
        let questions: Vec<&str> = rule.questions.iter().map(|one| one.id.as_str()).collect();
        if !questions.contains(&answer.question.as_str()) {
            let right = if questions.is_empty() {
                "it asks none".to_owned()
            } else {
                hint(&answer.question, &questions)
            };
            told.insert(format!(
                "answer.question is {:?}, no question of {}/{}; {right}",
                answer.question, of.id, rule.id
            ));
        }
    }
    for (waiver, place) in waivers {
        let Some(of) = place.and_then(|place| packs.get(place)) else { continue };
        rule("waiver", of, &waiver.rule, &mut told);
    }
    let kinds: BTreeSet<&str> =
        packs.iter().flat_map(|pack| &pack.binds).map(|one| one.who.as_str()).collect();
    let kinds: Vec<&str> = kinds.into_iter().collect();
    for (key, said) in [("is", &context.is), ("is-not", &context.is_not)] {
        for kind in said.iter().filter(|kind| !kinds.contains(&kind.as_str())) {
            if let Some(near) = nearest(kind, &kinds) {
                told.insert(format!(
                    "{key} holds {kind:?}, which no pack binds; did you mean {near:?}?"
                ));
            }
        }
    }
    told.into_iter().collect()
}

fn rule<'p>(
    table: &str,
    pack: &'p Pack,
    id: &str,
    told: &mut BTreeSet<String>,
) -> Option<&'p Rule> {
    let found = pack.rule(id);
    if found.is_none() {
        let known: Vec<&str> = pack.rules.iter().map(|rule| rule.id.as_str()).collect();
        told.insert(format!(
            "{table}.rule is {id:?}, no rule of the pack {}; {}",
            pack.id,
            hint(id, &known)
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::shipped_pack;

    #[test]
    fn what_would_never_count_is_told_with_what_would_be_right() {
        let packs: Vec<Pack> =
            ["nl-bvit", "uk-dvd"].iter().map(|id| shipped_pack(id).expect("is shipped")).collect();
        let context = Context::parse(
            "is = [\"nl-public-comunications-provider\", \"farmer\"]\n\
             [[order]]\npack = \"nl-bvit\"\nreference = \"1\"\nissuer = \"nl-ministre\"\nscope = \"s\"\n\
             [[answer]]\npack = \"uk-dvd\"\nrule = \"core-links\"\nquestion = \"nothing\"\nyes = true\nauthor = \"a\"\n\
             date = 2026-01-01\nevidence = \"e\"\n\
             [[waiver]]\npack = \"uk-dvd\"\nrule = \"cor\"\nsubject = \"dev-0\"\nreason = \"r\"\n\
             approver = { by = \"A. Example\" }\nsecond-approver = { by = \"B. Example\" }\nexpires = 2027-01-01\n\
             [[waiver]]\npack = \"uk-dvv\"\nrule = \"core\"\nsubject = \"dev-0\"\nreason = \"r\"\n\
             approver = { by = \"A. Example\" }\nsecond-approver = { by = \"B. Example\" }\nexpires = 2027-01-01\n\
             [[waiver]]\npack = \"of-our-own\"\nrule = \"core\"\nsubject = \"dev-0\"\nreason = \"r\"\n\
             approver = { by = \"A. Example\" }\nsecond-approver = { by = \"B. Example\" }\nexpires = 2027-01-01\n",
            "operator.toml",
        )
        .expect("is read");
        let told = unfitting(&context, &packs);
        for (place, words) in [
            "answer.question is \"nothing\", no question of uk-dvd/core-links; allowed are",
            "is holds \"nl-public-comunications-provider\", which no pack binds; did you mean",
            "order.issuer is \"nl-ministre\", no issuer of orders under nl-bvit; did you mean \"nl-minister\"?",
            "waiver.pack is \"uk-dvv\", which no pack is called; did you mean \"uk-dvd\"?",
            "waiver.rule is \"cor\", no rule of the pack uk-dvd; did you mean \"core\"?",
        ]
        .iter()
        .enumerate()
        {
            assert!(told.get(place).is_some_and(|one| one.starts_with(words)), "{words}: {told:?}");
        }
        assert_eq!(told.len(), 5, "{told:?}");
    }
}
