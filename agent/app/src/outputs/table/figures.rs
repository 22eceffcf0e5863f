//! What rules over the whole inventory came to: one line for each scope, and beneath it what a reader has to act on.

use std::fmt::Write;

use herkomst_model::report::{FigureEntry, RatioEntry, Report};

use super::{BOLD, DIM, MOST_ROWS, RED, Screen, YELLOW, missing, wrapped};

pub(super) fn figures(out: &mut String, report: &Report, screen: Screen) {
    if report.figures.is_empty() {
        return;
    }
    let _ = writeln!(out, "{}\n", screen.paint(BOLD, "Over the whole inventory"));
    for figure in report.figures.iter().take(MOST_ROWS) {
        one(out, figure, screen);
    }
    if report.figures.len() > MOST_ROWS {
        let _ = writeln!(
            out,
            "… and {} more: use -o json or jsonl\n",
            report.figures.len() - MOST_ROWS
        );
    }
}

fn one(out: &mut String, figure: &FigureEntry, screen: Screen) {
    let label = match figure.verdict.as_str() {
        "match" => screen.paint(RED, "MATCH"),
        "undetermined" => screen.paint(YELLOW, "UNDETERMINED"),
        _ => "KEPT".to_owned(),
    };
    let FigureEntry { pack, rule, severity, title, scope, wording, .. } = figure;
    let force = figure.force.as_ref().map(|force| format!(", {force}")).unwrap_or_default();
    let sealed = if figure.sealed { ", sealed" } else { "" };
    let rule = format!("{pack}/{rule}, severity {severity}{force}{sealed}");
    let _ = writeln!(out, "{label}  {}  {}", screen.paint(BOLD, title), screen.paint(DIM, &rule));
    let _ = writeln!(out, "  {}", wrapped(&format!("{scope}: {}", counted(figure)), 4, screen));
    if figure.verdict == "no-match" {
        out.push('\n');
        return;
    }
    if let Some(due) = &figure.next_due {
        let _ = writeln!(
            out,
            "    {}",
            screen.paint(BOLD, &wrapped(&format!("next due: {due}"), 6, screen))
        );
    }
    if let Some(waiver) = &figure.waiver {
        let _ = writeln!(out, "    {}", screen.paint(BOLD, &wrapped(waiver, 6, screen)));
    }
    missing(out, &figure.missing, screen);
    let _ = writeln!(out, "    {}\n", wrapped(wording, 4, screen));
}

/// The figures in words, as exact as they are known.
fn counted(figure: &FigureEntry) -> String {
    let mut line = String::new();
    if let Some(share) = &figure.share {
        let ratio = |of: &RatioEntry| match &of.percent {
            Some(percent) => {
                format!("{} of {} {} ({percent})", of.part, of.whole, share.denominator)
            }
            None => format!("no {}", share.denominator),
        };
        let _ = write!(line, "{}", ratio(&share.certain));
        if share.possible != share.certain {
            let _ = write!(line, ", possibly {}", ratio(&share.possible));
        }
        let _ = write!(line, "; allowed are {}", share.cap);
        if share.unweighed > 0 {
            let _ = write!(line, "; {} could not be weighed", share.unweighed);
        }
    }
    if let Some(suppliers) = &figure.suppliers {
        let _ = write!(line, "{} suppliers", suppliers.certain);
        if !suppliers.vendors.is_empty() {
            let _ = write!(line, " ({})", suppliers.vendors.join(", "));
        }
        if suppliers.possible != suppliers.certain {
            let _ = write!(line, ", possibly {}", suppliers.possible);
        }
        let _ = write!(line, "; at least {} are needed", suppliers.at_least);
    }
    let _ = write!(line, "; counted from {} devices", figure.devices);
    line
}
