"""The people of a demonstration desk at work, over plain HTTP."""
import re
import time

from desk import Visitor, texts

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
        self.decide(dict(SUSPENSION, date=self.desk.day(60)))

    def announce(self, name):
        """A lift in part."""
        self.decide(dict(SUSPENSION, what="notice", which=SUSPENSION["id"], id=name, becomes="entry",
                         date=self.desk.day(60), text="Emergencies are to be answered again, as an exception.")
                    | {"entry-text": SUSPENSION["text"].rsplit(" Emergencies", 1)[0], "carve-a-id": "life", "carve-a-path": "emergency",
                       "carve-a-text": "Imminent danger to somebody's life, confirmed by two callers."})

    def decide(self, draft):
        """What two sign of the suspension list."""
        paper = self.seat("human-rights-1").post("/board", draft).headers["Location"]
        text = texts(self.seat("human-rights-1").get(paper).text)["text"]
        for person in ("human-rights-1", "approver-1"):
            self.seat(person).post(paper, {"text-lines": self.desk.sign(person, text)})

    def cover(self, people):
        """A day of duty for each."""
        begin, end = (time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() + hours * 3600)) for hours in (-1, 23))
        for person in people:
            self.seat("approver-1").post("/roster", {"person": person, "from": begin, "until": end})
