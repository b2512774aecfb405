"""Who acts in the story: people at the desk, each at a browser with a passkey of their own and an SSH key on a machine of
their own; authorities and a user, at the public pages. All of them, and all programs, have the same clock."""
import base64
import hashlib
import http.client
import os
import re
import struct
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE / "pages"), str(HERE.parent / "term"), str(HERE.parent / "server")]

from selenium.common.exceptions import WebDriverException  # noqa: E402

from browser import Browser  # noqa: E402
from desk import Desk, Visitor, free_port, texts  # noqa: E402
from test_pages import ticket_of, work_for  # noqa: E402

PATIENCE = 180
WORK_BITS = 18
DAY = 86400

SCRIPT = """
const [rp, person, id, seal, done] = arguments;
const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
const text = (s) => new TextEncoder().encode(s);
const base64 = (b) => btoa(String.fromCharCode(...new Uint8Array(b)));
const extensions = {prf: {eval: {first: text("sotto desk 1 prf")}}};
const challenge = new Uint8Array(32);
"""
# A passkey, as a line of the office file names it.
NEW_PASSKEY = SCRIPT + """
navigator.credentials.create({publicKey: {challenge, rp: {id: rp, name: "desk"}, extensions,
  user: {id: text(person), name: person, displayName: person}, pubKeyCredParams: [{type: "public-key", alg: -7}],
  authenticatorSelection: {userVerification: "required", residentKey: "discouraged"}}}).then((made) =>
    done([base64(made.rawId), base64(made.response.getPublicKey().slice(-65))]), (e) => done(String(e)));
"""
# The key for what is sealed, wrapped for that passkey as the page's script does it.
GIVE_KEY = SCRIPT + """
(async () => {
  const made = await navigator.credentials.get({publicKey: {challenge, rpId: rp, extensions,
    allowCredentials: [{type: "public-key", id: bytes(id)}], userVerification: "required"}});
  const prf = made.getClientExtensionResults().prf.results.first;
  const secret = await crypto.subtle.importKey("raw", prf, "HKDF", false, ["deriveKey"]);
  const key = await crypto.subtle.deriveKey({name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0),
    info: text("sotto desk 1 person")}, secret, {name: "AES-GCM", length: 256}, false, ["encrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = new Uint8Array(await crypto.subtle.encrypt({name: "AES-GCM", iv, additionalData: text(person)},
    key, bytes(seal)));
  const answer = await fetch("/me/key", {method: "POST", credentials: "same-origin",
    body: new URLSearchParams({credential: id, wrapped: base64(Uint8Array.of(...iv, ...sealed))})});
  return answer.status;
})().then(done, (e) => done(String(e)));
"""


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


class Clock:
    """Of all programs that are started while it is shared: all but the browser."""

    def __init__(self, module, folder):
        self.module, self.path, self.ahead = module, folder / "ahead", 0
        self.path.write_bytes(struct.pack("=q", 0))

    @contextmanager
    def environment(self, **new):
        before = {name: os.environ.pop(name, None) for name in ("LD_PRELOAD", "SOTTO_AHEAD")}
        os.environ.update(new)
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value

    def shared(self):
        return self.environment(LD_PRELOAD=self.module, SOTTO_AHEAD=str(self.path))

    def apart(self):
        return self.environment()

    def wait(self, seconds):
        self.ahead += seconds
        with open(self.path, "r+b") as f:
            f.write(struct.pack("=q", self.ahead))

    def day(self, ahead):
        return time.strftime("%Y-%m-%d", time.gmtime(time.time() + self.ahead + ahead * DAY))


