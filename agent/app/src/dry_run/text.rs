//! The plan for people.

use std::fmt::Write;

use super::expected::Span;
use super::{Group, Planned};
use crate::cli::printable;

/// What would be asked, from where, with what, how fast.
pub(super) fn render(planned: &Planned) -> String {
    let mut out = String::from("Nothing is sent. The plan:\n\n");
    whom(&mut out, planned);
    how(&mut out, planned);
    if planned.asks_snmp {
        with_what(&mut out, planned);
    }
    let _ = writeln!(out, "rule packs: {}", planned.rule_packs.join(", "));
    if !planned.passive {
        how_much(&mut out, planned);
    }
    // Names of interfaces are anything that whoever made them liked.
    printable(&out)
}

fn span(group: &Group) -> String {
    let ends = group.first.zip(group.last);
    ends.map(|(first, last)| format!(", {first} to {last}")).unwrap_or_default()
}

fn whom(out: &mut String, planned: &Planned) {
    let tag = planned.vlan.map(|vlan| format!(" in VLAN {vlan}")).unwrap_or_default();
    for group in &planned.segments {
        let name = group.interface.as_deref().unwrap_or_default();
        let source = group.source.map(|source| source.to_string()).unwrap_or_default();
        let _ = writeln!(
            out,
            "{name} from {source}: {} targets by ARP{}{tag}",
            group.targets,
            span(group)
        );
    }
    for link in &planned.links {
        let everybody =
            if link.everybody { ", and everybody there is asked to show himself" } else { "" };
        let _ = writeln!(
            out,
            "{}: {} targets by neighbour discovery of IPv6{everybody}",
            link.interface, link.targets
        );
    }
    for (group, how) in [
        (
            &planned.through_kernel,
            "through the kernel, on a local segment (no permission for raw sockets)",
        ),
        (
            &planned.routed,
            "through the kernel, beyond a router or on a link that takes no ARP from here",
        ),
    ] {
        if let Some(group) = group {
            let _ = writeln!(out, "{} targets {how}{}", group.targets, span(group));
        }
    }
    if planned.passive {
        let _ = writeln!(out, "passive: only listening on {}", planned.interfaces.join(", "));
    }
    for (why, count) in &planned.not_asked {
        let _ = writeln!(out, "{count} targets not asked: {why}");
    }
    if planned.spared > 0 {
        let count = planned.spared;
        let _ = writeln!(out, "{count} of those asked by ARP are asked nothing else: no-probe");
    }
    for warning in &planned.warnings {
        let _ = writeln!(out, "{warning}");
    }
    if planned.only_infrastructure {
        let _ = writeln!(out, "infrastructure alone: no device but the targets is sent a packet");
    }
    if let Some(expand) = &planned.expand {
        let within = expand.within.as_ref().map(|within| within.join(", "));
        let _ = writeln!(
            out,
            "expanding: at most {} devices beyond the targets, at most {} neighbours away, within {}",
            expand.devices,
            expand.hops,
            within.as_deref().unwrap_or("the targets")
        );
    }
    let names = &planned.names;
    for (names, what) in [
        (&names.targets, "would be looked up"),
        (&names.excluded, "excluded, would be looked up; the plan may shrink"),
        (&names.no_probe, "under no-probe, would be looked up; the plan may shrink"),
        (
            &names.questions,
            "under scan.ask, would be looked up; its questions may have more targets",
        ),
    ] {
        for name in names {
            let _ = writeln!(out, "{name}: {what}");
        }
    }
}

fn how(out: &mut String, planned: &Planned) {
    let _ = writeln!(out, "methods: {}", planned.methods_in_short.join(", "));
    let of = |of: &str| {
        let tables = planned.tables.iter().filter(|table| table.of == of);
        tables.map(|table| table.table).collect::<Vec<_>>()
    };
    for (of_whom, what) in
        [("where-it-fits", "where they fit"), ("every-device", "of every device that answers")]
    {
        let tables = of(of_whom);
        if !tables.is_empty() {
            let _ = writeln!(out, "tables {what}: {}", tables.join(", "));
        }
    }
    for asked in &planned.questions {
        let _ = writeln!(out, "{}: {} targets", asked.question, asked.targets);
    }
    let rate = |rate: Option<u32>| {
        rate.map_or_else(|| "no limit".to_owned(), |rate| format!("{rate} packets a second"))
    };
    let limits = &planned.limits;
    let _ = writeln!(
        out,
        "rate: {} in all, {} to one /24 beyond the local segments, {} to one host",
        rate(limits.packets_a_second),
        rate(limits.packets_a_second_to_a_subnet),
        rate(limits.packets_a_second_to_a_host)
    );
    if planned.asks_snmp {
        let tries =
            limits.tries_of_a_question.map(|tries| format!(", {tries} tries of a question"));
        let _ = writeln!(
            out,
            "one device: one open request, {} variables in it{}, {} credentials, {} requests, {} s",
            limits.variables_in_a_request,
            tries.unwrap_or_default(),
            limits.credentials_to_a_device,
            limits.requests_to_a_device,
            limits.seconds_for_a_device
        );
    }
    for window in &planned.windows {
        let days =
            if window.days.is_empty() { "every day".to_owned() } else { window.days.join(", ") };
        let _ = writeln!(
            out,
            "window: {} {days} {} to {} {}, {} now",
            window.prefixes.join(", "),
            window.from,
            window.to,
            window.zone.as_deref().unwrap_or("in the time of this host"),
            if window.open { "open" } else { "closed" }
        );
    }
    if planned.listen_seconds > 0 {
        let _ = writeln!(out, "listening: at least {} s", planned.listen_seconds);
    }
}

fn with_what(out: &mut String, planned: &Planned) {
    if planned.credentials.is_empty() {
        let _ = writeln!(out, "SNMP: engine discovery alone, no credentials");
    }
    for credential in &planned.credentials {
        let by_engine = if credential.engine_ids == 0 {
            ""
        } else {
            " now known; the engines it is bound to show only when they answer"
        };
        let prefixes = credential.prefixes.iter();
        let prefixes: Vec<String> =
            prefixes.map(|one| format!("{} of {}", one.targets, one.prefix)).collect();
        let prefixes = match prefixes.is_empty() {
            true => String::new(),
            false => format!(" ({})", prefixes.join(", ")),
        };
        let _ = writeln!(
            out,
            "credential {:?} ({}): may be shown to {} of the targets{prefixes}{by_engine}",
            credential.name, credential.version, credential.targets
        );
    }
}

fn how_much(out: &mut String, planned: &Planned) {
    let expected = &planned.expected;
    let _ = writeln!(out, "\n{:<28}{:>16}{:>16}", "First contact", "all answer", "none answers");
    let mut row = |what: &str, span: &Span| {
        let _ = writeln!(out, "{what:<28}{:>16}{:>16}", span.all_answer, span.none_answers);
    };
    expected.kinds.iter().for_each(|(kind, span)| row(kind, span));
    row("packets", &expected.packets);
    row("seconds, about", &expected.seconds);
    let _ = writeln!(out, "What answers is asked more, as far as the limits go.");
}
