#!/usr/bin/env python3
"""The request desk's story, with the real programs: story.py SOTTO_DESK SOTTO_WITNESS CLOCK. The desk's people work in
headless Chromium with passkeys; the user has a client, the server carries out what the custodian brings, a witness
watches the ledger, and all have one clock, which is moved. SOTTO_PICTURES=DIR keeps pictures of the pages. Prints TAP."""
import json
import os
import re
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
try:
    from people import DAY, Clock, Office, StoryDesk, Visitor, Witness, filing, texts
except ImportError as missing:
    print(f"1..0 # SKIP {missing}")
    sys.exit(0)
from rig import Person, Tap, World
from test_desk import Operator

HOUR = 3600
WORDING = """The review of requests for user data from Hong Kong is paused, pending further assessment of the national security law, \
including formal human-rights due diligence and consultations with international human-rights experts.
Requests are received, acknowledged and counted. None is answered. Emergencies are no exception."""
OBJECTION = "I have not written what they say. Please look at the dates."
EMERGENCY = {"say-path": "emergency", "say-regime": "emergency", "say-process": "emergency", "say-category": "emergency"}
REVIEWERS = ("policy-1", "local-law-1", "human-rights-1")
# Whatever leads from a filing to a release.
TOWARDS = ("classify", "call-back", "open", "verdict", "opinion", "clarified", "narrow", "renew", "notify", "sign-order",
           "release", "after-verdict", "preserve", "compel", "challenge", "bar", "deliver")
ANYTHING = [("say-kind", "produce"), ("say-path", "emergency"), ("say-authority", "de-court-example"),
            ("say-regime", "national"), ("say-process", "national-order"), ("say-category", "subscriber"),
            ("say-beneficiary", "DE"), ("say-accounts", "1"), ("say-fields", "exists"), ("say-number", "+852 0000 0000"),
            ("say-checklists", "1"), ("say-policy", "1"), ("say-guidelines", "1"), ("say-verdict", "clear"),
            ("say-conflict", "no"), ("say-reason", "a reason"), ("say-ground", "court"), ("account-by", "id"),
            ("account-name", "00" * 16), ("field", "exists"), ("wording", "words"), ("say-until", "2030-01-01"),
            ("say-document", "00" * 32), ("say-manifest", "00" * 32)]


