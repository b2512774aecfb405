#!/usr/bin/env python3
"""The report of a made year, and its audit: how long each takes, how much memory and disk, beside what the machine
needs for the barest part of it.

    bench/report.py SOTTO-DESK MADE_YEAR [CASES] [FOLDER]    of 500,000 cases

It needs about 50 KiB of disk for each case, in FOLDER (that of temporary files), and removes what it wrote.
"""
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM, MADE_YEAR = sys.argv[1:3]
CASES = int(sys.argv[3]) if len(sys.argv) > 3 else 500_000
BATCH, PERIOD, NEEDED = 131_072, "2026-01-01_2027-01-01", 50 << 10
BLOCK = 64  # of SHA-256


def run(*words, program=PROGRAM, code=0):
    """What it printed, and what it took: seconds, those of the processor, MiB of memory."""
    started = time.monotonic()
    child = subprocess.Popen([program, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    out = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    if os.waitstatus_to_exitcode(status) != code:
        sys.exit(f"{words}: {os.waitstatus_to_exitcode(status)}\n{out[-2000:]}")
    return out, (time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def row(what, took):
    memory = f"{took[2]:.0f}" if took[2] else ""
    print(f"| {what} | {took[0]:.1f} | {took[1]:.1f} | {memory} |", flush=True)


def size(path):
    return sum(p.stat().st_size for p in path.rglob("*") if p.is_file()) if path.is_dir() else path.stat().st_size


def scanned(folder):
    """Reading all that opens the leaves, and nothing else."""
    store = sqlite3.connect(f"file:{folder}/desk.sqlite?mode=ro", uri=True)
    fields, _ = store.execute("SELECT COUNT(*), SUM(LENGTH(salt) + LENGTH(value)) FROM leaf_fields").fetchone()
    return fields


def hashed(blocks):
    """So many blocks of SHA-256, in one piece."""
    piece, digest = bytes(1 << 20), hashlib.sha256()
    for _ in range(blocks * BLOCK >> 20):
        digest.update(piece)


def itself(work, *words):
    """What this program takes for something, and its result."""
    wall, cpu = time.monotonic(), time.process_time()
    result = work(*words)
    took = time.monotonic() - wall, time.process_time() - cpu, 0
    return result, took


def year(folder):
    made = run("demo", folder, "http://localhost:4490")[0].strip()
    office = folder / "office.txt"
    run("office", folder, office, "--pin", made)
    run("list", folder, folder / "suspensions.txt")
    row(f"making the leaves of {CASES} cases", run(folder, CASES, 7, BATCH, program=MADE_YEAR)[1])
    took = []
    while json.loads(run("ledger", "show", folder, "--json")[0].splitlines()[0])["waiting"] > 0:
        took.append(run("ledger", "publish", folder)[1])
    row(f"publishing {len(took)} batches of {BATCH}", (*(sum(t[i] for t in took) for i in range(2)), took[-1][2]))


def report(folder):
    office, statement, stated = folder / "office.txt", folder / "statement", folder / "stated"
    public, csv = folder / "public", folder / "public" / "report" / f"{PERIOD}.csv"
    openings = folder / "auditor" / f"openings_{PERIOD}"
    row("`report`", run("report", folder, "--from", "2026-01-01", "--until", "2027-01-01", "--to", statement)[1])
    run("sign", statement, "--as", "auditor-1", "--key", folder / "people" / "auditor-1" / "ssh", "--office", office,
        "--to", stated, "--yes")
    out, took = run("audit", public, csv, "--office", office, "--statement", stated, "--json")
    row("`audit`, the public's", took)
    row("`audit`, the auditor's", run("audit", public, csv, "--office", office, "--openings", openings, "--padding",
                                      folder / "keys" / "padding", "--json")[1])
    return json.loads(out.splitlines()[-1])


def measure(folder):
    print("| step | seconds | of the processor | MiB of memory |\n|---|---|---|---|", flush=True)
    year(folder)
    found = report(folder)
    fields, took = itself(scanned, folder)
    row(f"for comparison: SQLite reads the {fields} fields of all leaves", took)
    # A commitment takes two blocks and more for what is longer; an entry's hash thirteen.
    blocks = found["entries"] * 14 + fields * 2
    row(f"for comparison: SHA-256 of {blocks} blocks, about one for each that an audit hashes", itself(hashed, blocks)[1])
    print(f"\n{found['entries']} entries, {found['opened']} of them opened to all, {found['cells']} rows counted again.\n")
    print("| on the disk | MiB |\n|---|---|")
    for name in ("desk.sqlite", "public/tile", f"public/report/{PERIOD}.openings", f"auditor/openings_{PERIOD}"):
        print(f"| `{name}` | {size(folder / name) >> 20} |", flush=True)


def main():
    where = Path(sys.argv[4] if len(sys.argv) > 4 else tempfile.gettempdir())
    if shutil.disk_usage(where).free < CASES * NEEDED:
        sys.exit(f"{where}: it needs {CASES * NEEDED >> 20} MiB")
    with tempfile.TemporaryDirectory(dir=where) as folder:
        measure(Path(folder))


main()