class StoryDesk(Desk):
    """`sotto-desk serve`, with the demonstration's people, and a witness in its office file."""

    def __init__(self, program, folder, clock, witness):
        self.program, self.clock, self.temp = program, clock, tempfile.TemporaryDirectory()
        self.port = free_port()
        self.origin = f"http://localhost:{self.port}"
        self.folder = folder / "desk"
        self.log = open(folder / "desk.log", "w")
        self.run("demo", self.folder, self.origin)
        self.office = self.folder / "office.txt"
        self.people = sorted(p.name for p in (self.folder / "people").iterdir())
        text = self.office.read_text()
        ledger = next(line[7:] for line in text.splitlines() if line.startswith("ledger "))
        witness.knows(ledger)
        self.office.write_text(text.replace(f"ledger {ledger}\n", f"ledger {ledger}\nwitness {witness.key}\n"))
        self.list = self.folder / "suspensions.txt"

    def add_passkey(self, person, credential, key):
        """Beside the demonstration's."""
        before, own = self.office.read_text().split(f"\nperson {person}\n")
        line = next(line for line in own.splitlines() if line.startswith("passkey "))
        lines = sorted([line, f"passkey es256 {key} {credential}"])
        self.office.write_text(before + f"\nperson {person}\n" + own.replace(line, "\n".join(lines), 1))

    def pin(self):
        """The office file, and a list on which nothing is suspended."""
        self.hash = digest(self.office.read_text())
        self.list.write_text(f"sotto suspensions 1\nversion 1\nprevious {'0' * 64}\noffice 1 {self.hash}\n")
        for person in ("approver-1", "local-law-1"):
            self.run("sign", self.list, "--as", person, "--key", self.ssh(person), "--office", self.office, "--to",
                     self.list, "--yes")
        self.run("office", self.folder, self.office, "--pin", self.hash)
        self.run("list", self.folder, self.list)

    def ssh(self, person):
        return self.folder / "people" / person / "ssh"

    def run(self, *words):
        done = subprocess.run([self.program, *map(str, words)], capture_output=True, text=True, timeout=PATIENCE)
        if done.returncode != 0:
            raise SystemExit(f"sotto-desk {words}: {done.stdout}{done.stderr}")
        return done.stdout

    def own_machine(self, person, text):
        """The line that `sotto-desk sign` makes, which trusts the office file and not the page."""
        paper = Path(self.temp.name) / "paper"
        paper.write_text(text)
        done = self.run("sign", paper, "--as", person, "--key", self.ssh(person), "--office", self.office, "--yes")
        return done.split("\n\n", 1)[1]

    def __enter__(self):
        self.process = subprocess.Popen([self.program, "serve", self.folder, "--listen", f"127.0.0.1:{self.port}",
                                         "--people", self.folder / "people"], stdout=subprocess.PIPE, stderr=self.log)
        if not self.process.stdout.readline():
            raise SystemExit("the desk did not start")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.log.close()
        self.temp.cleanup()

    def file(self, fields):
        """By who computes the work elsewhere. The case and the receipt."""
        visitor = Visitor(self)
        ticket = ticket_of(visitor.get("/file").text)
        answer = visitor.upload(f"/file?ticket={ticket}&work={work_for(ticket, WORK_BITS)}", fields)
        case = re.search(r'<h1>[^<]*<span class="id">([^<]+)</span>', answer.text).group(1)
        return case, re.search(r"[0-9a-f]{64}", answer.text).group(0)


class Witness:
    NAME = "witness.example/w1"

    def __init__(self, program, folder):
        self.program, self.folder, self.answers = program, folder / "witness", folder / "answer"
        self.key = self.run("init", "--dir", self.folder, "--name", self.NAME).stdout.strip()

    def run(self, *words):
        return subprocess.run([self.program, *map(str, words)], capture_output=True, text=True, timeout=PATIENCE)

    def knows(self, ledger):
        self.run("add", "--dir", self.folder, ledger)

    def __enter__(self):
        self.process = subprocess.Popen([self.program, "serve", "--dir", self.folder, "--listen", "127.0.0.1:0"],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)

    def cosigns(self, desk):
        """What the desk publishes now; the operator carries it there and back. The last status."""
        desk.run("ledger", "publish", desk.folder)
        for _ in range(2):
            asked = desk.run("ledger", "ask", desk.folder, self.NAME)
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            connection.request("POST", "/add-checkpoint", asked.encode())
            answer = connection.getresponse()
            self.answers.write_bytes(answer.read())
            connection.close()
            desk.run("ledger", "answer", desk.folder, self.NAME, answer.status, self.answers)
            if answer.status == 200:
                break
        return answer.status


