#!/usr/bin/env python3
"""The browser's core and its worker under node, beside the terminal client, at a real server:
test_core.py PROGRAM.mjs CORE.wasm [--kills N] [--seed N]. Prints TAP."""
import argparse
import base64
import collections
import json
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "term"))
from rig import Tap, Unexpected, World, kill  # noqa: E402

PASSPHRASE = "a passphrase"


class Refused(Exception):
    pass


class Browser:
    """One profile; its process may be killed and started again."""

    def __init__(self, program, core, folder, http):
        self.command = ["node", program, core, str(folder), f"http://{http}"]
        self.process, self.news = None, threading.Condition()
        folder.mkdir()

    def start(self):
        with self.news:
            self.answers, self.events, self.last = {}, [], 0
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self.listen, args=[self.process], daemon=True).start()

    def listen(self, process):
        for line in process.stdout:
            try:
                told = json.loads(line)
            except ValueError:
                break  # half a line of a process that was killed
            with self.news:
                if process is not self.process:
                    return
                if "event" in told:
                    self.events.append(told["event"])
                else:
                    self.answers[told["call"]] = told
                self.news.notify_all()
        with self.news:
            if process is self.process:
                self.answers = None
            self.news.notify_all()

    def ask(self, name, *args):
        self.last += 1
        self.process.stdin.write(json.dumps({"call": self.last, "name": name, "args": args}) + "\n")
        self.process.stdin.flush()
        return self.last

    def wait(self, test, what, seconds=60):
        with self.news:
            if not self.news.wait_for(lambda: self.answers is None or test(), seconds):
                raise Unexpected(f"{what}: nothing within {seconds} s; {self.events[-5:]}")
            if self.answers is None:
                raise Unexpected(f"{what}: the browser ended")

    def call(self, name, *args):
        number = self.ask(name, *args)
        self.wait(lambda: number in self.answers, name)
        told = self.answers.pop(number)
        if "failed" in told:
            raise Refused(told["failed"]["error"])
        return told["answer"]

    def refused(self, name, *args):
        try:
            return f"no: {self.call(name, *args)}"
        except Refused as refusal:
            return str(refusal)

    def event(self, **wanted):
        """The first such event, waited for."""
        def found():
            return next((e for e in self.events if all(e[k] == v for k, v in wanted.items())), None)
        self.wait(found, f"event {wanted}")
        return found()

    def done(self, answer):
        event = self.event(type="done", command=answer["command"])
        if event["error"]:
            raise Refused(event["error"] + event["reason"])
        return event

    def open(self, create=False):
        self.start()
        return self.call("open", PASSPHRASE, create)

    def kill(self):
        kill(self.process.pid)
        self.process.wait()

    def texts(self, conversation):
        return [m["text"] for m in self.call("messages", conversation, 1, 1000000) if m["kind"] == "content"]


def until(test, seconds=60):
    end = time.monotonic() + seconds
    while not (found := test()) and time.monotonic() < end:
        time.sleep(0.1)
    return found


def begin(tap, world, web):
    """The account, by an invite link."""
    web.start()
    tap.check("without_a_store_there_is_none", web.call("exists") is False)
    tap.check("a_store_is_made_only_when_asked_for", web.refused("open", PASSPHRASE, False) == "NOT_FOUND")
    tap.check("nothing_is_answered_while_it_is_closed", web.refused("status") == "CLOSED")
    web.call("open", PASSPHRASE, True)
    wrong = [("nothing",), ("status", "1"), ("conversation", "-1"), ("conversation", "4294967296"), ("conversation", "x"),
             ("messages", 1, 1), ("send", 1, "loud", "text", ""), ("send", 1, "plain", "a\0b", ""), ("online", "2"),
             ("send", 1, "plain", "text", "abc"), ("block", "00" * 15)]
    answers = [web.refused(*call) for call in wrong]
    tap.check("what_is_no_call_is_refused", set(answers) == {"USAGE"}, answers)
    web.done(web.call("create", world.server.invite(), "Web"))
    status = web.call("status")
    tap.check("an_invite_link_makes_an_account", status["registered"] and status["name"] == "Web", status)
    tap.check("a_link_is_good_for_one", web.refused("create", world.server.invite(), "Again") == "EXISTS")


