#!/usr/bin/env python3
"""Whether each reason to refuse something has a test that is refused for just that: test_reasons.py [ROOT]. Prints TAP.

Reasons are X(NAME, "text") in the lists below; the code says PREFIX_NAME, and so do tests in C; those in Python say NAME,
or the text."""
import re
import sys
from pathlib import Path

ROOT = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent.parent
LISTS = (("src/desk/reasons.h", "DESK"), ("src/office/reasons.h", "OFFICE"), ("src/desk/hi1.h", "HI1"))


def words_of(folder, ending, pattern):
    return {word for path in (ROOT / folder).rglob(ending) for word in re.findall(pattern, path.read_text(encoding="utf-8"))}


def main():
    code, in_c = (words_of(folder, "*.c", r"\b[A-Z0-9]+_[A-Z0-9_]+\b") for folder in ("src", "tests"))
    in_python = words_of("tests", "*.py", r"[\"'> ]([A-Z0-9_]+)[\"':,]") | words_of("tests", "*.py", r'"([^"\n]+)"')
    print(f"1..{2 * len(LISTS)}")
    failed, number = False, 0
    for header, prefix in LISTS:
        block = re.search(r"#define " + prefix + r"_REASONS\(X\)(.*?[^\\])\n", (ROOT / header).read_text(encoding="utf-8"), re.S)
        texts = dict(re.findall(r'X\(([A-Z0-9_]+), *(?:\\\n *)?"([^"]*)', block.group(1)))
        names = list(texts)
        said = {name for name in names if f"{prefix}_{name}" in code}
        tested = {name for name in names if f"{prefix}_{name}" in in_c or {name, texts[name]} & in_python}
        for what, there in (("is_said", said), ("has_a_test", tested)):
            wrong = [name for name in names if name not in there] if len(names) > 15 else ["the list was not found"]
            number, failed = number + 1, failed or bool(wrong)
            for name in wrong:
                print(f"# {name}")
            print(f"{'not ok' if wrong else 'ok'} {number} - each_reason_of_{prefix.lower()}_{what}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
