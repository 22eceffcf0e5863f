#!/usr/bin/env python3
"""What the fuzz targets found worth keeping: kept/TARGET.hex, one input a line in hexadecimal, the shortest first.

    corpus.py lay          lays the kept inputs out for cargo-fuzz, as files in corpus/TARGET
    corpus.py keep [T…]    keeps what is in corpus/TARGET, to be minimised first (cargo fuzz cmin TARGET)

`cargo test` replays all that is kept (agent/wire/tests/corpus.rs). The limits here keep that short and the repository small.
"""

import hashlib
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
KEPT, CORPUS = HERE / "kept", HERE / "corpus"
# Octets: of one input, and of all inputs of one target.
LONGEST, MOST = 2048, 40 * 1024


def lay():
    for file in sorted(KEPT.glob("*.hex")):
        folder = CORPUS / file.stem
        folder.mkdir(parents=True, exist_ok=True)
        for line in file.read_text().split():
            data = bytes.fromhex(line)
            (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


def keep(targets):
    KEPT.mkdir(exist_ok=True)
    for folder in sorted(CORPUS / target for target in targets) if targets else sorted(CORPUS.iterdir()):
        inputs = {file.read_bytes() for file in folder.iterdir()} - {b""}
        kept, total = [], 0
        for data in sorted(inputs, key=lambda data: (len(data), data)):
            if len(data) <= LONGEST and total + len(data) <= MOST:
                kept.append(data.hex())
                total += len(data)
        (KEPT / f"{folder.name}.hex").write_text("".join(f"{line}\n" for line in kept))
        print(f"{folder.name}: {len(kept)} of {len(inputs)} inputs kept, {total} octets")


match sys.argv[1:]:
    case ["lay"]:
        lay()
    case ["keep", *targets]:
        keep(targets)
    case _:
        sys.exit(__doc__)
