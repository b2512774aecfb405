#!/usr/bin/env python3
"""What the sotto command says to people, and that it says it in time: on real processes. TAP."""
import resource
import socket
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from rig import Person, Tap, World, acquaint  # noqa: E402


def first_chat(world, tap):
    ann, cem = world.person("ann"), world.person("cem")
    acquaint(ann, cem)
    began = time.monotonic()
    done = ann.run("chat", "cem", text=b"hello\n")
    took = time.monotonic() - began
    got = [m.get("text") for m in cem.fine("read", "--json").of("message")]
    tap.check("a_chat_that_begins_a_conversation_ends_when_all_is_sent",
              done.code == 0 and took < 8 and "hello" in got, f"{done.code} {took} {done.err} {got}")


def unregistered(world, tap):
    dan, link = Person(world.folder, "dan"), world.server.invite()
    dan.run("init", link[:-6] + "aaaaaa")
    began = time.monotonic()
    told = [dan.run(*w) for w in (["status"], ["read"], ["contacts"], ["send", "x", "y"], ["invite"],
                                  ["listen"])]
    took = time.monotonic() - began
    tap.check("an_account_that_is_not_registered_is_told_at_once",
              all(a.code == 4 and "not registered yet: `sotto init LINK`" in a.err for a in told) and
              took < 10, f"{took} {[(a.code, a.err) for a in told]}")
    shown = dan.run("status", "--offline")
    tap.check("and_its_home_is_shown_offline", shown.code == 0 and "not yet known" in shown.out, shown.err)
    # Asked for while the server is away: that goes on with the next command.
    eve, link = Person(world.folder, "eve"), world.server.invite()
    world.server.stop()
    first = eve.run("init", link, "--name", "Eve", "--timeout", "1")
    world.server.start()
    then = eve.run("status")
    tap.check("one_that_waits_for_the_server_is_registered_by_the_next_command",
              (first.code, then.code) == (3, 0), f"{first.err} {then.err}")


def idle(world, tap):
    ann, ben = world.person("anna"), world.person("ben")
    acquaint(ann, ben)
    holder = ann.start("listen", "--json")
    while b"caught_up" not in holder.stdout.readline() and holder.poll() is None:
        pass
    began = time.monotonic()
    told = [ann.run("chat", "ben"), ann.run("init", "sotto:join:x#y")]
    took = time.monotonic() - began
    holder.terminate()
    holder.communicate(timeout=20)
    tap.check("a_home_that_another_holds_is_refused_at_once",
              all(a.code == 5 and "another sotto is using this home" in a.err for a in told) and took < 8,
              f"{took} {[(a.code, a.err) for a in told]}")
    ann.fine("send", "ben", "hello")
    ben.fine("read")
    ann.fine("send", "ben", "x" * 100000)

    def full():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
    listener = ben.start("listen", "--until-idle", "1", "--timeout", "5", preexec_fn=full,
                         restore_signals=False)
    told = listener.communicate(timeout=60)[1].decode()
    tap.check("listen_on_a_full_disk_says_so_once_and_ends",
              listener.returncode == 5 and told.count("Trying again") == 1 and
              "connection" not in told and "disk is full" in told, f"{listener.returncode} {told}")
    got = ben.run("listen", "--until-idle", "1", "--json")
    tap.check("listen_until_idle_gets_what_waits", got.code == 0 and len(got.of("message")) >= 1, got.out)
    world.server.stop()
    began = time.monotonic()
    away = ben.run("listen", "--until-idle", "1", "--timeout", "2")
    took = time.monotonic() - began
    record, sent = ben.run("record", "--timeout", "1"), ben.run("send", "anna", "x", "--timeout", "1")
    world.server.start()
    tap.check("listen_until_idle_ends_while_the_server_is_away", away.code == 3 and took < 10,
              f"{away.code} {took} {away.err}")
    tap.check("only_what_is_kept_is_said_to_be_kept",
              (record.code, sent.code) == (3, 3) and "is kept" in sent.err and
              "is kept" not in record.err + away.err, record.err + sent.err)


