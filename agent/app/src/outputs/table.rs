//! For people: findings first, then figures over the whole, then devices, then what was covered. As wide as the terminal.

mod figures;
mod places;
mod tables;

use std::collections::BTreeMap;
use std::fmt::Write;

use comfy_table::presets::NOTHING;
use comfy_table::{ColumnConstraint, ContentArrangement, LineStyle, Row, Table, Width};
use herkomst_model::report::{
    ActionEntry, ControllerEntry, Coverage, DeviceEntry, FindingEntry, ListingEntry, MissingEntry,
    Report,
};

use self::places::place;
use super::escape::for_terminal;
use crate::cli::printable;
use crate::judge::first_name;

/// Where the table is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Screen {
    /// Columns; `None` when it is no terminal, and nothing is wrapped.
    pub(crate) width: Option<u16>,
    /// Whether colours are wanted.
    pub(crate) colour: bool,
}

impl Screen {
    /// What stdout is. Colours follow `NO_COLOR` (no-color.org).
    pub(crate) fn stdout() -> Self {
        let terminal = console::Term::stdout();
        let is_terminal = terminal.is_term();
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        Self {
            width: is_terminal.then(|| terminal.size().1.max(40)),
            colour: is_terminal && !no_colour && !dumb,
        }
    }

    /// A text in a colour, where there are any; what could steer the terminal is spelt out.
    pub(crate) fn paint(self, code: &str, text: &str) -> String {
        let text = printable(text);
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text }
    }
}

pub(crate) const BOLD: &str = "1";
pub(crate) const DIM: &str = "2";
pub(crate) const RED: &str = "1;31";
pub(crate) const YELLOW: &str = "1;33";
/// The most addresses of one device in a line.
const MOST_ADDRESSES: usize = 3;
/// The most lists and dates shown of one rule.
const MOST_LISTINGS: usize = 4;
const MOST_ACTIONS: usize = 3;
/// The most devices and findings that are listed: beyond that, JSON is the right form, and the table says so.
const MOST_ROWS: usize = 2000;

/// The whole report.
pub(crate) fn render(report: &Report, screen: Screen) -> String {
    let mut out = String::new();
    findings(&mut out, report, screen);
    figures::figures(&mut out, report, screen);
    devices(&mut out, report, screen);
    coverage(&mut out, report, screen);
    // Stderr, which tells them otherwise, is no output that may hold what is sealed.
    for note in report.scan.notes.iter().filter(|_| report.scan.cleared) {
        let _ = writeln!(out, "{}", screen.paint(YELLOW, &wrapped(note, 0, screen)));
    }
    out
}

fn findings(out: &mut String, report: &Report, screen: Screen) {
    let devices: BTreeMap<&str, &DeviceEntry> =
        report.devices.iter().map(|device| (device.id.as_str(), device)).collect();
    let matches = report.findings.iter().filter(|finding| finding.verdict == "match").count();
    let undetermined = report.findings.len() - matches;
    let title = match (matches, undetermined) {
        (0, 0) => "No findings".to_owned(),
        (matches, 0) => format!("{matches} {}", plural(matches, "finding", "findings")),
        (0, open) => format!("{open} undetermined"),
        (matches, open) => {
            format!("{matches} {}, {open} undetermined", plural(matches, "finding", "findings"))
        }
    };
    let packs: Vec<String> = report
        .scan
        .editions
        .packs
        .iter()
        .map(|(id, edition)| format!("{id} of {edition}"))
        .collect();
    let _ =
        writeln!(out, "{}  {}\n", screen.paint(BOLD, &title), screen.paint(DIM, &packs.join(", ")));
    let mut groups: Vec<(&FindingEntry, Vec<&DeviceEntry>)> = Vec::new();
    for finding in report.findings.iter().take(MOST_ROWS) {
        let Some(device) = devices.get(finding.device.as_str()) else { continue };
        // Findings of one rule and one verdict differ in their device alone, where they were judged on the same grounds.
        let same = |group: &&mut (&FindingEntry, Vec<&DeviceEntry>)| {
            let first = group.0;
            (&first.pack, &first.rule, &first.verdict, &first.because, &first.missing)
                == (
                    &finding.pack,
                    &finding.rule,
                    &finding.verdict,
                    &finding.because,
                    &finding.missing,
                )
                && (&first.waiver, &first.next_due) == (&finding.waiver, &finding.next_due)
                && first.sealed == finding.sealed
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.1.push(device),
            None => groups.push((finding, vec![device])),
        }
    }
    for (finding, devices) in groups {
        one_rule(out, finding, &devices, screen);
    }
    if report.findings.len() > MOST_ROWS {
        let _ = writeln!(
            out,
            "… and {} more: use -o json or jsonl\n",
            report.findings.len() - MOST_ROWS
        );
    }
    let of_figures = report.figures.iter().map(|figure| figure.disclaimer.as_str());
    let mut disclaimers: Vec<&str> = report
        .findings
        .iter()
        .map(|finding| finding.disclaimer.as_str())
        .chain(of_figures)
        .collect();
    disclaimers.sort_unstable();
    disclaimers.dedup();
    for disclaimer in disclaimers {
        let _ = writeln!(out, "{}\n", screen.paint(DIM, &wrapped(disclaimer, 0, screen)));
    }
}

