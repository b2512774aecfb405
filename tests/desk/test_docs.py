#!/usr/bin/env python3
"""Whether docs/desk says what the desk does: test_docs.py [ROOT]. Prints TAP.

Every state, move, role and file of data has its row, a move's says what the table in rules.c says, every role has its
page, every link leads to a file, every command is one, and the picture has every state.
"""
import re
import sys
import xml.etree.ElementTree
from pathlib import Path

ROOT = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs/desk"


def names(header, macro):
    text = (ROOT / "src" / header).read_text(encoding="utf-8")
    block = re.search(r"#define " + macro + r"\(X\)(.*?[^\\])\n", text, re.S).group(1)
    return set(re.findall(r'X\("([a-z-]+)"', block))


def first_cells(page, title):
    """Of the table whose head begins so."""
    table = re.search(r"^\| " + title + r" \|.*\n\|[-|]+\n((?:\|.*\n)+)", page, re.M).group(1)
    return {word for row in table.splitlines() for word in re.findall(r"`?([a-z-]+)`?", row.split("|")[1])}


# ---- The table of moves against that of the code ----

def small(name):
    return name.lower().replace("_", "-")


def expand(expression, defines):
    """The words of S(A) | B | ..., and of the names that step.h defines."""
    for name in re.findall(r"\w+", re.sub(r"S\(\w+\)", "", expression)):
        if name in defines:
            yield from expand(defines[name], defines)
        elif name.startswith("OFFICE_ROLE_"):
            yield small(name[len("OFFICE_ROLE_"):])
    yield from map(small, re.findall(r"S\((\w+)\)", expression))


def initializer(text):
    """The parts of {..., ...} at which the text begins; a part in braces stays one."""
    parts, depth = [""], 0
    for letter in text:
        depth -= letter == "}"
        if letter == "}" and depth == 0:
            return [part.strip() for part in parts]
        if letter == "," and depth == 1:
            parts.append("")
        elif depth > 0:
            parts[-1] += letter
        depth += letter == "{"
    return parts


def moves_of_code():
    """name: states before, state after, the seats' roles"""
    step, rules = ((ROOT / "src/desk" / name).read_text(encoding="utf-8") for name in ("step.h", "rules.c"))
    defines = dict(re.findall(r"#define (\w+) \(?([^\n]*?)\)?\n", step))
    for start in re.finditer(r"\[DESK_MOVE_(?!COUNT)(\w+)\] = ", rules):
        before, _, _, after, seats = initializer(rules[start.end():])[:5]
        seats = [tuple(sorted(expand(seat, defines))) for seat in seats.strip("{}").split(",")]
        yield small(start.group(1)), (frozenset(expand(before, defines)), small(after.removeprefix("DESK_STATE_")),
                                      tuple(sorted(seat for seat in seats if seat)))


def moves_of_page(page, roles):
    reviewed = set(re.findall(r"`([a-z-]+)`", re.search(r"^\*Reviewed\*\s+is (.*?)\.", page, re.M | re.S).group(1)))
    undecided = reviewed | set(re.findall(r"`([a-z-]+)`", re.search(r"\*Undecided\*\s+is\s+these,(.*?)\.", page, re.S).group(1)))
    table = re.search(r"^\| move \|.*\n\|[-|]+\n((?:\|.*\n)+)", page, re.M).group(1)
    for row in table.splitlines():
        name, before, after, who = (cell.strip() for cell in row.strip("|").split("|"))
        states = set(re.findall(r"`([a-z-]+)`", before))
        states |= reviewed if "*reviewed*" in before else set()
        states = undecided - states if "but" in before else states | undecided if "*undecided*" in before else states
        seats = [tuple(sorted(role for role in roles if re.search(rf"(?<![a-z-]){role}(?![a-z-])", seat)))
                 for seat in re.split(r"[.:]", who)[0].split("; and ")]
        seats = seats * 2 if "twice" in who else seats
        yield name.strip("`"), (frozenset(states), "same" if after == "the same" else after.strip("`"),
                                tuple(sorted(seat for seat in seats if seat)))


def moves_that_differ(page, roles):
    code, said = dict(moves_of_code()), dict(moves_of_page(page, roles))
    if len(code) < 30:
        yield f"only {len(code)} moves were found in rules.c"
    for name in sorted(code.keys() | said.keys()):
        if code.get(name) != said.get(name):
            yield f"{name}: the code has {code.get(name)}, the page {said.get(name)}"


# ---- Files and links ----

def files_of_data():
    return {path.name for path in (ROOT / "src/desk/data").iterdir() if path.suffix in (".json", ".md")}


def rows_of_data():
    page = (DOCS / "DATA.md").read_text(encoding="utf-8")
    return set(re.findall(r"`([A-Za-z0-9.-]+\.(?:json|md))`", " ".join(re.findall(r"^\| (`[^|]*)\|", page, re.M))))


def broken_links():
    for page in sorted(DOCS.glob("*.md")):
        for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if not (page.parent / link).exists():
                yield f"{page.name}: {link}"


def commands_that_are_not_there():
    """Those of `sottod` and `sotto-desk` that a page names, looked for in their usage."""
    usage = {name: (ROOT / "src" / folder / "main.c").read_text(encoding="utf-8")
             for name, folder in (("sottod", "server"), ("sotto-desk", "desk"))}
    for page in sorted(DOCS.glob("*.md")):
        for code in re.findall(r"`((?:sottod|sotto-desk) [^`]+)`", page.read_text(encoding="utf-8")):
            words = re.match(r"(sottod|sotto-desk)((?:\s+[a-z]+)*)", code)
            if f"{words.group(1)}{re.sub(chr(92) + 's+', ' ', words.group(2))} " not in usage[words.group(1)]:
                yield f"{page.name}: {code}"


def not_in_the_picture(states):
    picture = xml.etree.ElementTree.parse(DOCS / "states.svg")
    said = {text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")}
    return [state for state in states if state.replace("-", " ") not in said]


def main():
    page = (DOCS / "README.md").read_text(encoding="utf-8")
    states, roles = names("desk/desk.h", "DESK_STATES"), names("office/office.h", "OFFICE_ROLES")
    moves = names("desk/desk.h", "DESK_PERSONS_MOVES") | names("desk/desk.h", "DESK_OWN_MOVES")
    pages = {path.stem for path in DOCS.glob("*.md")}
    checks = [
        ("every_state_has_its_row", states ^ first_cells(page, "state")),
        ("every_move_has_its_row", moves ^ first_cells(page, "move")),
        ("every_move_says_what_the_code_does", moves_that_differ(page, roles)),
        ("every_role_has_its_row_and_its_page", (roles ^ (first_cells(page, "role") - {"operator"})) | roles - pages),
        ("every_file_of_data_has_its_row", files_of_data() ^ rows_of_data()),
        ("every_link_leads_to_a_file", broken_links()),
        ("every_command_is_there", commands_that_are_not_there()),
        ("the_picture_has_every_state", not_in_the_picture(states)),
    ]
    failed = False
    print(f"1..{len(checks)}")
    for number, (name, wrong) in enumerate(checks, 1):
        wrong = sorted(wrong)
        for what in wrong:
            print(f"# {what}")
        print(f"{'not ok' if wrong else 'ok'} {number} - {name}")
        failed |= bool(wrong)
    return failed


if __name__ == "__main__":
    sys.exit(main())