def own_words(world, tap):
    ann, ben = world.person("ava"), world.person("bea")
    acquaint(ann, ben)
    ann.fine("send", "bea", "mine")
    state = ann.fine("status", "--json").of("conversation")[0]
    shown, read = ann.fine("status").out, ann.fine("read")
    tap.check("what_one_says_oneself_is_not_unread",
              state["messages"] == state["read"] and "unread" not in shown and read.out.startswith("Nothing"),
              f"{state} {read.out}")
    kinds = [m["kind"] for m in ann.fine("read", "bea", "--last", "9", "--json").of("message")]
    tap.check("a_conversation_is_made_before_anything_is_said_in_it",
              kinds == ["created", "added", "content"], kinds)
    ben.fine("read")
    ben.fine("send", "ava", "yours")
    ann.fine("contacts")
    ann.fine("send", "bea", "before I saw it")
    got = ann.fine("read", "--json").of("message")
    tap.check("what_others_said_before_it_still_is",
              [m["text"] for m in got if m["kind"] == "content"] == ["yours", "before I saw it"], got)


def members(world, tap):
    ann, ben, cem = world.person("amy"), world.person("bob"), world.person("cat")
    ann.fine("invite", ben.link(), "--as", "bob")
    cem.fine("invite", ann.link(), "--as", "amy")
    ann.fine("send", "bob", "hi")
    cem.fine("send", "amy", "hi too")
    ann.fine("accept", "Cat")
    shown, listed = ann.fine("read").out, ann.fine("status").out
    account = cem.fine("status", "--json").of("status")[0]["account"]
    tap.check("a_conversation_of_two_is_called_as_the_other_is",
              f"[Cat? ({account[:8]})] " in shown and "  1  bob, " in listed and
              "conversation 1" not in shown + listed, shown + listed)
    objects = ann.fine("status", "--json").of("conversation")
    tap.check("programs_are_told_who_the_other_is",
              [(c["name"], c["other_name"], c["other_named"]) for c in objects] ==
              [("", "bob", True), ("", "Cat", False)], objects)
    one = ann.fine("status", "2", "--json")
    who = {m["name"]: (m["own"], m["contact"], m["named"]) for m in one.of("member")}
    people = ann.fine("status", "2").out
    tap.check("status_of_a_conversation_lists_its_members",
              who == {"Amy": (True, False, True), "Cat": (False, True, False)} and
              len(one.of("conversation")) == 1 and f"{account[:8]}  Cat? ({account[:8]})\n" in
              people and "  you\n" in people, f"{who} {people}")


def met(world, tap):
    """Kim was added by somebody, and has no link of Lea and Mo."""
    jo, kim, lea, mo = (world.person(n) for n in ("jo", "kim", "lea", "mo"))
    for p in (kim, lea, mo):
        acquaint(jo, p)
    jo.fine("new", "kim", "lea", "mo", "--title", "All")
    for p in (kim, lea, mo):
        p.fine("read")
    for p in (kim, lea, mo):
        p.fine("read")
    a, b = (x.run("verify", y, "--json") for x, y in ((kim, "Lea"), (lea, "Kim")))
    tap.check("a_member_is_verified_without_a_link",
              a.code == 0 and a.of("safety_number")[0]["digits"] == b.of("safety_number")[0]["digits"] and
              not a.objects[0]["named"] and kim.fine("status", "--json").of("status")[0]["contacts"] == 1,
              a.out + b.out)
    kim.fine("verify", "Lea", "--done")
    kept = [c for c in kim.fine("contacts", "--json").of("contact") if c["own_name"] == "Lea"]
    tap.check("a_member_that_is_verified_is_kept_without_a_petname",
              [(c["verified"], c["named"]) for c in kept] == [(True, False)], kept)
    named = kim.run("name", "Mo", "mo the baker", "--json")
    again = kim.run("name", "Lea", "lea", "--json")
    tap.check("members_and_contacts_are_named",
              [(o["name"], o["named"]) for o in named.objects + again.objects] ==
              [("mo the baker", True), ("lea", True)], named.out + again.out)
    codes = [kim.run("name", "lea", "mo the baker").code, kim.run("name", "lea", "you").code,
             kim.run("invite", lea.link(), "--as", "mo the baker").code,
             kim.run("invite", lea.link(), "--as", "lea").code]
    tap.check("two_people_are_never_called_alike", codes == [2, 2, 2, 0], codes)
    zoe, link = Person(world.folder, "zoe"), world.server.invite()
    wrong = [(kim.run("invite", "--as", "foo"), "no LINK"), (kim.run("new", "lea", "lea"), "named twice"),
             (zoe.run("init", link, "--name", "n" * 65), "64 bytes"),
             (kim.run("new", "lea", "--title", "t" * 65), "64 bytes")]
    tap.check("what_is_wrong_in_a_name_is_said_in_words",
              all(a.code == 2 and words in a.err for a, words in wrong), [(a.code, a.err) for a, _ in wrong])
    new = lea.run("new", "Mo", "--title", "Two")
    mo.fine("accept", "Lea")
    told = lea.run("send", "Two", "without a link")
    got = [m.get("text") for m in mo.fine("read", "--json").of("message")]
    tap.check("a_conversation_is_begun_with_a_member", (new.code, told.code) == (0, 0) and
              "without a link" in got, f"{new.err} {told.err} {got}")


