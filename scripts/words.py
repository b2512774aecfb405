#!/usr/bin/env python3
"""Writes src/core/words_english.c from BIP-39's list of English words.

    scripts/words.py [english.txt]

The list is that of Debian's package python3-mnemonic (/usr/lib/python3/dist-packages/mnemonic/wordlist/),
under the MIT licence. Other programs read and write the same words, so the list never changes: its hash is here.
"""
import hashlib
import sys
from pathlib import Path

INSTALLED = "/usr/lib/python3/dist-packages/mnemonic/wordlist/english.txt"
SHA256 = "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"
HEAD = """/* Written by scripts/words.py: BIP-39's English words, from Debian's package python3-mnemonic
 * (copyright 2013-2014 Pavol Rusnak, MIT licence). */
#include "core/words.h"

/* clang-format off */
const char words_english[WORDS_LIST][WORD_MAX + 1] = {
"""


def main():
    data = Path(sys.argv[1] if len(sys.argv) > 1 else INSTALLED).read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        sys.exit("words.py: that is not the list")
    words = data.decode().split()
    rows = [words[i:i + 8] for i in range(0, len(words), 8)]
    lines = ["    " + ", ".join(f'"{w}"' for w in row) + ",\n" for row in rows]
    target = Path(__file__).resolve().parent.parent / "src/core/words_english.c"
    target.write_text(HEAD + "".join(lines) + "};\n")


if __name__ == "__main__":
    main()
