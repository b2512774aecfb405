#!/usr/bin/env python3
"""An office from empty, no demonstration: empty_office.py SOTTO_DESK SECURITY_KEY. It does what docs/desk/operator.md says, in
its order. People enrol and work in headless Chromium, over TLS, with passkeys of their own; on machines of their own
ssh-keygen has the security key. Prints TAP."""
import os
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
try:
    from people import PATIENCE, Office, digest, filing, free_port
except ImportError as missing:
    print(f"1..0 # SKIP {missing}")
    sys.exit(0)
from rig import Tap, World
from test_desk import Operator

# What the office decided on, before anybody has a key. Nobody is there for human rights,
# and one alone at intake: no path to a release has all its seats.
FIRST = {"approver-1": ("roles approver", "countries IE"), "intake-1": ("roles intake", "countries IE"),
         "local-law-1": ("roles local-law", "countries CH"),
         "policy-1": ("roles policy", "countries NL"), "policy-2": ("deputy policy", "countries SE"),
         "policy-3": ("deputy policy", "countries FR")}
HAS_SSH = {"approver-1"}
AUTHORITIES = """authority de-court-example
name Amtsgericht Beispielstadt
jurisdiction DE
call +49 30 0000000
authority hk-police-example
name Hong Kong Police Force, Example Bureau
jurisdiction HK
call +852 0000 0000
"""


def day(ahead):
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + ahead * 86400))


class Proxy:
    """The way in from the world: TLS in front of the desk. The browser is told to trust this key."""

    def __init__(self, folder, port):
        self.to, self.socket = port, socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        key, certificate = folder / "tls.key", folder / "tls.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
                       check=True, capture_output=True)
        self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.tls.load_cert_chain(certificate, key)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            threading.Thread(target=self.carry, args=(self.socket.accept()[0],), daemon=True).start()

    def carry(self, plain):
        try:
            with self.tls.wrap_socket(plain, server_side=True) as client, \
                    socket.create_connection(("127.0.0.1", self.to)) as desk:
                back = threading.Thread(target=self.pump, args=(desk, client), daemon=True)
                back.start()
                self.pump(client, desk)
                back.join()
        except OSError:
            pass

    @staticmethod
    def pump(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class Desk:
    """`sotto-desk` with a folder, as its operator uses it."""

    def __init__(self, program, folder):
        self.program, self.papers, self.folder = program, folder, folder / "desk"
        self.port = free_port()
        self.proxy = Proxy(folder, self.port)
        self.origin = f"https://localhost:{self.proxy.port}"
        self.lines = self.run("init", self.folder, "desk.example.org/ledger")
        self.office, self.keys = folder / "office.txt", folder / "keys"
        self.keys.mkdir()

    def command(self, *words):
        return subprocess.run([self.program, *map(str, words)], capture_output=True, text=True, timeout=PATIENCE)

    def run(self, *words):
        done = self.command(*words)
        if done.returncode != 0:
            raise SystemExit(f"sotto-desk {words}: {done.stdout}{done.stderr}")
        return done.stdout

    def __enter__(self):
        self.log = open(self.papers / "desk.log", "w")
        self.process = subprocess.Popen([self.program, "serve", self.folder, "--listen", f"127.0.0.1:{self.port}"],
                                        stdout=subprocess.PIPE, stderr=self.log)
        if not self.process.stdout.readline():
            raise SystemExit("the desk did not start")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.log.close()

    def take(self, text, *more):
        path = self.papers / "taken"
        path.write_text(text)
        return self.command("office", self.folder, path, *more)

    def show(self):
        return self.run("show", self.folder)

    def ssh_key(self, person):
        """On the person's security key; its public half, as `ssh-add -L` has it."""
        path = self.keys / person
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519-sk", "-O", "verify-required", "-O", "application=ssh:sotto", "-N", "",
                        "-C", person, "-f", path], check=True, stdin=subprocess.DEVNULL, capture_output=True)
        return path.with_suffix(".pub").read_text()

    def own_machine(self, person, text):
        """The line that `sotto-desk sign` makes, which trusts the office file and not the page."""
        path = self.papers / "paper"
        path.write_text(text)
        done = self.run("sign", path, "--as", person, "--key", self.keys / person, "--office", self.office, "--yes")
        return done.split("\n\n", 1)[1]

    def first_office(self):
        """By hand, of what init printed and of the drafts."""
        drafts = "".join((self.folder / "drafts" / person).read_text() for person in sorted(FIRST))
        return (f"sotto office 1\nversion 1\nprevious {'0' * 64}\nname The desk of an example\norigin {self.origin}\n"
                f"rp localhost\n{self.lines}{drafts}{AUTHORITIES}")


