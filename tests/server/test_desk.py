"""The request desk's side of a running server: what `sottod office` takes and says, and what `sottod order` writes,
which openssl opens. A demonstration office signs with ssh-keygen's plain keys."""
import base64
import hashlib
import json
import subprocess
import sys
import tempfile
import time
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


def order(state, account, name, authority="de-court", made=None):
    made = made or time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return (f"sotto release 1\nid {name}\ncase c-1\naccount id {account}\nfields exists created devices\n"
            f"path ordinary\nauthority {authority}\nbeneficiary DE\nregime eu-epoc\nserver {state['server']}\n"
            f"server-number {state['server_number']}\noffice {state['office']} {state['office_hash']}\n"
            f"suspensions {state['suspensions']} {state['suspensions_hash']}\nmade {made}\n")


class Authority:
    """Whose certificates stand in the directory: one of RSA, one of an elliptic curve."""

    KINDS = {"rsa": ["-newkey", "rsa:2048"], "ec": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]}

    def __init__(self, folder):
        self.folder = folder
        for kind, how in self.KINDS.items():
            subprocess.run(["openssl", "req", "-x509", *how, "-nodes", "-subj", "/CN=court", "-days", "30", "-keyout",
                            folder / f"{kind}.key", "-out", folder / f"{kind}.pem"], check=True, capture_output=True)

    def lines(self):
        der = [subprocess.run(["openssl", "x509", "-in", self.folder / f"{kind}.pem", "-outform", "DER"], check=True,
                              capture_output=True).stdout for kind in self.KINDS]
        certificates = "".join(f"certificate {text}\n" for text in (base64.b64encode(d).decode() for d in der))
        return (f"authority de-court\nname A court\njurisdiction DE\ncall +49 30 1\n{certificates}"
                "authority fr-court\nname Another\njurisdiction FR\ncall +33 1 1\n")

    def opened(self, package, kind):
        """As it is: a letter's lines end as they were written."""
        return subprocess.run(["openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in", package, "-recip",
                               self.folder / f"{kind}.pem", "-inkey", self.folder / f"{kind}.key"],
                              capture_output=True).stdout.decode()

    @staticmethod
    def named(package):
        """What the package says of how it was sealed."""
        return subprocess.run(["openssl", "cms", "-cmsout", "-print", "-inform", "DER", "-in", package],
                              capture_output=True, text=True).stdout


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

    def order(self, text, to):
        path = self.world.folder / "order"
        path.write_text(text)
        return self.run("order", str(path), "--to", str(to))

    def show(self):
        return json.loads(self.run("office", "show", "--json").stdout)


def refused(done, reason):
    return done.returncode == 1 and done.stdout == "" and f": {reason}: " in done.stderr


def released(tap, folder):
    from rig import Person, World
    office, authority = Office(folder), Authority(folder)
    with World() as world:
        operator, out = Operator(world), world.folder / "out"
        out.mkdir()
        ann = Person(world.folder, "ann")
        account = ann.fine("init", world.server.invite(), "--name", "ann", "--json").of("account")[0]["account"]
        text = office.text() + authority.lines()
        operator.hand_in("pin", text, digest(text))
        operator.hand_in("suspensions", office.signed(suspensions(text), "p2", "p3"))
        state, four = operator.show(), ("p1", "p2", "p3", "p4")

        def signed(name, **how):
            return office.signed(order(state, account, name, **how), *four)

        wrong = {"SIGNERS": office.signed(order(state, account, "o-1"), *four[1:]),
                 "UNSIGNED": order(state, account, "o-1"),
                 "SIGNATURE": signed("o-1").replace("fields exists created devices", "fields exists created items"),
                 "EXPIRED": signed("o-1", made="2026-01-01T00:00:00Z"),
                 "KIND": text}
        done = {reason: operator.order(wrong[reason], out) for reason in wrong}
        tap.check("without_a_valid_order_nothing_is_printed",
                  all(refused(done[reason], reason) for reason in done) and not list(out.iterdir()), done)
        nowhere = operator.order(signed("o-1"), world.folder / "none")
        tap.check("who_can_t_write_it_down_uses_up_no_order", nowhere.returncode == 2, nowhere)

        # The disk refuses the package; the server that carried the order out is killed.
        (out / "o-1.cms").mkdir()
        first = signed("o-1")
        cut = operator.order(first, out)
        (out / "o-1.cms").rmdir()
        world.server.kill()
        world.server.start()
        other = operator.order(office.signed(order(operator.show(), account, "o-1", "fr-court"), *four), out)
        again = operator.order(first, out)
        tap.check("an_order_that_was_cut_off_finishes_its_own_output_and_no_other",
                  cut.returncode == 1 and refused(other, "CARRIED_OUT") and again.returncode == 0, (cut, other, again))
        letters = {kind: authority.opened(out / "o-1.cms", kind) for kind in authority.KINDS}
        tap.check("openssl_opens_the_package_for_each_certificate",
                  letters["rsa"] == letters["ec"] and f"account id {account}\nexists yes\ncreated in the week of "
                  in letters["rsa"] and "\ndevices 1\nbeside " in letters["rsa"] and "items " not in
                  letters["rsa"].split("beside")[0], letters)
        named = authority.named(out / "o-1.cms")
        tap.check("for_which_its_key_is_wrapped_as_nobody_else_can_try_out",
                  named.count("rsaesOaep") == 1 and "rsaEncryption" not in named and
                  named.count("dhSinglePass-stdDH-") == 1 and "aes-256-cbc" in named, named)
        sealed, manifest = (out / "o-1.cms").read_bytes(), (out / "o-1.manifest").read_text()
        tap.check("the_package_has_nothing_in_clear_and_the_manifest_its_hash",
                  account.encode() not in sealed and account not in manifest and b"exists" not in sealed and
                  f"package cms {hashlib.sha256(sealed).hexdigest()}\n" in manifest, manifest)
        once = operator.order(first, out)
        state = operator.show()
        tap.check("it_is_carried_out_once", refused(once, "CARRIED_OUT"), once)
        plain = operator.order(signed("o-2", authority="fr-court"), out)
        tap.check("without_a_certificate_it_is_a_letter",
                  plain.returncode == 0 and "\nexists yes\n" in (out / "o-2.txt").read_text(), plain)
        ann.fine("delete-account", account)
        gone = operator.order(signed("o-3", authority="fr-court"), out)
        tap.check("an_account_that_is_gone_is_not_held", gone.returncode == 0 and
                  "\nanswer not held: " in (out / "o-3.txt").read_text(), gone)
        held = json.loads(next(line for line in operator.run("inventory", "--json").stdout.splitlines()
                               if '"carried"' in line))
        tap.check("of_what_was_released_only_that_it_was_stays", held["count"] == 3 and held["bytes"] < 3 * 120, held)


def main():
    from rig import Tap, World
    tap = Tap()
    with tempfile.TemporaryDirectory() as keys:
        released(tap, Path(keys))
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
