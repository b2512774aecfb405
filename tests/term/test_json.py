#!/usr/bin/env python3
"""docs/SOTTO-JSON.md against the command on real processes: every object that is printed, and every one
that the page lists. TAP."""
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "server"))
from notices import NoticeKey, NoticeOffice  # noqa: E402
from rig import ROOT, Person, Tap, Unexpected, World, acquaint  # noqa: E402

CELL = re.compile(r"`([^`]+)`")
ONE_OF = re.compile(r"\bone of (.*)")


class Field:
    def __init__(self, kind, what, absent):
        self.kind, self.always = kind, absent == ""
        found = ONE_OF.search(what)
        self.values = set(CELL.findall(re.sub(r"\([^)]*\)", "", found[1]))) if found else None

    def fits(self, value):
        if self.kind.startswith("hex "):
            n = 2 * int(self.kind[4:])
            return isinstance(value, str) and re.fullmatch(f"[0-9a-f]{{{n}}}", value) is not None
        if self.values is not None and value not in self.values:
            return False
        return type(value) is {"text": str, "number": int, "flag": bool}[self.kind]


class Page:
    """The tables of the page. The error object has no type; here it is called error."""

    def __init__(self, path):
        self.types, self.commands, self.errors, self.reasons = {}, {}, {}, set()
        heading = head = ""
        for line in path.read_text().splitlines():
            if line.startswith("#"):
                heading = line.lstrip("# ")
                self.begin(line, heading)
            elif line.startswith("|"):
                cells = [c.strip() for c in line.strip("|").split("|")]
                if cells[0].startswith("`"):
                    self.row(heading, head, cells)
                elif not cells[0].startswith("-"):
                    head = cells[0]

    def begin(self, line, heading):
        if line.startswith("### `"):
            self.types[heading.strip("`")] = {}
        elif heading == "Errors":
            self.types["error"] = {}

    def row(self, heading, head, cells):
        names = CELL.findall(cells[0])
        if head == "command":
            for name in names:
                self.commands[name] = set(CELL.findall(cells[1]))
        elif head == "field":
            kind = "error" if heading == "Errors" else heading.strip("`")
            self.types[kind][names[0]] = Field(*cells[1:4])
        elif head == "error":
            self.errors[names[0]] = int(cells[1])
        elif head == "reason":
            self.reasons.add(names[0])

    def complaints(self, command, o):
        kind = o.get("type", "error")
        fields = self.types.get(kind)
        if fields is None:
            return [f"{kind} is not on the page"]
        found = []
        if kind != "error" and kind not in self.commands[command]:
            found.append(f"{kind} is not listed for {command}")
        for name, value in o.items():
            if name != "type" and name not in fields:
                found.append(f"{kind}.{name} is not on the page")
            elif name != "type" and not fields[name].fits(value):
                found.append(f"{kind}.{name} is not what the page says: {value!r}")
        found += [f"{kind}.{name} is missing" for name, f in fields.items() if f.always and name not in o]
        if kind == "error" and o.get("error") not in self.errors:
            found.append(f"error {o.get('error')} is not on the page")
        if kind == "error" and "reason" in o and o["reason"] not in self.reasons:
            found.append(f"reason {o['reason']} is not on the page")
        return found


class Watch:
    """Runs commands with --json, and notes what they print."""

    def __init__(self, page):
        self.page, self.seen, self.found, self.listeners = page, set(), [], []

    def note(self, command, text):
        for line in text.splitlines():
            o = json.loads(line)
            kind = o.get("type", "error")
            self.seen.add((command, kind))
            self.found += [f"{command}: {c}" for c in self.page.complaints(command, o)]

    def run(self, person, command, *args, **how):
        answer = person.run("--json", command, *args, **how)
        self.note(command, answer.out)
        return answer

    def listen(self, person, *args, until=None):
        """Starts listening; with until, waits for an object of that type."""
        # Unbuffered: communicate() reads past what readline() has taken in ahead.
        process = person.start("--json", "listen", *args, bufsize=0)
        self.listeners.append(process)
        if until is not None:
            self.wait(process, until)
        return process

    def wait(self, process, until):
        while True:
            line = process.stdout.readline().decode()
            if line == "":
                raise Unexpected(f"listen ended before it printed {until}")
            self.note("listen", line)
            if json.loads(line).get("type") == until:
                break

    def finish(self, process):
        process.terminate()
        self.note("listen", process.communicate(timeout=20)[0].decode())
        self.listeners.remove(process)


