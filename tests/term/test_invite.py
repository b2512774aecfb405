#!/usr/bin/env python3
"""Contact links with real processes: drawn for a camera, listed, taken back. TAP."""
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from rig import Tap, World  # noqa: E402

HALVES = {" ": (0, 0), "▄": (0, 1), "▀": (1, 0), "█": (1, 1)}
BEGIN, END = "\x1b[38;5;16;48;5;231m", "\x1b[0m"


def modules(drawn):
    rows = []
    for line in drawn.splitlines():
        halves = [HALVES[c] for c in line.removeprefix(BEGIN).removesuffix(END)]
        rows += [[h[0] for h in halves], [h[1] for h in halves]]
    return rows


def photograph(rows, path, scale=4):
    with open(path, "wb") as f:
        f.write(b"P5 %d %d 255\n" % (len(rows[0]) * scale, len(rows) * scale))
        for row in rows:
            f.write(b"".join((b"\0" if dark else b"\xff") * scale for dark in row) * scale)


def drawing(world, tap, ann, ben):
    out = ann.fine("invite", "--qr", "--once").out
    drawn, link = out.rstrip("\n").rsplit("\n", 1)
    rows = modules(drawn)
    tap.check("the_link_is_drawn_above_its_text", link.startswith("sotto:contact:") and len(rows) > 60, out)
    tap.check("it_fits_a_terminal_of_80_columns", len(rows[0]) <= 80, len(rows[0]))
    if shutil.which("zbarimg") is None:
        print("# zbarimg is not installed: no camera looks at it")
        return
    photograph(rows, world.folder / "qr.pgm")
    seen = subprocess.run(["zbarimg", "-q", "--raw", world.folder / "qr.pgm"], capture_output=True,
                          text=True).stdout.strip()
    tap.check("a_camera_reads_it", seen.lower() == link.lower(), seen)
    tap.check("and_what_it_reads_is_taken", ben.run("invite", seen, "--as", "ann").code == 0)


def lists(tap, ann):
    made = ann.fine("invite", "--days", "3", "--json", "--qr").of("invite")[0]
    tap.check("programs_get_no_drawing", made["expires"] - made["made"] == 3 * 86400000, made)
    listed = ann.fine("invite", "list", "--json").of("link")
    tap.check("links_are_listed", [(v["once"], v["over"]) for v in listed] == [(True, False), (False, False)],
              listed)
    people = ann.fine("invite", "list").out
    tap.check("for_people_too", "for one" in people and people.count("good until") == 2, people)
    gone = ann.run("invite", "revoke", str(made["number"]))
    tap.check("one_is_taken_back", gone.code == 0 and len(ann.fine("invite", "list", "--json").objects) == 1,
              gone.out)
    again = ann.run("invite", "revoke", str(made["number"]))
    tap.check("but_not_twice", again.code == 6 and "no link" in again.err, again.err)


def mistakes(tap, ann):
    wrong = [(("invite", "--days", "0"), "1 to 180"), (("invite", "--days", "181"), "1 to 180"),
             (("invite", "revoke"), "which NUMBER"), (("invite", "revoke", "x"), "a link's number"),
             (("invite", "list", "x"), "too many"), (("invite", "sotto:contact:x#y", "--qr"), "without LINK"),
             (("invite", "list", "--as", "x"), "--as")]
    for words, text in wrong:
        answer = ann.run(*words)
        tap.check("refused_" + "_".join(words[1:]), answer.code == 2 and text in answer.err, answer.err)


def main():
    tap = Tap()
    with World() as world:
        ann, ben = world.person("ann"), world.person("ben")
        drawing(world, tap, ann, ben)
        lists(tap, ann)
        mistakes(tap, ann)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
