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

    def line(self, text, key, name):
        """A signature of the text with this key, said to be this person's."""
        done = subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", "sotto-office", "-f", str(self.folder / key)],
                              input=text, capture_output=True, text=True, check=True)
        blob = "".join(line for line in done.stdout.split("\n") if line and not line.startswith("-----"))
        return f"\u2014 {name} ssh {blob}\n"

    def signed(self, text, *who):
        lines = "".join(self.line(text, person + "1", person) for person in who)
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


def about(text, account, by):
    return text.replace(f"account id {account}\n", f"account {by}\n")


def preservation(state, account, name):
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400))
    return (order(state, account, name).replace("sotto release 1", "sotto preservation 1")
            .replace("fields exists created devices\npath ordinary\n", "")
            .replace("regime eu-epoc\n", f"regime eu-epoc\nuntil {until}\n"))


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
                  letters["rsa"] == letters["ec"] and f"account id {account}\nrecord as it is in the week of "
                  in letters["rsa"] and "\nexists yes\ncreated in the week of " in letters["rsa"] and
                  "\ndevices 1\nbeside " in letters["rsa"] and "items " not in
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
        ann.fine("handle", "claim", "Anna")
        link = ann.fine("invite", "--json").of("invite")[0]["link"]
        ways = {"h-1": "handle anna", "h-2": f"link {link}", "h-3": "handle nobody"}
        done = [operator.order(office.signed(about(order(state, account, n, "fr-court"), account, by), *four), out)
                for n, by in ways.items()]
        letters = {n: (out / f"{n}.txt").read_text() for n in ways}
        tap.check("a_handle_and_a_link_are_resolved_while_the_order_is_carried_out",
                  all(f"account {ways[n]}\nresolved to account id {account}\nrecord as it is " in letters[n] and
                      "\nexists yes\n" in letters[n] for n in ("h-1", "h-2")), (done, letters))
        tap.check("a_handle_that_leads_nowhere_is_said_to",
                  "\nanswer not resolved: " in letters["h-3"] and account not in letters["h-3"], letters)
        kept = operator.order(office.signed(preservation(state, account, "k-1"), "p1", "p2"), out)
        tap.check("to_preserve_gives_a_manifest_alone", kept.returncode == 0 and
                  [p.name for p in out.glob("k-1.*")] == ["k-1.manifest"] and account not in
                  (out / "k-1.manifest").read_text() and account not in kept.stdout, kept)
        ann.fine("delete-account", account)
        world.server.kill()
        world.server.start()
        state = operator.show()
        gone = operator.order(signed("o-3", authority="fr-court"), out)
        tap.check("an_account_that_is_gone_is_not_held", gone.returncode == 0 and
                  "\nanswer not held: there is no " in (out / "o-3.txt").read_text(), gone)
        tap.check("what_was_preserved_outlives_the_account_and_a_killed_server",
                  "record as it was preserved in the week of " in (out / "o-3.txt").read_text() and
                  (out / "o-3.txt").read_text().count("\nexists yes\n") == 1, gone)
        held = json.loads(next(line for line in operator.run("inventory", "--json").stdout.splitlines()
                               if '"carried"' in line))
        tap.check("of_what_was_released_only_that_it_was_stays", held["count"] == 7 and held["bytes"] < 7 * 120, held)


SUSPENDED = ("suspension s-hk\njurisdictions HK\nscope all\nwording Suspended.\nstart 2020-07-06T00:00:00Z\n"
             "review {review}\n")


