"""The log in JSON: every process of the server writes one object a line, from the first to the last, with fields that stay."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "term"))
from rig import SOTTOD, Tap, World  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FIELDS = ["day", "level", "process", "event", "text"]


def objects(text):
    """All lines; the fields in their order. Anything else is an error."""
    found = []
    for line in text.splitlines():
        found.append(json.loads(line))
        assert list(found[-1]) == FIELDS, line
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", found[-1]["day"]), line
    return found


def until(fine):
    end = time.monotonic() + 15
    while not fine() and time.monotonic() < end:
        time.sleep(0.05)
    return fine()


def role(pid):
    return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[1].decode()


def written():
    """The names of events in the server's sources."""
    names = set()
    for source in (ROOT / "src" / "server").glob("*.c"):
        names |= set(re.findall(r'\bsys_log_(?:error|warn|info|failure)\(\s*[^,;]+,\s*"(\w*)"', source.read_text()))
    return names


def main():
    tap = Tap()
    with World(["log_format=json", "edges=1", "source_connections=1", "connections=2"]) as world:
        server = world.server

        def events():
            return [(o["process"], o["level"], o["event"]) for o in objects(server.log.read_text())]

        host, port = server.listen.rsplit(":", 1)
        held = [socket.create_connection((host, int(port)), timeout=10) for _ in range(2)]
        tap.check("an_edge_s_line", until(lambda: ("edge", "warn", "source_full") in events()), server.log.read_text())
        mail = next(pid for pid in server.children() if role(pid) == "--role=mail")
        os.kill(mail, signal.SIGKILL)
        tap.check("the_parent_s_line", until(lambda: ("sottod", "warn", "mail_ended") in events()), server.log.read_text())
        for c in held:
            c.close()
        server.stop()
        tap.check("the_last_line", ("sottod", "info", "stopping") in events(), server.log.read_text())
        (server.data / "store" / "CURRENT").write_text("nothing")
        done = subprocess.run([SOTTOD, "run", "--data", server.data, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0",
                               "--set", "log_format=json"], capture_output=True, text=True, timeout=30)
        said = [(o["process"], o["event"]) for o in objects(done.stderr)]
        tap.check("mail_s_line", ("mail", "store_not_opened") in said, done.stderr)
    page = (ROOT / "docs" / "OPERATING.md").read_text()
    known = re.findall(r"^\| `(\w+)` \| (?:error|warn|info) \|", page, re.M)
    tap.check("every_event_is_in_the_page_for_operators", len(written()) > 20 and set(known) == written(),
              str(set(known) ^ written()))
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
