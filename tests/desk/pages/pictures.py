#!/usr/bin/env python3
"""Pictures of the desk's pages, of a desk at work: pictures.py SOTTO_DESK PAGES_SERVER FOLDER MADE_YEAR. Look at them."""
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from browser import Browser  # noqa: E402
from desk import Desk, Visitor, texts  # noqa: E402
from office import Office, filing  # noqa: E402
from test_pages import file_one, filed_case  # noqa: E402


def prepare(desk):
    """Some cases, in different places; the one that is in review."""
    office, public = Office(desk), Visitor(desk)
    cases = [filed_case(file_one(public, filing(country, f"{country} {n} Js {100 + n}/26")))
             for n, country in enumerate(["DE", "FR", "HK", "US", "DE", "FR", "DE"])]
    office.suspend()
    office.announce("n-1")
    for case, country in zip(cases[:6], ["DE", "FR", "HK", "US", "DE", "FR"]):
        office.classify(case, country, path="emergency" if case == cases[3] else "ordinary",
                        beneficiary="HK" if case == cases[5] else None)
    office.call_back(cases[0], "+49 30 0000000")
    office.call_back(cases[1], "+33 1 00 00 00 00")
    office.open(cases[0])
    return cases, plan(desk, office)


def plan(desk, office):
    """Some of an assessment, shifts, and an office file that waits."""
    seat = office.seat("human-rights-1")
    seat.post("/assessment/n-1", {"save": "yes"} | {f"section-{n}": "What was found, by whom, and from where."
                                                    for n in (1, 2, 3)})
    office.cover(["intake-1", "intake-2", "human-rights-1", "approver-1"])
    paper = office.seat("approver-1").post("/office/next", {
        "what": "authority", "id": "ie-police-example", "name": "An Garda Síochána, Example Station",
        "jurisdiction": "IE", "calls": "+353 1 000 0000", "certificates": ""}).headers["Location"]
    text = texts(office.seat("policy-1").get(paper).text)["text"]
    office.seat("policy-1").post(paper, {"text-lines": desk.sign("policy-1", text)})
    return paper


def take(b, folder, name, path=None):
    if path is not None:
        b.open(path)
    b.driver.execute_script("window.scrollTo(0, 0)")
    height = b.driver.execute_script("return document.documentElement.scrollHeight")
    b.driver.set_window_size(1100, min(max(height + 150, 800), 2200))
    b.driver.save_screenshot(str(folder / f"{name}.png"))
    b.driver.set_window_size(1100, 900)


def public(desk, folder, receipt):
    for suffix, how in (("", {}), (".zh-hant", {"language": "zh-TW"})):
        with Browser(desk, width=1100, **how) as b:
            take(b, folder, "status" + suffix, "/")
            take(b, folder, "file" + suffix, "/file")
            if not suffix:
                take(b, folder, "filing-status", f"/status?receipt={receipt}")
                take(b, folder, "object", "/object")
                take(b, folder, "ledger", "/ledger")
                take(b, folder, "act-as", "/act-as")
                take(b, folder, "login", "/login?person=policy-1")
    with Browser(desk, width=1100, dark=True) as b:
        take(b, folder, "status.dark", "/")
    with Browser(desk, width=500) as b:
        b.open("/")
        b.driver.set_window_size(500, 2600)
        b.driver.save_screenshot(str(folder / "status.narrow.png"))


def inside(desk, folder, cases, paper):
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
        take(b, folder, "board", "/board")
        take(b, folder, "suspend", "/board/set")
        take(b, folder, "lift-announce", "/board/notice?of=hong-kong-2026")
        take(b, folder, "assessment", "/assessment/n-1")
        take(b, folder, "office", "/office")
        take(b, folder, "office-next", "/office/next")
        take(b, folder, "authority", "/office/authority/de-court-example")
        take(b, folder, "directory", "/directory")
        take(b, folder, "roster", "/roster")
        take(b, folder, "paper", paper)
        b.open(f"/case/{cases[0]}/do/verdict")
    with Browser(desk, width=1100, language="zh-TW") as b:
        b.act_as("human-rights-1")
        take(b, folder, "verdict.zh-hant", f"/case/{cases[0]}/do/verdict")
        take(b, folder, "case.zh-hant", f"/case/{cases[0]}")


def reports(desk, folder, made_year):
    """Two half-years of a desk that is four years old."""
    subprocess.run([made_year, desk.folder, "5000", "7", "65536", "years"], check=True)
    desk.publish()
    for begin, end in (("2025-07-01", "2026-01-01"), ("2026-01-01", "2026-07-01")):
        subprocess.run([sys.argv[1], "report", desk.folder, "--from", begin, "--until", end, "--to",
                        desk.folder / "statement"], check=True)
    page = "/ledger/report/2026-01-01_2026-07-01"
    with Browser(desk, width=1100) as b:
        take(b, folder, "report", "/report")
        take(b, folder, "report-page", page + ".html")
        take(b, folder, "report-page.zh-hant", page + ".zh-Hant.html")
    with Browser(desk, width=1100, dark=True) as b:
        take(b, folder, "report-page.dark", page + ".html")


def main():
    folder = Path(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    with Desk(sys.argv[1], sys.argv[2]) as desk:
        cases, paper = prepare(desk)
        answer = file_one(Visitor(desk), filing("FR", "FR 99"))
        receipt = re.search(r"[0-9a-f]{64}", answer.text).group(0)
        public(desk, folder, receipt)
        inside(desk, folder, cases, paper)
        reports(desk, folder, sys.argv[4])


if __name__ == "__main__":
    main()
