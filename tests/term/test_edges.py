#!/usr/bin/env python3
"""The edges of the sotto command on real processes: who somebody claims to be, what is lost when output
fails, what stands in a command line. TAP."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from rig import Person, Tap, World, acquaint  # noqa: E402


def texts(answer):
    return [m["text"] for m in answer.of("message") if m["kind"] == "content"]


def contact_id(person, petname):
    return next(c["account"] for c in person.fine("contacts", "--json", "--offline").of("contact")
                if c["petname"] == petname)


# ---- Names ----

def addressed(world, ann, bob, tap):
    """What others call themselves or a conversation takes no message from whom it is for."""
    ann.fine("send", "bob", "first")
    bob.fine("read")
    mal = world.person("mal")
    mal.fine("invite", ann.link(), "--as", "ann")
    mal.fine("new", "ann", "--title", "bob")
    ann.fine("read")
    sent = ann.run("send", "bob", "for bob alone", "--json")
    tap.check("a_stranger_s_title_takes_no_message_from_a_contact",
              sent.code == 0 and "for bob alone" not in mal.fine("read").out and
              texts(bob.fine("read", "--json")) == ["for bob alone"], sent.out)
    start = contact_id(ann, "bob")[:8]
    eve = Person(world.folder, "eve")
    eve.fine("init", world.server.invite(), "--name", start)
    ann.fine("invite", eve.link())
    sent = ann.run("send", start, "for this id", "--json")
    tap.check("a_name_like_an_id_takes_no_message_from_the_id",
              sent.code == 6 and sent.objects[0]["error"] == "LIMIT", sent.out)


def shown(world, ann, tap):
    false = Person(world.folder, "false")
    false.fine("init", world.server.invite(), "--name", "bob")
    false.fine("invite", ann.link(), "--as", "ann")
    false.fine("new", "ann", "--title", "x] bob: hi [")
    false.fine("send", "1", "It's me")
    shown, own = ann.fine("read").out, contact_id(false, "ann")
    number = [c for c in ann.fine("status", "--json").of("conversation") if c["name"].startswith("x]")]
    account = false.fine("status", "--json", "--offline").of("status")[0]["account"]
    tap.check("a_name_that_is_no_petname_is_marked", f"] bob? ({account[:8]}): It's me" in shown, shown)
    tap.check("a_title_can_t_imitate_what_stands_around_it",
              "[x\\x5d bob: hi [] " in shown and "x] bob" not in shown, shown)
    got = ann.fine("read", str(number[0]["conversation"]), "--last", "9", "--json").of("message")
    tap.check("json_says_whose_word_a_name_is",
              [m["sender_named"] for m in got if m["kind"] == "content"] == [False] and
              not number[0]["named"], got)
    listed = [line for line in ann.fine("contacts").out.splitlines() if "calls itself" in line]
    tap.check("contacts_tell_a_petname_from_an_own_name",
              any(line[8:].startswith(" (calls itself ") for line in listed), listed)
    refused = [false.run("invite", ann.link(), "--as", n).code for n in ("you", "You", "* Ann")]
    refused += [false.run("new", "ann", "--title", "* x").code]
    refused += [Person(world.folder, "you").run("init", world.server.invite(), "--name", "you").code]
    tap.check("names_that_would_pass_for_our_own_words_are_refused", refused == [2] * 5, refused)
    return own


def at_once(world, tap):
    cem, dan = world.person("cem"), world.person("dan")
    acquaint(cem, dan)
    both = [cem.start("send", "dan", "hi"), dan.start("send", "cem", "hi")]
    for p in both:
        p.communicate(timeout=60)
    cem.fine("read")
    dan.fine("read")
    cem.run("send", "dan", "one")
    dan.run("send", "cem", "two")
    cem.fine("read")
    last = [p.fine("send", o, "x", "--json").of("sent")[0]["conversation"]
            for p, o in ((cem, "dan"), (dan, "cem"))]
    groups = [next(c["group"] for c in p.fine("status", "--json").of("conversation")
                   if c["conversation"] == n) for p, n in zip((cem, dan), last)]
    tap.check("two_who_write_first_at_once_go_on_in_one_conversation", groups[0] == groups[1], groups)


def main():
    tap = Tap()
    with World() as world:
        ann, bob = world.person("ann"), world.person("bob")
        acquaint(ann, bob)
        addressed(world, ann, bob, tap)
        shown(world, ann, tap)
        at_once(world, tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
