#!/usr/bin/env python3
"""Files as C arrays, so that a program carries its texts with it: scripts/embed.py OUT.c HEADER ARRAY FILE...

The array is ARRAY[], ARRAY_count long, of struct ARRAY {name, bytes, n} as HEADER says it; a file's name is the last
part of its path, and the array is in the order of the names.
"""
import sys
from pathlib import Path

PER_LINE = 24


def rows(data):
    for i in range(0, len(data), PER_LINE):
        yield "    " + " ".join(f"{byte}," for byte in data[i:i + PER_LINE]) + "\n"


def embed(header, array, paths):
    """The text of the C file."""
    files = sorted((path.name, path.read_bytes()) for path in paths)
    for (name, _), (other, _) in zip(files, files[1:]):
        if name == other:
            sys.exit(f"embed.py: two files are called {name}")
    text = [f'/* Written by scripts/embed.py. */\n#include "{header}"\n\n']
    for number, (name, data) in enumerate(files):
        # An array of no bytes is not C, so each has one more than it counts.
        text += [f"/* {name} */\nstatic const unsigned char file_{number}[] = {{\n", *rows(data), "    0,\n};\n\n"]
    text += [f"const struct {array} {array}[] = {{\n"]
    text += [f'    {{"{name}", file_{number}, {len(data)}}},\n' for number, (name, data) in enumerate(files)]
    text += [f"}};\nconst size_t {array}_count = {len(files)};\n"]
    return "".join(text)


def main():
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    out, header, array, *paths = sys.argv[1:]
    Path(out).write_text(embed(header, array, [Path(path) for path in paths]), encoding="utf-8")


if __name__ == "__main__":
    main()
