#!/usr/bin/env python3
"""Pictures of the desk's pages, of a desk at work: pictures.py SOTTO_DESK PAGES_SERVER FOLDER. Look at them."""
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from browser import Browser  # noqa: E402
from desk import Desk, Visitor, texts  # noqa: E402
from test_pages import file_one, filed_case  # noqa: E402

SUSPENSION = {
    "what": "set", "id": "hong-kong-2026", "jurisdictions": "HK", "law": "",
    "text": "The review of requests for user data from Hong Kong is paused, pending further assessment of the national "
            "security law, including formal human-rights due diligence and consultations with international "
            "human-rights experts.\r\nRequests are received, acknowledged and counted. None is answered. Emergencies "
            "are no exception."}
AUTHORITIES = {"DE": ("de-court-example", "Amtsgericht Beispielstadt"),
               "FR": ("fr-court-example", "Tribunal judiciaire d’Exempleville"),
               "HK": ("hk-police-example", "Hong Kong Police Force, Example Bureau"),
               "US": ("us-justice-example", "Example Department of Justice")}


def filing(country, reference, beneficiary=None):
    return [("authority", AUTHORITIES[country][1]), ("jurisdiction", country),
            ("beneficiary", beneficiary or country), ("reference", reference), ("official", "A. Example, registrar, 4711"),
            ("supervisor", "B. Example"), ("contact", "registry@example.org, +49 30 0000000"),
            ("process", "national-order"), ("legal-basis", "Section 100j of an example code of procedure"),
            ("validated-by", "Judge C. Example, 1 October 2026"), ("offence", "Fraud; up to five years"),
            ("accounts", "handle example.person"), ("field", "exists"), ("field", "created"),
            ("purpose", "To learn whether the account that was used exists, and since when.")]


class Office:
    """The people at work, over plain HTTP."""

    def __init__(self, desk):
        self.desk, self.seats = desk, {}

    def seat(self, person):
        if person not in self.seats:
            self.seats[person] = Visitor(self.desk)
            self.seats[person].login(person)
        return self.seats[person]

    def move(self, person, case, move, fields):
        seat = self.seat(person)
        page = seat.post(f"/case/{case}/do/{move}", fields)
        if page.status != 200:
            raise SystemExit(f"{move}: {re.sub('<[^>]*>', ' ', page.text)}")
        sent = texts(page.text)
        sent["move-lines"] = self.desk.sign(person, sent["move"])
        answer = seat.post(f"/case/{case}/move", sent)
        if answer.status != 303:
            raise SystemExit(f"{move}: {re.sub('<[^>]*>', ' ', answer.text)}")

    def classify(self, case, country, beneficiary=None, path="ordinary"):
        self.move("intake-1", case, "classify", [
            ("say-kind", "produce"), ("say-path", path), ("say-authority", AUTHORITIES[country][0]),
            ("say-regime", "national"), ("say-process", "national-order"), ("say-category", "subscriber"),
            ("say-beneficiary", beneficiary or country), ("say-accounts", "1"), ("say-fields", "exists"),
            ("say-fields", "created")])

    def call_back(self, case, number):
        self.move("intake-2", case, "call-back", [("say-number", number), ("say-checklists", "1")] + [
            (f"say-a{i}", "yes") for i in range(1, 5)])

    def open(self, case):
        self.move("intake-1", case, "open", [("account-by", "handle"), ("account-name", "example.person"),
                                             ("field", "exists"), ("field", "created")])

    def suspend(self):
        draft = dict(SUSPENSION, date=self.desk.day(60))
        paper = self.seat("human-rights-1").post("/board", draft).headers["Location"]
        text = texts(self.seat("human-rights-1").get(paper).text)["text"]
        for person in ("human-rights-1", "approver-1"):
            self.seat(person).post(paper, {"text-lines": self.desk.sign(person, text)})