def talk(tap, world, web, ann):
    """The number of their conversation."""
    link = web.done(web.call("contact-link", True, 30))["text"]
    ann.fine("invite", link, "--as", "web")
    account = web.call("contact-accept", ann.link(), "ann")["account"]
    made = web.call("new", "", account)
    number = made["conversation"]
    web.done(made)
    first = web.call("send", number, "plain", "from the browser", "")
    web.done(first)
    ann.fine("read", "web")
    tap.check("the_terminal_reads_what_the_browser_sent", ("from the browser", "received", False) in ann.history("web"),
              ann.history("web"))
    ann.fine("send", "web", "from the terminal")
    web.event(type="message", conversation=number, message=first["message"] + 1)
    said = web.call("messages", number, 1, 100)[-1]
    tap.check("the_browser_reads_what_the_terminal_sent",
              said["text"] == "from the terminal" and said["sender"] == account and not said["own"], said)
    web.call("read", number, said["number"])
    v = web.call("conversations")
    tap.check("a_conversation_says_with_whom_and_what_came_last",
              len(v) == 1 and v[0]["with_name"] == "ann" and v[0]["last"] == said and v[0]["read"] == said["number"], v)
    web.done(web.call("send", number, "reaction", "👍", said["id"]))
    tap.check("a_reaction_names_its_message", web.call("messages", number, 1, 100)[-1]["in_reply_to"] == said["id"])
    tap.check("which_has_it", [(r["text"], r["own"]) for r in web.call("messages", number, said["number"], said["number"])[0]["reactions"]] == [("👍", True)])
    first_number = first["message"]
    first_id = web.call("messages", number, first_number, first_number)[0]["id"]
    edit = web.call("edit", number, first_id, "said anew")
    web.done(edit)
    shown, about = (web.call("messages", number, n, n)[0] for n in (first_number, edit["message"]))
    tap.check("an_edit_is_shown_where_it_belongs", (shown["edited"], shown["text"], about["about"]) ==
              (True, "said anew", first_number), f"{shown} {about}")
    web.done(web.call("delete", number, first_id))
    shown = web.call("messages", number, first_number, first_number)[0]
    tap.check("of_what_is_withdrawn_nothing_is_left", (shown["withdrawn"], shown["text"]) == (True, ""), shown)
    tap.check("what_is_not_there_is_not_edited", web.refused("edit", number, "00" * 32, "x") == "NOT_FOUND")
    tap.check("receipts_are_told_as_far_as_one_wants",
              web.call("receipts-set", "read") == {} and web.call("receipts") == {"level": "read"} and
              web.refused("receipts-set", "3") == "USAGE")
    tap.check("that_one_writes_is_told_if_one_wants",
              web.call("typing") == {"on": False} and web.call("typing-set", True) == {} and
              web.call("typing") == {"on": True} and web.call("writes", number) == {} and
              web.call("writing", number) == [])
    week = web.call("conversation", number)["timer"]
    web.done(web.call("timer", number, 0))
    tap.check("messages_go_after_a_week_unless_that_is_changed",
              (week, web.call("conversation", number)["timer"]) == (604800, 0))
    tap.check("two_have_no_roles",
              web.call("roles", number) == {"any": False, "admin": False, "timer_all": True} and
              not any(m["admin"] for m in web.call("members", number)) and
              web.refused("role", number, account, True) == "UNSUPPORTED")
    return number


def keep(tap, web, number):
    """Locked, opened, and never with another passphrase."""
    before = web.call("messages", number, 1, 100)
    web.call("lock")
    tap.check("a_lock_closes_it", web.refused("status") == "CLOSED")
    tap.check("another_passphrase_does_not_open_it", web.refused("open", "another", False) == "PASSPHRASE")
    web.call("open", PASSPHRASE, False)
    tap.check("what_was_there_is_there_when_it_is_opened", web.call("messages", number, 1, 100) == before)
    tap.check("a_passphrase_is_changed_by_who_has_it",
              web.refused("passphrase", "another", "new") == "PASSPHRASE" and
              web.call("passphrase", PASSPHRASE, "") == web.call("locked") == {"passphrase": False} and
              web.call("passphrase", "", "new") == web.call("locked") == {"passphrase": True})
    secret = {"bytes": base64.b64encode(bytes(range(32))).decode()}
    tap.check("a_secret_is_set_by_who_has_the_passphrase", web.refused("secret", "another", secret) == "PASSPHRASE" and
              web.call("secret", "new", secret) == {"passphrase": True})
    web.call("lock")
    web.call("open", secret, False)
    tap.check("it_opens_as_the_passphrase_does", web.call("messages", number, 1, 100) == before)
    web.call("secret", "new", "")
    web.call("lock")
    tap.check("a_secret_that_was_removed_opens_nothing", web.refused("open", secret, False) == "PASSPHRASE")
    tap.check("the_one_before_does_not_open_it", web.refused("open", PASSPHRASE, False) == "PASSPHRASE" and
              web.refused("passphrase", "new", PASSPHRASE) == "CLOSED")
    web.call("open", "new", False)
    web.call("passphrase", "new", PASSPHRASE)
    tap.check("all_is_there_as_before", web.call("messages", number, 1, 100) == before)


