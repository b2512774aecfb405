"""docs/PROTOCOL.md holds the tables that proto-doc prints, between its two marks."""
import pathlib
import subprocess
import sys

START, END = "<!-- messages -->\n", "<!-- /messages -->"


def main():
    program, path = sys.argv[1], pathlib.Path(sys.argv[2])
    tables = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    text = path.read_text(encoding="utf-8")
    before, found, rest = text.partition(START)
    inside, closed, after = rest.partition(END)
    whole = bool(found and closed)
    if "--write" in sys.argv:
        if not whole:
            sys.exit(f"{path} has no marks")
        path.write_text(before + START + tables + END + after, encoding="utf-8")
        return
    fresh = whole and inside == tables
    print("1..1")
    if not fresh:
        print("# run: python3 tests/proto/test_doc.py build/native/src/proto/proto-doc "
              "docs/PROTOCOL.md --write")
    print(("ok" if fresh else "not ok") + " 1 - the_table_of_messages_is_the_schemas")
    sys.exit(0 if fresh else 1)


main()