class Office(Browser):
    """The people of the desk, who sit down at one browser after the other; its authenticator has all their passkeys."""

    def __init__(self, desk, pictures=None, **how):
        super().__init__(desk, width=1100, **how)
        self.driver.set_script_timeout(PATIENCE)
        self.driver.set_page_load_timeout(PATIENCE)
        self.pictures, self.taken, self.sits, self.passkeys, self.given = pictures, set(), None, {}, set()
        self.authenticator()

    def wait(self, until, seconds=PATIENCE):
        """A page that goes away meanwhile is no answer."""
        def tried():
            try:
                return until()
            except WebDriverException:
                return None
        return super().wait(tried, seconds)

    def enrol(self):
        """A passkey for each of the office, before there is one."""
        self.open("/")
        for person in self.desk.people:
            credential, key = self.run(NEW_PASSKEY, "localhost", person, "", "")
            self.passkeys[person] = credential
            self.desk.add_passkey(person, credential, key)

    def sit(self, person):
        """Signs in, and has the key for what is sealed."""
        if self.sits == person:
            return
        self.sign_in(person)
        self.sits = person
        if person not in self.given:
            seal = bytes.fromhex((self.desk.folder / "people" / person / "seal").read_text().strip())
            status = self.run(GIVE_KEY, "localhost", person, self.passkeys[person], base64.b64encode(seal).decode())
            if status != 200:
                raise AssertionError(f"{person}'s key was not taken: {status}")
            self.given.add(person)

    def later(self, seconds):
        """Sessions end."""
        self.desk.clock.wait(seconds)
        self.sits = None

    def picture(self, name, path=None):
        if self.pictures is None or name in self.taken:
            return
        if path is not None:
            self.open(path)
        self.taken.add(name)
        self.driver.execute_script("window.scrollTo(0, 0)")
        height = self.driver.execute_script("return document.documentElement.scrollHeight")
        self.driver.set_window_size(1100, min(max(height + 150, 800), 4000))
        self.driver.save_screenshot(str(self.pictures / f"{name}.png"))
        self.driver.set_window_size(1100, 1000)

    def submit(self):
        """What was filled in, to the next page."""
        before = self.find("html").id
        self.press("main form button[type=submit]")
        self.wait(lambda: self.find("html").id != before and self.all("main h1"))

    def begin(self, person, case, move):
        """The form of a move, by the button of the case's page. Nothing: there is no such button."""
        self.sit(person)
        self.open(f"/case/{case}")
        links = self.all(f'.moves a[href^="/case/{case}/do/{move}"]')
        exact = [a for a in links if a.get_attribute("href").split("?")[0].endswith(f"/{move}")]
        if exact:
            self.driver.get(exact[0].get_attribute("href"))
        return bool(exact)

    def finish(self, case, move, own_machine=()):
        """Signs what is shown. own_machine: names of papers that are signed with `sotto-desk sign`. The heading of a
        refusal, or nothing."""
        if not self.all("[data-sign]"):
            return self.text()
        self.picture(f"sign-{move}")
        if own_machine:
            for button in self.all("[data-press=fill]"):
                if button.is_displayed():
                    button.click()
            self.wait(lambda: all(self.shown(name) for name in own_machine))
            for name in own_machine:
                self.paste(name, self.desk.own_machine(self.sits, self.shown(name)))
        self.press("[data-press=sign]")
        self.wait(lambda: self.path() == f"/case/{case}" or "Refused" in self.heading() or "did not" in self.status())
        return None if self.path() == f"/case/{case}" else self.text()

    def status(self):
        return " ".join(e.text for e in self.all("[data-status]"))

    def shown(self, name):
        return self.driver.execute_script(
            "return document.querySelector(`[data-sign][data-name=${arguments[0]}] pre`)?.textContent ?? ''", name)

    def paste(self, name, lines):
        self.driver.execute_script(
            "document.querySelector(`[name=${arguments[0]}-lines]`).value += arguments[1]", name, lines)

    def move(self, person, case, move, fill=lambda: None, own_machine=()):
        if not self.begin(person, case, move):
            return f"{person} has no button to {move}: {self.text()}"
        self.picture(f"form-{move}")
        fill()
        self.submit()
        return self.finish(case, move, own_machine)

    def standing(self, case):
        self.open(f"/case/{case}")
        return self.find(".standing").text

    # ---- Moves ----

    def classify(self, person, case, authority, beneficiary, fields=("exists", "created"), **other):
        says = {"say-authority": authority, "say-beneficiary": beneficiary, "say-regime": "national",
                "say-process": "national-order", "say-category": "subscriber", **other}

        def fill():
            for name, value in says.items():
                self.fill(name, value)
            for field in fields:
                self.choose("say-fields", field)
        return self.move(person, case, "classify", fill)

    def call_back(self, person, case, a1="yes"):
        def fill():
            self.find("[name=say-number]").click()
            for i in range(1, 5):
                self.choose(f"say-a{i}", a1 if i == 1 else "yes")
        return self.move(person, case, "call-back", fill)

    def draft(self, person, case, account, fields):
        def fill():
            self.fill("account-by", "id")
            self.fill("account-name", account)
            for field in fields:
                self.choose("field", field)
        return self.move(person, case, "open", fill)

    def verdict(self, person, case, verdict, beneficiary="DE", own_machine=()):
        """Each question gets the answer that does not block."""
        def fill():
            for question in self.all("fieldset.question"):
                blocks = question.find_element("css selector", "p.hint").text.rsplit(" ", 1)[1]
                name = question.find_element("css selector", "input").get_attribute("name")
                self.choose(name, "no" if blocks == "Yes" else "yes")
            self.fill("say-beneficiary", beneficiary)
            self.choose("say-conflict", "no")
            self.choose("say-verdict", verdict)
        return self.move(person, case, "verdict", fill, own_machine)

    def redraft(self, person, case, move, fields):
        """The next round's order, from the one before."""
        def fill():
            for field in fields:
                self.choose("field", field)
        return self.move(person, case, move, fill)

    def reason(self, person, case, move, text):
        return self.move(person, case, move, lambda: self.fill("say-reason", text))

    def sealed(self, person, case, kind):
        """The texts of a kind that the person opens in the case's page, in their order."""
        self.sit(person)
        self.open(f"/case/{case}")
        self.press("[data-open]")
        self.wait(lambda: "Opened" in self.status())
        return self.driver.execute_script(
            "return Array.from(document.querySelectorAll(`[data-sealed][data-kind=${arguments[0]}] pre`), "
            "(e) => e.textContent)", kind)

    # ---- The board ----

    def paper(self, person, what, **fields):
        """Drafts the next suspension list. Where the paper is."""
        self.sit(person)
        self.open("/board")
        if what == "lift":
            self.find("a[href^='/assessment/']").click()
        else:
            self.open(f"/board/{what}")
        form = self.driver.find_element("xpath", f"//form[input[@name='what' and @value='{what}']]")
        self.driver.execute_script("for (const d of document.querySelectorAll('details')) d.open = true")
        for name, value in fields.items():
            element = form.find_element("css selector", f'[name="{name}"]')
            if element.tag_name == "select":
                continue
            self.driver.execute_script("arguments[0].value = arguments[1]", element, value)
        self.picture("board-" + what)
        button = form.find_element("css selector", "button[type=submit]")
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
        button.click()
        self.wait(lambda: self.path().startswith("/paper/") or "Refused" in self.heading())
        return self.path()

    def sign_paper(self, person, paper, own_machine=False):
        """What the page says then: the board, the paper again, or a refusal."""
        self.sit(person)
        self.open(paper)
        if self.all("[data-sign]") == []:
            return self.text()
        self.picture("paper")
        if own_machine:
            self.paste("text", self.desk.own_machine(person, self.shown("text")))
        before = self.find("html").id
        self.press("[data-press=sign]")
        self.wait(lambda: self.find("html").id != before or "did not" in self.status())
        self.wait(lambda: self.all("main h1"))
        return "in force" if self.path() == "/board" else self.text()


def filing(authority, country, beneficiary, reference, accounts):
    return {"authority": authority, "jurisdiction": country, "beneficiary": beneficiary, "reference": reference,
            "official": "A. Example, registrar, 4711", "supervisor": "B. Example",
            "contact": "registry@example.org, +49 30 0000000", "process": "national-order",
            "legal-basis": "Section 100j of an example code of procedure", "validated-by": "Judge C. Example",
            "offence": "Fraud; up to five years", "accounts": accounts,
            "purpose": "To learn whether the account that was used exists, and since when."}