/// One rule, and the devices it is about on the same grounds.
fn one_rule(out: &mut String, finding: &FindingEntry, devices: &[&DeviceEntry], screen: Screen) {
    let is_match = finding.verdict == "match";
    let label =
        if is_match { screen.paint(RED, "MATCH") } else { screen.paint(YELLOW, "UNDETERMINED") };
    let force = finding.force.as_ref().map(|force| format!(", {force}")).unwrap_or_default();
    let suspected = if finding.grade == "suspected" { ", suspected" } else { "" };
    let FindingEntry { pack, rule, severity, .. } = finding;
    let sealed = if finding.sealed { ", sealed" } else { "" };
    let rule = format!("{pack}/{rule}, severity {severity}{force}{suspected}{sealed}");
    let _ = writeln!(
        out,
        "{label}  {}  {}",
        screen.paint(BOLD, &finding.title),
        screen.paint(DIM, &rule)
    );
    for device in devices {
        let _ = writeln!(out, "  {}", wrapped(&subject(device), 4, screen));
        for stated in &device.stated {
            let _ = writeln!(out, "    {}", wrapped(stated, 6, screen));
        }
    }
    if let Some(due) = &finding.next_due {
        let _ = writeln!(
            out,
            "    {}",
            screen.paint(BOLD, &wrapped(&format!("next due: {due}"), 6, screen))
        );
    }
    if let Some(waiver) = &finding.waiver {
        let _ = writeln!(out, "    {}", screen.paint(BOLD, &wrapped(waiver, 6, screen)));
    }
    if let Some(controller) = devices.first().and_then(|device| device.controller.as_ref()) {
        let country = controller.country.as_deref().unwrap_or("country unknown");
        let checked = if controller.verified { "" } else { ", not verified" };
        let ControllerEntry { name, as_of, .. } = controller;
        let line = format!("controlled by {name}, {country} (as of {as_of}{checked})");
        let _ = writeln!(out, "    {}", wrapped(&line, 6, screen));
    }
    let is_told = |because: &&String| {
        finding.missing.iter().any(|missing| missing.how.starts_with(because.as_str()))
    };
    for because in finding.because.iter().filter(|because| !is_match && !is_told(because)) {
        let _ = writeln!(out, "    {}", wrapped(because, 6, screen));
    }
    missing(out, &finding.missing, screen);
    let _ = writeln!(out, "    {}", wrapped(&finding.wording, 4, screen));
    // Lists that a date below cites are shown before others.
    let cited = |listing: &&ListingEntry| {
        let shown = finding.actions.iter().take(MOST_ACTIONS);
        shown.filter_map(|action| action.instrument.as_ref()).any(|id| *id == listing.list)
    };
    let (first, rest): (Vec<_>, Vec<_>) = finding.listings.iter().partition(cited);
    for listing in first.iter().chain(&rest).take(MOST_LISTINGS) {
        let _ = writeln!(out, "    {}", wrapped(&listing_line(listing), 6, screen));
    }
    more(out, finding.listings.len(), MOST_LISTINGS, "lists");
    for action in finding.actions.iter().take(MOST_ACTIONS) {
        let _ = writeln!(out, "    {}", wrapped(&due(action), 6, screen));
    }
    more(out, finding.actions.len(), MOST_ACTIONS, "dates");
    out.push('\n');
}

