#!/usr/bin/python3
# What lldpd runs in place of lldpcli, which Debian lets only its own group run: through the same library and control
# socket it sets what the configuration file says, in lldpcli's words, and lets the daemon go on.
import ctypes
import sys

# Keys of lldpctl.h (lldpd 1.0): lldpctl_key_t counts from 0.
NUMBERS = {"configure lldp tx-interval": 0}
TEXTS = {"configure system description": 5, "configure system platform": 6, "configure system hostname": 7}
PAUSED = 10

arguments = sys.argv[1:]
socket = arguments[arguments.index("-u") + 1]
configuration = arguments[arguments.index("-C") + 1]

library = ctypes.CDLL("liblldpctl.so.4")
library.lldpctl_new_name.restype = ctypes.c_void_p
library.lldpctl_new_name.argtypes = [ctypes.c_char_p] + [ctypes.c_void_p] * 3
library.lldpctl_get_configuration.restype = ctypes.c_void_p
library.lldpctl_get_configuration.argtypes = [ctypes.c_void_p]
library.lldpctl_atom_set_int.restype = ctypes.c_void_p
library.lldpctl_atom_set_int.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_long]
library.lldpctl_atom_set_str.restype = ctypes.c_void_p
library.lldpctl_atom_set_str.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p]

connection = library.lldpctl_new_name(socket.encode(), None, None, None)
settings = library.lldpctl_get_configuration(connection)
if not settings:
    sys.exit(f"lldpd does not answer on {socket}")


def set_number(key, value):
    if not library.lldpctl_atom_set_int(settings, key, value):
        sys.exit(f"lldpd refuses {value} for setting {key}")


with open(configuration, encoding="utf-8") as lines:
    for line in filter(None, map(str.strip, lines)):
        for words, key in NUMBERS.items():
            if line.startswith(words + " "):
                set_number(key, int(line[len(words):]))
                break
        else:
            for words, key in TEXTS.items():
                if line.startswith(words + " "):
                    text = line[len(words):].strip().strip('"')
                    if not library.lldpctl_atom_set_str(settings, key, text.encode()):
                        sys.exit(f"lldpd refuses {text!r} for setting {key}")
                    break
            else:
                sys.exit(f"{line!r} is not one of {', '.join([*NUMBERS, *TEXTS])}")
set_number(PAUSED, 0)
print("lldpd goes on", file=sys.stderr)
