#!/usr/bin/env python3
"""The runner counts what went wrong, however it went wrong."""
import importlib.util
import os
import sys
from pathlib import Path

spec = importlib.util.spec_from_file_location(
    "runner", Path(__file__).resolve().parents[2] / "scripts" / "run-tests.py")
runner = importlib.util.module_from_spec(spec)
sys.dont_write_bytecode = True
spec.loader.exec_module(runner)

# name, what the program does, passed, failed, skipped
CASES = [
    ("passes", "echo 1..2; echo ok 1 - a; echo ok 2 - b", (2, 0, 0)),
    ("a failure", "echo 1..2; echo ok 1 - a; echo not ok 2 - b; exit 1", (1, 1, 0)),
    ("a skip", "echo 1..1; echo 'ok 1 - a # SKIP no vectors'", (0, 0, 1)),
    ("a plan at the end", "echo ok 1 - a; echo 1..1", (1, 0, 0)),
    ("no plan", "echo ok 1 - a", (1, 1, 0)),
    ("nothing at all", "true", (0, 1, 0)),
    ("fewer than planned", "echo 1..3; echo ok 1 - a", (1, 1, 0)),
    ("more than planned", "echo 1..1; echo ok 1 - a; echo ok 2 - b", (2, 1, 0)),
    ("a crash in the middle", "echo 1..2; echo ok 1 - a; kill -SEGV $$", (1, 1, 0)),
    ("a crash at the end", "echo 1..1; echo ok 1 - a; kill -ABRT $$", (1, 1, 0)),
    ("a bad exit", "echo 1..1; echo ok 1 - a; exit 3", (1, 1, 0)),
    ("a program that hangs", "echo 1..2; echo ok 1 - a; exec sleep 60", (1, 1, 0)),
    ("a program that hangs with a child", "echo 1..1; sleep 60; echo ok 1 - a", (0, 1, 0)),
]


def reads_vectors():
    result = runner.Result("t")
    runner.read_tap(result, "1..1\n# tree.json: 7 passed, 2 skipped (other)\n# 3 passed\nok 1 - a")
    return result.vectors == [("tree.json", 7, 2)]


def main():
    failed = 0
    print(f"1..{len(CASES) + 1}")
    for number, (name, script, expected) in enumerate(CASES, 1):
        test = {"cmd": ["/bin/sh", "-c", script], "env": {}, "timeout": 1}
        result = runner.run(name, test, dict(os.environ))
        got = (result.passed, result.failed, result.skipped)
        if got != expected:
            print(f"# got {got}, expected {expected}: {result.problems}")
            failed += 1
        print(("ok" if got == expected else "not ok") + f" {number} - {name}")
    vectors = reads_vectors()
    print(("ok" if vectors else "not ok") + f" {len(CASES) + 1} - published vectors are counted")
    return 1 if failed or not vectors else 0


if __name__ == "__main__":
    sys.exit(main())
