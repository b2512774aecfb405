#!/usr/bin/env python3
"""The edges of the sotto command on real processes: who somebody claims to be, what is lost when output
fails, what stands in a command line. TAP."""
import json
import os
import pty
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from rig import SOTTO, Person, Tap, World, acquaint  # noqa: E402


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
    asked = ann.run("send", "bob", "for bob, too", "--json")
    ann.fine("accept", "Mal")
    ann.fine("read")
    sent = ann.run("send", "bob", "for bob alone", "--json")
    tap.check("a_request_s_title_takes_no_message_from_a_contact",
              asked.code == 0 and texts(bob.fine("read", "--json"))[:1] == ["for bob, too"], asked.out)
    tap.check("a_stranger_s_title_takes_no_message_from_a_contact",
              sent.code == 0 and "for bob alone" not in mal.fine("read").out and
              texts(bob.fine("read", "--last", "1", "--json")) == ["for bob alone"], sent.out)
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
    ann.fine("accept", "bob")
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


def strangers(world, tap):
    """Whoever wrote can be answered by the name that is shown, while that is clear."""
    ida, jon = world.person("ida"), world.person("jon")
    jon.fine("invite", ida.link())
    jon.fine("send", "Ida", "hello")
    ida.fine("accept", "Jon")
    ida.fine("read")
    answer = ida.run("send", "Jon", "hello yourself")
    account = jon.fine("status", "--json", "--offline").of("status")[0]["account"]
    tap.check("who_wrote_is_answered_by_its_own_name_and_shown",
              answer.code == 0 and f"To Jon? ({account[:8]})" in answer.out and
              texts(jon.fine("read", "--json"))[-1] == "hello yourself", answer.out + answer.err)
    second = Person(world.folder, "jon2")
    second.fine("init", world.server.invite(), "--name", "Jon")
    second.fine("invite", ida.link())
    second.fine("send", "Ida", "me too")
    ida.fine("accept", "Jon")
    ida.fine("read")
    unclear, by_id = ida.run("send", "Jon", "who?"), ida.run("send", account[:8], "you")
    tap.check("two_who_call_themselves_the_same_are_told_apart", (unclear.code, by_id.code) == (6, 0),
              unclear.err + by_id.err)
    jan = world.person("jan")
    ida.fine("invite", jan.link(), "--as", "Jon")
    made = ida.run("send", "Jon", "for the contact", "--json")
    jan.fine("accept", "Ida")
    tap.check("a_contact_without_a_conversation_outweighs_them",
              made.code == 0 and texts(jan.fine("read", "--json")) == ["for the contact"], made.out)


# ---- Links ----

def from_input(world, ann, tap):
    hal = Person(world.folder, "hal")
    made = hal.run("init", "-", "--name", "Hal", text=world.server.invite().encode() + b"\n")
    taken = ann.run("invite", "-", "--as", "hal", "--json", text=hal.link().encode() + b"\nand more")
    tap.check("a_link_is_read_from_the_input", made.code == 0 and taken.code == 0 and
              taken.objects[0]["petname"] == "hal", made.err + taken.out)
    bad = [ann.run("invite", "-", text=t).code for t in (b"", b"\n", b"a\0b\n", b"nonsense\n")]
    tap.check("no_link_on_the_input_is_a_usage_error", bad == [2] * 4, bad)


# ---- Passphrases ----