def files(tap, web, ann, number, folder):
    """A file each way."""
    sent = random.Random(7).randbytes(300000)
    web.call("file", "place 1", {"base64": base64.b64encode(sent).decode()})
    web.done(web.call("file-send", number, "place 1", "a file.bin", "application/octet-stream", "", "", len(sent)))
    ann.fine("read", "web")
    got = folder / "got.bin"
    numbers = [m["number"] for m in ann.fine("read", "web", "--last", "100", "--json").of("message")
               if m.get("shape") == "file"]
    ann.fine("save", "web", str(numbers[-1]), "--to", str(got))
    tap.check("the_terminal_saves_the_browser_s_file", got.read_bytes() == sent)
    again = web.call("file-send", number, "place 1", "a file.bin", "application/octet-stream", "", "", len(sent))
    tap.check("a_file_that_was_sent_is_kept_no_longer", web.event(type="done", command=again["command"])["error"] == "NOT_FOUND")
    back = folder / "back.bin"
    back.write_bytes(sent[::-1])
    ann.fine("send", "web", "--file", str(back))
    web.wait(lambda: True, "file")
    until(lambda: web.call("messages", number, 1, 1000)[-1]["file"] and not web.call("messages", number, 1, 1000)[-1]["own"])
    message = web.call("messages", number, 1, 1000)[-1]
    web.done(web.call("file-fetch", number, message["number"], "place 2", 0, True))
    fetched = base64.b64decode(web.call("taken", "place 2"))
    tap.check("the_browser_fetches_the_terminal_s_file",
              fetched == sent[::-1] and message["file"]["name"] == "back.bin", message)


def devices(tap, world, ann, pad):
    """A browser as another device of the terminal's account."""
    pad.open(create=True)
    made = pad.call("link", world.server.http)
    code = until(lambda: pad.call("linking")["code"])
    holds = ann.start("link", "--code", code, "--json", stdin=subprocess.PIPE, text=True)
    digits = next(o["digits"] for o in map(json.loads, holds.stdout) if o.get("state") == "digits")
    until(lambda: pad.call("linking")["digits"])
    tap.check("both_devices_show_the_same_digits", pad.call("linking")["digits"] == digits)
    holds.stdin.write("yes\n")
    holds.stdin.flush()
    pad.call("link-confirm", True)
    pad.done(made)
    holds.communicate(timeout=60)
    account = ann.fine("status", "--offline", "--json").of("status")[0]["account"]
    status = pad.call("status")
    tap.check("a_browser_becomes_another_device_of_an_account",
              status["registered"] and status["id"] == account and not status["has_identity"], status)
    tap.check("its_device_is_in_the_list", [d["us"] for d in pad.call("devices")].count(True) == 1 and
              len(pad.call("devices")) == 2, pad.call("devices"))
    tap.check("what_was_said_comes_to_it", until(lambda: [c for c in pad.call("conversations") if c["with_name"] == "web"]),
              pad.call("conversations"))
    tap.check("and_whom_the_account_knows", [c["petname"] for c in pad.call("contacts")] == ["web"], pad.call("contacts"))
    tap.check("only_the_first_device_has_the_words", pad.refused("words") == "DENIED")


