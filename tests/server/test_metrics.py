"""`sottod metrics`: Prometheus' text format, sums that are right, and every one in docs/OPERATING.md."""
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "term"))
from rig import SOTTOD, Tap, World  # noqa: E402

PAGE = pathlib.Path(__file__).resolve().parent.parent.parent / "docs" / "OPERATING.md"


def ask(server):
    done = subprocess.run([SOTTOD, "metrics", "--data", server.data], capture_output=True, text=True, timeout=20)
    return done.returncode, done.stdout


def values(text):
    return {name: int(value) for name, value in re.findall(r"^sotto_(\w+) (\d+)$", text, re.M)}


def until(server, fine):
    end = time.monotonic() + 15
    while not fine(found := values(ask(server)[1])) and time.monotonic() < end:
        time.sleep(0.3)
    return found


def well_formed(text):
    """HELP, TYPE and one sample each, and a counter's name says that it is one."""
    lines = text.splitlines()
    names = []
    for help_, type_, sample in zip(lines[::3], lines[1::3], lines[2::3]):
        match = re.fullmatch(r"# HELP (sotto_[a-z_]+) [^\\]+", help_)
        if not match or not re.fullmatch(rf"# TYPE {match[1]} (counter|gauge)", type_) or \
                not re.fullmatch(rf"{match[1]} \d+", sample) or \
                match[1].endswith("_total") != type_.endswith("counter"):
            return []
        names.append(match[1])
    return names if len(lines) % 3 == 0 and len(set(names)) == len(names) else []


def main():
    tap = Tap()
    with World(["edges=2"]) as world:
        server = world.server
        world.person("ann"), world.person("ben")
        code, text = ask(server)
        names = well_formed(text)
        tap.check("it_is_the_text_format", code == 0 and len(names) > 15, text)
        page = PAGE.read_text()
        tap.check("each_is_on_the_page", all(f"`{n}`" in page for n in names), [n for n in names if n not in page])
        stale = set(re.findall(r"`(sotto_[a-z_]+)`", page)) - set(names)
        tap.check("the_page_has_no_other", not stale, stale)

        found = until(server, lambda v: v.get("accepted_total", 0) >= 2 and v["requests_total"] > 0)
        tap.check("connections_and_requests_are_counted", found["accepted_total"] >= 2 and found["requests_total"] > 0 and
                  found["commits_total"] > 0 and found["edges"] == 2, found)
        accepted = found["accepted_total"]
        edge = next(c for c in server.children()
                    if b"--role=edge" in pathlib.Path(f"/proc/{c}/cmdline").read_bytes())
        os.kill(edge, signal.SIGKILL)
        found = until(server, lambda v: v.get("edges") == 2 and v["accepted_total"] >= accepted)
        tap.check("counters_outlive_an_edge", found["accepted_total"] >= accepted, found)
        secrets = [server.identity, "ann", "ben", "127.0.0.1"]
        tap.check("nobody_is_named", not [s for s in secrets if s.lower() in ask(server)[1].lower()])
    code, text = ask(server)
    tap.check("without_a_server_it_says_so", code == 5 and text == "")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