def on_terminal(home, answers, *args):
    """Types each answer at its prompt; returns the exit code and what the terminal showed."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(SOTTO, [SOTTO, "--home", str(home), *args])
    shown, answers = b"", list(answers)
    try:
        while chunk := os.read(fd, 4096):
            shown += chunk
            if answers and answers[0][0].encode() in shown:
                os.write(fd, answers.pop(0)[1].encode() + b"\n")
    except OSError:
        pass
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode(errors="replace")


def passphrases(world, tap):
    home, link = world.folder / "empty", world.server.invite()
    code, told = on_terminal(home, [("New passphrase", ""), ("once more", "")], "init", link)
    tap.check("an_empty_passphrase_makes_no_home",
              code == 2 and "--no-passphrase" in told and not (home / "store.db").exists(), told)


def passphrase_changed(world, tap):
    home, files = world.folder / "changed", [world.folder / name for name in ("one", "two", "empty-file")]
    for file, text in zip(files, ("first words\n", "second words\n", "\n")):
        file.write_text(text)
    one, two, empty = ("--passphrase-file=" + str(f) for f in files)
    new_two, new_empty = ("--new" + given[1:] for given in (two, empty))

    def run(*args):
        done = subprocess.run([SOTTO, "--home", str(home), "--json", *args], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, start_new_session=True, check=False)
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    def opens(*given):
        return run(*given, "devices", "--offline")[0] == 0
    run("--no-passphrase", "init", world.server.invite())
    code, told = on_terminal(home, [("New passphrase", "first words"), ("once more", "first words")],
                             "passphrase", "--no-passphrase")
    tap.check("a_passphrase_is_set_later", code == 0 and opens(one) and not opens("--no-passphrase"), told)
    code, told = on_terminal(home, [("Passphrase: ", "first words"), ("New passphrase", "a"), ("once more", "b")],
                             "passphrase")
    tap.check("two_that_differ_change_nothing", code == 2 and "not the same" in told and opens(one), told)
    refused = [run(two, "passphrase", "--off"), run(one, "passphrase", new_empty), run(one, "passphrase"),
               run(one, "passphrase", "--off", new_two)]
    tap.check("without_the_old_one_or_a_new_one_nothing_is_changed",
              [code for code, _ in refused] == [4, 2, 2, 2] and refused[0][1][0]["error"] == "PASSPHRASE" and opens(one),
              refused)
    done = run(one, "passphrase", new_two)
    tap.check("a_passphrase_is_changed", done == (0, [{"type": "passphrase", "set": True}]) and opens(two) and
              not opens(one), done)
    listener = subprocess.Popen([SOTTO, "--home", str(home), two, "--json", "listen"], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    while b"caught_up" not in listener.stdout.readline() and listener.poll() is None:
        pass
    held = run(two, "passphrase", "--off")
    listener.terminate()
    listener.communicate(timeout=20)
    tap.check("a_home_that_is_held_keeps_its_passphrase", held[0] == 5 and opens(two), held)
    done = run(two, "passphrase", "--off")
    tap.check("a_passphrase_is_removed", done == (0, [{"type": "passphrase", "set": False}]) and
              opens("--no-passphrase"), done)


def memory(pid):
    found = b""
    with open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            place, rights = line.split()[:2]
            first, last = (int(n, 16) for n in place.split("-"))
            if not rights.startswith("rw"):
                continue
            try:
                mem.seek(first)
                found += mem.read(last - first)
            except (OSError, ValueError):
                pass
    return found


def secrets(world, tap):
    """As another user than root, for whom the system makes no exceptions."""
    home, file, root = world.folder / "hidden" / "home", world.folder / "hidden" / "file", os.geteuid() == 0
    home.parent.mkdir()
    file.write_text("correct horse battery staple\n")
    copy = shutil.copy(SOTTO, home.parent / "sotto")
    who = {}
    if root:
        os.chmod(world.folder, 0o711)
        for path in (home.parent, file):
            os.chown(path, 65534, 65534)
        who = {"user": 65534, "group": 65534, "extra_groups": []}

    def start(*args):
        return subprocess.Popen([copy, "--home", str(home), "--passphrase-file", str(file), *args],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                **who)
    made = start("init", world.server.invite())
    told = made.communicate(timeout=30)[1]
    listener = start("--json", "listen")
    while b"caught_up" not in listener.stdout.readline() and listener.poll() is None:
        pass
    through = start("status", "--json")
    out = through.communicate(timeout=30)[0]
    tap.check("a_home_is_held_and_shared_by_a_user_who_is_not_root",
              made.returncode == 0 and through.returncode == 0 and b"status" in out, told)
    owner = os.stat(f"/proc/{listener.pid}/mem").st_uid
    cores = [line.split()[4:6] for line in Path(f"/proc/{listener.pid}/limits").read_text().splitlines()
             if line.startswith("Max core")]
    tap.check("nobody_else_may_look_into_the_memory", owner == 0 and cores == [["0", "0"]],
              f"{owner} {cores}")
    if root:
        found = memory(listener.pid)
        tap.check("the_passphrase_is_gone_once_the_home_is_open",
                  len(found) > 0 and b"correct horse" not in found)
    listener.terminate()
    listener.communicate(timeout=20)


# ---- Output ----

def unread(person):
    return sum(c["messages"] - c["read"] for c in
               person.fine("status", "--json", "--offline").of("conversation"))


def lost_output(ann, bob, tap):
    bob.fine("read")
    for i in range(3):
        ann.fine("send", "bob", f"kept {i}")
    bob.fine("contacts")
    read_end, write_end = os.pipe()
    os.close(read_end)
    listener = bob.start("listen", "--json", "--until-idle", "1", stdout=write_end)
    os.close(write_end)
    code = listener.wait(30)
    tap.check("listen_into_a_closed_pipe_marks_nothing_as_read", (code, unread(bob)) == (1, 3),
              f"{code} {unread(bob)}")
    with open("/dev/full", "w") as full:
        reader = bob.start("read", stdout=full)
        told = reader.communicate(timeout=30)[1]
    tap.check("read_onto_a_full_disk_marks_nothing_as_read_and_says_so",
              (reader.returncode, unread(bob)) == (1, 3) and b"output" in told,
              f"{reader.returncode} {unread(bob)} {told}")
    with open("/dev/full", "w") as full:
        codes = [bob.start(*w, stdout=full).wait(30) for w in (["status"], ["contacts"], ["invite"])]
    tap.check("what_could_not_be_printed_is_no_success", codes == [1] * 3, codes)
    got = [t for t in texts(bob.fine("read", "--json")) if t.startswith("kept")]
    tap.check("what_was_not_printed_is_printed_next_time", got == ["kept 0", "kept 1", "kept 2"], got)


def through_holder(world, ann, bob, tap):
    """A chat with somebody holds bob's home, and marks nothing else as read."""
    gus = world.person("gus")
    acquaint(gus, bob)
    bob.fine("send", "gus", "hi")
    long = "x" * 262144
    for _ in range(40):
        ann.fine("send", "bob", text=long.encode())
    until = time.monotonic() + 300
    bob.fine("read", "gus")
    while unread(bob) < 40 and time.monotonic() < until:  # a busy machine takes its time
        bob.fine("read", "gus")
    chat = bob.start("chat", "gus", stdin=subprocess.PIPE)
    until = time.monotonic() + 20
    while not (bob.home / "control.sock").exists() and time.monotonic() < until:
        time.sleep(0.02)
    with open("/dev/full", "w") as full:
        reader = bob.start("read", "ann", stdout=full)
        reader.communicate(timeout=60)
    there = unread(bob)
    tap.check("a_caller_whose_output_fails_marks_nothing_as_read",
              (reader.returncode, there) == (1, 40), f"{reader.returncode} {there}")
    # Slower than what it reads comes, and more of it than may wait.
    slow = bob.start("read", "ann", "--json")
    time.sleep(2)
    out = slow.communicate(timeout=60)[0]
    got = [len(json.loads(line).get("text", "")) for line in out.splitlines()]
    tap.check("output_through_a_holder_is_whole_however_long",
              slow.returncode == 0 and got == [262144] * 40 and unread(bob) == 0,
              f"{slow.returncode} {len(got)} {unread(bob)}")
    for i in range(3):
        ann.fine("send", "bob", f"more {i}")
    second = bob.run("listen", "--json", "--count", "2")
    more = [t for t in texts(second) if t.startswith("more")]
    tap.check("listen_through_a_holder_prints_and_marks_one_after_another",
              second.code == 0 and more == ["more 0", "more 1"] and unread(bob) == 1,
              f"{second.code} {more} {unread(bob)} {second.err}")
    bob.run("send", "--", "ann", text=b"from the input")
    bob.run("send", "ann", "-", text=b"after a dash")
    bob.run("send", "ann", "a", "-", "b")
    got = texts(ann.fine("read", "--json"))[-3:]
    tap.check("words_are_handed_over_as_they_were_given",
              got == ["from the input", "after a dash", "a - b"], got)
    chat.communicate(b"", timeout=30)


