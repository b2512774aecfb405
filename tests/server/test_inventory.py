"""The list of what is held: docs/WHAT-WE-HOLD.md shows it, and `sottod inventory` counts by it.

  test_inventory.py SOTTOD docs/WHAT-WE-HOLD.md [--write]
"""
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "term"))
START, END = "<!-- held -->\n", "<!-- /held -->"


def sottod(program, *args):
    return subprocess.run([program, *args], capture_output=True, text=True)


def page(program, path):
    table = sottod(program, "inventory", "--fields").stdout
    before, _, rest = path.read_text(encoding="utf-8").partition(START)
    inside, closed, after = rest.partition(END)
    if "--write" in sys.argv and closed:
        path.write_text(before + START + table + END + after, encoding="utf-8")
    return closed and inside == table


def count(program, data):
    answer = sottod(program, "inventory", "--data", str(data), "--json")
    return answer.returncode, {r["row"]: r for r in map(json.loads, answer.stdout.splitlines())}


def main():
    from rig import Person, Tap, World
    tap, program, path = Tap(), sys.argv[1], pathlib.Path(sys.argv[2])
    tap.check("the_page_shows_every_field_that_can_be_held", page(program, path),
              f"run: {' '.join(sys.argv)} --write")
    with tempfile.TemporaryDirectory() as folder:
        code, rows = count(program, folder)
        tap.check("without_a_store_it_says_so", code == 1 and rows == {}, code)
    with World() as world:
        for name in ("ann", "ben"):
            Person(world.folder, name).fine("init", world.server.invite(), "--name", name)
        world.server.invite()
        code, rows = count(program, world.server.data)
        counts = {name: row["count"] for name, row in rows.items()}
        tap.check("a_running_server_s_rows_are_counted",
                  code == 0 and (counts["account"], counts["device"], counts["mailbox"], counts["invite"]) ==
                  (2, 2, 2, 1) and counts["key_package"] > 2 and rows["key_package"]["bytes"] > 1000, rows)
        people = sottod(program, "inventory", "--data", str(world.server.data)).stdout
        tap.check("people_see_the_same", all(row["count"] == 0 or str(row["count"]) in people
                                             for row in rows.values()), people)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
