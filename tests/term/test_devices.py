#!/usr/bin/env python3
"""An account on several devices, on real processes: words, links, unlinking. TAP."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from rig import Person, Tap, World, acquaint  # noqa: E402


def words(world, tap):
    ann, ben = world.person("ann"), world.person("ben")
    said = ann.fine("words", "--json").of("words")[0]
    tap.check("words_are_24", len(said["words"].split()) == 24, said)
    shown = ann.fine("words").out
    tap.check("words_are_shown_with_a_warning", "WHOEVER HAS THESE WORDS IS YOU" in shown and
              all(w in shown for w in said["words"].split()) and said["server"] in shown)
    new = Person(world.folder, "ann2")
    wrong = said["words"].split()
    wrong[4] = "nosuchword"
    answer = new.run("init", "--words", ben.link(), text=" ".join(wrong).encode())
    tap.check("a_wrong_word_is_named_by_its_place", answer.code == 2 and "word 5 " in answer.err and
              "nosuchword" not in answer.err, answer.err)
    swapped = said["words"].split()
    swapped[0], swapped[1] = swapped[1], swapped[0]
    answer = new.run("init", "--words", ben.link(), text=" ".join(swapped).encode())
    tap.check("a_wrong_order_is_seen", answer.code == 2 and "changed places" in answer.err, answer.err)
    answer = new.run("init", "--words", "127.0.0.1:1", text=said["words"].encode())
    tap.check("what_is_no_link_is_refused", answer.code == 2 and "no link" in answer.err, answer.err)
    text = "\n".join(said["words"].split()).encode() + b"\n"
    made = new.fine("init", "--words", ben.link(), "--name", "Ann", "--json", text=text).of("account")[0]
    before = ann.run("status", "--json", "--offline").of("status")[0]
    tap.check("the_words_make_the_same_account_on_another_device",
              made["account"] == before["account"] and made["device"] != before["device"], made)
    answer = ann.run("read")
    tap.check("the_lost_device_is_told_that_it_is_out", answer.code == 4 and "signed off" in answer.err,
              f"{answer.code} {answer.err}")
    acquaint(new, ben)
    ben.fine("send", "ann2", "are you there?")
    got = [m["text"] for m in new.fine("read", "--json").of("message") if m["kind"] == "content"]
    tap.check("it_can_be_written_to", got == ["are you there?"], got)


def main():
    tap = Tap()
    with World() as world:
        words(world, tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
