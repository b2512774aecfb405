#!/usr/bin/env python3
"""Names and pictures on real processes: what is shown of whom, and what is refused. TAP."""
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from rig import Tap, World, acquaint  # noqa: E402

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" + bytes([0, 0, 4, 0, 0, 0, 4, 0])  # 1024 x 1024
JPEG = b"\xff\xd8\xff\xc0\0\x11\x08" + bytes([4, 0, 4, 0])


def picture(folder, name, n, head=PNG):
    path = folder / name
    path.write_bytes(head + bytes(n - len(head)))
    return path


def everywhere(world, ann, ben, tap):
    image = picture(world.folder, "ann.png", 50000)
    mine = ann.run("profile", "--name", "Annie", "--picture", str(image), "--json").of("profile")[0]
    ann.fine("send", "ben", "after it")
    saved = world.folder / "saved.png"
    shown = ben.run("show", "ann", "--picture", str(saved), "--json").of("person")[0]
    tap.check("a_picture_reaches_a_contact_who_saves_it",
              saved.read_bytes() == image.read_bytes() and
              (shown["picture"], shown["bytes"]) == ("PNG", 50000) == (mine["picture"], mine["bytes"]) and
              saved.stat().st_mode & 0o777 == 0o600, f"{mine} {shown}")
    own = [c["own_name"] for c in ben.fine("contacts", "--json").of("contact")]
    tap.check("and_so_does_the_name", own == ["Annie"], own)
    said = ann.fine("profile").out
    tap.check("profile_shows_what_is_set", "name:        Annie" in said and "PNG, 50000 bytes" in said, said)
    none = ben.run("show", "ben")
    without = ann.run("show", "ben", "--picture", str(world.folder / "no.png"))
    tap.check("who_shows_no_picture_is_said_to", none.code == 6 and without.code == 6 and
              "show no picture" in without.err and not (world.folder / "no.png").exists(), without.err)


def in_one(ann, ben, tap):
    ann.fine("new", "ben", "--title", "Night")
    ann.fine("profile", "--in", "Night", "--name", "Owl")
    ann.fine("send", "Night", "after it")
    ben.fine("read")
    members = [m["name"] for m in ben.fine("status", "Night", "--json").of("member") if not m["own"]]
    told = ann.fine("profile", "--in", "Night").out
    tap.check("a_name_of_one_conversation_is_said_to_be_so", "Owl, in this conversation alone" in told, told)
    own = [c["own_name"] for c in ben.fine("contacts", "--json").of("contact")]
    tap.check("and_holds_there_alone", members == ["ann"] and own == ["Annie"], f"{members} {own}")
    ann.fine("profile", "--in", "Night", "--reset")
    back = ann.fine("profile", "--in", "Night", "--json").of("profile")[0]
    tap.check("until_it_is_reset", (back["name"], back["name_here"]) == ("Annie", False), back)


def through(world, ann, ben, tap):
    """Another process holds the home, and stands elsewhere."""
    listener = ann.start("listen", "--json", cwd="/")
    while b"caught_up" not in listener.stdout.readline() and listener.poll() is None:
        pass
    picture(world.folder, "rel.jpg", 400, JPEG)
    before = os.getcwd()
    os.chdir(world.folder)
    done = ann.run("profile", "--picture", "rel.jpg", "--json")
    os.chdir(before)
    listener.terminate()
    listener.communicate(timeout=20)
    tap.check("a_file_is_found_from_where_the_command_stands", done.code == 0 and
              done.of("profile")[0]["picture"] == "JPEG", done.out)
    ann.fine("send", "ben", "after it")
    shown = ben.fine("show", "ann").out
    tap.check("the_newer_picture_takes_the_older_one_s_place", "picture: JPEG, 400 bytes" in shown, shown)
    ann.fine("profile", "--picture", "")
    ann.fine("send", "ben", "after it")
    shown = ben.fine("show", "ann").out
    tap.check("a_picture_is_taken_back", "no picture" in shown, shown)


def refused(world, ann, tap):
    gif, large = picture(world.folder, "a.gif", 100, b"GIF89a"), picture(world.folder, "l.png", 65537)
    wide = picture(world.folder, "w.png", 100, PNG[:-5] + b"\1" + PNG[-4:])
    wrong = [(("--picture", str(gif)), "no picture"), (("--picture", str(large)), "65536"),
             (("--picture", str(wide)), "1024 pixels"),
             (("--picture", str(world.folder / "none")), "can't be read"), (("--name", "you"), "no name"),
             (("--reset",), "--in"), (("--in", "Night", "--reset", "--name", "x"), "--reset")]
    told = [(ann.run("profile", *w), words) for w, words in wrong]
    tap.check("what_is_wrong_is_said_in_words", all(a.code == 2 and words in a.err for a, words in told),
              [(a.code, a.err) for a, _ in told])
    kept = ann.fine("profile", "--json").of("profile")[0]
    tap.check("and_changes_nothing", (kept["name"], kept["bytes"]) == ("Annie", 0), kept)


def main():
    tap = Tap()
    with World() as world:
        ann, ben = world.person("ann"), world.person("ben")
        acquaint(ann, ben)
        ann.fine("send", "ben", "hello")
        ben.fine("read")
        everywhere(world, ann, ben, tap)
        in_one(ann, ben, tap)
        through(world, ann, ben, tap)
        refused(world, ann, tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
