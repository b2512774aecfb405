#!/usr/bin/env python3
"""How long the desk's pages take with many open cases: desk.py SOTTO_DESK PAGES_SERVER [CASES]. One page at a time
over one connection, as a browser of the office would ask; a table of the median and the longest of 30."""
import http.client
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "desk" / "pages"))
from desk import Desk, Visitor  # noqa: E402

TIMES = 30


def main():
    count = sys.argv[3] if len(sys.argv) > 3 else "10000"
    with Desk(sys.argv[1], sys.argv[2], cases=count) as desk:
        visitor = Visitor(desk)
        visitor.login("intake-1")
        queue = visitor.get("/queue").text
        case = queue.split('href="/case/')[1].split('"')[0]
        more = queue.split('<a class="button quiet" href="')[1].split('"')[0].replace("&amp;", "&")
        cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
        pages = ["/", "/policy", "/file", "/ledger", "/queue", more, "/queue?state=received", "/queue?mine=yes",
                 f"/case/{case}", f"/case/{case}/do/classify", "/tasks", "/tasks/keys", "/board", "/office", "/me"]
        connection = http.client.HTTPConnection("127.0.0.1", desk.port)
        print(f"| page, {count} open cases | ms | longest | bytes |\n|---|---|---|---|")
        for path in pages:
            took = []
            for _ in range(TIMES):
                begun = time.perf_counter()
                connection.request("GET", path, headers={"Cookie": cookies})
                answer = connection.getresponse()
                size = len(answer.read())
                took.append((time.perf_counter() - begun) * 1000)
                assert answer.status == 200, (path, answer.status)
            print(f"| `{path.split('?')[0].replace(case, 'CASE')}` | {statistics.median(took):.1f} | {max(took):.1f} "
                  f"| {size} |")


if __name__ == "__main__":
    main()
