#!/usr/bin/env python3
"""Runs the tests of build flavours and sums up their TAP.

    scripts/run-tests.py [--suite NAME]... [--only PART] FLAVOUR...

What to run stands in Meson's own list. A program that crashes, runs out of its time or ends before
its plan counts as one failure more. What programs say of published vectors
(`# FILE: N passed, N skipped`) becomes a table. The last line is `N passed, N failed` with
`, N skipped` if any.
"""
import argparse
import concurrent.futures
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VECTORS = re.compile(r"# (\S+): (\d+) passed, (\d+) skipped")
LINE = re.compile(r"(not )?ok\b(?:\s+\d+)?\s*-?\s*([^#]*)(?:#\s*(SKIP|TODO)\b\s*(.*))?", re.I)


class Result:
    def __init__(self, name):
        self.name, self.passed, self.failed, self.skipped = name, 0, 0, 0
        self.problems, self.reasons, self.seconds = [], [], 0.0
        self.vectors = []  # of a published file: its name, cases passed, cases skipped

    def fail(self, what):
        self.failed += 1
        self.problems.append(what)


def listed(flavour, wanted, only):
    info = ROOT / "build" / flavour / "meson-info" / "intro-tests.json"
    for test in json.loads(info.read_text()):
        suites = [s.split(":")[-1] for s in test["suite"]]
        if wanted.intersection(suites) and only in test["name"]:
            # Meson names a program among the arguments as seen from the build's folder.
            folder = info.parent.parent
            test["cmd"] = [str(folder / a) if (folder / a).is_file() else a for a in test["cmd"]]
            yield f"{flavour}:{test['name']}", test


def command(test):
    cmd = test["cmd"]
    with open(cmd[0], "rb") as program:
        if program.read(4) == b"\0asm":
            return ["node", str(ROOT / "tests/wasm/run.mjs"), *cmd]
    return cmd


def read_tap(result, text):
    plan, seen, notes, failed = None, 0, [], False
    for line in text.splitlines():
        if failed and line.startswith("  ") and result.problems[-1].count("\n") < 40:
            result.problems[-1] += "\n" + line  # what node says of it comes after it
            continue
        if line.startswith("1.."):
            plan = int(line[3:].split()[0])
        elif line.startswith("#"):
            notes.append(line)
            if match := VECTORS.match(line):
                name, *counts = match.groups()
                result.vectors.append((name, *map(int, counts)))
        elif match := LINE.match(line):
            seen += 1
            bad, name, directive, why = match.groups()
            failed = False
            if directive and directive.upper() == "SKIP":
                result.skipped += 1
                result.reasons.append(why.strip())
            elif bad:
                result.fail("\n".join(["not ok - " + name.strip(), *notes[-20:]]))
                failed = True
            else:
                result.passed += 1
            notes = []
    return plan, seen, notes


def run_program(cmd, environment, limit):
    """Output, errors and how it ended. Whatever a program started ends with it."""
    program = subprocess.Popen(cmd, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, errors="replace",
                               text=True, start_new_session=True)
    try:
        return (*program.communicate(timeout=limit), program.returncode)
    except subprocess.TimeoutExpired:
        os.killpg(program.pid, signal.SIGKILL)
        return (*program.communicate(), f"stopped after {limit} s")


def run(name, test, environment):
    result, start = Result(name), time.monotonic()
    out, err, code = run_program(command(test), {**environment, **test["env"]},
                                 test["timeout"] or None)
    plan, seen, notes = read_tap(result, out)
    tail = "\n".join([*notes[-20:], *err.splitlines()[-40:]])
    if plan != seen:
        result.fail(f"{seen} of {plan} tests ran; exit: {code}\n{tail}")
    elif code != 0 and result.failed == 0:
        result.fail(f"every test passed, but the program did not; exit: {code}\n{tail}")
    elif result.failed and tail:
        result.problems[-1] += "\n" + tail
    result.seconds = time.monotonic() - start
    return result


def report(result):
    state = "FAIL" if result.failed else "skip" if not result.passed else "ok"
    counts = f"{result.passed} passed"
    counts += f", {result.failed} failed" if result.failed else ""
    counts += f", {result.skipped} skipped" if result.skipped else ""
    print(f"{state:4} {result.name:40} {result.seconds:6.1f} s  {counts}", flush=True)
    for problem in result.problems:
        print("     " + problem.replace("\n", "\n     "), flush=True)
    for reason in sorted(set(result.reasons)):
        print(f"     skipped: {reason}", flush=True)


def report_vectors(results):
    rows = sorted((name, r.name, passed, skipped)
                  for r in results for name, passed, skipped in r.vectors)
    if rows:
        print(f"{'published vectors':40} {'test':32} {'passed':>6} {'skipped':>7}")
    for name, test, passed, skipped in rows:
        print(f"{name:40} {test:32} {passed:6} {skipped:7}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suite", action="append", metavar="NAME",
                        help="unit, source, system, secrets or soak; without it the first three")
    parser.add_argument("--only", default="", metavar="PART", help="tests with this in their name")
    parser.add_argument("flavour", nargs="+")
    options = parser.parse_args()
    wanted = set(options.suite or ["unit", "source", "system"])
    tests = [t for f in options.flavour for t in listed(f, wanted, options.only)]
    # The longest first, so that none of them is waited for alone at the end.
    tests.sort(key=lambda t: -t[1]["timeout"])
    environment = dict(os.environ)
    vectors = ROOT.parent / "shared" / "vectors"
    if vectors.is_dir():
        environment.setdefault("SOTTO_VECTORS", str(vectors))
    results = []
    with concurrent.futures.ThreadPoolExecutor(min(3, 1 + (os.cpu_count() or 1))) as pool:
        running = [pool.submit(run, name, test, environment) for name, test in tests]
        for done in concurrent.futures.as_completed(running):
            results.append(done.result())
            report(results[-1])
    passed, failed, skipped = (sum(getattr(r, k) for r in results)
                               for k in ("passed", "failed", "skipped"))
    report_vectors(results)
    if not results:
        print("no such test was found")
        failed += 1
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