def prepare(desk):
    """Some cases, in different places; the one that is in review."""
    office, public = Office(desk), Visitor(desk)
    cases = [filed_case(file_one(public, filing(country, f"{country} {n} Js {100 + n}/26")))
             for n, country in enumerate(["DE", "FR", "HK", "US", "DE", "FR", "DE"])]
    office.suspend()
    for case, country in zip(cases[:6], ["DE", "FR", "HK", "US", "DE", "FR"]):
        office.classify(case, country, path="emergency" if case == cases[3] else "ordinary",
                        beneficiary="HK" if case == cases[5] else None)
    office.call_back(cases[0], "+49 30 0000000")
    office.call_back(cases[1], "+33 1 00 00 00 00")
    office.open(cases[0])
    return cases


def take(b, folder, name, path=None):
    if path is not None:
        b.open(path)
    b.driver.execute_script("window.scrollTo(0, 0)")
    height = b.driver.execute_script("return document.documentElement.scrollHeight")
    b.driver.set_window_size(1100, min(max(height + 150, 800), 5000))
    b.driver.save_screenshot(str(folder / f"{name}.png"))
    b.driver.set_window_size(1100, 900)


def public(desk, folder, receipt):
    for suffix, how in (("", {}), (".zh-hant", {"language": "zh-TW"})):
        with Browser(desk, width=1100, **how) as b:
            take(b, folder, "status" + suffix, "/")
            take(b, folder, "file" + suffix, "/file")
            if not suffix:
                take(b, folder, "policy", "/policy")
                take(b, folder, "filing-status", f"/status?receipt={receipt}")
                take(b, folder, "object", "/object")
                take(b, folder, "ledger", "/ledger")
                take(b, folder, "report", "/report")
                take(b, folder, "act-as", "/act-as")
                take(b, folder, "login", "/login?person=policy-1")
    with Browser(desk, width=1100, dark=True) as b:
        take(b, folder, "status.dark", "/")
    with Browser(desk, width=500) as b:
        b.open("/")
        b.driver.set_window_size(500, 2600)
        b.driver.save_screenshot(str(folder / "status.narrow.png"))


def inside(desk, folder, cases):
    with Browser(desk, width=1100) as b:
        b.act_as("intake-1")
        take(b, folder, "queue", "/queue?state=&role=&mine=")
        b.open(f"/case/{cases[0]}")
        b.press("[data-open]")
        b.wait(lambda: "Opened" in b.find("[data-status]").text)
        take(b, folder, "case")
        take(b, folder, "case-held", f"/case/{cases[5]}")
        take(b, folder, "classify", f"/case/{cases[6]}/do/classify")
        take(b, folder, "tasks", "/tasks")
        take(b, folder, "me", "/me")
    with Browser(desk, width=1100) as b:
        b.act_as("human-rights-1")
        take(b, folder, "verdict", f"/case/{cases[0]}/do/verdict")
        for i in range(1, 13):
            b.choose(f"say-h{i}", "no" if i in (5, 6, 8, 10, 12) else "yes")
        b.fill("say-beneficiary", "DE")
        b.choose("say-conflict", "no")
        b.choose("say-verdict", "block")
        b.press("main form button[type=submit]")
        b.wait(lambda: b.all("[data-sign]"))
        take(b, folder, "verdict-to-sign")
        b.open("/board")
        for details in b.all("details.action")[:2]:
            details.find_element("tag name", "summary").click()
        take(b, folder, "board")
        take(b, folder, "office", "/office")
        b.open(f"/case/{cases[0]}/do/verdict")
    with Browser(desk, width=1100, language="zh-TW") as b:
        b.act_as("human-rights-1")
        take(b, folder, "verdict.zh-hant", f"/case/{cases[0]}/do/verdict")
        take(b, folder, "case.zh-hant", f"/case/{cases[0]}")


def main():
    folder = Path(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    with Desk(sys.argv[1], sys.argv[2]) as desk:
        cases = prepare(desk)
        answer = file_one(Visitor(desk), filing("FR", "FR 99"))
        receipt = re.search(r"[0-9a-f]{64}", answer.text).group(0)
        public(desk, folder, receipt)
        inside(desk, folder, cases)


if __name__ == "__main__":
    main()
