#!/usr/bin/env python3
"""An office from empty, no demonstration: empty_office.py SOTTO_DESK SECURITY_KEY. It does what docs/desk/operator.md says, in
its order. People enrol and work in headless Chromium, over TLS, with passkeys of their own; on machines of their own
ssh-keygen has the security key. Prints TAP."""
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
try:
    from people import PATIENCE, Office, digest, filing, free_port
except ImportError as missing:
    print(f"1..0 # SKIP {missing}")
    sys.exit(0)
from rig import Tap, World
from test_desk import Operator

# What the office decided on, before anybody has a key. Nobody is there for human rights.
FIRST = {"approver-1": ("roles approver", "countries IE"), "intake-1": ("roles intake", "countries IE"),
         "intake-2": ("roles intake", "deputy policy", "countries FR"), "local-law-1": ("roles local-law", "countries CH"),
         "policy-1": ("roles policy", "countries NL"), "policy-2": ("deputy policy", "countries SE")}
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
    """Each has two passkeys, one on either of two devices; who works has theirs at hand."""

    def __init__(self, desk):
        super().__init__(desk, arguments=("--ignore-certificate-errors",))
        self.driver.execute_cdp_cmd("WebAuthn.disable", {})
        self.first, self.second = self.authenticator("usb"), self.authenticator("usb")
        self.at_hand(self.first)

    def at_hand(self, device):
        for each in (self.first, self.second):
            self.driver.execute_cdp_cmd("WebAuthn.setAutomaticPresenceSimulation",
                                        {"authenticatorId": each, "enabled": each == device})

    def sit(self, person):
        if self.sits != person:
            self.sign_in(person)
            self.sits = person

    def enrol(self, code, ssh=""):
        """What the page says at its end."""
        self.open("/enrol")
        self.fill("code", code)
        self.submit()
        for made, device in enumerate((self.first, self.second), 1):
            self.at_hand(device)
            self.press("[data-press=passkey]")
            self.wait(lambda: f"Passkeys made: {made}" in self.text() or "did not work" in self.text())
        self.at_hand(self.first)
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

    def go(self):
        self.people_enrol()
        self.pinned()
        self.signed_in()


def main():
    tap = Tap()
    os.environ["SSH_SK_PROVIDER"] = sys.argv[2]
    with tempfile.TemporaryDirectory() as folder, World() as world, Desk(sys.argv[1], Path(folder)) as desk, People(desk) as b:
        Walk(tap, desk, world, b).go()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
