#!/usr/bin/env python3
"""Makes libsottomls out of its sources: scripts/amalgamate.py OUT [DEPFILE]

Writes OUT/sottomls.c and OUT/sottomls.h, all that an embedder needs besides libsodium (1.0.22) and
libcrypto (3.0), and OUT/mls.h, which is the same header to be installed as sotto/mls.h.

In the sources the names of src/base are short (slice, buf, err, ERR_TRUNCATED, buf_free). A library
can't take those from whoever includes it: here they begin with mls_ or MLS_, as every symbol of the
object does. Static names that two files share get the file's name in front.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SRC = ROOT / "src"
PUBLIC = ROOT / "include/sotto/mls.h"
# What the public header stands on, in order; src/base/error.h to where its internal half begins.
BASICS = ["base/error.h", "base/mem.h", "base/slice.h"]
# What in src/crypto is the desk's and the server's alone.
OFFICE_ONLY = ("openssl_certificate", "openssl_cms")
INTERNAL_HALF = "/* Leaves the function with"

# What the installed manual says besides.
NOTES = """
 *
 * What is said here of errors leaves out their prefix: DAMAGED is MLS_ERR_DAMAGED, and MLS_PSK is
 * MLS_ERR_MLS_PSK. mls_err_name gives these names, too. */
