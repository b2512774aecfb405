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
    # bug tag-by-bytes
    ("src/mls/b.c", "bool f(void) {\n    return slice_equal(a, confirmation_tag);\n}\n", "a_tag_is_compared"),
    ("src/mls/b.c", "void f(void) {\n    x = time(NULL);\n}\n", "pure_code_does_no_io"),
    ("src/base/b.c", "/* TO" "DO: later */\n", "nothing_is_left_to_be_done"),
    ("src/base/b.c", "void f(void) {\n#if" " X\n    g();\n#endif\n}\n", "no_condition_of_the_prep"),
    ("scripts/get.sh", "curl deb.de" "bian.org\n", "no_registry_or_mirror"),
    ("README.md", "see /wo" "rk/main\n", "no_machine_path"),
]
# Rules of MLS: one with its check and its test; what changes, and what the report must say.
RULED = {
    "docs/mls-rules.txt": "# Rules\n7.3-1 MLS_TREE a tree is a tree\nbug no-tree Somebody #1: none\n",
    "src/mls/a.c": "err mls_a(void) {\n    /* RFC 9420 rule 7.3-1 */\n    return ERR_MLS_TREE;\n}\n",
    "tests/mls/test_a.c": "/* rule 7.3-1; bug\n * no-tree */\n"
                          "TEST(a_tree) {\n    CHECK_ERR(mls_a(), ERR_MLS_TREE);\n}\n",
    "tests/mls/test_rows.c": "TEST(rows) {\n    {no_tree, ERR_MLS_TREE}, /* rule 7.3-1 */\n"
                             "    {a_bush, ERR_MLS_TREE}, /* rule 7.3-1 */\n}\n",
}
# The same, tested by rows alone.
ROWS = {**RULED, "tests/mls/test_a.c": "/* bug no-tree */\nTEST(a_tree) {\n}\n"}
RULES = [
    ("src/mls/a.c", "err mls_a(void) {\n}\n", "rule 7.3-1 has no check"),
    ("tests/mls/test_rows.c", "TEST(rows) {\n    {a_bush, ERR_MLS_TREE}, /* rule 7.3-1 */\n}\n",
     "is not what the sources say"),
    ("tests/mls/test_a.c", "/* rule 7.3-1 */\nTEST(a_tree) {\n    ERR_MLS_TREE;\n}\n", "no-tree has no test"),
    ("src/mls/b.c", "/* rules 7.3-1, 7.3-2 */\nint b(void) {\n}\n", "mls/b.c: b: 7.3-2 is not in"),
    ("tests/mls/test_b.c", "/* bug no-bush */\nTEST(b) {\n}\n", "mls/test_b.c: b: no-bush is not in"),
    ("docs/MLS-RULES.md", "of yesterday\n", "is not what the sources say"),
]
ROW_RULES = [
    ("tests/mls/test_rows.c", "TEST(rows) {\n}\n", "rule 7.3-1 has no test"),
    ("tests/mls/test_rows.c", "/* rule 7.3-1 */\nTEST(rows) {\n}\n", "expects ERR_MLS_TREE"),
    ("tests/mls/test_rows.c",
     "TEST(rows) {\n    {no_tree, ERR_MLS_TREE},\n    {a_bush, OK}, /* rule 7.3-1 */\n}\n", "expects ERR_MLS_TREE"),
]
# What looks like a mistake and is none.
INNOCENT = {
    "src/base/f.c": '/* strcpy( is not used here */\nconst char *f = "strcpy(";\n#if X\nint a;\n#endif\n'
                    "err g(void) {\n    err e = OK;\n    return e;\n}\n\nerr h(void) {\n    goto out;\n}\n",
    "src/server/f.c": 'void f(void) {\n    printf("the passphrase is wrong\\n");\n}\n',
}


def write(folder, files):
    for name, content in files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def run(script, files, *arguments):
    with tempfile.TemporaryDirectory() as folder:
        write(folder, files)
        done = subprocess.run([sys.executable, SCRIPTS / script, *arguments, folder],
                              capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


def with_page(files):
    """Those files, and the page that the script writes for them."""
    with tempfile.TemporaryDirectory() as folder:
        write(folder, {**files, "docs/MLS-RULES.md": ""})
        subprocess.run([sys.executable, SCRIPTS / "mls-rules.py", folder], check=True)
        return {**files, "docs/MLS-RULES.md": Path(folder, "docs/MLS-RULES.md").read_text()}


def cases():
    for script, clean, innocent, bad, arguments in (
            ("check-deps.py", CLEAN, {}, INCLUDES, []),
            ("check-mistakes.py", CLEAN, INNOCENT, MISTAKES, []),
            ("mls-rules.py", with_page(RULED), {}, RULES, ["--check"]),
            ("mls-rules.py", with_page(ROWS), {}, ROW_RULES, ["--check"])):
        code, out = run(script, {**clean, **innocent}, *arguments)
        yield f"{script} accepts a clean tree", code == 0, out
        for file, content, says in bad:
            code, out = run(script, {**clean, file: content}, *arguments)
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
