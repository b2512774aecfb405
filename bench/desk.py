#!/usr/bin/env python3
"""How long the desk's pages take with many open cases: desk.py SOTTO_DESK PAGES_SERVER [CASES]. Half of them are
classified. One page at a time over one connection, as a browser of the office would ask; a table of the median and the
longest of 30, in milliseconds until the whole answer was there. Then what is done once: a filing, and a suspension that
holds every classified case, with the longest that a page took meanwhile."""
import hashlib
import http.client
import re
import sqlite3
import statistics
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "desk" / "pages"))
from desk import Desk, Visitor, texts  # noqa: E402

TIMES = 30
FILING = [(name, "x") for name in ("authority", "jurisdiction", "beneficiary", "reference", "official", "supervisor",
                                   "contact", "legal-basis", "validated-by", "offence", "accounts", "purpose")]
PUBLIC = ["/", "/policy", "/guidelines", "/report", "/ledger", "/ledger/checkpoint", "/ledger/tile/entries/000", "/file",
          "/file/price?length=0", "/file/wait", "/file/enrolled", "/status", "/object", "/login", "/login?person=intake-1",
          "/act-as", "/enrol", "/style.css", "/desk.js"]


def classify(desk):
    """Half of the cases, by the store: what a person would say of each, without the person."""
    store = sqlite3.connect(desk.folder / "desk.sqlite", timeout=30)
    store.execute("UPDATE cases SET regime = 'national', authority = 'de-court-example', issuer = 'DE', beneficiary = 'DE',"
                  " process = 'national-order', category = 'subscriber', accounts = 1, asked = 3,"
                  " deadline = received + 864000000 + seq WHERE seq % 2 = 0")
    held = store.execute("SELECT count(*) FROM cases WHERE regime != ''").fetchone()[0]
    store.commit()
    store.close()
    return held


def measure(desk, cookies, path):
    connection = http.client.HTTPConnection("127.0.0.1", desk.port)
    took = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        connection.request("GET", path, headers={"Cookie": cookies})
        answer = connection.getresponse()
        size = len(answer.read())
        took.append((time.perf_counter() - begun) * 1000)
        assert answer.status == 200, (path, answer.status)
    connection.close()
    return statistics.median(took), max(took), size


def filing(desk):
    """The desk's part: from the first byte of what is sent to the whole receipt."""
    visitor, took = Visitor(desk), []
    for number in range(TIMES):
        ticket = re.search(r"ticket=([0-9a-f]+)", visitor.get("/file").text).group(1)
        bits, work = int(visitor.get("/file/price?length=0").body), 0
        while int.from_bytes(hashlib.sha256(f"{ticket}:{work}".encode()).digest(), "big") >> (256 - bits):
            work += 1
        fields = FILING + [("process", "national-order"), ("emergency", str(number))]
        begun = time.perf_counter()
        answer = visitor.upload(f"/file?ticket={ticket}&work={work}", fields)
        took.append((time.perf_counter() - begun) * 1000)
        assert answer.status == 200, answer.text[-500:]
    return statistics.median(took), max(took)


def in_state(desk, state):
    store = sqlite3.connect(desk.folder / "desk.sqlite", timeout=30)
    number = store.execute("SELECT count(*) FROM cases WHERE state = ?", (state,)).fetchone()[0]
    store.close()
    return number


def suspend(desk, held):
    visitor, longest, over = Visitor(desk), [0.0], threading.Event()
    visitor.login("human-rights-1")
    draft = {"what": "set", "id": "de-2026", "jurisdictions": "DE", "text": "Paused.", "date": desk.day(60), "law": ""}
    paper = visitor.post("/board", draft).headers["Location"]
    text = texts(visitor.get(paper).text)["text"]
    visitor.post(paper, {"text-lines": desk.sign("human-rights-1", text)})
    line = desk.sign("approver-1", text)
    visitor.login("approver-1")

    def others():
        while not over.is_set():
            longest[0] = max(longest[0], *measure(desk, "", "/")[:2])

    thread = threading.Thread(target=others)
    thread.start()
    begun = time.perf_counter()
    assert visitor.post(paper, {"text-lines": line}).status == 303
    binds = time.perf_counter() - begun
    while in_state(desk, 2) < held:
        time.sleep(0.05)
    all_held = time.perf_counter() - begun
    over.set()
    thread.join()
    return binds * 1000, all_held * 1000, longest[0]


def main():
    count = sys.argv[3] if len(sys.argv) > 3 else "10000"
    with Desk(sys.argv[1], sys.argv[2], cases=count) as desk:
        held = classify(desk)
        desk.publish()
        visitor = Visitor(desk)
        visitor.login("intake-1")
        queue = visitor.get("/queue").text
        case = queue.split('href="/case/')[1].split('"')[0]
        more = queue.split('<a class="button quiet" href="')[1].split('"')[0].replace("&amp;", "&")
        cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
        inside = ["/queue", more, "/queue?state=received", "/queue?mine=yes", f"/case/{case}", f"/case/{case}/key",
                  f"/case/{case}/sealed/filing/0", f"/case/{case}/do/classify", "/tasks", "/tasks/keys", "/board", "/office",
                  "/me"]
        print(f"| page, {count} open cases | ms | longest | bytes |\n|---|---|---|---|")
        for path in PUBLIC + inside:
            middle, longest, size = measure(desk, cookies, path)
            print(f"| `{path.replace(case, 'CASE')}` | {middle:.1f} | {longest:.1f} | {size} |", flush=True)
        print("| a filing | {:.1f} | {:.1f} | |".format(*filing(desk)))
        print("\nA suspension of {} of them: in force after {:.0f} ms, all held after {:.0f} ms; `/` took {:.0f} ms at most "
              "meanwhile.".format(held, *suspend(desk, held)))


if __name__ == "__main__":
    main()
