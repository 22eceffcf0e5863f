# Recipes for people who work on herkomst; `just` alone lists them. Release builds throughout: see scripts/check.

# List the recipes
_list:
    @just --list --unsorted

# What continuous integration runs, after ./install.sh
check *steps:
    scripts/check {{ steps }}

# Bring the code into its format
fmt:
    cargo fmt --all
    cargo fmt --manifest-path agent/wire/fuzz/Cargo.toml
    cargo fmt --manifest-path agent/probe/fuzz/Cargo.toml
    cargo fmt --manifest-path oui-data/bench/Cargo.toml

# The scan over fake devices in a private network
demo *arguments:
    cargo run --release -- demo {{ arguments }}

# The scenarios and real peers in private networks; arguments filter by name (`just lab scenarios/`)
lab *arguments:
    cargo test --release -p herkomst-lab --test live
    cargo test --release -p herkomst --test e2e -- {{ arguments }}

# ARP sweep of a /16 beside arp-scan, all alive and 256, in a private network, so many rounds
bench-sweep rounds="5":
    cargo build --release
    cargo run --release -p herkomst-lab --example bench_sweep -- target/release/herkomst {{ rounds }}

# LLDP at 100,000 frames a second of 1, 100 and 1,000 neighbours, and as fast as goes, for so many seconds
bench-listen seconds="5":
    cargo build --release -p herkomst -p herkomst-lab --bins --example bench_listen
    target/release/examples/bench_listen target/release/herkomst {{ seconds }}

# How time and memory grow from 1,000 to 100,000 targets; the best of so many rounds
bench-growth rounds="3":
    cargo build --release -p herkomst -p herkomst-lab --bins --example bench_growth
    target/release/examples/bench_growth target/release/herkomst {{ rounds }}

# First contact over SNMP with 20,000 hosts beside nmap (braa, onesixtyone), all tables of 1,000 beside snmpbulkwalk
bench-snmp hosts="20000" devices="1000":
    cargo build --release -p herkomst -p herkomst-lab --bins --example bench_snmp
    target/release/examples/bench_snmp target/release/herkomst {{ hosts }} {{ devices }}

# Look-ups beside other crates: start to first answer, look-ups a second, bytes; so many starts. Builds them first
bench-lookup rounds="300":
    cargo build --release --manifest-path oui-data/bench/Cargo.toml
    oui-data/bench/target/release/bench-lookup {{ rounds }}

# A million made-up subjects against all shipped rule packs, and how the time grows with subjects and with rules
bench-rules:
    cargo run --release -p herkomst-rules --example million

# docs/vendors.md anew, from the registry that the program carries; after each change of it
vendors-page:
    cargo run --release --quiet -p herkomst-registry --example vendors_page -- --write docs/vendors.md

# Makers named right, wrong and not at all, over a folder with devices-open.jsonl and its score.py (not in this repository)
score corpus:
    cargo run --release -p herkomst-identify --example predict -- {{ quote(corpus / "devices-open.jsonl") }} > target/predictions.jsonl
    python3 {{ quote(corpus / "score.py") }} target/predictions.jsonl {{ quote(corpus / "devices-open.jsonl") }}

# What is too long for `check`: fuzzing (seconds a target), the end-to-end tests again and again, the benchmarks
deep seconds="600" rounds="10": (fuzz seconds) (again rounds) bench-sweep bench-lookup bench-rules

# Fuzz each parser, and each reader of answers, for so many seconds, from what is kept and recorded; needs cargo-fuzz, xxd and a
# nightly compiler
fuzz seconds="600":
    #!/usr/bin/env bash
    set -euo pipefail
    (cd agent/wire/fuzz && sh seed.sh)
    (cd agent/probe/fuzz && sh seed.sh)
    for folder in agent/wire/fuzz agent/probe/fuzz; do
        for target in $(cargo +nightly fuzz list --fuzz-dir "$folder"); do
            cargo +nightly fuzz run --fuzz-dir "$folder" "$target" -- -max_total_time={{ seconds }} -max_len=1500 -rss_limit_mb=512
        done
    done

# Keep what fuzzing found: the least inputs that reach as much, in agent/wire/fuzz/kept, which `cargo test` replays
keep-corpora:
    #!/usr/bin/env bash
    set -euo pipefail
    cd agent/wire/fuzz
    for target in $(cargo +nightly fuzz list); do
        cargo +nightly fuzz cmin "$target"
    done
    ./corpus.py keep

# The end-to-end tests so many times: a flaky test is a bug
again rounds="10":
    cargo test --release -p herkomst --test e2e --no-run
    for round in $(seq {{ rounds }}); do echo "round $round"; cargo test --release --quiet -p herkomst --test e2e || exit 1; done

# Fetch the registries anew and print what changed; for maintainers
refresh *arguments:
    oui-data/refresh.py {{ arguments }}
