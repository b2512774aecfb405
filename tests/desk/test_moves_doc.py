#!/usr/bin/env python3
"""Whether docs/desk/MOVES.md names each move of src/desk/desk.h, and each fact that the code reads. Prints TAP."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def main():
    page = (ROOT / "docs/desk/MOVES.md").read_text()
    header = (ROOT / "src/desk/desk.h").read_text()
    persons, own = (re.findall(r'X\("([a-z-]+)"', header.split(f"#define {name}(X)")[1].split("#define")[0])
                    for name in ("DESK_PERSONS_MOVES", "DESK_OWN_MOVES"))
    rows = re.findall(r"^\| `([a-z-]+)` \|", page, re.M)
    wrong = [f"{move} has no row" for move in persons if move not in rows]
    wrong += [f"{move} is no move" for move in rows if move not in persons]
    wrong += [f"{move} is not on the page" for move in own if f"`{move}`" not in page]
    code = "".join((ROOT / "src/desk" / name).read_text() for name in ("facts.c", "rules.c"))
    facts = set(re.findall(r'(?:facts_word|facts_time)\([^"]*"([a-z-]+)"', code))
    facts |= set(re.findall(r'id_of\(text, "([a-z-]+)"', code))
    wrong += [f"{fact} is not on the page" for fact in sorted(facts) if f"`{fact}" not in page]
    if len(persons) < 20 or len(facts) < 14:
        wrong.append(f"only {len(persons)} moves and {len(facts)} facts were found to compare")
    for what in wrong:
        print(f"# {what}")
    print(f"1..1\n{'not ok' if wrong else 'ok'} 1 - the_page_of_moves_says_what_the_code_does")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
