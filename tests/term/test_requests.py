#!/usr/bin/env python3
"""First contact on real processes: who asks, what the answers do, what blocking does. TAP."""
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from rig import Tap, World, acquaint  # noqa: E402


def account(person):
    return person.fine("status", "--json", "--offline").of("status")[0]["account"]


def texts(answer):
    return [m["text"] for m in answer.of("message") if m["kind"] == "content"]


def asked(world, ann, ben, tap):
    """Ann has Ben's link, Ben knows nobody."""
    ann.fine("invite", ben.link(), "--as", "ben")
    ann.fine("send", "ben", "Shall we read together?")
    read = ben.fine("read")
    tap.check("a_request_is_told_and_not_read", "Shall we" not in read.out and
              "Somebody asks to talk with you: `sotto requests`." in read.out, read.out)
    shown, own = ben.fine("requests"), account(ann)
    digits = ann.fine("verify", "ben", "--json").of("safety_number")[0]["digits"]
    tap.check("a_request_shows_who_asks_and_what_they_say",
              f"Ann? ({own[:8]}) asks to talk with you" in shown.out and own in shown.out and
              "says: Shall we read together?" in shown.out and digits[:5] in shown.out, shown.out)
    listed = ben.fine("requests", "--json", "--offline")
    r = listed.of("request")[0]
    tap.check("programs_see_the_same", (r["inviter"], r["inviter_name"], r["digits"], r["text"]) ==
              (own, "Ann", digits, "Shall we read together?") and len(listed.of("member")) == 2, listed.out)
    number = str(r["conversation"])
    told = [ben.run(*w) for w in (["send", "Ann", "x"], ["send", number, "x"], ["chat", number],
                                  ["leave", number])]
    tap.check("nothing_is_sent_in_a_request",
              all(a.code == 1 and "did not accept yet: `sotto accept`" in a.err for a in told),
              [(a.code, a.err) for a in told])
    status = ben.fine("status")
    tap.check("status_counts_it_apart", "requests:    1" in status.out and "conversations: 0" in status.out and
              ", request" in status.out, status.out)
    wrong = [(ben.run("accept", "Zoe"), 6), (ben.run("accept", "77"), 6), (ben.run("decline", "77"), 6),
             (ben.run("accept", number, "--as", "you"), 2), (ben.run("unblock", "Ann"), 6)]
    tap.check("what_does_not_fit_is_refused", all(a.code == c for a, c in wrong),
              [(a.code, a.err) for a, _ in wrong])


def accepted(ann, ben, tap):
    done = ben.run("accept", "Ann", "--as", "annie")
    read = ben.fine("read")
    ben.fine("send", "annie", "Yes")
    tap.check("an_accepted_request_is_a_conversation_with_a_contact", done.code == 0 and
              "annie" in done.out and "Shall we read together?" in read.out and
              texts(ann.fine("read", "--json")) == ["Yes"], f"{done.out} {done.err} {read.out}")
    again = [ben.run("accept", "annie").code, ben.run("decline", "1").code]
    tap.check("what_is_no_request_is_not_answered", again == [6, 6], again)


def declined(world, ben, tap):
    cem = world.person("cem")
    cem.fine("invite", ben.link(), "--as", "ben")
    cem.fine("send", "ben", "buy this")
    done = ben.fine("decline", "Cem", "--json")
    sent = cem.fine("send", "ben", "please", "--json").of("sent")[0]
    left = ben.fine("requests", "--json").objects
    tap.check("a_declined_request_is_gone_and_its_sender_can_t_tell",
              len(done.of("declined")) == 1 and left == [] and sent["refused"] == 0, f"{done.out} {left}")
    return cem


def blocked(ben, cem, tap):
    cem.fine("new", "ben", "--title", "again")
    number = str(ben.fine("requests", "--json").of("request")[0]["conversation"])
    done = ben.fine("block", number, "--json").of("blocked")[0]
    cem.fine("new", "ben", "--title", "and again")
    sent = cem.fine("send", "and again", "hello?", "--json").of("sent")[0]
    seen = ben.fine("requests").out + ben.fine("read").out + ben.fine("status").out
    tap.check("whoever_is_blocked_is_not_heard", done["account"] == account(cem) and
              "again" not in seen and "Cem" not in seen and sent["refused"] == 0, seen)
    listed, twice = ben.fine("blocked"), ben.run("block", account(cem)[:8])
    tap.check("blocked_lists_them", f"{account(cem)[:8]}  Cem? " in listed.out and twice.code == 6, listed.out)
    free = ben.fine("unblock", "Cem", "--json").of("unblocked")
    cem.fine("new", "ben", "--title", "once more")
    tap.check("whoever_is_unblocked_may_ask_again", len(free) == 1 and
              len(ben.fine("requests", "--json").of("request")) == 1 and
              "nobody" in ben.fine("blocked").out, free)