def objects_only(ann, tap):
    done = ann.run("--json", "chat", "bob", text=b"/who\n/nothing\n")
    tap.check("chat_prints_nothing_but_objects_for_programs",
              all(o["type"] == "message" for o in done.objects) and "you, bob" in done.err, done.out)


def others_failure(world, ann, bob, tap):
    """Both wait for the server; what fails there is another command's affair."""
    number = str(ann.fine("send", "bob", "before", "--json").of("sent")[0]["conversation"])
    listener = ann.start("--json", "listen")
    while b"caught_up" not in listener.stdout.readline() and listener.poll() is None:
        pass
    world.server.stop()
    adder = ann.start("add", number, "bob", "--timeout", "40")
    time.sleep(0.5)
    sender = ann.start("send", number, "after", "--timeout", "40")
    time.sleep(0.5)
    world.server.start()
    for p in (adder, sender):
        told = p.communicate(timeout=60)[1].decode()
    listener.terminate()
    listener.communicate(timeout=20)
    tap.check("another_command_s_failure_does_not_fail_a_message",
              (adder.returncode, sender.returncode) == (1, 0),
              f"{adder.returncode} {sender.returncode} {told}")


def main():
    tap = Tap()
    with World() as world:
        ann, bob = world.person("ann"), world.person("bob")
        acquaint(ann, bob)
        addressed(world, ann, bob, tap)
        shown(world, ann, tap)
        at_once(world, tap)
        strangers(world, tap)
        from_input(world, ann, tap)
        passphrases(world, tap)
        passphrase_changed(world, tap)
        secrets(world, tap)
        lost_output(ann, bob, tap)
        through_holder(world, ann, bob, tap)
        objects_only(ann, tap)
        others_failure(world, ann, bob, tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