class Story:
    def __init__(self, tap, world, clock, desk, witness, b):
        self.tap, self.world, self.clock, self.desk, self.witness, self.b = tap, world, clock, desk, witness, b
        self.check, self.operator = tap.check, Operator(world)
        self.out = world.folder / "out"
        self.out.mkdir()

    def carry_list(self, version, *more):
        """The custodian takes the list that the desk publishes to the server."""
        self.desk.run("ledger", "publish", self.desk.folder)
        text = (self.desk.folder / "public" / "suspensions" / str(version)).read_text()
        return self.operator.hand_in("suspensions", text, *more)

    def say_server(self):
        shown = self.world.folder / "shown"
        shown.write_text(self.operator.run("office", "show").stdout)
        self.desk.run("server", self.desk.folder, shown)

    # ---- ----

    def prepare(self):
        self.b.enrol()
        self.desk.pin()
        self.ann, self.ben = (Person(self.world.folder, name) for name in ("ann", "ben"))
        self.account, _ = (who.fine("init", self.world.server.invite(), "--name", who.name, "--json")
                           .of("account")[0]["account"] for who in (self.ann, self.ben))
        pinned = self.operator.hand_in("pin", self.desk.office.read_text(), self.desk.hash)
        listed = self.operator.hand_in("suspensions", self.desk.list.read_text())
        self.say_server()
        self.check("desk_and_server_have_the_same_office_and_list", pinned.returncode == listed.returncode == 0,
                   (pinned, listed))

    def suspended(self):
        b = self.b
        paper = b.paper("human-rights-1", "set", id="s-hk", jurisdictions="HK", text=WORDING, date=self.clock.day(60))
        first = b.sign_paper("human-rights-1", paper)
        b.open("/")
        self.check("one_signature_suspends_nothing", "human-rights-1" in first and "national security law" not in b.text(), first)
        second = b.sign_paper("local-law-1", paper)
        b.open("/")
        self.check("two_people_suspend_and_it_is_public_at_once_in_its_exact_words",
                   second == "in force" and all(line in b.text() for line in WORDING.split("\n")), second + b.text())
        b.picture("status")
        b.picture("board", "/board")
        done = self.carry_list(2)
        note = (self.desk.folder / "public" / "notices" / "newest").read_text()
        self.check("the_ledger_names_it_in_a_signed_note", "\nkind suspensions\nversion 2\n" in note, note)
        self.check("the_server_has_it", done.returncode == 0 and self.operator.show()["suspensions"] == 2, done)
        self.say_server()

    def filed_in_the_browser(self):
        b = self.b
        b.open("/file")
        b.picture("file")
        asked = filing("Hong Kong Police Force, Example Bureau", "HK", "HK", "HK 1/26", "handle example.person")
        for name, value in asked.items():
            b.fill(name, value)
        b.choose("field", "exists")
        b.submit()
        b.picture("receipt")
        return b.find("h1 .id").text, re.search(r"[0-9a-f]{64}", b.text()).group(0)

    def held(self, name, case, refused):
        standing = self.b.standing(case)
        self.check(name, refused is None and "Held" in standing, (refused, standing))

    def hong_kong(self):
        b = self.b
        self.hk, receipt = self.filed_in_the_browser()
        refused = b.classify("intake-1", self.hk, "hk-police-example", "HK", fields=("exists",))
        self.held("a_filing_from_there_is_received_and_held", self.hk, refused)
        b.picture("case-held", f"/case/{self.hk}")
        b.open(f"/status?receipt={receipt}")
        self.check("its_receipt_says_so", self.hk in b.text() and "Received and on hold" in b.text(), b.text())
        b.picture("filing-status")
        fields = [*filing("Hong Kong Police Force", "HK", "HK", "HK 2/26", "x").items(), ("field", "exists")]
        self.hk_urgent, _ = self.desk.file(fields)
        refused = b.classify("intake-1", self.hk_urgent, "hk-police-example", "HK", fields=("exists",), **EMERGENCY)
        self.held("an_emergency_from_there_is_held_too", self.hk_urgent, refused)
        fields = [*filing("Tribunal", "FR", "HK", "FR 1/26", "x").items(), ("field", "exists")]
        self.fr, _ = self.desk.file(fields)
        refused = b.classify("intake-1", self.fr, "fr-court-example", "HK", fields=("exists",))
        self.held("a_filing_from_elsewhere_whose_beneficiary_is_there_is_held_too", self.fr, refused)
        self.nobody_moves("nobody_moves_what_is_held_towards_a_release")

    def nobody_moves(self, name):
        went = []
        for person in self.desk.people:
            visitor = Visitor(self.desk)
            visitor.login(person)
            for case in (self.hk, self.hk_urgent, self.fr):
                for move in TOWARDS:
                    answer = visitor.post(f"/case/{case}/do/{move}", ANYTHING)
                    if answer.status == 200 or "move" in texts(answer.text):
                        went.append((person, case, move))
        self.check(name, len(self.desk.people) == 14 and went == [], went)

    def forged(self):
        b = self.b
        fields = [*filing("Example Department of Justice", "US", "US", "US 1/26", "x").items(), ("field", "exists")]
        case, receipt = self.desk.file(fields)
        done = b.classify("intake-1", case, "us-justice-example", "US", fields=("exists",),
                          **{**EMERGENCY, "say-regime": "us-emergency", "say-process": "emergency-us"})
        called = b.call_back("intake-2", case, a1="no")
        self.check("who_is_called_back_knows_nothing_of_it_and_it_goes_no_further",
                   done is None and called is not None and "Received" in b.standing(case), (done, called))
        first = b.reason("intake-2", case, "forge", "The number of the directory knows nothing of it.")
        second = b.reason("policy-1", case, "confirm-forged", "Called again.")
        self.check("a_forged_emergency_is_an_incident", (first, second) == (None, None) and "Forged" in b.standing(case),
                   (first, second))
        b.picture("case-forged", f"/case/{case}")
        self.check("the_desk_counts_it", "forged: 1" in self.desk.run("show", self.desk.folder))

    # ---- A valid order ----

    def review(self, verdicts, **how):
        """Each in turn. What was refused; what another reviewer saw before the last."""
        refused, seen = [], []
        for person, verdict in verdicts:
            refused.append(self.b.verdict(person, self.case, verdict, **how))
            seen.append(self.b.text())
        return [r for r in refused if r is not None], seen[:-1]

    def reviewed(self):
        b = self.b
        asked = filing("Amtsgericht Beispielstadt", "DE", "DE", "12 Js 34/26", f"id {self.account}")
        self.case, self.receipt = self.desk.file([*asked.items(), ("field", "exists"), ("field", "created")])
        done = [b.classify("intake-1", self.case, "de-court-example", "DE")]
        b.picture("case-classified", f"/case/{self.case}")
        own = b.begin("intake-1", self.case, "call-back")
        done.append(b.call_back("intake-2", self.case))
        done.append(b.draft("intake-1", self.case, self.account, ("exists", "created")))
        self.check("a_valid_order_is_classified_called_back_by_another_and_drafted",
                   done == [None] * 3 and not own and "In review" in b.standing(self.case), done)
        refused, seen = self.review([("policy-1", "clear"), ("human-rights-1", "narrow"), ("local-law-1", "clear")])
        b.sit("local-law-1")
        b.open(f"/case/{self.case}")
        self.check("three_look_and_one_asks_for_less", refused == [] and "To be narrowed" in b.find(".standing").text, refused)
        b.picture("case-narrowed")
        done = b.redraft("human-rights-1", self.case, "narrow", ("exists",))
        self.check("it_is_narrowed", done is None, done)
        b.verdict("policy-1", self.case, "clear")
        b.sit("local-law-1")
        b.open(f"/case/{self.case}")
        hidden = b.text()
        refused, _ = self.review([("local-law-1", "clear"), ("human-rights-1", "clear")])
        self.check("verdicts_are_hidden_until_all_are_in", "In, hidden" in hidden, hidden)
        self.check("three_clear_verdicts_clear_it", refused == [] and "Cleared" in b.standing(self.case), refused)
        b.picture("case-cleared")

    def custodian(self):
        """The order that waits, as the server takes it: its task, and the text that `sotto-desk carry` writes."""
        waits = [json.loads(line) for line in self.desk.run("carry", "show", self.desk.folder, "--json").splitlines()]
        task, path = self.desk.run("carry", "out", self.desk.folder, "--as", "custodian-1", "--key",
                                   self.desk.folder / "people" / "custodian-1" / "seal", "--to", self.out).split()
        self.check(f"the_custodian_finds_the_order_to_{waits[0]['move']}",
                   [(w["type"], w["case"], str(w["task"])) for w in waits] == [("carry", self.case, task)] and
                   os.stat(path).st_mode & 0o777 == 0o600, waits)
        return task, Path(path).read_text()

    def notified(self):
        b = self.b
        early = b.move("approver-1", self.case, "release", own_machine=("order",))
        self.check("without_a_notice_nothing_is_released", early is not None and "Cleared" in b.standing(self.case), early)
        first = b.move("policy-1", self.case, "notify")
        second = b.move("local-law-1", self.case, "notify")
        self.check("two_sign_a_notice", (first, second) == (None, None) and "User notified" in b.standing(self.case), (first, second))
        text = b.text()
        self.check("which_told_nobody_yet", "Notice signed, to be carried" in text and "User told" not in text, text)
        task, order = self.custodian()
        seen = b.sealed("custodian-1", self.case, "order")[-1]
        b.picture("case-opened")
        b.open("/carry")
        b.picture("carry")
        self.check("and_the_page_has_the_same", seen == order and self.case in b.text(), (seen, order, b.text()))
        done = self.operator.order(order, self.out)
        self.check("the_server_takes_it", done.returncode == 0, (done, order))
        manifest = next(self.out.glob("*.manifest"))
        self.desk.run("carry", "done", self.desk.folder, task, manifest)
        manifest.unlink()
        b.open("/carry")
        self.check("and_it_is_carried_no_more", self.case not in b.text(), b.text())
        b.standing(self.case)
        text = b.text()
        self.check("now_it_is_given", "User told" in text and "Notice signed, to be carried" not in text, text)
        read = self.ann.fine("read", "--json").of("notice")
        self.check("the_user_reads_it_in_the_client",
                   len(read) == 1 and read[0]["case"] == self.case and read[0]["receipt"] == self.receipt and
                   read[0]["origin"] == self.desk.origin and "{" not in read[0]["wording"] and self.ben.fine("read", "--json").of("notice") == [], read)
        b.open("/object")
        b.fill("case", read[0]["case"])
        b.fill("reference", read[0]["receipt"])
        b.fill("text", "The authority can't say this in the user's place.")
        b.submit()
        self.check("the_receipt_that_the_authority_has_objects_to_nothing", "takes an objection now" in b.text(), b.text())
        b.open("/object")
        b.fill("case", read[0]["case"])
        b.fill("reference", read[0]["reference"])
        b.fill("text", OBJECTION)
        b.picture("object")
        b.submit()
        self.check("and_objects", "was received and sealed for the reviewers" in b.text(), b.text())
        early = b.redraft("intake-1", self.case, "renew", ("exists",))
        self.check("before_ten_days_there_is_no_new_round", early is not None, early)

    def released(self):
        b = self.b
        b.later(10 * DAY + HOUR)
        done = b.redraft("intake-1", self.case, "renew", ("exists",))
        self.check("after_ten_days_there_is_a_new_round", done is None, done)
        read = b.sealed("human-rights-1", self.case, "objection")
        self.check("whose_reviewers_read_the_objection", any(OBJECTION in text for text in read), read)
        refused, _ = self.review([(person, "clear") for person in REVIEWERS])
        self.check("three_sign_the_order_again", refused == [] and "Cleared" in b.standing(self.case), refused)
        done = b.move("approver-1", self.case, "release")
        self.check("passkeys_alone_release_nothing", done is not None and "Cleared" in b.standing(self.case), done)
        done = b.move("approver-1", self.case, "release", own_machine=("order",))
        self.check("with_a_signature_made_on_an_own_machine_it_is_released",
                   done is None and "Released" in b.standing(self.case), done)
        b.picture("case-released")
        _, order = self.custodian()
        done = self.operator.order(order, self.out)
        packages = list(self.out.glob("*.cms"))
        self.check("the_server_writes_one_package", done.returncode == 0 and len(packages) == 1, (done, order))
        letter = self.opened(packages[0])
        self.check("which_the_authoritys_key_opens_with_the_approved_field_alone",
                   f"account id {self.account}\n" in letter and "\nexists yes\n" in letter and
                   not re.search(r"^(created|seen|devices|items|bytes) ", letter.split("beside")[0], re.M), letter)
        manifest = packages[0].with_suffix(".manifest").read_text()
        done = b.move("custodian-1", self.case, "deliver", lambda: b.fill("manifest", manifest))
        kept = b.sealed("custodian-1", self.case, "manifest")
        self.check("the_manifest_comes_back_to_the_desk", done is None and kept[-1] == manifest, (done, kept))
        again = self.operator.order(order, self.out)
        self.check("one_order_is_one_release", again.returncode == 1 and "CARRIED_OUT" in again.stderr, again)

    def opened(self, package):
        own = self.desk.folder / "authorities" / "de-court-example"
        return subprocess.run(["openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in", package, "-recip",
                               own / "certificate.pem", "-inkey", own / "key.pem"], capture_output=True).stdout.decode()

    # ---- The lift ----

    def announced(self):
        b = self.b
        paper = b.paper("human-rights-1", "notice", id="n-1", text="The suspension will end.")
        for person in ("human-rights-1", "approver-1"):
            done = b.sign_paper(person, paper)
            if done == "in force":
                break
        self.check("a_lift_is_announced", done == "in force", done)
        self.check("a_witness_sees_it", self.witness.cosigns(self.desk) == 200)
        done = self.carry_list(3)
        self.check("the_server_has_the_notice", done.returncode == 0, done)
        self.say_server()
        assessment = {f"section-{i}": f"What was found under {i}." for i in range(1, 19)}
        self.lift = b.paper("human-rights-1", "lift", **assessment)
        done = b.sign_paper("human-rights-1", self.lift)
        self.check("before_its_time_a_lift_is_refused", "14 days" in done, done)
        visitor = Visitor(self.desk)
        visitor.login("human-rights-1")
        text = texts(visitor.get(self.lift).text)["text"]
        short = visitor.post("/paper", {"text": "".join(l for l in text.splitlines(True) if not l.startswith("section 18 "))})
        self.check("without_all_18_sections_there_is_nothing_to_sign", short.status != 303 and "18 sections" in short.text,
                   short.text)

    def lifted(self):
        b = self.b
        b.later(5 * DAY)
        done = b.sign_paper("local-law-1", self.lift)
        self.check("without_a_witness_over_14_days_it_is_refused", "witness" in done, done)
        self.check("the_witness_sees_the_ledger_again", self.witness.cosigns(self.desk) == 200)
        done = [b.sign_paper("approver-1", self.lift, own_machine=True), b.sign_paper("expert-1", self.lift)]
        b.open("/")
        self.check("without_the_second_expert_it_is_not_in_force",
                   "in force" not in done and WORDING.split("\n")[0] in b.text(), done)
        done = b.sign_paper("expert-2", self.lift)
        b.open("/")
        self.check("with_all_of_them_it_is_lifted", done == "in force" and WORDING.split("\n")[0] not in b.text(), done)
        b.picture("status-lifted")
        sightings = self.world.folder / "sightings"
        sightings.write_text(self.desk.run("ledger", "sightings", self.desk.folder))
        bare = self.carry_list(4)
        done = self.carry_list(4, "--sightings", str(sightings))
        self.check("the_server_wants_to_see_the_witness_too", bare.returncode == 1 and "WITNESS" in bare.stderr, bare)
        self.check("and_lifts_it", done.returncode == 0 and self.operator.show()["suspensions"] == 4, done)
        standing = [b.standing(case) for case in (self.hk, self.hk_urgent, self.fr)]
        self.check("held_cases_start_again", all("Received" in s for s in standing), standing)
        b.picture("case-again", f"/case/{self.hk}")

    def look(self):
        """Pages that the story does not pass."""
        b = self.b
        if b.pictures is None:
            return
        b.sit("intake-1")
        for name in ("queue", "tasks", "office", "me", "ledger", "report", "policy", "guidelines"):
            b.picture(name, "/" + name)

    def tell(self):
        for step in (self.prepare, self.suspended, self.hong_kong, self.announced, self.forged, self.reviewed, self.notified,
                     self.released, self.look, self.lifted):
            step()
        problems = [p for p in self.b.problems() if not re.search(r"40[034]|422", p)]
        self.check("the_browser_had_no_complaints", problems == [], problems)


@contextmanager
def begin(tap, programs, folder, pictures):
    desk_program, witness_program, module = programs
    clock = Clock(module, folder)
    with clock.shared(), World() as world:
        witness = Witness(witness_program, folder)
        with StoryDesk(desk_program, folder, clock, witness) as desk, witness:
            with clock.apart(), Office(desk, pictures) as b:
                with clock.shared():
                    yield Story(tap, world, clock, desk, witness, b)


def main():
    tap = Tap()
    pictures = Path(os.environ["SOTTO_PICTURES"]) if "SOTTO_PICTURES" in os.environ else None
    if pictures is not None:
        pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, begin(tap, sys.argv[1:4], Path(folder), pictures) as story:
        story.tell()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