/// What is not known, and where to say it.
fn missing(out: &mut String, missing: &[MissingEntry], screen: Screen) {
    for MissingEntry { what, how } in missing {
        let _ = writeln!(out, "    {}", wrapped(&format!("missing {what}: {how}"), 6, screen));
    }
}

fn more(out: &mut String, count: usize, shown: usize, what: &str) {
    if count > shown {
        let _ = writeln!(out, "    … and {} more {what}, all in -o json", count - shown);
    }
}

fn subject(device: &DeviceEntry) -> String {
    let mut parts = vec![addresses(device)];
    parts.extend(first_name(device).map(|name| for_terminal(name, 40)));
    parts.extend(product(device));
    parts.extend(place(device).map(|place| format!("at {place}")));
    if let Some(maker) = &device.maker {
        let kinds: Vec<&str> =
            maker.evidence.iter().map(|evidence| evidence.kind.as_str()).collect();
        parts.push(format!("{} {} by {}", maker.name, maker.confidence, kinds.join(", ")));
        let against: Vec<String> = maker
            .against
            .iter()
            .map(|evidence| {
                format!("{} says {}", evidence.kind, evidence.says.as_deref().unwrap_or("nobody"))
            })
            .collect();
        if !against.is_empty() {
            parts.push(format!("against it: {}", against.join(", ")));
        }
    }
    parts.join(" · ")
}

fn listing_line(listing: &ListingEntry) -> String {
    let ListingEntry { list, jurisdiction, instrument, status, force, binds, note, .. } = listing;
    let note = note.as_ref().map(|note| format!("; {note}")).unwrap_or_default();
    format!("{list} ({jurisdiction}, {status}, {force}): {instrument}; binds {binds}{note}")
}

fn due(action: &ActionEntry) -> String {
    let mut line = action.action.clone();
    match (&action.due, action.days_left) {
        (Some(due), Some(left)) if left < 0 => {
            let _ = write!(line, " by {due}, {} days overdue", -left);
        }
        (Some(due), Some(left)) => {
            let _ = write!(line, " by {due}, {left} days left");
        }
        (Some(due), None) => {
            let _ = write!(line, " since {due}");
        }
        (None, _) => {}
    }
    for (day, what) in [
        (&action.soft_due, "should be done by"),
        (&action.extension_request_by, "more time can be asked for until"),
    ] {
        if let Some(day) = day {
            let _ = write!(line, ", {what} {day}");
        }
    }
    if let Some(scope) = &action.scope {
        let _ = write!(line, " ({scope})");
    }
    if let Some(mark) = &action.mark {
        let _ = write!(line, ", {mark}");
    }
    if let Some(instrument) = &action.instrument {
        let _ = write!(line, " — {instrument}, for those it binds");
    }
    line
}

