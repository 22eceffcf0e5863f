//! A shipped rule, in plain words made from its checked form.

use super::Explainer;
use super::answer::{Answer, RuleTextEntry, SourceTextEntry};
use crate::config::problems::nearest;
use crate::rules::show::{in_words, terms};

/// The most rules that are offered for one that does not exist.
const MOST_NEAR: usize = 40;

impl Explainer<'_> {
    /// A rule by the name that findings give it: `public-lists/huawei`.
    pub(super) fn rule(&mut self, pack: &str, rule: &str) -> Answer {
        let mut answer = Answer { taken_for: "rule".into(), ..Answer::default() };
        let packs = self.packs();
        let Some(of) = packs.iter().find(|one| one.id == pack) else {
            answer.notes.push(format!(
                "no shipped pack is called {pack}; `herkomst rules show FILE` tells what another one says"
            ));
            let known: Vec<&str> = packs.iter().map(|one| one.id.as_str()).collect();
            let near = nearest(pack, &known).map_or(known, |near| vec![near]);
            answer.suggestions = near.into_iter().map(str::to_owned).collect();
            return answer;
        };
        let Some(found) = of.rule(rule) else {
            answer.notes.push(format!("the pack {pack} has no rule {rule}"));
            let known: Vec<&str> = of.rules.iter().map(|one| one.id.as_str()).collect();
            let near = nearest(rule, &known).map_or(known, |near| vec![near]);
            let full = near.into_iter().take(MOST_NEAR).map(|id| format!("{pack}/{id}"));
            answer.suggestions = full.collect();
            return answer;
        };
        answer.known = true;
        let own = found.sources.iter().map(|source| SourceTextEntry {
            text: source.text.clone(),
            last_checked: source.last_checked.to_string(),
        });
        let of_pack = of.sources.iter().map(|text| SourceTextEntry {
            text: text.clone(),
            last_checked: of.last_checked.to_string(),
        });
        answer.rule = Some(RuleTextEntry {
            pack: of.id.clone(),
            rule: found.id.clone(),
            title: found.title.clone(),
            pack_title: of.title.clone(),
            edition: of.edition.to_string(),
            instrument: of.instrument.clone(),
            article: of.article.clone(),
            jurisdiction: of.jurisdiction.clone(),
            status: of.status.to_string(),
            publicity: of.publicity.to_string(),
            binds: of.bound.clone(),
            sentences: terms(of).into_iter().chain(in_words(found)).collect(),
            sources: own.chain(of_pack).collect(),
            disclaimer: of.disclaimer.clone(),
        });
        answer
    }
}
