#!/usr/bin/env python3
"""Whether docs/OFFICE.md says what src/office does: test_doc.py [ROOT]. Every line of a text has its row, with how often
it may stand there; every role, move and field of the record is named. Prints TAP.
"""
import re
import sys
from pathlib import Path

ROOT = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent.parent
FIELD = re.compile(r'FIELD\("([a-z-]+)",\s*TEXT_\w+,\s*\w+,\s*(\w+),\s*(\w+)\)')


def how_often(least, most):
    if least == most:
        return str(least)
    return "0 or 1" if (least, most) == (0, 1) else f"{least} to {most:,}"


def fields(name):
    """(word, how often) of each line in a file's tables."""
    text = (ROOT / "src/office" / name).read_text()
    headers = "".join((ROOT / "src/office" / header).read_text() for header in ("office.h", "internal.h"))
    numbers = dict(re.findall(r"\b([A-Z_]+) = (\d+)", headers + text))
    blocks = re.findall(r'FIELD\("([a-z-]+)",\s*TEXT_BLOCKS', text)
    for word, least, most in FIELD.findall(text):
        often = how_often(int(numbers.get(least, least)), int(numbers.get(most, most)))
        if word not in blocks or often != "1":  # a block's first line is there once in it
            yield word, often


def names(file, macro):
    text = (ROOT / "src" / file).read_text()
    block = re.search(r"#define " + macro + r"\(X\)(.*?[^\\])\n", text, re.S).group(1)
    return re.findall(r'X\("([a-z-]+)"', block)


def main():
    page = (ROOT / "docs/OFFICE.md").read_text()
    rows = dict()
    for words, often in re.findall(r"^\| (`[^|]*) \| ([^|]*) \|", page, re.M):
        rows.setdefault(re.match(r"`([a-z-]+)`", words).group(1), set()).add(often.strip())
    # What the page says in a sentence is looked for as a word only.
    wrong = [f"{word}: {often}, the page says {' or '.join(sorted(rows[word]))}"
             for file in ("office_file.c", "suspensions.c", "moves.c", "sightings.c") for word, often in fields(file)
             if word in rows and often not in rows[word]]
    every = [word for file in ("office_file.c", "suspensions.c", "orders.c", "moves.c", "sightings.c") for word, _ in fields(file)]
    every += names("office/office.h", "OFFICE_ROLES") + names("office/office.h", "OFFICE_MOVES")
    every += names("base/held.h", "HELD_RECORD")
    wrong += [f"{word} is not on the page" for word in every
              if not re.search(r"`[^`\n]*(?<![a-z-])" + word + r"(?![a-z-])[^`\n]*`", page)]
    counted = sum(word in rows for file in ("office_file.c", "suspensions.c") for word, _ in fields(file))
    if counted < 25 or len(every) < 60:
        wrong.append(f"only {counted} rows and {len(every)} words were found to compare")
    for what in wrong:
        print(f"# {what}")
    print(f"1..1\n{'not ok' if wrong else 'ok'} 1 - the_page_of_the_office_says_what_the_code_does")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