fn devices(out: &mut String, report: &Report, screen: Screen) {
    let count = report.devices.len();
    let _ = writeln!(
        out,
        "{}\n",
        screen.paint(BOLD, &format!("{count} {}", plural(count, "device", "devices")))
    );
    if count == 0 {
        return;
    }
    let mut table = Table::new();
    table.load_style(NOTHING.header_separator(LineStyle::none().fill('─').junction('─')));
    match screen.width {
        Some(width) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    let columns = columns(screen.width);
    table.set_header(columns.iter().map(|column| column.title));
    let whole = columns.iter().map(|column| {
        if column.is_whole {
            ColumnConstraint::ContentWidth
        } else {
            ColumnConstraint::LowerBoundary(Width::Fixed(10))
        }
    });
    table.set_constraints(whole);
    let unnamed = |device: &&DeviceEntry| device.maker.is_none() && device.special.is_none();
    let nobody: Vec<&DeviceEntry> = report.devices.iter().filter(unnamed).collect();
    let named = report.devices.iter().filter(|device| !unnamed(device));
    for device in named.chain(nobody.iter().copied()).take(MOST_ROWS) {
        let mut row = Row::from(columns.iter().map(|column| (column.cell)(device)));
        row.max_height(1);
        table.add_row(row);
    }
    let _ = writeln!(out, "{}", table.trim_fmt());
    if count > MOST_ROWS {
        let _ = writeln!(out, "… and more: use -o json or jsonl");
    }
    if !nobody.is_empty() {
        let word = plural(nobody.len(), "device", "devices");
        let _ = writeln!(out, "{} {word} nobody could name", nobody.len());
    }
    for device in report.devices.iter().filter(|device| device.relabelled.is_some()).take(MOST_ROWS)
    {
        let text = device.relabelled.as_deref().unwrap_or_default();
        let _ = writeln!(out, "{}: {text}", addresses(device));
    }
    out.push('\n');
}

/// A column of the device table.
struct Column {
    title: &'static str,
    /// Never cut.
    is_whole: bool,
    /// Shown from this width of the screen on.
    from: u16,
    cell: fn(&DeviceEntry) -> String,
}

const COLUMNS: [Column; 10] = [
    Column { title: "Address", is_whole: true, from: 0, cell: addresses },
    Column {
        title: "MAC",
        is_whole: true,
        from: 110,
        cell: |device| device.macs.first().cloned().unwrap_or_default(),
    },
    Column { title: "Maker", is_whole: false, from: 0, cell: maker },
    Column { title: "Control", is_whole: true, from: 0, cell: control },
    Column { title: "Sure", is_whole: true, from: 0, cell: sure },
    Column {
        title: "Product",
        is_whole: false,
        from: 0,
        cell: |device| product(device).unwrap_or_default(),
    },
    Column { title: "Role", is_whole: false, from: 130, cell: |device| device.roles.join(", ") },
    Column { title: "Name", is_whole: false, from: 90, cell: name },
    Column {
        title: "Port",
        is_whole: false,
        from: 120,
        cell: |device| place(device).unwrap_or_default(),
    },
    Column {
        title: "Seen by",
        is_whole: false,
        from: 150,
        cell: |device| device.seen_by.join(", "),
    },
];

/// The columns that fit: all of them where nothing is cut anyway.
fn columns(width: Option<u16>) -> Vec<&'static Column> {
    COLUMNS.iter().filter(|column| width.is_none_or(|width| width >= column.from)).collect()
}

fn maker(device: &DeviceEntry) -> String {
    match (&device.maker, &device.special) {
        (Some(maker), _) => maker.name.clone(),
        (None, Some(special)) => format!("none: {special}"),
        (None, None) => device
            .registrant
            .as_ref()
            .map_or("unknown".to_owned(), |name| format!("unknown (address of {name})")),
    }
}

/// From where the maker is controlled, as of the day of the scan. Not the maker's seat, and not where the box was made.
fn control(device: &DeviceEntry) -> String {
    device.controller.as_ref().and_then(|controller| controller.country.clone()).unwrap_or_default()
}

fn sure(device: &DeviceEntry) -> String {
    device.maker.as_ref().map(|maker| maker.confidence.clone()).unwrap_or_default()
}

fn name(device: &DeviceEntry) -> String {
    first_name(device).map(|name| for_terminal(name, 32)).unwrap_or_default()
}

/// The addresses of a device in short; a device without any goes by its hardware address.
fn addresses(device: &DeviceEntry) -> String {
    let shown: Vec<&str> = device.ips.iter().take(MOST_ADDRESSES).map(String::as_str).collect();
    match device.ips.len() {
        0 => device.macs.first().cloned().unwrap_or_else(|| device.id.clone()),
        more if more > MOST_ADDRESSES => format!("{} +{}", shown.join(", "), more - MOST_ADDRESSES),
        _ => shown.join(", "),
    }
}