class People(Office):
    """Their first passkeys are on one device, which is at hand when they work; each second one is on a device of its own,
    which they put away."""

    def __init__(self, desk):
        super().__init__(desk, arguments=("--ignore-certificate-errors",))
        self.driver.execute_cdp_cmd("WebAuthn.disable", {})
        self.device = self.authenticator("usb")

    def at_hand(self, it_is):
        self.driver.execute_cdp_cmd("WebAuthn.setAutomaticPresenceSimulation", {"authenticatorId": self.device, "enabled": it_is})

    def make_passkey(self, number):
        self.press("[data-press=passkey]")
        self.wait(lambda: f"Passkeys made: {number}" in self.text() or "did not work" in self.text())

    def sit(self, person):
        if self.sits != person:
            self.sign_in(person)
            self.sits = person

    def enrol(self, code, ssh=""):
        """What the page says at its end."""
        self.open("/enrol")
        self.fill("code", code)
        self.submit()
        self.make_passkey(1)
        self.at_hand(False)
        other = self.authenticator("usb")
        self.make_passkey(2)
        self.driver.execute_cdp_cmd("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": other})
        self.at_hand(True)
        self.fill("ssh", ssh)
        self.press("[data-press=enrol]")
        self.wait(lambda: self.path() == "/enrol/keys" and not self.all("[data-press]"))
        return self.text()


