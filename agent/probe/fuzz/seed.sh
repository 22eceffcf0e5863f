#!/bin/sh
# Lays out what the target starts from: every recorded frame after its length, once as sent and once with its checksum still
# to come.
set -eu
cd "$(dirname "$0")"
mkdir -p corpus/heard
for name in ../../wire/tests/captures/*.hex; do
    for bits in 0 8; do
        while read -r frame; do
            printf '%s%03x%s' $bits $((${#frame} / 2)) "$frame"
        done <"$name" | xxd -r -p >"corpus/heard/$(basename "$name" .hex)-$bits"
    done
done
