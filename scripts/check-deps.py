#!/usr/bin/env python3
"""Checks who may include whom: scripts/check-deps.py [ROOT]. Prints TAP.

The direction of the design's section 4, and that only sys/, host/ and the store's engines include a
header of the operating system. That keeps mls/ and core/ compiling to WebAssembly.
"""
import re
import sys
from pathlib import Path

# A folder may include itself and these. `store` needs crypto for its sealing engine.
PURE_CLIENT = {"base", "crypto", "mls", "merkle", "noise", "proto", "lookup", "store"}
MAY_INCLUDE = {
    "base": set(),
    "crypto": {"base"},
    "mls": {"base", "crypto"},
    "merkle": {"base", "crypto"},
    "noise": {"base", "crypto"},
    "proto": {"base"},
    "lookup": {"base", "crypto", "proto"},
    "store": {"base", "crypto"},
    "sys": {"base"},
    "core": PURE_CLIENT,
    "host": PURE_CLIENT | {"core", "sys"},
    "web": PURE_CLIENT | {"core"},
    "office": {"base", "crypto", "merkle", "proto"},
    "server": {"base", "crypto", "merkle", "noise", "proto", "lookup", "store", "sys", "office"},
    "desk": {"base", "crypto", "merkle", "proto", "store", "sys", "office"},
    "term": {"base", "core", "crypto", "host", "merkle", "sys"},
    "witness": {"base", "crypto", "merkle", "sys"},
    "mlstool": {"base", "crypto", "mls", "sys"},
    "load": {"base", "crypto", "noise", "proto", "sys"},
}
# Public headers, by the folder that they belong to.
PUBLIC = {"sotto/mls.h": "mls"}
# Of the C standard: the same everywhere, and nothing of a machine behind them but in stdio.
STANDARD = {
    "assert.h", "ctype.h", "errno.h", "float.h", "inttypes.h", "limits.h", "setjmp.h", "stdalign.h",
    "stdarg.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "stdnoreturn.h",
    "string.h",
}
# Libraries, and the files that may name them. Whatever else stands in <> is the operating system's.
LIBRARIES = [
    (r"sodium\.h$", r"crypto/.*"),
    (r"openssl/", r"(crypto/openssl.*|sys/.*)"),
    (r"rocksdb/", r"store/rocksdb.*"),
    (r"sqlite3\.h$", r"(store/sqlite.*|desk/store\.c)"),
    (r"seccomp\.h$", r"sys/.*"),
    (r"microhttpd\.h$", r"sys/web\.c"),
    (r"utf8proc\.h$", r"lookup/handle_form\.c"),
    (r"json-c/", r"(mlstool/.*|desk/(pages/)?data\.c|desk/hi1_(out|words)\.c)"),
    (r"libxml/", r"desk/hi1_(schema|xml)\.c"),
    (r"zlib\.h$", r"(desk/pictures|sys/fetch)\.c"),
    (r"brotli/", r"sys/fetch\.c"),
    (r"qrencode\.h$", r"term/qr\.c"),
    (r"curses\.h$", r"host/screen\.c"),
]
OS_FILES = r"(sys/.*|host/.*|load/.*|store/(rocksdb.*|sqlite.*|file_posix\.c))"
# Only the engines' own files and what assembles a program may name an engine.
ENGINES = r"store/(rocksdb|sqlite|sqlite_vfs|file|file_host)\.h$"
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def library_problem(file, header):
    for library, users in LIBRARIES:
        if re.match(library, header):
            return None if re.fullmatch(users, file) else f"<{header}> is not for this file"
    if header in STANDARD or re.fullmatch(OS_FILES, file):
        return None
    return f"<{header}> is an operating-system header: sys/ has what you need, or should get it"


def own_problem(src, file, header):
    folder = file.split("/")[0]
    target = PUBLIC.get(header, header.split("/")[0])
    if "/" not in header:
        return f'"{header}": write the path from src/, "{folder}/{header}"'
    if target != folder and target not in MAY_INCLUDE[folder]:
        return f'"{header}": {folder} may not include {target}'
    if folder == "core" and re.match(ENGINES, header):
        return f'"{header}": the core may not know an engine'
    if header not in PUBLIC and not (src / header).is_file():
        return f'"{header}" does not exist'
    return None


def problems(root):
    src = root / "src"
    for path in sorted(src.rglob("*.[ch]")):
        file = path.relative_to(src).as_posix()
        if file.split("/")[0] not in MAY_INCLUDE:
            yield f"src/{file}: scripts/check-deps.py does not know this folder"
            continue
        text = path.read_text()
        for match in INCLUDE.finditer(text):
            bracket, header = match.groups()
            found = library_problem(file, header) if bracket == "<" else own_problem(src, file, header)
            if found:
                yield f"src/{file}:{text.count(chr(10), 0, match.start(2)) + 1}: {found}"


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)
    found = list(problems(root))
    print("1..1")
    for problem in found:
        print("# " + problem)
    print(("not ok" if found else "ok") + " 1 - every include goes in the allowed direction")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