def attacked(tap, folder):
    """Every way to get a record without a valid order, against a running server."""
    from rig import Person, World
    office, directory = Office(folder), Authority(folder).lines()
    directory += "authority hk-police\nname Another\njurisdiction HK\ncall +852 1\n"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "desk")], check=True)
    with World() as world:
        operator, out = Operator(world), world.folder / "out"
        out.mkdir()
        ann, ben = (Person(world.folder, name) for name in ("ann", "ben"))
        account, other = (who.fine("init", world.server.invite(), "--name", who.name, "--json").of("account")[0]["account"]
                          for who in (ann, ben))
        four = ("p1", "p2", "p3", "p4")
        first, review = office.text() + directory, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400))
        operator.hand_in("pin", first, digest(first))
        second = office.text(2, digest(first)) + directory
        listed = suspensions(first)
        operator.hand_in("suspensions", office.signed(listed, "p2", "p3"))
        before = operator.show()
        operator.hand_in("change", office.signed(second, "p2", "p3", "p4"))
        binding = suspensions(second, 2, digest(listed), SUSPENDED.format(review=review)).replace("office 1", "office 2")
        operator.hand_in("suspensions", office.signed(binding, "p2", "p3"))
        state = operator.show()
        text = order(state, account, "o-1")
        good = office.signed(text, *four)
        lines = good[len(text) + 1:]

        def changed(old, new):
            """What is handed in is not what they signed."""
            assert old in text
            return text.replace(old, new) + "\n" + lines

        def said(old, new, who=four):
            """They sign what the desk wrote."""
            assert old in text
            return office.signed(text.replace(old, new), *who)

        emergency = said("path ordinary\nauthority de-court", "path emergency\nauthority hk-police", ("p5", *four))
        orders = [
            ("the desk's database, another account", "SIGNATURE", changed(account, other)),
            ("the desk's database, more fields", "SIGNATURE", changed("created devices", "created devices items bytes")),
            ("the desk's database, another case", "SIGNATURE", changed("case c-1", "case c-2")),
            ("a stolen key of the desk, as itself", "PERSON", text + "\n" + office.line(text, "desk", "desk")),
            ("a stolen key of the desk, as a person", "SIGNATURE",
             office.signed(text, *four[:3]) + office.line(text, "desk", "p4")),
            ("one text shown, another submitted", "SIGNATURE",
             order(state, other, "o-1") + "\n" + "".join(office.line(text, who + "1", who) for who in four)),
            *((f"without {PEOPLE[who]}", "SIGNERS", office.signed(text, *(w for w in four if w != who))) for who in four),
            ("one person with two keys for two", "SIGNERS",
             office.signed(text, *four[:3]) + office.line(text, "p32", "p3")),
            ("of another server", "SERVER", said(state["server"], "00" + state["server"][2:])),
            ("from before this start", "SERVER_NUMBER",
             said(f"server-number {state['server_number']}", f"server-number {state['server_number'] + 1}")),
            ("the jurisdiction changed after signing", "SIGNATURE", changed("beneficiary DE", "beneficiary FR")),
            ("a jurisdiction of its own", "WORD", said("beneficiary DE\n", "beneficiary DE\njurisdiction FR\n")),
            ("the recipient changed after signing", "SIGNATURE", changed("authority de-court", "authority fr-court")),
            ("a recipient's key of its own", "WORD",
             said("authority de-court\n", "authority de-court\ncertificate QUJD\n")),
            ("under an older office file", "STALE_OFFICE",
             said(f"office 2 {state['office_hash']}", f"office 1 {before['office_hash']}")),
            ("under an older list", "STALE_LIST",
             said(f"suspensions 2 {state['suspensions_hash']}", f"suspensions 1 {before['suspensions_hash']}")),
            ("of a suspended jurisdiction", "SUSPENDED", said("authority de-court", "authority hk-police")),
            ("of one, in an emergency", "SUSPENDED", emergency),
            ("of one, compelled", "SUSPENDED",
             said("path ordinary\nauthority de-court", "path compelled\nauthority hk-police")),
            ("for a suspended jurisdiction", "SUSPENDED", said("beneficiary DE", "beneficiary HK")),
        ]
        for what, reason, attack in orders:
            done = operator.order(attack, out)
            tap.check("no_record_by_an_order: " + what, refused(done, reason) and not list(out.iterdir()), done)
        theirs = second.replace("jurisdiction HK", "jurisdiction FR").replace("version 2", "version 3")
        theirs = theirs.replace(digest(first), digest(second))
        files = [
            ("an older office file", "OLD", "change", first, ()),
            ("a directory edited by hand", "SIGNATURE", "change",
             theirs + "\n" + "".join(office.line(second, who + "1", who) for who in four), ()),
            ("a directory that two want otherwise", "SIGNERS", "change", office.signed(theirs, "p3", "p4"), ()),
            ("an office pinned over it", "PINNED", "pin", first, (digest(first),)),
            ("an older list", "OLD", "suspensions", office.signed(listed, "p2", "p3"), ()),
            ("a list without the suspension", "NO_NOTICE", "suspensions",
             office.signed(suspensions(second, 3, digest(binding)).replace("office 1", "office 2"), *four), ()),
        ]
        for what, reason, verb, attack, words in files:
            tap.check("nor_by: " + what, refused(operator.hand_in(verb, attack, *words), reason), what)
        tap.check("and_nothing_has_changed_by_all_that", operator.show() == state and
                  operator.order(good, out).returncode == 0 and (out / "o-1.cms").exists())


def main():
    from rig import Tap, World
    tap = Tap()
    with tempfile.TemporaryDirectory() as keys:
        released(tap, Path(keys))
    with tempfile.TemporaryDirectory() as keys:
        attacked(tap, Path(keys))
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
        seen = world.folder / "seen"
        seen.write_text("sotto sightings 1\n")
        following = office.signed(suspensions(later, 2, digest(listed)).replace("office 1", "office 2"), "p2", "p3")
        done = operator.hand_in("suspensions", following, "--sightings", str(seen))
        tap.check("what_a_ledger_showed_goes_with_a_list_and_is_read", refused(done, "SIGHTINGS"), done)
        tap.check("it_goes_with_nothing_else",
                  operator.hand_in("change", later, "--sightings", str(seen)).returncode == 2)
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
