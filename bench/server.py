#!/usr/bin/env python3
"""`make bench-server`: our server beside ejabberd, Prosody and a bare relay, in one run, with loads of one shape.

Each measurement is made ROUNDS times, the servers in turn within a round, each on the first processor with its load
on the second; the tables have the median and, in brackets, the best. What is measured, and how far to trust it,
stands in bench/RESULTS.md.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path += [str(ROOT / "bench" / "peers" / "servers")]
import peers  # noqa: E402

SERVER_CORE, LOAD_CORE = 0, 1
SIZES = (1000, 3000, 10000)  # idle connections
AT_RATE = "1,000 a second"
ACCOUNTS = (1000, 10000, 100000, 1000000, 10000000)


class Rows:
    """What was measured: (part, server, carrier) -> results of the rounds."""

    def __init__(self, path):
        self.path, self.rows = path, {}

    def add(self, part, server, carrier, result):
        if part != AT_RATE:
            result.pop("times_us", None)
        self.rows.setdefault((part, server, carrier), []).append(result)
        what = ", ".join(f"{k} {v:g}" for k, v in result.items() if isinstance(v, (int, float)))
        print(f"{part} · {server} · {carrier}: {what}", file=sys.stderr, flush=True)
        self.save()

    def save(self):
        rows = [{"part": p, "server": s, "carrier": c, "rounds": r} for (p, s, c), r in self.rows.items()]
        self.path.write_text(json.dumps({"date": date.today().isoformat(), "rows": rows}, indent=1))


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
        result = load_ours(options.build, sotto, tls, command, **keys)
    if result is not None:
        rows.add(part, "sotto", "TLS" if tls else "TCP", result)


def sync_alone(folder, seconds):
    """What a disk alone takes for 1,000 a second: each is written and synced at its time, with all that are late."""
    times, done, begun = [], 0, time.monotonic()
    with open(folder / "sync", "wb", buffering=0) as file:
        while done < seconds * 1000:
            due = int((time.monotonic() - begun) * 1000)
            if due == done:
                time.sleep(0.0001)
                continue
            file.write(bytes(560 * (due - done)))
            os.fdatasync(file.fileno())
            now = 1e6 * (time.monotonic() - begun)
            times += [int(now - 1000 * (i + 1)) for i in range(done, due)]
            done = due
    times.sort()
    return {"per_second": done / seconds, "times_us": [(us, 1) for us in times],
            **{f"p{name}_us": times[int(part * len(times))] for name, part in (("50", 0.5), ("99", 0.99), ("999", 0.999))}}


def ours(rows, options):
    seconds, parts = options.seconds, options.parts
    for tls in (False, True):
        for count in SIZES if "idle" in parts else ():
            measure_ours(rows, options, f"{count:,} idle", tls, count, "connect", count=count, seconds=5)
        for window in (16, 1):
            if "messages" in parts:
                measure_ours(rows, options, f"{window} in flight", tls, 1000, "messages", count=1000, window=window,
                             seconds=seconds)
        if "rate" in parts:
            rows.add(AT_RATE, "disk", "TLS" if tls else "TCP", sync_alone(options.data, max(seconds, 10)))
            measure_ours(rows, options, AT_RATE, tls, 1000, "messages", count=1000, rate=1000,
                         seconds=max(seconds, 10))
        if "groups" in parts:
            measure_ours(rows, options, "to 1,000", tls, 1000, "groups", count=1000, members=1000, window=1,
                         seconds=seconds)
        if "logins" in parts:
            measure_ours(rows, options, "logins", tls, 1500, "logins", count=1500)
    if "offline" in parts:
        with peers.Sotto(options.data, 10000, SERVER_CORE) as sotto:
            for name in ("offline, first items", "offline"):
                stored = load_ours(options.build, sotto, False, "offline", count=10000, senders=100, seconds=seconds)
                rows.add(name, "sotto", "TCP", stored)
            drained = load_ours(options.build, sotto, False, "drain", count=10000)
            rows.add("drain", "sotto", "TCP", drained)


def accounts(rows, options):
    """To a thousand of so many accounts, connected and then away, evenly from all over the store; and to any of them."""
    for count in ACCOUNTS:
        step = count // 1000
        some = {"count": 1000, "step": step, "first": random.randrange(step)}
        with peers.SottoMade(options.data, count, SERVER_CORE) as sotto:
            for who, command, keys in (("connected", "messages", some), ("away", "offline", some | {"senders": 1000}),
                                       ("anybody", "offline", {"count": count, "senders": 1000})):
                result = load_ours(options.build, sotto, False, command, seconds=options.seconds, **keys)
                if result is not None:
                    rows.add(f"{count:,} accounts, {who}", "sotto", "TCP", result)


def waiting(rows, options):
    """Into a million mailboxes where 10 items wait in each: to a thousand of them again and again, which makes their
    chains warm, and to any of them, where nearly each item is the first to its mailbox since the start."""
    count = 1000000
    with peers.SottoWaiting(options.data, count, SERVER_CORE) as sotto:
        for who, keys in (("first", {"count": 1000, "step": 1000}), ("warm", {"count": 1000, "step": 1000}),
                          ("cold", {"count": count})):
            result = load_ours(options.build, sotto, False, "offline", seconds=options.seconds, senders=1000, **keys)
            if result is not None:
                rows.add(f"a million mailboxes, {who}", "sotto", "TCP", result)


def one_round(rows, options):
    seconds, parts = options.seconds, options.parts
    for tls in (False, True):
        relay = peers.RelayTls if tls else peers.Relay
        more = () if tls else (peers.RelayUring,)
        kinds = [k for k in (relay, *more, peers.Ejabberd, peers.Prosody) if k.name.removesuffix("-tls") in options.peers]
        for kind in kinds:
            own = issubclass(kind, peers.Relay)
            for count in SIZES if "idle" in parts else ():
                measure_peer(rows, options, kind, f"{count:,} idle", tls, count, "idle", users=count, seconds=5)
            for window in (16, 1):
                if "messages" in parts:
                    measure_peer(rows, options, kind, f"{window} in flight", tls, 2000, "pairs", users=2000,
                                 window=window, seconds=seconds)
            if "rate" in parts:
                measure_peer(rows, options, kind, AT_RATE, tls, 2000, "pairs", users=2000, rate=1000,
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


def table(rows, title, parts, columns):
    found = [r for p in parts for r in sorted(rows.rows.items()) if r[0][0] == p]
    if not found:
        return
    print(f"### {title}\n")
    print("| what | server | carrier | " + " | ".join(c.replace("_", " ") for c in columns) + " | rounds |")
    print("|---" * (len(columns) + 4) + "|")
    for (part, server, carrier), rounds in found:
        cells = []
        for column in columns:
            values = [r[column] for r in rounds if column in r]
            best = (max if "per_second" in column else min)(values) if values else None
            cells.append(f"{figure(statistics.median(values))} ({figure(best)})" if values else "")
        print(f"| {part} | {server} | {carrier} | " + " | ".join(cells) + f" | {len(rounds)} |")
    print()


def report(rows):
    table(rows, "Idle connections", [f"{count:,} idle" for count in SIZES], ["bytes", "all_bytes"])
    table(rows, "Messages", ["16 in flight", "1 in flight", AT_RATE],
          ["per_second", "cpu_us", "load_cpu_us", "p50_us", "p99_us", "p999_us"])
    table(rows, "Copies of messages to groups", ["to 1,000"], ["per_second", "cpu_us", "p50_us", "p99_us"])
    table(rows, "Logins", ["logins"], ["per_second", "cpu_us", "p99_us"])
    table(rows, "Offline", ["offline, first items", "offline", "drain"], ["per_second", "cpu_us"])
    table(rows, "Ten million items waiting", [f"a million mailboxes, {who}" for who in ("first", "warm", "cold")],
          ["per_second", "cpu_us"])
    table(rows, "Accounts", [f"{count:,} accounts, {who}" for who in ("connected", "away", "anybody") for count in ACCOUNTS],
          ["per_second", "cpu_us"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=Path, help="the build folder, build/native")
    parser.add_argument("--data", type=Path, default=ROOT / "build" / "bench")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--peers", default="relay,ejabberd,prosody,sotto")
    parser.add_argument("--parts", default="idle,messages,rate,groups,logins,offline",
                        help="accounts, too: up to 10 million, which take 4.3 GB and, once, a quarter of an hour; "
                        "waiting: 10 million items in a million mailboxes, 6.7 GB and, once, 2 minutes")
    options = parser.parse_args()
    options.build, options.data = options.build.resolve(), options.data.resolve()
    options.peers = options.peers.split(",")
    for name in ("ejabberd", "prosody"):
        if name in options.peers and shutil.which(name if name == "prosody" else "erl") is None:
            print(f"{name} is not installed: scripts/setup.sh bench; left out", file=sys.stderr)
            options.peers.remove(name)
    options.data.mkdir(parents=True, exist_ok=True)
    peers.Relay.program = options.build / "bench" / "relay"
    peers.RelayUring.program = options.build / "bench" / "relay_uring"
    rows = Rows(options.data / "server.json")
    peers.Sotto.build = options.build
    peers.SottoMade.stores = options.data / "accounts"
    for _ in range(options.rounds):
        one_round(rows, options)
        if "sotto" in options.peers:
            ours(rows, options)
        if "accounts" in options.parts:
            accounts(rows, options)
        if "waiting" in options.parts:
            waiting(rows, options)
    report(rows)


if __name__ == "__main__":
    main()