def handles(tap, web, ann):
    """At their full price, in WebAssembly."""
    web.done(web.call("handle-claim", "webster", ""))
    handle = web.call("handle")
    tap.check("a_handle_is_claimed", (handle["name"], handle["state"]) == ("webster", "held"), handle)
    found = ann.fine("find", "webster", "--json").of("found")
    tap.check("the_terminal_finds_it", len(found) == 1 and found[0]["account"] == web.call("status")["id"], found)
    ann.fine("handle", "claim", "annabel")
    web.done(web.call("handle-find", "annabel", ""))
    tap.check("the_browser_finds_the_terminal_s", web.call("found")["account"] ==
              ann.fine("status", "--offline", "--json").of("status")[0]["account"], web.call("found"))


def crash(tap, web, ann, number, kills, rng):
    """Killed at any moment while both sides send."""
    sent, tried, from_ann = [], 0, []
    stop = threading.Event()

    def keep_sending():
        while not stop.is_set():
            text = f"ann {len(from_ann)}"
            if ann.run("send", "web", text, "--timeout", "20").code == 0:
                from_ann.append(text)
            stop.wait(0.2)

    thread = threading.Thread(target=keep_sending)
    thread.start()
    try:
        for _ in range(kills):
            end = time.monotonic() + rng.uniform(0.1, 1.5)
            while time.monotonic() < end:
                tried += 1
                web.call("send", number, "plain", f"web {tried}", "")
                sent.append(f"web {tried}")
                time.sleep(rng.uniform(0, 0.05))
            tried += 1
            web.ask("send", number, "plain", f"web {tried}", "")  # its end may come before its answer
            time.sleep(rng.uniform(0, 0.02))
            web.kill()
            web.open()
    finally:
        stop.set()
        thread.join(60)
    settled = until(lambda: not web.call("status")["unsettled"] and
                    set(from_ann) <= set(web.texts(number)), 90)
    tap.check("all_comes_to_rest", settled, web.call("status"))
    ann.fine("read", "web")
    texts = collections.Counter(filter(None, web.texts(number)))
    other = collections.Counter(t for t, _, _ in ann.history("web") if t)
    print(f"# {kills} kills, {len(sent)} sent from the browser, {len(from_ann)} from the terminal")
    tap.check("both_went_on_sending", len(sent) > kills and len(from_ann) > 1)
    tap.check("nothing_is_lost", all(t in texts and t in other for t in sent + from_ann),
              [t for t in sent + from_ann if t not in texts or t not in other])
    tap.check("nothing_is_doubled", max(texts.values()) == 1 and max(other.values()) == 1,
              [t for t in texts if texts[t] > 1 or other[t] > 1])
    tap.check("both_have_the_same", texts == other, (texts - other) + (other - texts))


def trap(tap, web):
    """The core breaks off; its passphrase was in its memory."""
    web.call("open", PASSPHRASE, False)
    before = web.call("test-memory")
    refused = web.refused("test-trap")
    tap.check("a_trap_is_told", refused == "BUG" and web.event(type="trouble", error="BUG"), refused)
    after = web.call("test-memory")
    tap.check("and_leaves_nothing_in_the_memory", before > 100000 and after == 0, f"{before} {after}")
    tap.check("nothing_is_answered_after_it", web.refused("status") == "CLOSED")
    web.call("open", PASSPHRASE, False)
    tap.check("until_it_is_opened_anew", web.call("status")["registered"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("core")
    parser.add_argument("--kills", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    tap = Tap()
    if not Path(options.core).exists():
        print("1..1\nok 1 - the_browser_s_core # SKIP the wasm flavour is not built")
        return 0
    with World() as world:
        web, pad = (Browser(options.program, options.core, world.folder / name, world.server.http)
                    for name in ("browser", "pad"))
        try:
            ann = world.person("ann")
            begin(tap, world, web)
            number = talk(tap, world, web, ann)
            keep(tap, web, number)
            files(tap, web, ann, number, world.folder)
            handles(tap, web, ann)
            devices(tap, world, ann, pad)
            pad.kill()
            crash(tap, web, ann, number, options.kills, random.Random(options.seed))
            trap(tap, web)
            web.call("wipe")
            left = [p for p in (world.folder / "browser").rglob("*") if p.is_file()]
            tap.check("a_wipe_leaves_nothing", web.call("exists") is False and not left, left)
        finally:
            for browser in (web, pad):
                if browser.process:
                    browser.kill()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