fn product(device: &DeviceEntry) -> Option<String> {
    let product = &device.product;
    let what = product
        .model
        .as_ref()
        .map(|model| for_terminal(model, 40))
        .or_else(|| product.family.clone());
    let software = product.software.as_ref().map(|software| for_terminal(software, 40));
    match (what, software) {
        (Some(what), Some(software)) => Some(format!("{what}, {software}")),
        (what, software) => what.or(software),
    }
}

fn coverage(out: &mut String, report: &Report, screen: Screen) {
    let Coverage {
        targets,
        methods,
        identified,
        undetermined,
        special,
        listened,
        not_asked,
        limits,
        ..
    } = &report.coverage;
    let mut parts = vec![format!("{} answered", targets.answered)];
    for (count, word) in [
        (targets.refused, "refused"),
        (targets.malformed, "malformed"),
        (targets.silent, "silent"),
        (targets.cut_short, "cut short"),
        (targets.not_asked, "not asked"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    let asked = format!(
        "{} {}: {}",
        targets.expected,
        plural(usize::try_from(targets.expected).unwrap_or(2), "target", "targets"),
        parts.join(", ")
    );
    let _ = writeln!(out, "{}  {asked}", screen.paint(BOLD, "Coverage"));
    let _ = writeln!(
        out,
        "{identified} identified, {undetermined} nobody could name, {special} special addresses"
    );
    let asked = methods.iter().filter(|(method, _)| !tables::is_table(method));
    for (method, counts) in asked.filter(|(_, counts)| counts.expected > 0) {
        let mut parts =
            vec![format!("asked {}", counts.asked), format!("answered {}", counts.answered)];
        for (count, word) in [
            (counts.refused, "refused"),
            (counts.malformed, "malformed"),
            (counts.silent, "silent"),
            (counts.cut_short, "cut short"),
        ] {
            if count > 0 {
                parts.push(format!("{word} {count}"));
            }
        }
        let _ = writeln!(out, "{method}: {}", parts.join(", "));
    }
    tables::tables(out, &report.coverage);
    for (protocol, entry) in listened {
        let name = protocol.to_uppercase();
        let _ = writeln!(
            out,
            "{name}: listened {} s of the usual {} s",
            entry.seconds, entry.usual_seconds
        );
    }
    let telling = [
        "fragile",
        "names the whole segment",
        "no route",
        "no permission",
        "interrupted",
        "outside its window",
        "excluded",
    ];
    for entry in not_asked.iter().filter(|entry| telling.contains(&entry.why.as_str())).take(20) {
        let _ = writeln!(out, "{} not asked by {}: {}", entry.targets, entry.method, entry.why);
    }
    for limit in limits {
        let _ = writeln!(out, "{}", screen.paint(YELLOW, &wrapped(limit, 0, screen)));
    }
    let receipt = &report.receipt;
    let kinds: Vec<String> =
        receipt.by_kind.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
    let _ = write!(out, "Sent {} packets{kinds}", receipt.packets);
    if receipt.ignored > 0 {
        let _ = write!(out, "; ignored {} that were not what was asked for", receipt.ignored);
    }
    let editions = &report.scan.editions;
    let _ = writeln!(
        out,
        "\n{}",
        screen.paint(
            DIM,
            &format!("registry of {}, vendor table of {}", editions.registry, editions.vendors)
        )
    );
}

fn plural<'a>(count: usize, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}

/// Wraps our own text at the width of the screen, further lines indented.
pub(crate) fn wrapped(text: &str, indent: usize, screen: Screen) -> String {
    let text = printable(text);
    let Some(width) = screen.width.map(|width| usize::from(width).saturating_sub(indent).max(20))
    else {
        return text;
    };
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("begins with one line");
        let fits = unicode_width::UnicodeWidthStr::width(line.as_str())
            + 1
            + unicode_width::UnicodeWidthStr::width(word)
            <= width;
        if line.is_empty() {
            line.push_str(word);
        } else if fits {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.join(&format!("\n{}", " ".repeat(indent)))
}
