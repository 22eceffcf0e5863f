#!/usr/bin/python3
# What snmpd asks for the objects of a dump (pass_persist, snmpd.conf(5)): the file holds a line for each, name, kind and value
# between tabs.
import bisect
import sys


def arcs(name):
    return tuple(int(arc) for arc in name.strip(".").split("."))


with open(sys.argv[1], encoding="ascii") as lines:
    objects = {}
    for line in lines:
        name, kind, value = line.rstrip("\n").split("\t")
        objects[arcs(name)] = (name, kind, value)
names = sorted(objects)

while question := sys.stdin.readline():
    question = question.strip().lower()
    if question == "ping":
        answer = ["PONG"]
    elif question in ("get", "getnext"):
        name = arcs(sys.stdin.readline().strip())
        if question == "getnext":
            after = bisect.bisect_right(names, name)
            name = names[after] if after < len(names) else None
        answer = objects.get(name, ["NONE"])
    elif question == "set":
        sys.stdin.readline()
        sys.stdin.readline()
        answer = ["not-writable"]
    else:
        break
    print("\n".join(answer), flush=True)
