"""A notice from the order to the user's screen: a running server that is killed in between, an account with two devices,
one of them away. openssl signs with the notice key, and checks what the client shows."""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "term"))

from notices import WORDING, NoticeKey, NoticeOffice
from test_desk import digest, refused


def link_device(holder, fresh, world):
    process = fresh.start("--json", "link", world.server.listen, "--yes")
    code = json.loads(process.stdout.readline())["code"]
    holds = holder.start("--json", "link", "--code", code, stdin=subprocess.PIPE)
    holds.communicate(b"yes\n", timeout=60)
    process.communicate(timeout=60)


def unread(person, *more):
    return person.fine("read", "--json", *more).of("notice")


def on_disk(world, what):
    return any(what in p.read_bytes() for p in Path(world.server.data).rglob("*") if p.is_file())


def reaches(tap, world, office, operator, ann, pad, account):
    out = world.folder / "out"
    out.mkdir()
    state = operator.show()
    first = office.notice(state, account, "n-1")
    wrong = {"SIGNERS": office.notice(state, account, "n-1", who=("p1",)),
             "NOTICE_KEY": office.notice(state, account, "n-1", key=NoticeKey(office.folder, "forged")),
             "SIGNATURE": office.notice(state, account, "n-1", change=lambda t: t.replace("A court", "No court")),
             "SERVER": office.notice({**state, "server": "00" * 32}, account, "n-1")}
    done = {reason: operator.order(wrong[reason], out) for reason in wrong}
    tap.check("without_a_valid_order_nobody_is_told",
              all(refused(done[r], r) for r in done) and not list(out.iterdir()) and unread(ann) == [], done)
    given = operator.order(first, out)
    world.server.kill()
    tap.check("the_operator_gets_a_manifest_and_nothing_else",
              given.returncode == 0 and [p.name for p in out.iterdir()] == ["n-1.manifest"] and
              account not in (out / "n-1.manifest").read_text(), given)
    tap.check("the_disk_does_not_have_it_in_clear", not on_disk(world, b"A court") and
              not on_disk(world, b"\xe6\xb3\x95") and on_disk(world, b"The desk of an example"))
    world.server.start()
    again = operator.order(first, out)
    tap.check("an_order_is_carried_out_once", refused(again, "CARRIED_OUT"), again)
    shown = unread(ann)
    tap.check("the_user_reads_it_with_what_it_takes_to_object",
              len(shown) == 1 and shown[0]["wording"] == "\n".join(WORDING) and shown[0]["case"] == "c-7" and
              shown[0]["reference"] == digest(shown[0]["signed"]) and
              shown[0]["receipt"] == "ab" * 32 and shown[0]["origin"] == "http://localhost", shown)
    tap.check("openssl_finds_the_notice_key_s_signature_right",
              office.notice_key.signed(shown[0]["signed"], bytes.fromhex(shown[0]["signature"])) and
              first.startswith(shown[0]["signed"] + "\n"), shown)
    text = pad.fine("read").out
    tap.check("the_other_device_shows_it_too_to_people",
              all(line in text for line in WORDING) and "ab" * 32 in text and "case c-7" in text and
              shown[0]["reference"] in text, text)
    tap.check("what_was_read_is_read_and_kept", unread(ann) == [] and "Nothing new" in ann.fine("read").out and
              len(ann.fine("desk", "--json").of("notice")) == 1)
    nobody = operator.order(office.notice(operator.show(), "0" * 32, "n-2", case="c-8"), out)
    tap.check("whether_there_is_such_an_account_is_not_told",
              nobody.returncode == 0 and nobody.stdout.replace("n-2", "n-1") == given.stdout, (nobody, given))


def changes(tap, world, office, operator, ann, account):
    out, before = world.folder / "out", office.text()
    old, office.notice_key = office.notice_key, NoticeKey(office.folder, "second")
    later = office.text(2, digest(before))
    done = operator.hand_in("change", office.signed(later, "p2", "p3", "p4"))
    tap.check("the_office_has_another_key", done.returncode == 0, done)
    told = operator.order(office.notice(operator.show(), account, "n-3"), out)
    answer = ann.run("read", "--json")
    desk = ann.fine("desk", "--json").of("desk")[0]
    tap.check("another_key_is_a_warning_and_its_notice_is_not_shown",
              told.returncode == 0 and answer.of("notice") == [] and "IDENTITY" in answer.out + answer.err and
              (desk["key"], desk["offered"], desk["waiting"]) == (old.text, office.notice_key.text, 1), (answer.out, desk))
    people = ann.fine("desk").out, ann.fine("status", "--offline").out
    tap.check("people_are_told_in_words", "ANOTHER KEY" in people[0] and "sotto desk" in people[1], people)
    wrong = ann.run("desk", "--accept", old.text), ann.run("desk", "--accept", "x")
    tap.check("only_the_key_that_is_named_is_accepted", [w.code for w in wrong] == [6, 2], wrong)
    ann.fine("desk", "--accept", office.notice_key.text)
    desk = ann.fine("desk", "--json")
    tap.check("once_accepted_it_is_shown", len(desk.of("notice")) == 2 and "offered" not in desk.of("desk")[0], desk.out)


def named(tap, world, office, operator, ann):
    ann.fine("handle", "claim", "annabel", timeout=300)
    out, ways = world.folder / "out", {"handle": "Annabel", "link": ann.link()}
    done = {by: operator.order(office.notice(operator.show(), ways[by], f"n-{by}", by=by), out) for by in ways}
    shown = [n["id"] for n in unread(ann)]
    tap.check("an_account_is_named_by_handle_or_link", all(d.returncode == 0 for d in done.values()) and
              shown == ["n-handle", "n-link"], (done, shown))
    nobody = operator.order(office.notice(operator.show(), "nobody.here", "n-5", by="handle"), out)
    tap.check("whether_there_is_such_a_handle_is_not_told",
              nobody.returncode == 0 and nobody.stdout == done["link"].stdout.replace("n-link", "n-5"), nobody)


def listens(tap, world, office, operator, ann, account):
    listener = ann.start("listen", "--until-idle", "2")
    told = operator.order(office.notice(operator.show(), account, "n-4"), world.folder / "out")
    out = listener.communicate(timeout=60)[0].decode()
    tap.check("who_listens_sees_it_come", told.returncode == 0 and WORDING[0] in out and unread(ann) == [], out)


def main():
    from rig import Person, Tap, World
    tap = Tap()
    with tempfile.TemporaryDirectory() as keys, World() as world:
        ann, pad = Person(world.folder, "ann"), Person(world.folder, "pad")
        account = ann.fine("init", world.server.invite(), "--name", "ann", "--json").of("account")[0]["account"]
        tap.check("without_a_desk_no_key_is_pinned", ann.fine("desk", "--json").out == "" and
                  "no request desk" in ann.fine("desk").out)
        link_device(ann, pad, world)
        office = NoticeOffice(Path(keys))
        operator = office.begin(world)
        desk = [p.fine("desk", "--json").of("desk")[0] for p in (ann, pad)]
        tap.check("each_device_pins_the_key_of_the_office_file",
                  all(d["key"] == office.notice_key.text and d["office_hash"] == digest(office.text()) for d in desk), desk)
        reaches(tap, world, office, operator, ann, pad, account)
        changes(tap, world, office, operator, ann, account)
        named(tap, world, office, operator, ann)
        listens(tap, world, office, operator, ann, account)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
