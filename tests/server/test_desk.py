"""The request desk's side of a running server: what `sottod office` takes and says. A demonstration office signs with
ssh-keygen's plain keys."""
import base64
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "term"))

PEOPLE = {"p1": "policy", "p2": "local-law", "p3": "human-rights", "p4": "approver", "p5": "intake"}


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


class Office:
    """Texts of an office, and who signs them."""

    def __init__(self, folder):
        self.folder = folder
        for who in PEOPLE:
            for n in "12":
                subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", who, "-f", str(folder / (who + n))],
                               check=True)

    def key(self, name):
        return (self.folder / f"{name}.pub").read_text().split()[1]

    def text(self, version=1, previous="0" * 64, name="The desk of an example"):
        lines = ["sotto office 1", f"version {version}", f"previous {previous}", f"name {name}",
                 "origin http://localhost", "rp localhost", "demonstration yes",
                 "notice-key " + base64.b64encode(bytes([1] * 32)).decode(),
                 # A verifier key: the first four bytes of the name's and the key's hash, then the key.
                 "ledger " + vkey("example.org/ledger", bytes([2] * 32))]
        for n, (who, role) in enumerate(PEOPLE.items()):
            lines += [f"person {who}", f"roles {role}", "countries DE",
                      "seal " + base64.b64encode(bytes([n + 1] * 32)).decode()]
            lines += ["ssh-key " + key for key in sorted(self.key(who + i) for i in "12")]
        return "\n".join(lines) + "\n"

    def signed(self, text, *who):
        lines = ""
        for person in who:
            done = subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", "sotto-office", "-f", str(self.folder / (person + "1"))],
                                  input=text, capture_output=True, text=True, check=True)
            blob = "".join(line for line in done.stdout.split("\n") if line and not line.startswith("-----"))
            lines += f"\u2014 {person} ssh {blob}\n"
        return text + "\n" + lines if lines else text


def vkey(name, key):
    key = b"\x01" + key
    number = hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:8]
    return f"{name}+{number}+{base64.b64encode(key).decode()}"


def suspensions(office, version=1, previous="0" * 64, entries=""):
    return f"sotto suspensions 1\nversion {version}\nprevious {previous}\noffice 1 {digest(office)}\n{entries}"


class Operator:
    def __init__(self, world):
        from rig import SOTTOD
        self.program, self.world = SOTTOD, world

    def run(self, *words):
        return subprocess.run([self.program, *words, "--data", str(self.world.server.data)], capture_output=True,
                              text=True, timeout=60)

    def hand_in(self, verb, text, *words):
        path = self.world.folder / "document"
        path.write_text(text)
        return self.run("office", verb, *words, str(path), "--json")

    def show(self):
        return json.loads(self.run("office", "show", "--json").stdout)


def refused(done, reason):
    return done.returncode == 1 and done.stdout == "" and f": {reason}: " in done.stderr


def main():
    from rig import Tap, World
    tap = Tap()
    with World() as world, tempfile.TemporaryDirectory() as keys:
        office, operator = Office(Path(keys)), Operator(world)
        first = office.text()
        # Larger than one part of what the operator hands in.
        large = "".join(f"authority a{n:05}\nname An authority\njurisdiction DE\ncall +49 30 {n}\n" for n in range(2000))
        tap.check("nothing_is_pinned_at_first", "office" not in operator.show() and operator.show()["pins"] == 0)
        tap.check("a_wrong_hash_pins_nothing", refused(operator.hand_in("pin", first + large, "0" * 64), "NOT_PINNED"))
        done = operator.hand_in("pin", first + large, digest(first + large))
        tap.check("the_office_is_pinned_by_its_hash",
                  done.returncode == 0 and json.loads(done.stdout)["office_hash"] == digest(first + large), done)
        later = office.text(2, digest(first + large), "A \u201cdesk\u201d or \"desk\"")
        tap.check("two_are_not_enough_to_change_it",
                  refused(operator.hand_in("change", office.signed(later, "p3", "p4")), "SIGNERS"))
        done = operator.hand_in("change", office.signed(later, "p2", "p3", "p4"))
        tap.check("the_next_office_is_taken", done.returncode == 0 and
                  json.loads(done.stdout)["name"] == "A \u201cdesk\u201d or \"desk\"", done)
        listed = suspensions(later).replace("office 1", "office 2")
        done = operator.hand_in("suspensions", office.signed(listed, "p2", "p3"))
        tap.check("a_list_is_taken", done.returncode == 0 and json.loads(done.stdout)["suspensions"] == 1, done)
        before = operator.show()
        world.server.kill()
        world.server.start()
        after = operator.show()
        tap.check("a_killed_server_has_them_and_another_number",
                  before.pop("server_number") != after.pop("server_number") and before == after, (before, after))
        anew = office.text(9, "0" * 64)
        tap.check("another_is_pinned_only_anew", refused(operator.hand_in("pin", anew, digest(anew)), "PINNED"))
        done = operator.hand_in("pin", anew, digest(anew), "--anew")
        text = operator.run("office", "show").stdout
        tap.check("pinned_anew_is_said_and_logged",
                  done.returncode == 0 and json.loads(done.stdout)["pins"] == 2 and "no release until" in text and
                  "pinned anew" in world.server.log.read_text(), (done, text))
        wrong = [operator.run("office"), operator.run("office", "forget", "x"), operator.run("office", "pin", "x"),
                 operator.run("office", "pin", "12", "x"), operator.run("office", "change", "none.here"),
                 operator.run("identity", "x"), operator.run("office", "change", "x", "--anew")]
        tap.check("a_wrong_command_line_is_an_error_of_its_own", all(w.returncode == 2 for w in wrong), wrong)
        world.server.stop()
        tap.check("without_a_server_nothing_is_taken", operator.run("office", "show").returncode == 5)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
