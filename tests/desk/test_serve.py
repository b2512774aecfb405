#!/usr/bin/env python3
"""The desk's daemon: it serves its pages on a port of this machine, stops when it is told to, comes again after kill -9,
and can start nothing once it is running."""
import json
import os
import re
import shutil
import signal
import sqlite3
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE / "pages"), str(HERE.parent / "term")]
import samples  # noqa: E402
from desk import Visitor  # noqa: E402
from rig import Tap  # noqa: E402
from test_pages import FILING, ticket_of, work_for  # noqa: E402

PROGRAM, CLOCKED = sys.argv[1:3]
PICTURE = 7
DATA = Path(__file__).resolve().parent.parent.parent / "src/desk/data"


class Daemon:
    def __init__(self, folder, *more, program=PROGRAM):
        self.process = subprocess.Popen([program, "serve", folder, "--listen", "127.0.0.1:0", *map(str, more)],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.ready = self.process.stdout.readline()
        self.origin = self.ready.split()[-1] if self.ready else ""

    def get(self, path):
        try:
            with urllib.request.urlopen(self.origin + path, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode()

    def end(self, how):
        self.process.send_signal(how)
        errors = self.process.communicate(timeout=30)[1]
        return self.process.returncode, errors

    def status(self, name):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return line.split()[1]
        return None


def published(daemon):
    """Once its clock has ticked: a checkpoint, and the list that is in force."""
    for _ in range(600):
        if daemon.get("/ledger/checkpoint")[0] == 200:
            break
        time.sleep(0.1)
    return (daemon.get("/ledger/batches") == (200, "1 0 1024\n") and
            "\nkind suspensions\nversion 1\n" in daemon.get("/ledger/notices/newest")[1])


def today(folder, program):
    """As the foot of its pages has it, with a clock of the folder's that is far ahead."""
    os.environ["SOTTO_DESK_CLOCK"] = str(folder / "clock")
    (folder / "clock").write_text(str(400 * 86400))
    daemon = Daemon(folder, program=program)
    try:
        return datetime.fromisoformat(re.search(r"<footer.*?(\d{4}-\d\d-\d\d)", daemon.get("/")[1], re.S).group(1))
    finally:
        daemon.end(signal.SIGTERM)
        del os.environ["SOTTO_DESK_CLOCK"]


def clocks(tap, folder):
    """Only a program that is built for tests has a clock that can be set."""
    copy, now = folder.parent / "copy", datetime.utcnow()
    shutil.copytree(folder, copy)
    later, shown = today(folder, CLOCKED), today(copy, PROGRAM)
    tap.check("the_tests_program_has_another_clock", later - now > timedelta(days=390), later)
    tap.check("which_the_desks_own_has_not", abs(shown - now) < timedelta(days=3), shown)


def run(*args):
    return subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True, timeout=60)


def with_data(folder, name, change):
    """What the desk says at its start, with a file of its data changed."""
    data = json.loads((DATA / name).read_text())
    change(data)
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data" / name).write_text(json.dumps(data))
    try:
        done = run("serve", folder, "--listen", "127.0.0.1:0")
    except subprocess.TimeoutExpired:
        return None, "it serves"
    finally:
        (folder / "data" / name).unlink()
    return done.returncode, done.stderr


def sealed(folder, kind):
    """Numbers and sizes of what is sealed of a kind (as desk.h counts them), in all cases."""
    with sqlite3.connect(folder / "desk.sqlite") as store:
        return store.execute("SELECT number, size FROM sealed WHERE kind = ? ORDER BY number", (kind,)).fetchall()


def attached(tap, folder, daemon):
    """Its daemon can start nothing, and yet what was attached is drawn."""
    port = int(daemon.origin.rsplit(":", 1)[1])
    visitor = Visitor(SimpleNamespace(port=port, host=f"localhost:{port}"))
    ticket = ticket_of(visitor.get("/file").text)
    answer = visitor.upload(f"/file?ticket={ticket}&work={work_for(ticket, 18)}", FILING, [
        ("attachment", "order.pdf", samples.pages(2)), ("attachment", "x.exe", b"MZ"),
        ("attachment", "broken.pdf", b"%PDF-1.7")])
    tap.check("a_filing_is_taken_whatever_is_attached", answer.status == 200, answer.text[-500:])
    for _ in range(600):
        found = sealed(folder, PICTURE)
        if len(found) >= 4:
            break
        time.sleep(0.1)
    tap.check("what_is_attached_is_drawn_or_it_is_said_why_not",
              [number for number, _ in found] == [64 + 1, 64 + 2, 2 * 64, 3 * 64], found)
    store = b"".join(p.read_bytes() for p in folder.glob("desk.sqlite*"))
    tap.check("and_is_sealed", b"\x89PNG" not in store and b"it is broken" not in store)


def alarmed(tap, folder):
    """The operator's command gets the number of the case whose time is over, and nothing else."""
    program, out = folder.parent / "alarm", folder.parent / "alarms"
    program.write_text(f'#!/bin/sh\necho "$# $*" >> {out}\ncat >> {out}\n')
    program.chmod(0o755)
    with sqlite3.connect(folder / "desk.sqlite") as store:
        case = store.execute("SELECT id FROM cases WHERE state = 0").fetchone()[0]
        store.execute("UPDATE cases SET deadline = received + 1 WHERE id = ?", (case,))
    store.close()
    daemon = Daemon(folder, "--alarm", program)
    for _ in range(600):
        if out.exists() and out.read_text().endswith("\n"):
            break
        time.sleep(0.1)
    daemon.end(signal.SIGTERM)
    told = out.read_text() if out.exists() else ""
    tap.check("an_alarm_is_a_case_number_and_nothing_else", told == f"1 {case}\n", told)
    out.unlink(missing_ok=True)
    daemon = Daemon(folder, "--alarm", program)
    time.sleep(3)
    daemon.end(signal.SIGTERM)
    tap.check("and_is_given_once", not out.exists(), out.exists() and out.read_text())


def later(data):
    """A user is told longer before than the authority is answered."""
    regime = next(r for r in data["regimes"] if r["id"] == "national")
    regime["notice"]["days"] = 31


def nowhere(data):
    data["demands"][0]["ground"] = "none"


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "desk"
        made = run("demo", folder, "http://localhost:4490").stdout.strip()
        run("office", folder, folder / "office.txt", "--pin", made)
        run("list", folder, folder / "suspensions.txt")
        refused = with_data(folder, "regimes.json", later)
        tap.check("a_regime_whose_notice_and_deadline_can_t_both_be_kept_is_refused_at_start",
                  refused[0] == 1 and "a regime's notice and deadline can't both be kept" in refused[1], refused)
        refused = with_data(folder, "demands.json", nowhere)
        tap.check("so_is_a_demand_whose_ground_is_none", refused[0] == 1, refused)
        daemon = Daemon(folder, "--people", folder / "people")
        tap.check("it_says_where_it_is_ready", daemon.ready.startswith("sotto-desk: ready on http://127.0.0.1:"),
                  daemon.ready)
        tap.check("it_serves_its_pages", daemon.get("/")[0] == 200 and "Demonstration" in daemon.get("/")[1])
        tap.check("and_says_what_is_not_there", daemon.get("/nothing")[0] == 404)
        tap.check("its_kernel_filter_is_on", (daemon.status("Seccomp"), daemon.status("NoNewPrivs")) == ("2", "1"))
        tap.check("it_publishes_the_ledger_by_itself", published(daemon), daemon.get("/ledger/batches"))
        port = daemon.origin.rsplit(":", 1)[1]
        other = run("serve", folder, "--listen", f"127.0.0.1:{port}")
        tap.check("a_port_that_is_taken_is_told", other.returncode == 3, f"{other.returncode} {other.stderr}")
        shown = run("show", folder)
        tap.check("commands_work_beside_it", shown.returncode == 0 and made in shown.stdout, shown.stderr)
        code, errors = daemon.end(signal.SIGTERM)
        tap.check("it_ends_when_it_is_told_to", code == 0, errors)
        tap.check("its_log_says_what_holds_it", "seccomp kill" in errors, errors)
        daemon = Daemon(folder)
        daemon.end(signal.SIGKILL)
        daemon = Daemon(folder)
        tap.check("it_comes_again_after_kill_9", daemon.get("/")[0] == 200 and made in run("show", folder).stdout)
        attached(tap, folder, daemon)
        daemon.end(signal.SIGTERM)
        alarmed(tap, folder)
        for what, code, word, args in (
                ("no_folder", 2, "serve DIR", ["serve"]),
                ("a_folder_that_is_not_there", 1, "nowhere", ["serve", folder / "nowhere"]),
                ("an_address_that_is_none", 1, "127.0.0.1:", ["serve", folder, "--listen", "127.0.0.1:"])):
            done = run(*args)
            tap.check(f"{what}_is_told", done.returncode == code and word in done.stderr, f"{done.returncode} {done.stderr}")
        other = Path(name) / "other"
        made = run("demo", other, "http://localhost:4490").stdout.strip()
        run("office", other, other / "office.txt", "--pin", made)
        clocks(tap, other)
    return tap.end()


sys.exit(main())
