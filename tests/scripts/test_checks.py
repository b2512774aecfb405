#!/usr/bin/env python3
"""Shows that each check over the sources can fail: for each rule a small tree with one mistake."""
import subprocess
import sys
import tempfile
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"

CLEAN = {
    "src/base/a.h": "int base_a(void);\n",
    "src/base/a.c": '#include "base/a.h"\n\n#include <string.h>\n\nint base_a(void) {\n    return 1;\n}\n',
    "src/core/a.c": '#include "base/a.h"\n#include "store/store.h"\n',
    "src/store/store.h": "\n",
    "src/store/file_posix.c": "#include <unistd.h>\n",
}
# file, content, what the report must say
INCLUDES = [
    ("src/base/b.c", '#include "core/a.h"\n', "base may not include core"),
    ("src/mls/b.c", '#include "sys/loop.h"\n', "mls may not include sys"),
    ("src/server/b.c", '#include "core/a.h"\n', "server may not include core"),
    ("src/term/b.c", '#include "server/b.h"\n', "term may not include server"),
    ("src/core/b.c", '#include "store/rocksdb.h"\n', "the core may not know an engine"),
    ("src/server/c.c", "#include <unistd.h>\n", "operating-system header"),
    ("src/base/c.c", "#  include <time.h>\n", "operating-system header"),
    ("src/mls/c.c", "#include <sodium.h>\n", "is not for this file"),
    ("src/core/c.c", "#include <sqlite3.h>\n", "is not for this file"),
    ("src/base/d.c", '#include "a.h"\n', "write the path from src/"),
    ("src/base/e.c", '#include "base/none.h"\n', "does not exist"),
    ("src/extra/a.c", "\n", "does not know this folder"),
]
MISTAKES = [
    ("src/base/b.c", "void f(char *a) {\n    strcpy(a, x);\n}\n", "no_function_without_a_bound"),
    ("src/base/b.c", "int f(char *a) {\n    return atoi(a);\n}\n", "no_number_is_read_unchecked"),
    ("src/core/b.c", "int f(void) {\n    return rand();\n}\n", "no_randomness"),
    ("src/base/b.c", "err f(void) {\n    err e = OK;\n    TRY_OUT(e, g());\nout:\n    return e;\n}\n",
     "a_result_starts_as_failure"),
    ("src/base/b.c", "err f(void) {\n    err r = OK;\n    if (x)\n        goto out;\nout:\n    return r;\n}\n",
     "a_result_starts_as_failure"),
    ("src/sys/b.c", 'void f(void) {\n    printf("%s", passphrase);\n}\n', "no_secret_is_printed"),
    ("src/mls/b.c", "void f(void) {\n    x = time(NULL);\n}\n", "pure_code_does_no_io"),
    ("src/base/b.c", "/* TO" "DO: later */\n", "nothing_is_left_to_be_done"),
    ("src/base/b.c", "void f(void) {\n#if" " X\n    g();\n#endif\n}\n", "no_condition_of_the_prep"),
    ("scripts/get.sh", "curl deb.de" "bian.org\n", "no_registry_or_mirror"),
    ("README.md", "see /wo" "rk/main\n", "no_machine_path"),
]
# What looks like a mistake and is none.
INNOCENT = {
    "src/base/f.c": '/* strcpy( is not used here */\nconst char *f = "strcpy(";\n#if X\nint a;\n#endif\n'
                    "err g(void) {\n    err e = OK;\n    return e;\n}\n\nerr h(void) {\n    goto out;\n}\n",
    "src/server/f.c": 'void f(void) {\n    printf("the passphrase is wrong\\n");\n}\n',
}


def run(script, files):
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        done = subprocess.run([sys.executable, SCRIPTS / script, folder], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


def cases():
    for script, bad in (("check-deps.py", INCLUDES), ("check-mistakes.py", MISTAKES)):
        innocent = {**CLEAN, **(INNOCENT if script == "check-mistakes.py" else {})}
        code, out = run(script, innocent)
        yield f"{script} accepts a clean tree", code == 0, out
        for file, content, says in bad:
            code, out = run(script, {**CLEAN, file: content})
            refused = [line for line in out.splitlines() if says in line and not line.startswith("ok")]
            yield f"{script} refuses {file}: {says}", code == 1 and bool(refused), out


def main():
    results = list(cases())
    print(f"1..{len(results)}")
    for number, (name, good, out) in enumerate(results, 1):
        if not good:
            print("# " + out.replace("\n", "\n# "))
        print(("ok" if good else "not ok") + f" {number} - {name}")
    return 0 if all(good for _, good, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
