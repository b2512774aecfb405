#!/usr/bin/env python3
"""`make bench-server`: our server beside ejabberd, Prosody and a bare relay, in one run, with loads of one shape.

Each measurement is made ROUNDS times, the servers in turn within a round, each on the first processor with its load
on the second; the tables have the median and, in brackets, the best. What is measured, and how far to trust it,
stands in bench/RESULTS.md.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path += [str(ROOT / "bench" / "peers" / "servers")]
import peers  # noqa: E402

SERVER_CORE, LOAD_CORE = 0, 1


class Rows:
    """What was measured: (part, server, carrier) -> results of the rounds."""

    def __init__(self, path):
        self.path, self.rows, self.times = path, {}, {}

    def add(self, part, server, carrier, result):
        self.rows.setdefault((part, server, carrier), []).append(result)
        what = ", ".join(f"{k} {v:g}" for k, v in result.items() if isinstance(v, (int, float)))
        print(f"{part} · {server} · {carrier}: {what}", file=sys.stderr, flush=True)
        self.save()

    def save(self):
        rows = [{"part": p, "server": s, "carrier": c, "rounds": r} for (p, s, c), r in self.rows.items()]
        self.path.write_text(json.dumps({"date": date.today().isoformat(), "rows": rows}, indent=1))

    def median(self, part, server, carrier, field):
        found = [r[field] for r in self.rows.get((part, server, carrier), []) if field in r]
        return statistics.median(found) if found else None


def load(build, peer, tls, mode, **keys):
    """One run of the peers' load against a started peer."""
    port = peer.tls_port if tls else peer.port
    argv = ["taskset", "-c", str(LOAD_CORE), build / "bench" / "peer_load", mode, peer.protocol, port,
            f"pid={peer.pid}", f"tls={int(tls)}", *(f"{k}={v}" for k, v in keys.items())]
    run = subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=400)
    if run.returncode != 0:
        print(f"{peer.name}, {mode}: {run.stderr.strip()}", file=sys.stderr)
        return None
    return json.loads(run.stdout)


def measure_peer(rows, options, kind, part, tls, accounts, mode, **keys):
    """A fresh server for each measurement, so that none lives on what another left."""
    carrier = "TLS" if tls else "TCP"
    with kind(options.data, accounts, SERVER_CORE) as peer:
        result = load(options.build, peer, tls, mode, **keys)
    if result is not None:
        rows.add(part, kind.name.removesuffix("-tls"), carrier, result)


def load_ours(build, sotto, tls, command, **keys):
    argv = ["taskset", "-c", str(LOAD_CORE), build / "src" / "load" / "sotto-load", command, "--json",
            "--server", sotto.address(tls), "--accounts", sotto.accounts, "--pid", sotto.pid,
            *(word for k, v in keys.items() for word in ([f"--{k}"] if v is True else [f"--{k}", v]))]
    run = subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=400)
    if run.returncode != 0:
        print(f"sotto, {command}: {run.returncode} {run.stderr.strip()}", file=sys.stderr)
    return json.loads(run.stdout) if run.stdout else None


def measure_ours(rows, options, part, tls, accounts, command, **keys):
    with peers.Sotto(options.data, accounts, SERVER_CORE) as sotto:
        before = memory_of(sotto.pid)
        result = load_ours(options.build, sotto, tls, command, **keys)
    if result is None:
        return
    if part == "idle":
        result["bytes"] = (result["all_bytes"] - before) / result["count"]
    if part == "1,000 a second":
        rows.times[("sotto", "TLS" if tls else "TCP")] = result["times_us"]
    result.pop("times_us", None)
    rows.add(part, "sotto", "TLS" if tls else "TCP", result)


def memory_of(pid):
    """Proportional set size of a process and its children."""
    found = 0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if pid in (parent, int(folder.name)):
                lines = (folder / "smaps_rollup").read_text().splitlines()
                found += 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        except (OSError, IndexError):
            pass
    return found