def begin(world, watch):
    ann, ben, cem = (Person(world.folder, n) for n in ("ann", "ben", "cem"))
    for p in (ann, ben, cem):
        watch.run(p, "init", world.server.invite(), "--name", p.name)
        watch.run(p, "receipts", "off")  # the mailboxes are small
    watch.run(ann, "typing", "off")
    watch.run(ann, "words")
    watch.run(ann, "passphrase", "--off")
    watch.run(ann, "invite")
    for o in watch.run(ann, "invite", "list").objects:
        watch.run(ann, "invite", "revoke", str(o["number"]))
    watch.run(ann, "invite", ben.link(), "--as", "ben")
    watch.run(ben, "invite", ann.link(), "--as", "ann")
    acquaint(ann, cem)
    watch.run(ann, "contacts")
    watch.run(ann, "name", "ben", "ben")
    watch.run(ann, "verify", "ben")
    watch.run(ann, "new", "ben", "--title", "Trio")
    watch.run(ben, "read")
    watch.run(ben, "send", "Trio", "hello")
    watch.run(ann, "read")
    sent = str(watch.run(ann, "send", "Trio", "a misteak").of("sent")[0]["number"])
    watch.run(ann, "edit", "Trio", sent, "a", "mistake")
    watch.run(ann, "react", "Trio", sent, "oops")
    watch.run(ann, "send", "Trio", "--reply", sent, "sorry")
    watch.run(ben, "read")
    watch.run(ann, "react", "Trio", sent, "--off")
    watch.run(ann, "delete", "Trio", sent)
    watch.run(ben, "read", "--last", "20")
    watch.run(ben, "search", "sorry")
    watch.run(ben, "mute", "Trio", "8h")
    watch.run(ben, "mute", "Trio", "off")
    watch.run(ben, "archive", "Trio")
    watch.run(ann, "timer", "Trio")
    watch.run(ben, "read")
    watch.run(ann, "record")
    watch.run(ann, "handle")
    watch.run(ann, "handle", "claim", "anna", timeout=300)
    watch.run(ben, "find", "anna", timeout=300)
    watch.run(ben, "find", "anna", "--add", timeout=300)
    watch.run(ann, "status", "Trio")
    watch.run(ann, "chat", "ben", text=b"from chat\n")
    return ann, ben, cem


def change(watch, ann, ben, cem):
    """Many epochs, so that an old one is forgotten."""
    watch.run(ann, "role", "Trio")
    for i in range(5):
        watch.run(ann, "add", "Trio", "cem")
        if i == 0:  # the two of it are administrators now
            watch.run(ann, "role", "Trio", "ben", "member")
        watch.run(ann, "remove", "Trio", "cem")
        watch.run(ben, "read")
        watch.run(cem, "read")


def put_aside(world, watch, ann, ben, cem, saving):
    """A copy of a home that comes back later says something in an epoch that the others have left."""
    copy = Person(world.folder, "copy")
    shutil.copytree(ann.home, copy.home)
    change(watch, ann, ben, cem)
    watch.wait(saving, "saved")
    watch.finish(saving)
    listener = watch.listen(ben, until="caught_up")
    watch.run(copy, "send", "Trio", "from the past")
    watch.run(ben, "send", "Trio", "through listen")
    until = time.monotonic() + 20
    while not json.loads(ben.run("--json", "status", "--offline").out.splitlines()[0])["quarantined"]:
        if time.monotonic() > until:
            break
        time.sleep(0.1)
    watch.finish(listener)
    watch.run(ben, "status")
    return ben.fine("status").out


