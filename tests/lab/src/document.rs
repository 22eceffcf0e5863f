//! Reads the TOML files of the lab, and says of each mistake where it is and what would be right.
//!
//! Keys are checked by serde (`deny_unknown_fields`); its message lists the keys there are, of which the nearest is
//! named. A table that was put together from two files has no place of its own: then the place of the outer one is told.

use serde::de::DeserializeOwned;

use crate::LabError;

/// Reads a whole document.
pub(crate) fn read<T: DeserializeOwned>(text: &str, file: &str) -> Result<T, LabError> {
    toml::from_str(text).map_err(|error| {
        let place = match error.span() {
            Some(span) => place(text, file, span.start),
            None => file.to_owned(),
        };
        LabError::file(place, explain(error.message()))
    })
}

/// Reads a table that was put together, and that began at `place`.
pub(crate) fn read_table<T: DeserializeOwned>(
    table: toml::Table,
    place: &str,
) -> Result<T, LabError> {
    // The `Display` of this error names the table that the key is in; the message alone does not.
    table.try_into().map_err(|error: toml::de::Error| {
        let inside = error.to_string().lines().find_map(|line| {
            line.trim().strip_prefix("in `").map(|rest| rest.trim_end_matches('`').to_owned())
        });
        let problem = explain(error.message());
        LabError::file(
            place,
            inside.map_or(problem.clone(), |table| format!("in [{table}]: {problem}")),
        )
    })
}

/// `file:line:column` of a byte of a text.
pub(crate) fn place(text: &str, file: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!("{file}:{line}:{column}")
}

/// Lays one table over another: tables are merged, everything else is replaced.
pub(crate) fn overlay(base: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(above)) => overlay(below, above),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// The words between back ticks, of which the first is the key that is wrong.
fn explain(message: &str) -> String {
    let message = message.trim_end();
    let mut words = message.split('`').skip(1).step_by(2);
    let Some((wrong, kind)) = message
        .strip_prefix("unknown field")
        .map(|_| "key")
        .or_else(|| message.strip_prefix("unknown variant").map(|_| "value"))
        .and_then(|kind| words.next().map(|word| (word, kind)))
    else {
        return message.replace('\n', ", ");
    };
    let known: Vec<&str> = words.collect();
    match nearest(wrong, known.iter().copied()) {
        Some(near) => format!("{kind} {wrong:?} is unknown, the nearest is {near:?}"),
        None => format!("{kind} {wrong:?} is unknown, allowed are {}", known.join(", ")),
    }
}

/// The name that was probably meant.
pub(crate) fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let best = known
        .map(|name| (strsim::jaro_winkler(wrong, name), name))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(likeness, _)| *likeness > 0.7).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    struct Outer {
        #[serde(default)]
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    struct Inner {
        #[serde(default)]
        description: String,
    }

    #[test]
    fn names_the_place_and_the_nearest_key() {
        let error = read::<Outer>("# a\n[inner]\ndescripton = \"x\"\n", "a.toml").unwrap_err();
        assert_eq!(
            error.to_string(),
            "a.toml:3:1: key \"descripton\" is unknown, the nearest is \"description\""
        );
        let outer: Outer = read("[inner]\ndescription = \"x\"", "a.toml").unwrap();
        assert_eq!(outer.inner.unwrap().description, "x");
    }

    #[test]
    fn a_table_put_together_tells_the_place_of_the_outer_one() {
        let table: toml::Table = toml::from_str("[inner]\nqqq = 1").unwrap();
        let error = read_table::<Outer>(table, "b.toml:7:1").unwrap_err().to_string();
        assert_eq!(
            error,
            "b.toml:7:1: in [inner]: key \"qqq\" is unknown, allowed are description"
        );
    }

    #[test]
    fn an_overlay_replaces_values_and_merges_tables() {
        let mut base: toml::Table = toml::from_str("a = 1\n[t]\nb = 2\nc = 3").unwrap();
        overlay(&mut base, toml::from_str("a = [4]\n[t]\nc = 5").unwrap());
        assert_eq!(base, toml::from_str("a = [4]\n[t]\nb = 2\nc = 5").unwrap());
    }
}
