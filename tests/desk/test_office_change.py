#!/usr/bin/env python3
"""An office that changes, at the desk and at the server, by `sotto-desk sign` and the two programs that take files: somebody
comes, and somebody lost a key. test_office_change.py SOTTO_DESK. TAP."""
import base64
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "term"), str(HERE.parent / "server")]
from rig import Tap, World  # noqa: E402
from test_desk import Operator, refused  # noqa: E402

PROGRAM = sys.argv[1]


def run(*words):
    return subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, timeout=60)


def digest(text):
    return hashlib.sha256(text.split("\n\n")[0].rstrip("\n").encode() + b"\n").hexdigest()


def new_key(path):
    """Its line in an office file."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path], check=True)
    return "ssh-key " + path.with_suffix(".pub").read_text().split()[1]


class Desk:
    def __init__(self, folder):
        self.folder = folder / "desk"
        run("demo", self.folder, "http://localhost:4490")
        self.papers, self.office = folder / "papers", self.folder / "office.txt"
        self.papers.mkdir()
        self.keys = {p.name: p / "ssh" for p in (self.folder / "people").iterdir()}

    def signed(self, text, *people, office=None, keys=None):
        """The text, with their signatures; what was said when one was not made."""
        path = self.papers / "paper"
        path.write_text(text)
        for person in people:
            done = run("sign", path, "--as", person, "--key", (keys or self.keys)[person], "--office",
                       office or self.office, "--to", path, "--yes")
            if done.returncode != 0:
                return done.stderr
        return path.read_text()

    def take(self, text, *more):
        path = self.papers / "taken"
        path.write_text(text)
        return run("office", self.folder, path, *more)

    def version(self):
        return run("show", self.folder).stdout.splitlines()[0].split()[1:]


def next_version(text, number, change=lambda text: text):
    before = text.split("\n\n")[0].rstrip("\n") + "\n"
    lines = change(before).split("\n")
    lines[1], lines[2] = f"version {number}", f"previous {digest(before)}"
    return "\n".join(lines)


def walk(tap, folder, world):
    desk, operator = Desk(folder), Operator(world)
    first = desk.office.read_text()

    def both(text):
        return desk.take(text), operator.hand_in("change", text)

    def stand(number, text):
        return desk.version() == [str(number), digest(text)] and operator.show()["office"] == number

    pinned = desk.take(first, "--pin", digest(first)), operator.hand_in("pin", first, digest(first))
    tap.check("desk_and_server_begin_with_the_same_office", all(d.returncode == 0 for d in pinned) and stand(1, first), pinned)

    old_line = next(l for l in first.split("\nperson policy-1\n")[1].splitlines() if l.startswith("ssh-key "))
    new_line = new_key(desk.papers / "policy-1")
    seal = base64.b64encode(os.urandom(32)).decode()
    ssh = "\n".join(sorted((new_key(desk.papers / "intake-3"), new_key(desk.papers / "intake-3b"))))
    comes = f"person intake-3\nroles intake\ncountries SE\nseal {seal}\n{ssh}\n"
    second = next_version(first, 2, lambda text: text.replace(old_line, new_line).replace(
        "person local-law-1\n", comes + "person local-law-1\n"))
    for name, reason, people in (("nobody", "UNSIGNED", ()), ("one_reviewer_too_few", "SIGNERS", ("approver-1", "policy-2")),
                                 ("no_approver", "SIGNERS", ("policy-2", "local-law-1", "human-rights-1"))):
        at_desk, at_server = both(desk.signed(second, *people))
        tap.check(f"a_change_by_{name}_is_refused_by_both",
                  at_desk.returncode == 5 and f": {reason}: " in at_desk.stderr and refused(at_server, reason) and stand(1, first),
                  (at_desk, at_server))
    good = desk.signed(second, "approver-1", "local-law-1", "human-rights-1")
    done = both(good)
    tap.check("the_approver_and_two_reviewers_change_it_at_both",
              all(d.returncode == 0 for d in done) and stand(2, second), done)
    at_desk, at_server = both(good)
    tap.check("once", at_desk.returncode == 5 and "OLD" in at_desk.stderr and refused(at_server, "OLD"), (at_desk, at_server))

    office = desk.papers / "office-2"
    office.write_text(second)
    third = next_version(second, 3)
    said = desk.signed(third, "policy-1", office=office)
    tap.check("the_lost_key_signs_nothing_where_the_new_file_is_trusted", "names no such key" in said, said)
    lost = desk.signed(third, "policy-1", "approver-1", "local-law-1")
    at_desk, at_server = both(lost)
    tap.check("and_what_it_signs_elsewhere_is_refused_by_both",
              at_desk.returncode == 5 and ": SIGNATURE: " in at_desk.stderr and refused(at_server, "SIGNATURE") and
              stand(2, second), (at_desk, at_server))
    keys = desk.keys | {"policy-1": desk.papers / "policy-1", "intake-3": desk.papers / "intake-3"}
    short = desk.signed(third, "approver-1", "local-law-1", "intake-3", office=office, keys=keys)
    at_desk, at_server = both(short)
    tap.check("who_came_signs_as_what_they_are", at_desk.returncode == 5 and "SIGNERS" in at_desk.stderr and
              refused(at_server, "SIGNERS"), (at_desk, at_server))
    done = both(desk.signed(third, "approver-1", "local-law-1", "policy-1", office=office, keys=keys))
    tap.check("the_new_key_counts", all(d.returncode == 0 for d in done) and stand(3, third), done)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder, World() as world:
        walk(tap, Path(folder), world)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