def second_device(world, watch):
    """Becomes a device of Ann's account, sees what happens there, and is signed off."""
    ann, pad = world.person("ann"), Person(world.folder, "pad")
    watch.run(ann, "link")
    fresh = pad.start("--json", "link", world.server.listen, "--yes")
    code = json.loads(fresh.stdout.readline())["code"]
    holds = ann.start("--json", "link", "--code", code, stdin=subprocess.PIPE)
    watch.note("link", holds.communicate(b"yes\n", timeout=60)[0].decode())
    watch.note("link", fresh.communicate(timeout=60)[0].decode())
    watch.run(ann, "read")
    device = [d for d in watch.run(ann, "devices").of("device") if not d["this"]][0]["device"]
    watch.run(ann, "unlink", device)
    watch.run(ann, "read")


def lose(watch, ann, cem):
    """One address may fill a quarter of a mailbox, which is small here. What is not taken is tried again, longer and
    longer, and holds up whatever the sender does."""
    watch.run(ann, "new", "cem", "--title", "Full")
    for i in range(6):
        watch.run(ann, "send", "Full", str(i))
    watch.finish(watch.listen(cem, until="gaps"))


def files(world, watch, ann, ben):
    content = world.folder / "photo.jpg"
    content.write_bytes(b"a photo " * 20000)
    watch.run(ann, "send", "Trio", "--file", str(content), timeout=120)
    watch.run(ben, "read", "Trio")
    number = [m["number"] for m in ben.fine("read", "Trio", "--last", "20", "--json").of("message")][-1]
    watch.run(ben, "save", "Trio", str(number), "--to", str(world.folder / "saved.jpg"), timeout=120)
    watch.run(ann, "send", "Trio", "--file", str(content), timeout=120)
    # What saves by itself takes its time, so that nobody sees when who fetches what: up to half a minute.
    return watch.listen(ben, "--to", str(world.folder))


def leave(watch, ann, ben):
    listener = watch.listen(ann, until="caught_up")
    watch.run(ben, "renew", "Trio")
    watch.run(ben, "leave", "Trio")
    for _ in range(100):
        if any(c["state"] == "left" for c in watch.run(ben, "status").of("conversation")):
            break
        time.sleep(0.1)
    watch.finish(listener)
    watch.run(ben, "read", "Trio", "--last", "20")


def ask(world, watch, ann):
    gil = Person(world.folder, "gil")
    gil.fine("init", world.server.invite(), "--name", "gil")
    gil.fine("invite", ann.link(), "--as", "ann")
    listener = watch.listen(ann, until="caught_up")
    gil.fine("send", "ann", "hello")
    watch.finish(listener)
    gil.fine("send", "ann", "hello?")
    watch.run(ann, "requests")
    watch.run(ann, "profile", "--name", "ann", "--offline")
    watch.run(ann, "show", "ben", "--offline")
    watch.run(ann, "decline", "gil")
    gil.fine("new", "ann", "--title", "again")
    watch.run(ann, "accept", "gil", "--as", "gil")
    watch.run(ann, "block", "gil")
    watch.run(ann, "send", "gil", "hi")
    watch.run(ann, "blocked")
    watch.run(ann, "unblock", "gil")


def talk(watch, person, until):
    """A chat that goes on until an object of that type came: its input ends it."""
    process = person.start("--json", "chat", "ben", stdin=subprocess.PIPE)
    while True:
        line = process.stdout.readline().decode()
        if line == "":
            raise Unexpected(f"chat ended before it printed {until}")
        watch.note("chat", line)
        if json.loads(line).get("type") == until:
            break
    watch.note("chat", process.communicate(b"", timeout=60)[0].decode())


def notices(world, watch, ann):
    """Of a request desk, which gets another key at the end."""
    from test_desk import digest
    account = ann.fine("status", "--offline", "--json").of("status")[0]["account"]
    with tempfile.TemporaryDirectory() as keys:
        office = NoticeOffice(Path(keys))
        operator = office.begin(world)

        def give(name):
            operator.order(office.notice(operator.show(), account, name), keys)

        watch.run(ann, "desk")
        give("n-1")
        watch.run(ann, "read")
        give("n-2")
        talk(watch, ann, "notice")
        listener = watch.listen(ann, until="caught_up")
        give("n-3")
        while json.loads(line := listener.stdout.readline().decode()).get("type") != "notice":
            watch.note("listen", line)
        watch.note("listen", line)
        first = office.text()
        office.notice_key = NoticeKey(office.folder, "second")
        operator.hand_in("change", office.signed(office.text(2, digest(first)), "p2", "p3", "p4"))
        give("n-4")
        while json.loads(line := listener.stdout.readline().decode()).get("type") != "desk":
            watch.note("listen", line)
        watch.note("listen", line)
        watch.finish(listener)
        watch.run(ann, "desk")


