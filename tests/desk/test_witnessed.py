#!/usr/bin/env python3
"""A desk's ledger and a real sotto-witness, between which an operator carries requests and answers; and a desk that was
put back from a backup, which the witness catches."""
import hashlib
import http.client
import json
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "term"))
from rig import Tap  # noqa: E402

DESK, WITNESS = sys.argv[1:3]
NAME = "witness.example/w1"
BATCH = 1024


def run(*args):
    return subprocess.run([*map(str, args)], capture_output=True, text=True, timeout=60)


class Witness:
    def __init__(self, folder, ledger):
        self.folder, self.origin = folder, ledger.split("+")[0]
        self.key = run(WITNESS, "init", "--dir", folder, "--name", NAME).stdout.strip()
        self.added = run(WITNESS, "add", "--dir", folder, ledger)
        self.process = None

    def serve(self):
        self.process = subprocess.Popen([WITNESS, "serve", "--dir", self.folder, "--listen", "127.0.0.1:0"],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])

    def request(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def hash(self):
        return hashlib.sha256(self.origin.encode()).hexdigest()

    def stop(self):
        self.process.terminate()
        return self.process.wait(timeout=30)


class Desk:
    def __init__(self, folder):
        self.folder = folder

    def ledger(self, what, *more):
        return run(DESK, "ledger", what, self.folder, *more)

    def checkpoint(self):
        return (self.folder / "public" / "checkpoint").read_text()

    def size(self):
        return int(self.checkpoint().split("\n")[1])

    def carry(self, witness, spoil=lambda body: body):
        """Asks the witness. What it said, and what the desk made of it."""
        asked = self.ledger("ask", NAME)
        status, body = witness.request("POST", "/add-checkpoint", asked.stdout.encode())
        answer = self.folder / "answer"
        answer.write_bytes(spoil(body))
        return status, self.ledger("answer", NAME, status, answer).returncode


def told(desk):
    """Whether the status page and that of the ledger say that nobody outside has seen it."""
    served = subprocess.Popen([DESK, "serve", desk.folder, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
    try:
        origin = served.stdout.readline().split()[-1]
        pages = [urllib.request.urlopen(origin + path, timeout=30).read().decode() for path in ("/", "/ledger")]
        return ["The ledger is not witnessed" in page for page in pages]
    finally:
        served.terminate()
        served.wait(timeout=30)


def make_desk(folder):
    """The demonstration's office with a witness in it, pinned in a folder of its own."""
    run(DESK, "demo", folder / "demo", "http://localhost:4490")
    text = (folder / "demo" / "office.txt").read_text().split("\n\n")[0].strip("\n") + "\n"
    ledger = next(line[7:] for line in text.splitlines() if line.startswith("ledger "))
    witness = Witness(folder / "witness", ledger)
    text = text.replace(f"ledger {ledger}\n", f"ledger {ledger}\nwitness {witness.key}\n")
    office = folder / "office.txt"
    office.write_text(text)
    shutil.copytree(folder / "demo" / "keys", folder / "desk" / "keys")
    pinned = run(DESK, "office", folder / "desk", office, "--pin", hashlib.sha256(text.encode()).hexdigest())
    return Desk(folder / "desk"), witness, pinned


def published(desk, witness, tap):
    first = desk.ledger("ask", NAME)
    tap.check("before_there_is_a_checkpoint_nothing_can_be_asked", first.returncode == 1, first.stderr)
    done = desk.ledger("publish")
    tap.check("a_batch_is_published_at_once", (done.returncode, desk.size()) == (0, BATCH), done.stderr)
    notice = (desk.folder / "public" / "notices" / "newest").read_text()
    tap.check("the_office_file_is_named_in_a_signed_note",
              notice.startswith("sotto publication 1\n") and "\nkind office\nversion 1\n" in notice, notice)
    tap.check("who_is_no_witness_of_the_office_is_not_asked", desk.ledger("ask", "other.example").returncode == 5)
    tap.check("it_is_not_witnessed_yet", NAME not in desk.checkpoint())
    tap.check("and_its_pages_say_so", told(desk) == [True, True])


def cosigned(desk, witness, tap):
    tap.check("a_witness_cosigns", desk.carry(witness) == (200, 0))
    tap.check("what_is_published_shows_it", f"\n\u2014 {NAME} " in desk.checkpoint(), desk.checkpoint())
    tap.check("and_its_pages_say_nothing_else", told(desk) == [False, False])
    status, body = witness.request("GET", f"/{witness.hash()}/checkpoint")
    tap.check("the_witness_publishes_the_same", (status, body.decode()) == (200, desk.checkpoint()), body)
    desk.ledger("publish")
    tap.check("what_was_seen_before_says_nothing_of_the_next", told(desk) == [True, True])
    tap.check("a_spoiled_answer_is_refused", desk.carry(witness, lambda b: b[:-20] + b"AAAAAAAAAAAAAAAAAA==\n") == (200, 5)
              and NAME not in desk.checkpoint())
    tap.check("the_same_is_cosigned_again", desk.carry(witness) == (409, 0) and desk.carry(witness) == (200, 0)
              and NAME in desk.checkpoint())
    shown = [json.loads(line) for line in desk.ledger("show", "--json").stdout.splitlines()]
    tap.check("show_says_how_far_it_is", shown[0]["size"] == shown[1]["size"] == 2 * BATCH and shown[1]["key"] == witness.key,
              shown)


def restored(desk, witness, tap):
    backup = Desk(desk.folder.parent / "backup")
    shutil.copytree(desk.folder, backup.folder)
    desk.ledger("publish")
    desk.carry(witness)
    tap.check("a_store_that_is_older_than_what_a_witness_saw_says_so", backup.carry(witness) == (409, 4))
    # Other padding, and so another root of as many entries.
    (backup.folder / "keys" / "padding").write_bytes(b"p" * 32)
    backup.ledger("publish")
    backup.carry(witness)
    tap.check("a_ledger_that_forked_is_not_cosigned", backup.carry(witness)[0] == 409 and NAME not in backup.checkpoint())
    fork = witness.folder / witness.hash() / "fork"
    tap.check("the_witness_keeps_the_proof", fork.is_file() and fork.read_text().split("\n")[:3] ==
              backup.checkpoint().split("\n")[:3])
    tap.check("the_desk_that_went_on_is_cosigned_still", desk.carry(witness) == (200, 0))


def commands(desk, tap):
    codes = [desk.ledger(*words).returncode for words in
             (["nothing"], ["ask"], ["answer", NAME, "ok", "x"], ["receipt", "short"], ["proof", "00" * 32],
              ["sightings"], ["answer", NAME, 200, desk.folder / "nowhere"], ["answer", NAME, 403, desk.folder / "answer"])]
    tap.check("what_is_wrong_has_its_code", codes == [2, 2, 2, 2, 5, 5, 1, 5], codes)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as name:
        desk, witness, pinned = make_desk(Path(name))
        tap.check("a_desk_and_a_witness_know_each_other", (pinned.returncode, witness.added.returncode) == (0, 0),
                  pinned.stderr + witness.added.stderr)
        witness.serve()
        try:
            published(desk, witness, tap)
            cosigned(desk, witness, tap)
            restored(desk, witness, tap)
            commands(desk, tap)
        finally:
            code = witness.stop()
        tap.check("the_witness_ends_well", code == 0, code)
    return tap.end()


sys.exit(main())
