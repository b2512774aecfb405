#!/usr/bin/env python3
"""Whether docs/desk says what the desk does: test_docs.py [ROOT]. Prints TAP.

Every state, move, role and file of data has its row, every role its page, every link leads to a file, and the picture
has every state.
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


def files_of_data():
    return {path.name for path in (ROOT / "src/desk/data").iterdir() if path.suffix in (".json", ".md")}


def rows_of_data():
    page = (DOCS / "DATA.md").read_text(encoding="utf-8")
    return set(re.findall(r"`([A-Za-z.-]+\.(?:json|md))`", " ".join(re.findall(r"^\| (`[^|]*)\|", page, re.M))))


def broken_links():
    for page in sorted(DOCS.glob("*.md")):
        for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if not (page.parent / link).exists():
                yield f"{page.name}: {link}"


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
        ("every_role_has_its_row_and_its_page", (roles ^ (first_cells(page, "role") - {"operator"})) | roles - pages),
        ("every_file_of_data_has_its_row", files_of_data() ^ rows_of_data()),
        ("every_link_leads_to_a_file", broken_links()),
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
