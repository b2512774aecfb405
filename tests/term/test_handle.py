#!/usr/bin/env python3
"""Handles on real processes: at the server's own prices, with the names stretched in full. TAP."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from rig import Tap, World  # noqa: E402

TIMEOUT = 300


def run(person, *args, **how):
    return person.run(*args, timeout=TIMEOUT, **how)


def found(person, *args):
    return run(person, "find", *args, "--json").of("found")


def claims(ann, ben, tap):
    none = run(ann, "handle")
    tap.check("who_has_none_is_told_how", none.code == 0 and "handle claim" in none.out, none.out)
    got = run(ann, "handle", "claim", "Anna", "--json").of("handle")
    tap.check("a_handle_is_claimed", [(h["name"], h["state"], h["pin"]) for h in got] ==
              [("anna", "held", False)], got)
    shown = run(ann, "handle", "--offline").out
    tap.check("and_shown_with_the_week_in_which_it_lapses",
              shown.startswith("anna. If this account is not used before the week of 20"), shown)
    again = run(ann, "handle", "claim", "other")
    tap.check("who_has_one_changes_it_and_claims_no_second",
              again.code == 1 and "handle change" in again.err, again.err)
    taken = run(ben, "handle", "claim", "ANNA")
    tap.check("a_handle_that_is_held_is_refused_in_words",
              taken.code == 4 and "somebody has that handle" in taken.err, taken.err)


def finds(ann, ben, tap):
    who = run(ben, "find", "anna")
    tap.check("who_has_a_handle_is_found",
              who.code == 0 and who.out.startswith("Ann? (") and "No contact of yours" in who.out,
              who.out + who.err)
    digits = found(ben, "aNNa")[0]["digits"]
    nobody = run(ben, "find", "anne")
    tap.check("nobody_is_found_under_another", nobody.code == 6 and nobody.out == "", nobody.err)
    added = run(ben, "find", "anna", "--as", "annie")
    tap.check("who_was_found_becomes_a_contact", added.code == 0 and "annie" in added.out, added.err)
    tap.check("and_is_known_as_one", found(ben, "anna")[0]["contact"])
    tap.check("the_digits_are_those_of_verify",
              ben.fine("verify", "annie", "--json", "--offline").of("safety_number")[0]["digits"] == digits)
    own = run(ann, "find", "anna", "--add")
    tap.check("oneself_is_no_contact", own.code == 4 and "your own" in own.err, own.err)
    ben.fine("send", "annie", "found you")
    ann.fine("read")
    requests = ann.fine("requests", "--json").of("request")
    tap.check("a_message_by_the_cards_address_arrives", len(requests) == 1, requests)


def pins(ann, ben, tap):
    claimed = run(ben, "handle", "claim", "ben", "--pin", "-", text=b"271828\n")
    tap.check("a_pin_comes_on_the_input", claimed.code == 0 and "with a PIN" in claimed.out,
              claimed.out + claimed.err)
    needed = run(ann, "find", "ben")
    tap.check("without_it_one_learns_that_it_is_needed",
              needed.code == 4 and "a PIN is needed" in needed.err and needed.out == "", needed.err)
    wrong = run(ann, "find", "ben", "--pin", "271829")
    tap.check("a_wrong_one_finds_nobody", wrong.code == 6, wrong.err)
    tap.check("the_right_one_finds", len(found(ann, "ben", "--pin", "271828")) == 1)


def changes(ann, ben, tap):
    same = run(ann, "handle", "change", "anna", "--pin", "1234")
    tap.check("the_same_is_no_change", same.code == 1 and "drop it first" in same.err, same.err)
    changed = run(ann, "handle", "change", "анна", "--json").of("handle")
    tap.check("a_handle_is_changed", [h["name"] for h in changed] == ["анна"], changed)
    dropped = run(ben, "handle", "drop")
    tap.check("a_handle_is_dropped", dropped.code == 0 and "no handle" in dropped.out, dropped.err)
    tap.check("and_can_be_dropped_once", run(ben, "handle", "drop").code == 1)
    tap.check("neither_old_name_finds_anybody",
              [run(ben, "find", name).code for name in ("anna", "ben")] == [6, 6])
    tap.check("the_new_one_does", len(found(ben, "АННА")) == 1)


def mistakes(ann, tap):
    bad = [("handle", "claim"), ("handle", "change", "a b"), ("handle", "change", "аnna"),
           ("handle", "drop", "anna"), ("handle", "nonsense"), ("find", "a"),
           ("find", "anna", "--pin", "12"), ("find", "anna", "--pin", ""), ("find",)]
    codes = {words: run(ann, *words).code for words in bad}
    tap.check("mistakes_are_refused_at_once", set(codes.values()) == {2}, codes)
    mixed = run(ann, "find", "аnna").err
    tap.check("mixed_scripts_are_named", "several scripts" in mixed, mixed)


def handed_over(world, ann, tap):
    """While another process holds the home."""
    cem = world.person("cem")
    listener = cem.start("listen")
    try:
        claimed = run(cem, "handle", "claim", "cem")
        tap.check("a_claim_is_handed_over", claimed.code == 0 and claimed.out.startswith("cem."),
                  claimed.err)
        tap.check("and_found_by_others", len(found(ann, "cem")) == 1)
    finally:
        listener.terminate()
        listener.wait(20)


def away(world, ann, tap):
    world.server.stop()
    answer = run(ann, "find", "anna", "--timeout", "1")
    tap.check("without_a_server_it_says_so", answer.code == 3, answer.err)


def main():
    tap = Tap()
    with World() as world:
        ann, ben = world.person("ann"), world.person("ben", websocket=True)
        claims(ann, ben, tap)
        finds(ann, ben, tap)
        pins(ann, ben, tap)
        changes(ann, ben, tap)
        mistakes(ann, tap)
        handed_over(world, ann, tap)
        away(world, ann, tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