class Walk:
    def __init__(self, tap, desk, world, b):
        self.check, self.desk, self.b, self.operator = tap.check, desk, b, Operator(world)

    def enrolled(self, person, lines):
        code = self.desk.run("enrol", self.desk.folder, person, *lines).strip()
        said = self.b.enrol(code, self.desk.ssh_key(person) if person in HAS_SSH else "")
        draft = self.desk.folder / "drafts" / person
        words = [line.split()[0] for line in draft.read_text().splitlines()] if draft.exists() else []
        expected = ["person", *(line.split()[0] for line in lines), "seal", "passkey", "passkey",
                    *(["ssh-key"] if person in HAS_SSH else [])]
        self.check(f"{person}_enrols_by_a_code_with_two_passkeys", "Handed in" in said and words == expected, (said, words))
        return code

    def people_enrol(self):
        b = self.b
        b.open("/")
        self.check("without_an_office_file_the_desk_says_so", "no office" in b.text(), b.text())
        for person, lines in FIRST.items():
            code = self.enrolled(person, lines)
        b.open("/enrol")
        b.fill("code", code)
        b.submit()
        self.check("a_code_counts_once", not b.all("[data-press=passkey]"), b.text())
        b.open("/login?person=policy-1")
        self.check("who_enrolled_is_nobody_yet", not b.all("[data-press=login]"), b.text())

    def pinned(self):
        text, desk = self.desk.first_office(), self.desk
        self.desk.office.write_text(text)
        other = desk.take(text, "--pin", digest(text + "x")), self.operator.hand_in("pin", text, digest(text + "x"))
        self.check("another_hash_than_the_file's_pins_nothing", all(d.returncode != 0 for d in other), other)
        unsigned = desk.take(text)
        self.check("without_a_hash_the_first_file_is_refused", unsigned.returncode != 0, unsigned)
        done = desk.take(text, "--pin", digest(text)), self.operator.hand_in("pin", text, digest(text))
        self.check("desk_and_server_pin_the_first_office_file_by_its_hash",
                   all(d.returncode == 0 for d in done) and self.operator.show()["office"] == 1, done)

    def signed_in(self):
        b = self.b
        for person in FIRST:
            b.sit(person)
            self.check(f"{person}_signs_in_and_opens_the_queue", b.path() == "/queue" and person in b.find("body").text, b.text())

    # ---- Short of people ----

    def suspended(self):
        """The first list. The operator takes it to the server, and the server's number to the desk."""
        b, desk = self.b, self.desk
        paper = b.paper("approver-1", "set", id="s-hk", jurisdictions="HK", text="Paused, pending assessment.", date=day(60))
        done = [b.sign_paper(person, paper) for person in ("approver-1", "local-law-1")]
        desk.run("ledger", "publish", desk.folder)
        listed = self.operator.hand_in("suspensions", (desk.folder / "public" / "suspensions" / "1").read_text())
        self.check("two_who_are_there_sign_the_first_suspension_list", done[1] == "in force" and listed.returncode == 0,
                   (done, listed))
        shown = desk.papers / "shown"
        shown.write_text(self.operator.run("office", "show").stdout)
        desk.run("server", desk.folder, shown)

    def filed(self, authority, country, reference):
        """By the public's form. The case, and the receipt's hash."""
        b = self.b
        b.open("/file")
        for name, value in filing(authority, country, country, reference, "handle example.person").items():
            b.fill(name, value)
        b.choose("field", "exists")
        b.submit()
        return b.find("h1 .id").text, re.search(r"[0-9a-f]{64}", b.text()).group(0)

    def authenticated(self, reference):
        b = self.b
        case, receipt = self.filed("Amtsgericht Beispielstadt", "DE", reference)
        b.open(f"/status?receipt={receipt}")
        self.check(f"a_filing_is_received_with_a_receipt_{reference}", case in b.text() and "Received" in b.text(), b.text())
        done = (b.classify("intake-1", case, "de-court-example", "DE", fields=("exists",)), b.call_back("policy-3", case))
        self.check(f"it_is_authenticated_{reference}", done == (None, None), done)
        return case

    def short(self):
        b = self.b
        b.open("/")
        self.check("the_first_page_says_that_people_are_missing", "lacks people for a release" in b.text(), b.text())
        held, _ = self.filed("Hong Kong Police Force, Example Bureau", "HK", "HK 1/26")
        b.classify("intake-1", held, "hk-police-example", "HK", fields=("exists",))
        self.check("what_is_suspended_is_held", "Held" in b.standing(held), b.text())
        rejected, self.case = (self.authenticated(reference) for reference in ("first", "second"))
        said = b.draft("intake-1", rejected, "00" * 16, ("exists",))
        self.check("no_order_is_drafted_while_nobody_could_review_it", said is not None and "nobody is free to review it" in said,
                   said)

        def ground():
            grounds = [o.get_attribute("value") for o in b.all("[name=say-ground] option")]
            b.fill("say-ground", next(g for g in grounds if g))
            b.fill("letter-reference", "x")
        by_one = b.move("policy-1", rejected, "reject", ground)
        one = b.standing(rejected)
        by_two = b.move("approver-1", rejected, "reject")
        self.check("a_reviewer_and_the_approver_reject", by_one is by_two is None and "Rejected" not in one and
                   "Rejected" in b.standing(rejected), (by_one, one, by_two, b.text()))
        shown = self.desk.show()
        self.check("nothing_is_released", "released" not in shown and "cleared" not in shown, shown)

    # ---- One more ----

    def changed(self):
        b, desk = self.b, self.desk
        self.enrolled("human-rights-1", ("roles human-rights", "countries DE"))
        b.sit("approver-1")
        b.open("/office/next")
        b.driver.find_element("xpath", "//form[input[@value='enrolled'] and input[@value='human-rights-1']]//button").click()
        b.wait(lambda: b.path().startswith("/paper/"))
        paper = b.path()
        before = desk.show()
        b.sign_paper("approver-1", paper, own_machine=True)
        b.sign_paper("policy-1", paper)
        self.check("a_change_that_two_signed_is_none", desk.show() == before, desk.show())
        b.sign_paper("local-law-1", paper)
        b.open("/")
        self.check("the_approver_and_two_reviewers_take_her_in_and_the_office_is_whole",
                   "lacks people" not in b.text() and desk.show().startswith("office 2 "), desk.show() + b.text())
        desk.run("ledger", "publish", desk.folder)
        text = (desk.folder / "public" / "office" / "2").read_text()
        done = self.operator.hand_in("change", text)
        self.check("the_server_takes_the_change", done.returncode == 0 and self.operator.show()["office"] == 2, done)
        b.sit("human-rights-1")
        self.check("she_signs_in", b.path() == "/queue", b.text())

    def on_leave(self):
        """policy-3 stands in for policy, too, but has called back."""
        b, case = self.b, self.case
        b.sit("policy-1")
        b.open("/me")
        b.fill("until", day(5))
        b.submit()
        said = b.draft("intake-1", case, "00" * 16, ("exists",))
        may = {person: b.begin(person, case, "verdict") for person in (*FIRST, "human-rights-1")}
        self.check("who_is_away_is_not_drawn_and_the_deputy_is_who_has_not_acted", said is None and
                   [person for person in may if may[person]] == ["local-law-1", "policy-2", "human-rights-1"], (said, may))
        done = b.verdict("policy-2", case, "clear")
        self.check("the_deputy_signs_with_her_own_passkey", done is None, done)

    def go(self):
        self.people_enrol()
        self.pinned()
        self.signed_in()
        self.suspended()
        self.short()
        self.changed()
        self.on_leave()


def main():
    tap = Tap()
    os.environ |= {"SSH_SK_PROVIDER": sys.argv[2], "SSH_ASKPASS": "/bin/true", "SSH_ASKPASS_REQUIRE": "force"}
    with tempfile.TemporaryDirectory() as folder, World() as world, Desk(sys.argv[1], Path(folder)) as desk, People(desk) as b:
        Walk(tap, desk, world, b).go()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
