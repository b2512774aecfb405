#!/usr/bin/env python3
"""Writes docs/MLS-RULES.md: scripts/mls-rules.py [ROOT]. With --check: checks it, and prints TAP.

docs/mls-rules.txt lists the rules. A comment with "rule 7.3-4" (or "rules 7.3-4, 7.3-6") stands
where src/ checks it and where a test breaks it: in the function or TEST, or right before it; "bug
NAME" stands at the tests of bugs. Where each line of a test breaks another rule, as the rows of a
table do, the tag ends that line: it goes with it, and the error has to stand in that line. --check
fails if a rule has no check, or no test in which its error stands, if a tag names no rule, or if
the page, which counts those lines, is not what would be written.
"""
import re
import sys
from collections import Counter
from pathlib import Path

SOURCE, PAGE = "docs/mls-rules.txt", "docs/MLS-RULES.md"
RULE = r"\d+(?:\.\d+)*-\d+"
BUG = r"[a-z]+(?:-[a-z]+)+"
# How comments look, and what they belong to: the function or list that has them, or comes next.
LANGUAGES = {
    ".c": (re.compile(r"/\*.*?\*/", re.S),
           re.compile(r"^(?:[A-Za-z_][\w *]*?)?\b(\w+)"
                      r"\(((?:[^(){};]|\([^(){};]*\))*)\)\s*\{.*?^\}", re.M | re.S)),
    ".py": (re.compile(r"^ *#.*", re.M), re.compile(r"^(\w+) = ([\[{]).*?^[\]}]", re.M | re.S)),
}
TAGS = re.compile(rf"\brules? ({RULE}(?:, {RULE})*)|\bbugs? ({BUG}(?:, {BUG})*)")
HEAD = """\
# The validation rules of RFC 9420

Written by `scripts/mls-rules.py` from `docs/mls-rules.txt` and the tags in the sources.
Each rule is checked where the last column but one says; the test is one that is tagged with the rule and expects
that error, in (so many) of its lines. Files are relative to `src/` and `tests/`.
"""


def read_rules(root):
    """Rules as id: (error, text), and bugs as name: text."""
    rules, bugs = {}, {}
    for line in (root / SOURCE).read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        first, second, text = line.split(None, 2)
        if first == "bug":
            bugs[second] = text
        else:
            rules[first] = (second, text)
    return rules, bugs


def tags_of(text, language):
    """(tag, is it a bug's, name, body) for each tag of a file; the body is the line that it ends."""
    comment_form, owner_form = LANGUAGES[language]
    owners = None
    for comment in comment_form.finditer(text):
        tags = TAGS.findall(re.sub(r"\s*\n\s*\*?\s*", " ", comment.group()))
        if not tags:
            continue
        owners = owners or list(owner_form.finditer(text))
        owner = next((o for o in owners if o.end() > comment.start()), None)
        name = owner[2] if owner and owner[1] == "TEST" else owner and owner[1]
        line = text[text.rfind("\n", 0, comment.start()) + 1:comment.start()]
        body = line if line.strip() else owner.group() if owner else ""
        for rules, bugs in tags:
            for tag in (rules or bugs).split(", "):
                yield tag, not rules, name, body


def places(root, folder):
    """All tags below a folder: {tag: [(place, body)]}, for rules and for bugs."""
    found = {}, {}
    for path in sorted(p for p in (root / folder).rglob("*.*") if p.suffix in LANGUAGES):
        file = path.relative_to(root / folder).as_posix()
        for tag, is_bug, name, body in tags_of(path.read_text(), path.suffix):
            found[is_bug].setdefault(tag, []).append((f"{file}: {name}", body))
    return found


def cell(where):
    """The places, and how often each has the tag, if that is more than once."""
    count = Counter(place for place, _ in where)
    return "<br>".join(f"`{place}`" + (f" ({n})" if n > 1 else "") for place, n in count.items())


def page(rules, bugs, checks, tests, bug_tests):
    lines, section = [HEAD], None
    for rule, (error, text) in rules.items():
        chapter = rule.split("-")[0].split(".")[0]
        if chapter != section:
            section = chapter
            lines.append(f"\n## Section {section}\n\n| rule | what | error | check | test |")
            lines.append("|---|---|---|---|---|")
        lines.append(f"| {rule} | {text} | {error} | {cell(checks.get(rule, []))} "
                     f"| {cell(tests.get(rule, []))} |")
    lines.append("\n## Bugs that others shipped\n\n| bug | test |\n|---|---|")
    lines += [f"| {text} | {cell(bug_tests.get(bug, []))} |" for bug, text in bugs.items()]
    return "\n".join(lines) + "\n"


def problems(rules, bugs, checks, tests, bug_tests):
    for rule, (error, _) in rules.items():
        if rule not in checks:
            yield f"rule {rule} has no check in src/"
        if rule not in tests:
            yield f"rule {rule} has no test"
        elif not any(re.search(rf"\bERR_{error}\b", body) for _, body in tests[rule]):
            yield f"rule {rule}: no test of it expects ERR_{error}"
    yield from (f"bug {bug} has no test" for bug in bugs if bug not in bug_tests)
    for known, tags in ((rules, checks), (rules, tests), (bugs, bug_tests)):
        for tag in tags:
            if tag not in known:
                yield f"{tags[tag][0][0]}: {tag} is not in {SOURCE}"


def main(arguments):
    check = "--check" in arguments
    given = [a for a in arguments if a != "--check"]
    root = Path(given[0] if given else Path(__file__).resolve().parent.parent)
    rules, bugs = read_rules(root)
    checks, _ = places(root, "src")
    tests, bug_tests = places(root, "tests")
    wanted = page(rules, bugs, checks, tests, bug_tests)
    if not check:
        (root / PAGE).write_text(wanted)
        return 0
    found = list(problems(rules, bugs, checks, tests, bug_tests))
    there = (root / PAGE).read_text() if (root / PAGE).is_file() else ""
    if there != wanted:
        found.append(f"{PAGE} is not what the sources say: run scripts/mls-rules.py")
    print("1..1")
    for problem in found:
        print("# " + problem)
    print(("not ok" if found else "ok") + " 1 - every rule of RFC 9420 has its check and its test")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