def ours(rows, options):
    seconds, parts = options.seconds, options.parts
    for tls in (False, True):
        if "idle" in parts:
            measure_ours(rows, options, "idle", tls, 10000, "connect", count=10000, seconds=5)
        for window in (16, 1):
            if "messages" in parts:
                measure_ours(rows, options, f"{window} in flight", tls, 1000, "messages", count=1000, window=window,
                             seconds=seconds)
        if "rate" in parts:
            measure_ours(rows, options, "1,000 a second", tls, 1000, "messages", count=1000, rate=1000,
                         seconds=max(seconds, 10))
        if "logins" in parts:
            measure_ours(rows, options, "logins", tls, 1500, "logins", count=1500)
    if "offline" in parts:
        with peers.Sotto(options.data, 10000, SERVER_CORE) as sotto:
            for name in ("offline, first items", "offline"):
                stored = load_ours(options.build, sotto, False, "offline", count=10000, senders=100, seconds=seconds)
                stored.pop("times_us", None)
                rows.add(name, "sotto", "TCP", stored)
            drained = load_ours(options.build, sotto, False, "drain", count=10000)
            drained.pop("times_us", None)
            rows.add("drain", "sotto", "TCP", drained)


def one_round(rows, options):
    seconds, parts = options.seconds, options.parts
    for tls in (False, True):
        relay = peers.RelayTls if tls else peers.Relay
        kinds = [k for k in (relay, peers.Ejabberd, peers.Prosody) if k.name.removesuffix("-tls") in options.peers]
        for kind in kinds:
            own = kind in (peers.Relay, peers.RelayTls)
            if "idle" in parts:
                measure_peer(rows, options, kind, "idle", tls, 10000, "idle", users=10000, seconds=5)
            for window in (16, 1):
                if "messages" in parts:
                    measure_peer(rows, options, kind, f"{window} in flight", tls, 2000, "pairs", users=2000,
                                 window=window, seconds=seconds)
            if "rate" in parts:
                measure_peer(rows, options, kind, "1,000 a second", tls, 2000, "pairs", users=2000, rate=1000,
                             seconds=max(seconds, 10))
            if "logins" in parts:
                measure_peer(rows, options, kind, "logins", tls, 1500, "logins", users=1500)
            if "offline" in parts and not own and not tls:
                offline(rows, options, kind)


def offline(rows, options, kind):
    with kind(options.data, 2100, SERVER_CORE) as peer:
        stored = load(options.build, peer, False, "offline", users=2000, count=20000, seconds=60)
        if stored is None:
            return
        rows.add("offline", kind.name, "TCP", stored)
        drained = load(options.build, peer, False, "drain", users=2000, count=stored["messages"], seconds=60)
        if drained is not None:
            rows.add("drain", kind.name, "TCP", drained)


def figure(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def table(rows, parts, columns):
    print("| what | server | carrier | " + " | ".join(c.replace("_", " ") for c in columns) + " | rounds |")
    print("|---" * (len(columns) + 4) + "|")
    for (part, server, carrier), rounds in sorted(rows.rows.items()):
        if part not in parts:
            continue
        cells = []
        for column in columns:
            found = [r[column] for r in rounds if column in r]
            best = (max if "per_second" in column else min)(found) if found else None
            cells.append(f"{figure(statistics.median(found))} ({figure(best)})" if found else "")
        print(f"| {part} | {server} | {carrier} | " + " | ".join(cells) + f" | {len(rounds)} |")
    print()


def report(rows):
    print("### Idle connections\n")
    table(rows, ["idle"], ["bytes", "all_bytes"])
    print("### Messages\n")
    table(rows, ["16 in flight", "1 in flight", "1,000 a second"],
          ["per_second", "cpu_us", "load_cpu_us", "p50_us", "p99_us", "p999_us"])
    print("### Logins\n")
    table(rows, ["logins"], ["per_second", "cpu_us", "p99_us"])
    print("### Offline\n")
    table(rows, ["offline, first items", "offline", "drain"], ["per_second", "cpu_us"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=Path, help="the build folder, build/native")
    parser.add_argument("--data", type=Path, default=ROOT / "build" / "bench")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--peers", default="relay,ejabberd,prosody,sotto")
    parser.add_argument("--parts", default="idle,messages,rate,logins,offline")
    options = parser.parse_args()
    options.build = options.build.resolve()
    options.peers = options.peers.split(",")
    for name in ("ejabberd", "prosody"):
        if name in options.peers and shutil.which(name if name == "prosody" else "erl") is None:
            print(f"{name} is not installed: scripts/setup.sh bench; left out", file=sys.stderr)
            options.peers.remove(name)
    options.data.mkdir(parents=True, exist_ok=True)
    peers.Relay.program = options.build / "bench" / "relay"
    rows = Rows(options.data / "server.json")
    peers.Sotto.build = options.build
    for _ in range(options.rounds):
        one_round(rows, options)
        if "sotto" in options.peers:
            ours(rows, options)
    report(rows)


if __name__ == "__main__":
    main()