def fail(world, watch, tap, ann):
    code = world.server.invite()
    codes = {
        "name": watch.run(ann, "send", "nobody", "hi").code,
        "link": watch.run(ann, "invite", "nonsense").code,
        "option": watch.run(ann, "read", "--nope").code,
        "first": watch.run(Person(world.folder, "dan"), "init", code, "--name", "dan").code,
        "again": watch.run(Person(world.folder, "eve"), "init", code).code,
        "home": watch.run(Person(world.folder, "nowhere"), "status").code}
    listener = watch.listen(ann, until="caught_up")
    world.server.stop()
    codes["away"] = watch.run(ann, "record", "--timeout", "1").code
    watch.finish(listener)
    tap.check("exit_codes_are_those_of_the_page", codes == {
        "name": 6, "link": 2, "option": 2, "first": 0, "again": 4, "home": watch.page.errors["NOT_FOUND"],
        "away": watch.page.errors["TIMEOUT"]}, codes)


def look_at_a_page(watch):
    folder = Path(tempfile.mkdtemp(prefix="sotto-page-"))
    (folder / "index.html").write_text("<!doctype html>")
    (folder / "manifest.txt").write_text(f"sotto web v1\n{64 * '0'} index.html\n")
    with World([f"pages={folder}"]) as world:
        watch.run(Person(world.folder, "nobody"), "web-check", f"http://{world.server.http}", "--manifest",
                  str(folder / "manifest.txt"))
    shutil.rmtree(folder)


def names(tap, page):
    errors = re.findall(r"\bX\(([A-Z_]+), [A-Z]+, \"", (ROOT / "src/base/error.h").read_text())
    reasons = re.findall(r"\bR\(([A-Z_]+), \d+,", (ROOT / "src/proto/schema.h").read_text())
    tap.check("every_error_has_its_name_on_the_page", list(page.errors) == errors,
              set(page.errors) ^ set(errors))
    tap.check("every_reason_has_its_name_on_the_page", page.reasons == set(reasons),
              page.reasons ^ set(reasons))
    listed = [c.replace("_", "-") for c in
              re.findall(r"&command_(\w+)", (ROOT / "src/term/command.c").read_text())]
    tap.check("every_command_is_on_the_page", set(page.commands) | {"help"} == set(listed),
              set(page.commands) ^ set(listed))


def main():
    tap, page = Tap(), Page(ROOT / "docs/SOTTO-JSON.md")
    names(tap, page)
    watch = Watch(page)
    with World(["mailbox_items=16"]) as world:
        try:
            ann, ben, cem = begin(world, watch)
            saving = files(world, watch, ann, ben)
            shown = put_aside(world, watch, ann, ben, cem, saving)
            tap.check("what_was_put_aside_is_shown_to_people_and_programs",
                      "put aside:   1" in shown and "put aside in conversation 1, " in shown and
                      {("status", "quarantined"), ("listen", "quarantined")} <= watch.seen, shown)
            leave(watch, ann, ben)
            notices(world, watch, ann)
            ask(world, watch, ann)
            lose(watch, ann, cem)
            account = cem.fine("status", "--json").of("status")[0]["account"]
            watch.run(cem, "delete-account", account[:8])
            fail(world, watch, tap, ann)
        finally:
            for process in watch.listeners:
                process.kill()
    with World() as world: # whose mailboxes have room for what a new device gets
        second_device(world, watch)
    look_at_a_page(watch)
    found = sorted(set(watch.found))
    tap.check("no_object_and_no_field_is_printed_that_is_not_on_the_page", found == [], "\n".join(found))
    listed = {(c, t) for c, types in page.commands.items() for t in types}
    missing = sorted(listed - watch.seen)
    tap.check("every_object_of_the_page_is_printed_by_its_command", missing == [], missing)
    tap.check("every_type_of_the_page_is_printed", set(page.types) == {t for _, t in watch.seen},
              set(page.types) ^ {t for _, t in watch.seen})
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
