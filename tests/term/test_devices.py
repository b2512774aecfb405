#!/usr/bin/env python3
"""An account on several devices, on real processes: words, links, unlinking. TAP."""
import json
import subprocess
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


def objects(process, until):
    """What it prints, up to an object of this state."""
    for line in process.stdout:
        o = json.loads(line)
        yield o
        if o.get("state") == until or o.get("type") == "error" or "error" in o:
            return


def until(process, state):
    return list(objects(process, state))[-1]


def link(world, holder, name, server=None, answer=b"yes\n", fresh_answer=b"yes\n", options=()):
    """Both sides; returns the new person, what each said of the digits, and both exit codes. An
    answer is None: that side's user says nothing, and its input ends after a while."""
    new = Person(world.folder, name)
    fresh = new.start("link", server or world.server.listen, "--json", *options, stdin=subprocess.PIPE)
    code = until(fresh, "code")["code"]
    holds = holder.start("link", "--code", code, "--json", stdin=subprocess.PIPE)
    digits = until(holds, "digits")["digits"], until(fresh, "digits")["digits"]
    for process, text in (holds, answer), (fresh, fresh_answer):
        if text is not None:
            process.stdin.write(text)
            process.stdin.flush()
    rest = fresh.communicate(timeout=120)[0].decode(), holds.communicate(timeout=120)[0].decode()
    return new, digits, (fresh.returncode, holds.returncode), rest, code


def texts(person, conversation):
    return [t for t, _, _ in person.history(conversation)]


def linked(world, tap):
    ann, ben = world.person("ann3"), world.person("ben3")
    acquaint(ann, ben)
    ann.fine("send", "ben3", "before")
    ben.fine("read")
    ben.fine("send", "ann3", "answer")
    ann.fine("read")
    how = ann.fine("link").out
    tap.check("link_says_how", "sotto link sotto:server:" in how and "sotto link --code CODE" in how, how)
    pad, digits, codes, rest, code = link(world, ann, "pad")
    tap.check("both_show_the_same_digits", digits[0] == digits[1] and len(digits[0]) == 8, digits)
    tap.check("both_end_well", codes == (0, 0), f"{codes} {rest}")
    tap.check("history_comes_with_progress", '"state":"history","part":2,"parts":2' in rest[0], rest[0])
    ids = [json.loads(p.fine("status", "--json").out.splitlines()[0])["account"] for p in (ann, pad)]
    tap.check("it_is_the_same_account", ids[0] == ids[1])
    names = [c["name"] for c in pad.fine("contacts", "--json").of("contact")]
    tap.check("contacts_came_with_their_petnames", names == ["ben3"], names)
    tap.check("what_was_said_came", texts(pad, "ben3") == ["before", "answer"], texts(pad, "ben3"))
    pad.fine("send", "ben3", "from the pad")
    ben.fine("read")
    ben.fine("send", "ann3", "to both")
    got = [m["text"] for m in ann.fine("read", "--json").of("message") if m["kind"] == "content"]
    tap.check("what_this_one_sent_is_no_news_on_the_other", got == ["to both"], got)
    tap.check("and_stands_there_as_its_own", ("from the pad", "sent", True) in ann.history("ben3"), ann.history("ben3"))
    got = [m["text"] for m in pad.fine("read", "--json").of("message") if m["kind"] == "content"]
    tap.check("a_contacts_message_arrives_on_both", got == ["to both"], got)
    shown = ann.fine("read", "My devices", "--last", "9").out
    tap.check("every_own_device_shows_that_one_was_linked", " linked a device: " in shown, shown)
    answer = ann.run("link", "--code", code)
    tap.check("a_code_works_once", answer.code == 4 and "over, was used" in answer.err, answer.err)
    tap.check("what_is_no_code_is_refused", ann.run("link", "--code", "sotto:link:x").code == 2)
    tap.check("a_linked_device_can_t_link", pad.run("link", "--code", code).code == 4)
    tap.check("nor_show_the_words", pad.run("words").code == 4)
    return ann, ben, pad


def named_twice(world, ann, pad, tap):
    cat = world.person("cat3")
    acquaint(ann, cat)
    for person in ann, pad:
        person.fine("read")
    ann.fine("name", "ben3", "bob")
    pad.fine("name", "cat3", "bob")
    said = pad.run("read").err, ann.run("read").err, pad.run("read").err
    tap.check("a_petname_given_twice_is_told", "called two people bob" in said[1] and
              "called two people bob" in said[0] + said[2], said)
    names = [sorted(c["name"] for c in p.fine("contacts", "--json").of("contact")) for p in (ann, pad)]
    tap.check("and_is_one_s_alone", names == [["Ben3", "bob"]] * 2, names)
    ann.fine("name", "Ben3", "ben3")
    ann.fine("read")


def unlinked(ann, ben, pad, tap):
    listed = ann.fine("devices", "--json").of("device")
    tap.check("devices_are_listed", [(d["this"], d["identity"]) for d in listed] ==
              [(True, True), (False, False)], listed)
    tap.check("an_unknown_device_can_t_be_signed_off", ann.run("unlink", "0000").code == 6)
    tap.check("nor_this_one", ann.run("unlink", listed[0]["device"]).code == 4)
    ann.fine("unlink", listed[1]["device"][:8])
    answer = pad.run("read")
    tap.check("the_device_is_told_that_it_is_out", answer.code == 4 and "signed off" in answer.err,
              f"{answer.code} {answer.err}")
    ben.fine("read")
    ben.fine("send", "ann3", "without the pad")
    got = [m["text"] for m in ann.fine("read", "--json").of("message") if m["kind"] == "content"]
    tap.check("the_others_go_on", got == ["without the pad"], got)
    devices = [c["devices"] for c in ben.fine("status", "--json").of("conversation")]
    tap.check("its_leaves_are_removed", devices == [2], devices)
    tap.check("one_device_is_left", len(ann.fine("devices", "--json").of("device")) == 1)


def refused(world, ann, tap):
    pad, digits, codes, rest, _ = link(world, ann, "pad2", answer=b"no\n")
    tap.check("a_no_links_nothing", codes == (4, 4), f"{codes} {rest}")
    tap.check("and_leaves_one_device", len(ann.fine("devices", "--json").of("device")) == 1)
    for name, said in ("a_no", b"no\n"), ("no_answer", None):
        pad, digits, codes, rest, _ = link(world, ann, "pad_" + name, fresh_answer=said)
        tap.check(name + "_at_the_new_device_links_nothing", codes == (4, 4) and "joining" not in rest[0] and
                  pad.run("status", "--offline").code != 0, f"{codes} {rest}")
        tap.check(name + "_there_leaves_one_device", len(ann.fine("devices", "--json").of("device")) == 1)
    answer = ann.run("link", "--yes", "--code", "sotto:link:x")
    tap.check("nobody_says_yes_beforehand_where_the_key_is", answer.code == 2 and "new device" in answer.err,
              f"{answer.code} {answer.err}")
    server = ann.fine("link", "--json").objects[0]["server"]
    pad, digits, codes, rest, _ = link(world, ann, "pad3", server=server, options=["--yes"], fresh_answer=None)
    tap.check("a_servers_link_names_the_server_too", codes == (0, 0), f"{codes} {rest}")


def main():
    tap = Tap()
    with World() as world:
        words(world, tap)
        ann, ben, pad = linked(world, tap)
        named_twice(world, ann, pad, tap)
        unlinked(ann, ben, pad, tap)
        refused(world, ann, tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