def other_server():
    """Something that takes connections, says a line that is none of Sotto's, and hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                taken, _ = listener.accept()
            except OSError:
                return
            taken.sendall(b"220 mail.example ESMTP\r\n")
            taken.close()
    threading.Thread(target=serve, daemon=True).start()
    return listener, "127.0.0.1:%d" % listener.getsockname()[1]


def ways(world, tap):
    """Only what stands before # in a link says where the server is."""
    code = world.server.invite().split("#")[1]
    listener, mail = other_server()
    with socket.create_server(("127.0.0.1", 0)) as unused:
        closed = "127.0.0.1:%d" % unused.getsockname()[1]
    expected = {
        closed: "nothing takes connections there now",
        "nosuchhost.invalid:4460": "no host of this name|name can't be looked up",
        "tls://" + world.server.listen: "speaks something else",
        f"ws://{world.server.http}/wrong": "no Sotto server under this path",
        mail: "is not a Sotto server"}
    wrong = []
    for i, (where, words) in enumerate(expected.items()):
        told = Person(world.folder, f"way{i}").run("init", f"sotto:join:{where}#{code}", "--timeout", "2")
        if told.code != 3 or not any(w in told.err for w in words.split("|")) or \
                "ask the operator" not in told.err:
            wrong.append(f"{where}: {told.code} {told.err}")
    listener.close()
    tap.check("why_there_is_no_connection_is_told_in_words", wrong == [], "\n".join(wrong))


def over(world, tap):
    uma, vic, wes = (world.person(n) for n in ("uma", "vic", "wes"))
    acquaint(uma, vic)
    acquaint(uma, wes)
    uma.fine("new", "vic", "wes", "--title", "End")
    vic.fine("read")
    wes.fine("read")
    own = uma.run("remove", "End", "Uma")
    tap.check("who_removes_oneself_is_pointed_to_leave", own.code == 4 and "sotto leave" in own.err, own.err)
    uma.fine("remove", "End", "vic")
    vic.fine("read")
    told = [vic.run(*w).err for w in (["send", "End", "x"], ["leave", "End"], ["remove", "End", "Wes"],
                                      ["add", "End", "uma"])]
    tap.check("who_was_removed_is_told_so", all("you were removed" in t for t in told), told)
    asked = wes.fine("leave", "End").out
    uma.fine("read")
    wes.fine("read")
    told = [wes.run(*w).err for w in (["send", "End", "x"], ["leave", "End"])]
    tap.check("who_left_is_told_so", "have been asked" in asked and
              all("you have left" in t for t in told), f"{asked} {told}")
    alone = uma.run("send", "End", "anybody?")
    tap.check("who_is_alone_is_told_so", alone.code == 0 and "Nobody else is in" in alone.out, alone.out)
    last = uma.run("leave", "End")
    tap.check("the_last_one_to_leave_is_out_at_once", last.out.startswith("You are out"), last.out)


def main():
    tap = Tap()
    with World() as world:
        unregistered(world, tap)
        ways(world, tap)
        first_chat(world, tap)
        own_words(world, tap)
        members(world, tap)
        met(world, tap)
        over(world, tap)
        idle(world, tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