"""

TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|'
                   r'[A-Za-z_]\w*|.', re.S)
LICENSE = "/* %s: Messaging Layer Security (RFC 9420).\n * SPDX-License-Identifier: Apache-2.0\n" \
          " * Made by scripts/amalgamate.py of Sotto: change the sources instead. */\n"


def blank(text):
    """Comments and strings become spaces."""
    def sub(match):
        word = match.group(0)
        if word.startswith(("/*", "//")) or (word[0] in "\"'" and len(word) > 1):
            return re.sub(r"[^\n]", " ", word)
        return word
    return TOKEN.sub(sub, text)


def without_preprocessor(text):
    return re.sub(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", lambda m: re.sub(r"[^\n]", " ", m.group(0)),
                  text, flags=re.M)


def top_level(text):
    """What stands outside of braces: a list of (declaration, braces that follow it or None)."""
    code, found, start, i = without_preprocessor(blank(text)), [], 0, 0
    while i < len(code):
        if code[i] == "{":
            depth, j = 1, i + 1
            while depth:
                depth += {"{": 1, "}": -1}.get(code[j], 0)
                j += 1
            found.append((code[start:i], code[i + 1:j - 1]))
            # An initialiser or a type goes on to its semicolon, a function's body ends.
            if re.search(r"\)\s*$", code[start:i]) is None:
                while code[j] != ";":
                    j += 1
                j += 1
            start = i = j
        elif code[i] == ";":
            found.append((code[start:i], None))
            start = i = i + 1
        else:
            i += 1
    return found


def declared(head):
    """The name of a function or an object, or None."""
    head = re.sub(r"__attribute__\s*\(\(.*?\)\)", " ", head, flags=re.S)
    function = re.search(r"([A-Za-z_]\w*)\s*\(", head)
    if function:
        return function.group(1)
    thing = re.search(r"([A-Za-z_]\w*)\s*((\[[^\]]*\]\s*)*)(=.*)?$", head.strip(), re.S)
    return thing.group(1) if thing else None


def global_names(headers):
    """Functions and objects that the headers declare."""
    names = set()
    for path in headers:
        for head, _ in top_level(path.read_text()):
            head = head.strip()
            if not head or re.match(r"typedef|(enum|struct)\s*\w*$", head):
                continue
            several = head.split(",") if head.startswith("extern") else [head]
            names |= {declared(one) for one in several}
    return {n for n in names if n}


def local_names(text):
    """What a source file defines for itself: functions, objects, types, enumerators, macros."""
    names = set(re.findall(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", text, re.M))
    for head, body in top_level(text):
        tag = re.search(r"\b(?:struct|enum|union)\s+(\w+)\s*$", head)
        if body is not None and tag:
            names.add(tag.group(1))
        if body is not None and re.search(r"\benum\b[\s\w]*$", head):
            names |= set(re.findall(r"(?:^|,)\s*([A-Za-z_]\w*)", body))
        # A macro that defines functions may stand before it.
        own = re.search(r"^(static|typedef)\b.*", head, re.M | re.S)
        if own and declared(own.group(0)):
            names.add(declared(own.group(0)))
    return names


def rename(text, names):
    """Renames whole words, but not fields (a.name, a->name, .name =) and nothing in strings."""
    out, before = [], ""
    for match in TOKEN.finditer(text):
        word = match.group(0)
        if word.startswith(("/*", "//")):
            word = re.sub(r"\w+", lambda m: names.get(m.group(0), m.group(0)), word)
        elif word in names and not re.search(r"(->|(?<!\.)\.)\s*$", before):
            word = names[word]
        out.append(word)
        before = (before + match.group(0))[-8:]
    return "".join(out)


def common_names():
    """Short names to long ones, everywhere."""
    headers = sorted(p for folder in ("base", "crypto", "mls") for p in (SRC / folder).glob("*.h"))
    names = {n: "mls_" + n for n in global_names(headers) if not n.startswith("mls_")}
    for word in ("slice", "buf", "err", "err_class", "err_ordinal"):
        names[word] = "mls_" + word
    for word in ("MUST", "OK", "SLICE_ARRAY", "SLICE_EMPTY"):
        names[word] = "MLS_" + word
    return names


def long_names(text, names):
    text = rename(text, names)
    text = re.sub(r"\bstruct mem\b", "struct mls_mem", text)
    return re.sub(r"(?<![\w\"])ERR_(?=[A-Z#])", "MLS_ERR_", text)


def body_of(path):
    """A header without its guard."""
    text = path.read_text()
    guard = re.search(r"^#ifndef (\w+_H)\n#define \1\n", text, re.M)
    return text[:guard.start()] + text[guard.end():text.rindex("#endif")]


class Amalgamation:
    def __init__(self):
        self.names = common_names()
        self.seen = set(BASICS) | {"sotto/mls.h"}
        self.used = [Path(__file__).resolve(), PUBLIC] + [SRC / b for b in BASICS]
        self.sources = []

    def header(self, name):
        text = re.sub(r'^#include "base/.*\n', "", body_of(PUBLIC), flags=re.M)
        manual, rest = re.match(r"(/\*.*?\*/\n)(.*)", text, re.S).groups()
        basics = "".join(re.sub(r'^#include "base/.*\n', "", body_of(SRC / b), flags=re.M)
                         .split(INTERNAL_HALF)[0] for b in BASICS)
        basics = re.sub(r"^/\* clang-format o\w+ \*/\n", "", basics, flags=re.M)
        includes = sorted(set(re.findall(r"^#include <.*>\n", basics + rest, re.M)))
        basics, rest = (re.sub(r"^#include <.*>\n", "", t, flags=re.M) for t in (basics, rest))
        manual = manual.rstrip().removesuffix("*/").rstrip() + NOTES
        basics = re.sub(r"\n{3,}", "\n\n", basics)
        return (LICENSE % name + "\n" + long_names(manual, self.names) +
                "#ifndef SOTTO_MLS_H\n#define SOTTO_MLS_H\n\n" + "".join(includes) +
                "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n"
                "#pragma GCC visibility push(default)\n\n" +
                "/* ---- Errors, memory and bytes ---- */\n" +
                long_names(basics, self.names) + long_names(rest, self.names) +
                "#pragma GCC visibility pop\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n")

    def expand(self, text):
        """Each header of ours once, where it is included first."""
        def put(match):
            name = match.group(1)
            if name in self.seen:
                return ""
            self.seen.add(name)
            self.used.append(SRC / name)
            source = SRC / Path(name).with_suffix(".c")
            if source.is_file() and source not in self.sources:
                self.sources.append(source)
            # Not every function of a header is used here; clang would say so.
            text = re.sub(r"^static inline ", "static inline __attribute__((unused)) ",
                          body_of(SRC / name), flags=re.M)
            return self.expand(text)
        return re.sub(r'^#include "([^"]+)"\n', put, text, flags=re.M)

    def source(self):
        self.sources = [SRC / "base" / (Path(b).stem + ".c") for b in BASICS]
        # What MLS has no use for stays out.
        self.sources += sorted(p for p in (SRC / "crypto").glob("*.c") if p.stem not in OFFICE_ONLY)
        self.sources += sorted((SRC / "mls").glob("*.c"))
        basics = (SRC / BASICS[0]).read_text()
        rest = INTERNAL_HALF + basics.split(INTERNAL_HALF)[1].rsplit("#endif", 1)[0]
        rest += "".join(re.findall(r'^#include "base/.*\n', PUBLIC.read_text(), re.M))
        out = [(None, self.expand(rest))]
        i = 0
        while i < len(self.sources):  # it grows
            path = self.sources[i]
            self.used.append(path)
            out.append((path, self.expand(path.read_text())))
            i += 1
        owners = {}
        for path in self.sources:
            for name in local_names(path.read_text()):
                owners.setdefault(name, set()).add(path)
        text = LICENSE % "sottomls.c" + '#include "sottomls.h"\n\n'
        for path, part in out:
            if path is not None:
                own = local_names(path.read_text())
                macros = re.findall(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", path.read_text(), re.M)
                shared = {n: f"{path.stem}_{n}" for n in own
                          if len(owners[n]) > 1 and n not in macros}
                part = rename(part, shared)
                part += "".join(f"#undef {m}\n" for m in dict.fromkeys(macros)
                                if not re.search(rf"#[ \t]*undef[ \t]+{m}\b", path.read_text()))
                text += f"\n/* ==== src/{path.relative_to(SRC).as_posix()} ==== */\n\n"
                # As src/crypto/meson.build has it.
                if path.stem.startswith("openssl") or path.stem == "init_native":
                    part = f"#ifndef __wasm__\n{part}#endif\n"
                if path.stem == "init_wasm":
                    part = f"#ifdef __wasm__\n{part}#endif\n"
            text += long_names(part, self.names)
        return text


def main():
    out = Path(sys.argv[1])
    made = Amalgamation()
    out.mkdir(parents=True, exist_ok=True)
    (out / "sottomls.c").write_text(made.source())
    (out / "sottomls.h").write_text(made.header("sottomls.h"))
    (out / "mls.h").write_text(made.header("sotto/mls.h"))
    if len(sys.argv) > 2:
        Path(sys.argv[2]).write_text(f"{out}/sottomls.c: " + " ".join(map(str, made.used)) + "\n")


if __name__ == "__main__":
    main()
