#!/usr/bin/env python3
"""Holds what this crate reads against what tshark reads, field by field, over the captures here and over what we send.

usage: compare.py [FILE.hex…]; without files all captures, and what the example `emit` prints. Needs tshark and cargo.
Ends with 1 where a value that we read is none of those that tshark has for that field of that frame, or where tshark calls a
frame malformed or a checksum wrong.
"""

import pathlib, struct, subprocess, sys, tempfile

HERE = pathlib.Path(__file__).resolve().parent
CARGO = ["cargo", "run", "--release", "--quiet", "-p", "herkomst-wire", "--example"]
BAD = ["_ws.malformed", "ip.checksum.status", "udp.checksum.status", "icmpv6.checksum.status", "cdp.checksum.status",
       "edp.checksum.status", "vrrp.checksum.status"]


def plain(value):
    """Numbers in one way, whichever of decimal and hexadecimal they came in."""
    value = value.strip()
    for base in (lambda text: int(text, 0), lambda text: int(text, 10), float):
        try:
            return base(value)
        except ValueError:
            pass
    return value


def ours(lines):
    out = subprocess.run(CARGO + ["read"], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    sys.stderr.write(out.stderr)
    return [line.split("\t", 2) for line in out.stdout.splitlines()]


def theirs(lines, fields, decode):
    with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for line in lines:
            frame = bytes.fromhex(line)
            file.write(struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame)
        file.flush()
        command = ["tshark", "-n", "-r", file.name, "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=\x1f"]
        for check in ("ip.check_checksum", "udp.check_checksum"):
            command += ["-o", check + ":TRUE"]
        command += decode
        for field in fields:
            command += ["-e", field]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [row.split("\t") for row in out.splitlines()]
    return [dict(zip(fields, (cell.split("\x1f") for cell in row))) for row in rows]


def compare(name, lines):
    said = ours(lines)
    fields = sorted({field for _, field, _ in said}) + BAD
    carp = any(field.startswith("carp.") for _, field, _ in said)
    rows = theirs(lines, fields, ["-d", "ip.proto==112,carp"] if carp else [])
    wrong = 0
    for number, field, value in said:
        there = rows[int(number) - 1][field]
        if plain(value) not in [plain(one) for one in there]:
            print(f"{name}: frame {number}, {field}: we read {value!r}, tshark {there}")
            wrong += 1
    for number, row in enumerate(rows, 1):
        for field in BAD:
            if [one for one in row[field] if one not in ("", "1", "2")]:
                print(f"{name}: frame {number}: {field} is {row[field]}")
                wrong += 1
    print(f"{name}: {len(lines)} frames, {len(said)} values, {wrong} wrong")
    return wrong


def main():
    files = [pathlib.Path(name) for name in sys.argv[1:]] or sorted(HERE.glob("*.hex"))
    wrong = sum(compare(file.stem, file.read_text().split()) for file in files)
    if len(sys.argv) == 1:
        sent = subprocess.run(CARGO + ["emit"], capture_output=True, text=True, check=True).stdout.split()
        wrong += compare("what we send", sent)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