def contact_blocked(ann, ben, tap):
    ben.fine("block", "annie")
    sent = ann.run("send", "ben", "are you there?", "--json")
    history = [t for t, _, _ in ben.history("1")]
    refused = [ben.run("send", "annie", "x"), ben.run("new", "annie")]
    tap.check("a_contact_who_is_blocked_can_t_tell", sent.code == 0 and
              history == ["Shall we read together?", "Yes"], f"{sent.out} {history}")
    tap.check("nothing_is_sent_to_whoever_is_blocked",
              all(a.code == 4 and "sotto unblock" in a.err for a in refused), [a.err for a in refused])


def groups(world, tap):
    dan, eve, fay = (world.person(n) for n in ("dan", "eve", "fay"))
    acquaint(dan, eve)
    eve.fine("invite", fay.link(), "--as", "fay")
    eve.fine("new", "dan", "fay", "--title", "Reading")
    shown = fay.fine("requests").out
    tap.check("a_group_says_who_invited_and_who_is_in_it", "asks you to join Reading" in shown and
              account(eve)[:8] in shown and account(dan)[:8] in shown, shown)
    tap.check("a_contact_s_group_is_no_request", "Nobody asks" in dan.fine("requests").out and
              "Reading" in dan.fine("status").out)


def listened(world, tap):
    gus, hal = world.person("gus"), world.person("hal")
    listener = gus.start("listen", "--json")
    while b"caught_up" not in listener.stdout.readline() and listener.poll() is None:
        pass
    hal.fine("invite", gus.link(), "--as", "gus")
    hal.fine("send", "gus", "hello there")
    until, objects = time.monotonic() + 20, []
    while time.monotonic() < until and "request" not in [o["type"] for o in objects]:
        objects.append(json.loads(listener.stdout.readline()))
    gus.fine("accept", "Hal")
    while time.monotonic() < until and "hello there" not in [o.get("text") for o in objects]:
        objects.append(json.loads(listener.stdout.readline()))
    listener.terminate()
    listener.communicate(timeout=20)
    types = [o["type"] for o in objects]
    told = [i for i, o in enumerate(objects) if o.get("state") == "active"]
    said = [i for i, o in enumerate(objects) if o["type"] == "message"]
    tap.check("listen_tells_of_a_request_and_of_what_it_says_once_it_is_accepted",
              types.count("request") == 1 and told and said and told[0] < said[0], objects)


def unheard(world, tap):
    """Who did not accept, and who can't be reached: the server tells nothing of either."""
    ida, jon = world.person("ida"), world.person("jon")
    ida.fine("invite", jon.link(), "--as", "jon")
    sent = ida.fine("send", "jon", "Hello?", "--json").of("sent")[0]
    said = ida.fine("send", "jon", "Anybody?").out
    listed, shown = ida.fine("status", "jon", "--json"), ida.fine("status", "jon").out
    member = [m["unheard"] for m in listed.of("member") if not m["own"]]
    tap.check("who_did_not_answer_yet_is_shown_so",
              (sent["refused"], sent["unheard"], member) == (0, 1, [True]) and
              "Nothing was heard yet from 1" in said and ", nothing heard yet\n" in shown and
              "take a new link of theirs, remove and add them" in shown and
              listed.of("conversation")[0]["unheard"] == 1, said + shown)
    jon.fine("accept", "Ida")
    shown = ida.fine("status", "jon").out
    tap.check("who_accepted_is_heard", "nothing heard" not in shown and
              "heard" not in ida.fine("send", "jon", "Good").out, shown)


def addresses_over(world, tap):
    """The server has other keys than those that it made all addresses with."""
    kim, lea = world.person("kim"), world.person("lea")
    acquaint(kim, lea)
    world.server.stop()
    keys = world.server.data / "address-keys"
    content = keys.read_bytes()
    keys.write_bytes(content[:5] + bytes(b ^ 1 for b in content[5:]))
    world.server.start()
    told = [kim.run(*w) for w in (["new", "lea"], ["send", "lea", "Hello"])]
    tap.check("an_address_that_is_over_is_told_with_what_helps",
              all(a.code == 4 and "Ask them for a new link" in a.err for a in told),
              [(a.code, a.err) for a in told])
    as_object = kim.run("new", "lea", "--json")
    tap.check("programs_see_the_reason_of_it",
              [(o.get("error"), o.get("reason")) for o in as_object.objects] == [("DENIED", "ADDRESS")],
              as_object.out)


def main():
    tap = Tap()
    with World() as world:
        ann, ben = world.person("ann"), world.person("ben")
        asked(world, ann, ben, tap)
        accepted(ann, ben, tap)
        cem = declined(world, ben, tap)
        blocked(ben, cem, tap)
        contact_blocked(ann, ben, tap)
        groups(world, tap)
        listened(world, tap)
        unheard(world, tap)
        addresses_over(world, tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
