#!/usr/bin/env python3
"""Whether docs/THREATS.md rests on something: test_threats.py [ROOT]. Each test that it names is there, each number
of a cell has its reason below, and each reason is asked for. Prints TAP.
"""
import re
import sys
from pathlib import Path

ROOT = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent.parent


def is_there(name):
    folder, test = name.split("/", 1)
    place = ROOT / "tests" / folder
    listed = place / "meson.build"
    return any((place / f"test_{test}{end}").exists() for end in (".c", ".py")) or (
        listed.exists() and f"'{test}'" in listed.read_text())


def check(number, name, wrong):
    for what in wrong:
        print(f"# {what}")
    print(f"{'not ok' if wrong else 'ok'} {number} - {name}")
    return bool(wrong)


def main():
    text = (ROOT / "docs/THREATS.md").read_text()
    named = set(re.findall(r"`([a-z_0-9]+/[a-z_0-9]+)`", text))
    rows = [line for line in text.splitlines() if line.startswith("| **")]
    asked = {int(n) for row in rows for n in re.findall(r"\((\d+)\)", row)}
    given = {int(n) for n in re.findall(r"^(\d+)\. ", text, re.M)}
    failed = check(1, "every_test_that_the_page_names_is_there",
                   sorted(n for n in named if not is_there(n)) if named else ["it names none"])
    failed |= check(2, "every_number_has_its_reason_and_every_reason_its_cell",
                    sorted(asked ^ given) if asked else ["there is no number"])
    print("1..2")
    return failed


sys.exit(main())
