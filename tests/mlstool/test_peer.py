#!/usr/bin/env python3
"""Drives `sotto-mls peer` as another implementation would: test_peer.py PROGRAM. Prints TAP."""
import json
import subprocess
import sys

PROGRAM = sys.argv[1]
SUITES = (0x0001, 0x0002, 0x0003, 0x0007, 0xF04D)


class Refused(Exception):
    pass


class Peer:
    """One process; each may hold any number of groups."""

    def __init__(self):
        self.process = subprocess.Popen([PROGRAM, "peer"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def line(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def __call__(self, cmd, **fields):
        answer = self.line(json.dumps({"cmd": cmd, **fields}))
        if "error" in answer:
            raise Refused(answer["error"])
        return answer

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=20) == 0


def refused(error, peer, cmd, **fields):
    try:
        peer(cmd, **fields)
    except Refused as e:
        assert str(e) == error, (str(e), error)
        return
    raise AssertionError(f"{cmd} was not refused")


def name(text):
    return text.encode().hex()


class Member:
    def __init__(self, who, suite, peer=None):
        self.peer, self.who, self.suite = peer or Peer(), who, suite
        self.group = self.handle = None

    def __call__(self, cmd, **fields):
        return self.peer(cmd, group=self.group, **fields)

    def key_package(self, suite=None, **fields):
        made = self.peer("key_package", suite=suite or self.suite, identity=name(self.who),
                         **fields)
        self.handle = made["handle"]
        return made["key_package"]

    def create(self, group="group", **fields):
        self.group = self.peer("create", suite=self.suite, group_id=name(group),
                               identity=name(self.who), **fields)["group"]

    def join(self, welcome, **fields):
        self.group = self.peer("join", key_package=self.handle, welcome=welcome, **fields)["group"]

    def state(self):
        return self("state")

    def process(self, message):
        return self("process", message=message, apply=True)


def commit(by, others, joiners=(), **fields):
    adds = [j.key_package() for j in joiners]
    made = by("commit", adds=adds, tree_in_welcome=True, **fields)
    for other in others:
        other.process(made["commit"])
    by("apply", staged=made["staged"])
    for joiner in joiners:
        joiner.join(made["welcomes"][0])
    return made


def agree(*members):
    states = [m.state() for m in members]
    for s in states:
        assert s == states[0], states
    return states[0]


def talk(sender, *receivers):
    message = sender("protect", plain=name("hello"), authenticated_data="aa")["message"]
    for r in receivers:
        got = r("unprotect", message=message)
        assert got["plain"] == name("hello") and got["sender_identity"] == name(sender.who)
        assert got["authenticated_data"] == "aa"


def people(suite, count, **fields):
    members = [Member(chr(ord("a") + i) * 4, suite) for i in range(count)]
    members[0].create(**fields)
    commit(members[0], [], members[1:])
    return members


def end(*members):
    for peer in {m.peer for m in members}:
        peer.end()


# ---- Tests ----

def a_life_in_every_suite():
    for suite in SUITES:
        a, b, c = people(suite, 3)
        agree(a, b, c)
        talk(b, a, c)
        update = c("update", public=True)["message"]
        for m in (a, b):
            assert m("process", message=update)["kind"] == "proposal"
        made = commit(b, [a, c])
        assert [x["what"] for x in made["changes"]] == ["updated"]
        removed = commit(a, [b, c], removes=[2])
        assert removed["changes"][0]["identity"] == name("cccc")
        assert c.state()["is_out"]
        agree(a, b)
        assert [m["identity"] for m in a("roster")["members"]] == [name("aaaa"), name("bbbb")]
        end(a, b, c)


def state_is_saved_and_loaded():
    a, b = people(3, 2)
    before, saved = b.state(), b("save")["saved"]
    b.peer("free", handle=b.group)
    refused("NOT_FOUND", b.peer, "state", group=b.group)
    b.group = b.peer("load", saved=saved)["group"]
    assert b.state() == before
    talk(a, b)
    refused("DAMAGED", b.peer, "load", saved=saved[:-2])
    end(a, b)


def strangers_join_by_a_commit():
    a, b = people(1, 2)
    c = Member("cccc", 1)
    info = a("group_info", tree=True, external_pub=True)["group_info"]
    made = c.peer("external_join", group_info=info, identity=name("cccc"))
    c.group = made["group"]
    for m in (a, b):
        assert m.process(made["commit"])["is_external"]
    agree(a, b, c)
    talk(c, a, b)
    end(a, b, c)


def observers_follow_public_messages():
    a, b = people(1, 2)
    server = Member("server", 1)
    info = a("group_info", tree=True)["group_info"]
    server.group = server.peer("observe", group_info=info)["group"]
    made = commit(a, [b, server], public=True)
    states = [m.state() for m in (a, server)]
    for key in ("epoch", "tree_hash", "confirmed_transcript_hash"):
        assert states[0][key] == states[1][key]
    private = a("protect", plain="00")["message"]
    try:
        server("unprotect", message=private)
        raise AssertionError("a server read a message")
    except Refused:
        pass
    assert made["committer"] == 0
    end(a, b, server)


def pre_shared_keys_are_needed():
    a, b = people(3, 2)
    psk = {"type": "psk", "psk_id": name("key")}
    refused("MLS_PSK", a.peer, "commit", group=a.group, proposals=[psk])
    for m in (a, b):
        m.peer("psk", psk_id=name("key"), psk="07" * 32)
    commit(a, [b], proposals=[psk])
    agree(a, b)
    old = a.state()["epoch"] - 1
    commit(b, [a], proposals=[{"type": "psk", "resumption": True, "epoch": old}])
    agree(a, b)
    assert a("resumption_psk", epoch=old) == b("resumption_psk", epoch=old)
    end(a, b)


def groups_go_on_in_others():
    a, b = people(3, 2)
    old = (a.group, b.group)
    made = a.peer("branch", group=a.group, group_id=name("branch"), identity=name("aaaa"),
                  key_packages=[b.key_package()], tree_in_welcome=True)
    a.group = made["group"]
    b.join(made["welcomes"][0], parent=b.group)
    agree(a, b)
    a.group, b.group = old
    commit(a, [b], proposals=[{"type": "reinit", "group_id": name("new"), "suite": 1}])
    assert a.state()["is_ended"] and b.state()["is_ended"]
    made = a.peer("reinit", group=a.group, identity=name("aaaa"),
                  key_packages=[b.key_package(suite=1)], tree_in_welcome=True)
    a.group = made["group"]
    b.join(made["welcomes"][0], parent=b.group)
    assert agree(a, b)["suite"] == 1
    talk(a, b)
    end(a, b)


def proposals_come_from_outside():
    keys = Member("x", 1).peer("signature_keys", suite=1)
    sender = "20" + keys["signature_pub"] + "0001" + "04" + name("boss")
    senders = "%02x" % (len(sender) // 2 | 0x40 << 8 if len(sender) // 2 > 63 else
                        len(sender) // 2) + sender
    a, b = people(1, 2, extensions=[{"type": 5, "data": senders}])
    c = Member("cccc", 1)
    where = {"suite": 1, "group_id": name("group"), "epoch": a.state()["epoch"]}
    kick = c.peer("outsider_propose", place=0, signature_priv=keys["signature_priv"],
                  proposal={"type": "remove", "leaf": 1}, **where)["message"]
    assert a.process(kick)["sender_type"] == 2
    a("clear_proposals")
    package = c.key_package()
    ask = c.peer("outsider_propose", handle=c.handle,
                 proposal={"type": "add", "key_package": package}, **where)["message"]
    for m in (a, b):
        assert m.process(ask)["sender_type"] == 3
    made = a("commit", tree_in_welcome=True)
    b.process(made["commit"])
    a("apply", staged=made["staged"])
    c.join(made["welcomes"][0])
    agree(a, b, c)
    end(a, b, c)


def every_type_of_proposal_goes_by_reference_and_by_value():
    custom, extension = 0xF0A1, 0xF0B1
    able = {"supported_proposals": [custom], "supported_extensions": [extension]}
    a, b = Member("aaaa", 3), Member("bbbb", 3)
    a.create(**able)
    made = a("commit", adds=[b.key_package(**able)], tree_in_welcome=True, apply=True)
    b.join(made["welcomes"][0])
    for m in (a, b):
        m.peer("psk", psk_id=name("key"), psk="07" * 32)
    for fields in ({"type": "update"},
                   {"type": "psk", "psk_id": name("key")},
                   {"type": "group_context_extensions",
                    "extensions": [{"type": extension, "data": "0102"}]},
                   {"type": custom, "content": "abcd"}):
        for public in (False, True):
            sent = b("propose", public=public, **fields)["message"]
            assert a.process(sent)["kind"] == "proposal"
            commit(a, [b], pending_psks=True)
            assert agree(a, b)["pending_proposals"] == 0
        if fields["type"] != "update":
            commit(a, [b], proposals=[fields])
            agree(a, b)
    refused("MLS_CAPABILITIES", a.peer, "commit", group=a.group, proposals=[
        {"type": "group_context_extensions", "extensions": [{"type": 0xF0C1, "data": ""}]}])
    end(a, b)


def members_change_what_they_say_of_themselves():
    a, b = people(3, 2)
    keys = b.peer("signature_keys", suite=3)
    leaf = {"identity": name("bobb"), "signature_pub": keys["signature_pub"],
            "signature_priv": keys["signature_priv"]}
    a.process(b("update", leaf_node=leaf)["message"])
    commit(a, [b])
    assert b("roster")["members"][1]["identity"] == name("bobb")
    assert a("roster")["members"][1]["signature_pub"] == keys["signature_pub"]
    b.who = "bobb"
    talk(b, a)
    commit(a, [b], leaf_node={"identity": name("anna")})
    assert b("roster")["members"][0]["identity"] == name("anna")
    end(a, b)


def each_joiner_can_have_a_welcome_of_its_own():
    a, b, c = (Member(w * 4, 3) for w in "abc")
    a.create()
    made = a("commit", adds=[b.key_package(), c.key_package()], welcome_each=True, apply=True)
    tree = a("tree")["tree"]
    assert made["added"] == [1, 2] and len(made["welcomes"]) == 2
    refused("MLS_NO_WELCOME", b.peer, "join", key_package=b.handle, welcome=made["welcomes"][1],
            tree=tree)
    refused("MLS_RATCHET_TREE", b.peer, "join", key_package=b.handle, welcome=made["welcomes"][0])
    b.join(made["welcomes"][0], tree=tree)
    c.join(made["welcomes"][1], tree=tree)
    agree(a, b, c)
    end(a, b, c)


def messages_come_out_of_order_and_once():
    a, b = people(1, 2)
    sent = [a("protect", plain="%02x" % i, padding=i)["message"] for i in range(9)]
    commit(a, [b])
    for i in (8, 0, 4, 3, 7):
        assert b("unprotect", message=sent[i])["plain"] == "%02x" % i
    refused("REPEAT", b.peer, "unprotect", group=b.group, message=sent[4])
    refused("MLS_OWN_MESSAGE", a.peer, "process", group=a.group, message=sent[4])
    end(a, b)


def a_staged_commit_can_be_dropped():
    a, b = people(3, 2)
    before = agree(a, b)
    mine = a("commit")
    assert a.state()["epoch"] == before["epoch"]
    a.peer("free", handle=mine["staged"])
    refused("NOT_FOUND", a.peer, "apply", group=a.group, staged=mine["staged"])
    stale = a("commit")
    commit(b, [a])
    refused("LATE", a.peer, "apply", group=a.group, staged=stale["staged"])
    agree(a, b)
    end(a, b)


def a_commit_takes_effect_when_it_is_applied():
    a, b = people(3, 2)
    before = agree(a, b)
    for more in ({}, {"apply": False}):
        made = a("commit", **more)
        got = b("process", message=made["commit"], **more)
        assert agree(a, b) == before, "a commit that nobody applied"
        assert made["epoch"] == got["epoch"] == before["epoch"] + 1
        refused("NOT_FOUND", a.peer, "apply", group=a.group, staged=a.group)
    a("apply", staged=made["staged"])
    assert a.state()["epoch"] == before["epoch"] + 1 and b.state() == before
    b("apply", staged=got["staged"])
    before = agree(a, b)
    refused("MALFORMED", a.peer, "commit", group=a.group, apply="yes")
    assert a.state() == before
    made = a("commit", apply=True)
    assert "staged" not in made and a.state()["epoch"] == before["epoch"] + 1
    refused("MALFORMED", b.peer, "process", group=b.group, message=made["commit"], apply=1)
    assert b.state() == before
    got = b("process", message=made["commit"], apply=True)
    assert "staged" not in got and agree(a, b)["epoch"] == before["epoch"] + 1
    talk(b, a)
    end(a, b)


def exports_are_the_same():
    a, b = people(3, 2)
    wanted = {"label": name("test"), "context": "00", "length": 48}
    assert a("export", **wanted) == b("export", **wanted)
    assert len(a("export", **wanted)["exported"]) == 96
    assert a("tree") == b("tree")
    end(a, b)


def bad_requests_are_answered():
    peer = Peer()
    for line, error in (("nonsense", "MALFORMED"), ("[1]", "MALFORMED"), ("{}", "MALFORMED"),
                        ('{"cmd":"fly"}', "UNKNOWN_TYPE"), ('{"cmd":7}', "MALFORMED"),
                        ('{"cmd":null}', "MALFORMED"), ('{"cmd":"state"}', "MALFORMED"),
                        ('{"cmd":"state","group":1}', "NOT_FOUND"),
                        ('{"cmd":"state","group":-1}', "MALFORMED"),
                        ('{"cmd":"create","suite":1,"identity":"zz","group_id":""}', "MALFORMED"),
                        ('{"cmd":"create","suite":9,"identity":"","group_id":""}', "MLS_SUITE"),
                        ('{"cmd":"suites"} x', "MALFORMED")):
        answer = peer.line(line)
        assert answer.get("error") == error and "ok" not in answer, (line, answer)
    answer = peer.line('{"cmd":"suites","id":[7]}')
    assert answer["ok"] and answer["id"] == [7] and len(answer["suites"]) == 10
    peer.end()


TESTS = [a_life_in_every_suite, state_is_saved_and_loaded, strangers_join_by_a_commit,
         observers_follow_public_messages, pre_shared_keys_are_needed, groups_go_on_in_others,
         proposals_come_from_outside, every_type_of_proposal_goes_by_reference_and_by_value,
         members_change_what_they_say_of_themselves, each_joiner_can_have_a_welcome_of_its_own,
         messages_come_out_of_order_and_once, a_staged_commit_can_be_dropped,
         a_commit_takes_effect_when_it_is_applied, exports_are_the_same, bad_requests_are_answered]


def main():
    failed = 0
    print(f"1..{len(TESTS)}")
    for number, test in enumerate(TESTS, 1):
        try:
            test()
            print(f"ok {number} - {test.__name__}")
        except Exception as e:
            failed += 1
            where = e.__traceback__
            while where.tb_next:
                where = where.tb_next
            print(f"# line {where.tb_lineno}: {type(e).__name__}: {e}")
            print(f"not ok {number} - {test.__name__}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
