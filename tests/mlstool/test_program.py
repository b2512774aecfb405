#!/usr/bin/env python3
"""sotto-mls on a command line: test_program.py PROGRAM. Prints TAP."""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = sys.argv[1]
GOOD = {"vlbytes_header": "40ff", "length": 255}
BAD = {"vlbytes_header": "40ff", "length": 254}
OTHER = {"cipher_suite": 4711, "psks": [], "psk_secret": ""}


def run(*args, text=b""):
    done = subprocess.run([PROGRAM, *args], input=text, capture_output=True)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def vectors(*files):
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, cases in enumerate(files):
            paths.append(str(Path(folder) / f"{number}.json"))
            Path(paths[-1]).write_text(cases if isinstance(cases, str) else json.dumps(cases))
        code, out, _ = run("vectors", *paths)
        return code, [line.replace(folder + "/", "") for line in out.splitlines()]


def vectors_print_a_line_for_each_file_and_the_sum():
    assert vectors([GOOD, GOOD], [GOOD]) == (0, [
        "0.json: deserialization: 2 of 2 passed", "1.json: deserialization: 1 of 1 passed",
        "3 passed, 0 failed"])


def a_folder_stands_for_its_files_by_name():
    with tempfile.TemporaryDirectory() as folder:
        for name in ("b.json", "a/2.json", "a/10.json", "c/d/e.json", "read.me", "c/no.json.txt"):
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps([GOOD]) if name.endswith(".json") else "not JSON")
        Path(folder, "empty").mkdir()
        code, out, _ = run("vectors", folder)
        assert code == 0 and out.replace(folder + "/", "").splitlines() == [
            *(f"{name}: deserialization: 1 of 1 passed"
              for name in ("a/10.json", "a/2.json", "b.json", "c/d/e.json")), "4 passed, 0 failed"], out
        code, out, _ = run("vectors", folder + "/c", folder + "/empty", folder + "/read.me")
        assert code == 1 and out.splitlines()[-1] == "1 passed, 2 failed", out
        assert f"{folder}/empty: has no files of vectors" in out, out


def a_failure_is_told_and_ends_with_one():
    code, lines = vectors([GOOD, BAD])
    assert code == 1 and lines[0].startswith("0.json: case 1: "), lines
    assert lines[-1] == "1 passed, 1 failed"


def other_suites_are_skipped_and_counted():
    code, lines = vectors([OTHER], [GOOD])
    assert (code, lines[-1]) == (0, "1 passed, 0 failed, 1 skipped")


def what_is_no_file_of_vectors_fails():
    for content in ("", "nonsense", [], "[1]"):
        code, lines = vectors(content)
        assert code == 1 and lines[-1] == "0 passed, 1 failed", (content, lines)
    assert run("vectors", "/nonexistent/file")[0] == 1


def dump_reads_the_standard_input():
    code, out, _ = run("dump", "--type", "proposal", text=b"0003 0000 0007\n")
    assert code == 0 and "proposal_type: 0x0003 (remove)" in out and "removed: 7" in out
    code, out, _ = run("dump", text=b"0001")
    assert code == 1 and "! byte 2: it ends too early (TRUNCATED)" in out


def what_is_not_understood_ends_with_two():
    for args in ((), ("fly",), ("vectors",), ("dump", "--type", "Nothing"), ("dump", "a", "b"),
                 ("peer", "x")):
        code, _, errors = run(*args)
        assert code == 2 and "usage: sotto-mls" in errors, (args, code, errors)
    assert run("--help")[0] == 0 and run("--version")[1].startswith("sotto-mls ")


TESTS = [vectors_print_a_line_for_each_file_and_the_sum, a_folder_stands_for_its_files_by_name,
         a_failure_is_told_and_ends_with_one, other_suites_are_skipped_and_counted,
         what_is_no_file_of_vectors_fails, dump_reads_the_standard_input,
         what_is_not_understood_ends_with_two]


def main():
    failed = 0
    print(f"1..{len(TESTS)}")
    for number, test in enumerate(TESTS, 1):
        try:
            test()
            print(f"ok {number} - {test.__name__}")
        except Exception as e:
            failed += 1
            print(f"# {type(e).__name__}: {e}")
            print(f"not ok {number} - {test.__name__}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
