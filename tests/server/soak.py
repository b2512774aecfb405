#!/usr/bin/env python3
"""A server at half of its full load while it is killed, its disk fills and fails, and its clock jumps:
soak.py [--seconds N] [--seed N] [--rate N] [--json FILE].

Pairs of `sotto-load steady` send, repeat what was not acknowledged, and look at all that comes: nothing may be lost, nothing
doubled, and no position may name two items. Three people with the real client write into a group beside them. What fails
follows from the seed; each kind comes once before any comes again. In the last two fifths of the time nothing is
killed, so that the memory of the processes can be compared: at the end it may be no more than at the middle, within a bound.
As root the server has a file system of its own, in a mount namespace, that is filled; else its writes are made to fail as on a
full disk. Prints TAP, and a table.
"""
import argparse
import collections
import ctypes
import errno
import http.client
import json
import mmap
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "term"))
import crash_test  # noqa: E402
from rig import Server, Tap, World, is_alive, kill  # noqa: E402

LOAD, SOTTOD, FAULTS = os.environ["SOTTO_LOAD"], os.environ["SOTTOD"], os.environ["FAULTS"]
PAIRS, EDGES, MIB = 100, 2, 1 << 20
SETTINGS = [f"edges={EDGES}", "rate=0", "source_connections=0", "memtable_megabytes=4"]
KILLS, OTHERS = ["edge killed", "mail killed", "all killed"], ["disk full", "disk failing", "clock jumped"]
# What the memory at the end may be, of that at the middle, and more, since memtables come and go.
MEMORY_PART, MEMORY_BYTES = 1.10, 16 * MIB
HOUR_MS = 3600 * 1000


class Faults(ctypes.Structure):
    """The page that faults.c reads, as faults.h has it."""
    _fields_ = [("sync_ms", ctypes.c_int32), ("sync_errno", ctypes.c_int32), ("write_errno", ctypes.c_int32),
                ("no_memory", ctypes.c_int32), ("wall_ms", ctypes.c_int64), ("syncs", ctypes.c_uint32)]

    @classmethod
    def at(cls, path):
        path.write_bytes(bytes(mmap.PAGESIZE))
        with open(path, "r+b") as f:
            return cls.from_buffer(mmap.mmap(f.fileno(), mmap.PAGESIZE))


class Disk:
    """Where the server's data is. own: a file system that can be filled."""

    def __init__(self, folder):
        self.path, image = folder / "disk", folder / "image"
        self.path.mkdir()
        self.own = False
        if os.environ.get("SOTTO_SOAK_INSIDE"):
            with open(image, "wb") as f:
                f.truncate(512 * MIB)
            made = subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", image], capture_output=True)
            self.own = made.returncode == 0 and subprocess.run(
                ["mount", "-o", "loop,discard", image, self.path], capture_output=True).returncode == 0

    def fill(self):
        """All that is free, to the last block."""
        with open(self.path / "filler", "ab") as f:
            step = 64 * MIB
            while step >= 4096:
                try:
                    os.posix_fallocate(f.fileno(), os.fstat(f.fileno()).st_size, step)
                except OSError as e:
                    if e.errno != errno.ENOSPC:
                        raise
                    step //= 4

    def make_room(self):
        (self.path / "filler").unlink(missing_ok=True)

    def free(self):
        if self.own:
            subprocess.run(["umount", "--lazy", self.path], check=True)


class Storm(World):
    """The server on such a disk, with such faults."""

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="sotto-test-"))
        self.disk = Disk(self.folder)
        self.server = Server(self.folder, self.settings)
        self.server.data = self.disk.path / "server"
        self.server.data.mkdir(mode=0o700)
        page = self.server.data / "faults"  # its children may open it there alone
        self.faults = Faults.at(page)
        self.server.env = {"LD_PRELOAD": FAULTS, "SOTTO_TEST_FAULTS": str(page)}
        self.start()
        return self

    def start(self):
        self.began_ahead = self.faults.wall_ms
        self.server.start()

    def __exit__(self, *args):
        if self.server.process.poll() is None:
            self.server.kill()
        self.disk.free()
        shutil.rmtree(self.folder, ignore_errors=True)

    def processes(self):
        """Process id to role."""
        found = {self.server.process.pid: "parent"}
        for pid in self.server.children():
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
            found[pid] = "mail" if b"--role=mail" in words else "edges"
        return found

    def serves(self, but=()):
        """All its processes are there, none of them of `but`, and /health is content."""
        now = self.processes()
        if len(now) != EDGES + 2 or set(now) & set(but) or any(map(is_alive, but)):
            return False
        host, port = self.server.http.split(":")
        c = http.client.HTTPConnection(host, int(port), timeout=2)
        try:
            c.request("GET", "/health")
            return c.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            c.close()

    def until_serves(self, but=()):
        """The seconds until then."""
        began = time.monotonic()
        while not self.serves(but):
            if time.monotonic() > began + 60:
                raise TimeoutError("the server does not serve again: " + self.state())
            time.sleep(0.005)
        return time.monotonic() - began

    def state(self):
        """What can be seen from outside, for who looks for the cause."""
        lines = [self.server.log.read_text()[-2000:], f"wall_ms {self.faults.wall_ms}"]
        host, port = self.server.http.split(":")
        commands = [["curl", "-s", "-m", "5", f"http://{host}:{port}/health"],
                    [SOTTOD, "metrics", "--data", self.server.data], ["df", self.disk.path]]
        commands += [["gdb", "-p", str(pid), "-batch", "-ex", "thread apply all bt 12"]
                     for pid, role in self.processes().items() if role == "mail" and shutil.which("gdb")]
        for command in commands:
            try:
                out = subprocess.run(command, capture_output=True, text=True, timeout=20).stdout
                lines.append("\n".join(line for line in out.splitlines() if not line.startswith(("# ", "[New", "warning"))))
            except (OSError, subprocess.TimeoutExpired) as e:
                lines.append(repr(e))
        return "\n".join(lines)

    def memory(self):
        """Bytes of each role: what is its own, and its part of what is shared."""
        bytes_ = collections.Counter()
        for pid, role in self.processes().items():
            try:
                for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        bytes_[role] += int(line.split()[1]) * 1024
            except (FileNotFoundError, ProcessLookupError):
                pass
        return bytes_

    # ---- Faults: each ends, and returns the seconds until the server serves again ----

    def strike(self, what, rng):
        if what in KILLS:
            return self.kill(what, rng)
        if what == "disk full":
            return self.fill(rng)
        if what == "disk failing":
            self.faults.sync_errno = errno.EIO
            time.sleep(rng.uniform(0.5, 3))
            self.faults.sync_errno = 0
            return self.until_serves()
        ways = [1, -1] if self.faults.wall_ms == 0 else [0, 1, -1]
        return self.set_clock(rng.choice(ways) * rng.randrange(2 * HOUR_MS, 9600 * HOUR_MS))

    def set_clock(self, ahead_ms):
        """Who sets a wrong clock right starts a server again that began with it, as docs/OPERATING.md says."""
        now, began = self.processes(), time.monotonic()
        self.faults.wall_ms = ahead_ms
        if ahead_ms != 0 or self.began_ahead == 0:
            return self.until_serves()
        self.server.stop()
        self.start()
        self.until_serves(now)
        return time.monotonic() - began

    def kill(self, what, rng):
        now = self.processes()
        if what == "all killed":
            self.server.kill()
            time.sleep(rng.uniform(0, 1))
            began = time.monotonic()
            self.start()
            self.until_serves(now)
            return time.monotonic() - began
        victim = rng.choice([pid for pid, role in now.items() if what.startswith(role.rstrip("s"))])
        kill(victim)
        return self.until_serves([victim])

    def fill(self, rng):
        until = time.monotonic() + rng.uniform(2, 6)
        while time.monotonic() < until:
            if self.disk.own:
                self.disk.fill()
            else:
                self.faults.write_errno = errno.ENOSPC
            time.sleep(0.05)
        self.faults.write_errno = 0
        self.disk.make_room()
        return self.until_serves()


class Steady:
    """`sotto-load steady`, which goes on beside us."""

    def __init__(self, world, accounts, seconds, rate):
        self.out, self.told, self.begun = world.folder / "steady.json", "", threading.Event()
        with open(self.out, "w") as out:
            self.process = subprocess.Popen(
                [LOAD, "steady", "--server", world.server.listen, "--accounts", accounts, "--count", str(PAIRS),
                 "--rate", str(rate), "--seconds", str(seconds), "--json"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, text=True)
        threading.Thread(target=self.listen, daemon=True).start()
        if not self.begun.wait(60):
            raise TimeoutError("sotto-load does not begin")

    def listen(self):
        for line in self.process.stderr:
            self.told = line.strip().removeprefix("sotto-load: ")
            self.begun.set()

    def result(self, limit):
        self.process.wait(limit)
        return json.loads(self.out.read_text())


def register(world):
    accounts = world.folder / "accounts"
    codes = subprocess.run([SOTTOD, "invite", "--data", world.server.data, "--count", str(PAIRS)], capture_output=True,
                           text=True, check=True).stdout
    subprocess.run([LOAD, "accounts", "--server", world.server.listen, "--accounts", accounts, "--codes", "-",
                    "--count", str(PAIRS)], input=codes, text=True, check=True, capture_output=True)
    return accounts


class Record:
    """What happened when. A thread of its own looks at the memory, and says how it goes."""

    def __init__(self, world, steady, seconds):
        self.world, self.steady, self.seconds = world, steady, seconds
        self.began = time.monotonic()
        self.calm_at = None  # when the last was killed that will be
        self.back = collections.defaultdict(list)  # a kind of fault: the seconds until the server served again
        self.memory = []  # (second, bytes by role)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def now(self):
        return time.monotonic() - self.began

    def watch(self):
        told_at = 0
        while not self.over.wait(min(1, self.seconds / 240)):
            self.memory.append((self.now(), self.world.memory()))
            if self.now() >= told_at:
                print(self.line(), flush=True)
                told_at = self.now() + max(10, self.seconds / 60)

    def line(self):
        faults = ", ".join(f"{len(times)} {what}" for what, times in list(self.back.items())) or "no faults yet"
        memory = ", ".join(f"{role} {bytes_ / MIB:.1f}" for role, bytes_ in sorted(self.memory[-1][1].items()))
        return f"# {self.steady.told}; {faults}; MiB: {memory}"

    def level(self, first, last):
        """The median of all processes' bytes in that part of the calm time."""
        calm = self.memory[-1][0] - self.calm_at
        return statistics.median(sum(m.values()) for at, m in self.memory
                                 if self.calm_at + first * calm <= at <= self.calm_at + last * calm)

    def end(self):
        self.over.set()
        self.thread.join()


def rampage(world, steady, record, rng):
    """Faults at random moments: first each kind once, then any; in the calm time no kills."""
    waiting, mean = [], min(20, record.seconds / 20)
    next_at = mean / 2
    while record.now() < record.seconds - 1:
        if steady.process.poll() is not None:
            raise RuntimeError("sotto-load ended: " + steady.told)
        if record.calm_at is None and record.now() > 0.6 * record.seconds and len(record.back) == len(KILLS + OTHERS):
            record.calm_at = record.now()
        if record.now() < next_at:
            time.sleep(0.05)
            continue
        waiting = waiting or rng.sample(KILLS + OTHERS, len(KILLS + OTHERS))
        what = waiting.pop()
        if what in OTHERS or record.calm_at is None:
            record.back[what].append(world.strike(what, rng))
            next_at = record.now() + rng.uniform(0.3, 1.7) * mean
    world.set_clock(0)


def full_speed(world, accounts):
    out = subprocess.run([LOAD, "steady", "--server", world.server.listen, "--accounts", accounts, "--count", str(PAIRS),
                          "--seconds", "4", "--json"], check=True, capture_output=True, text=True).stdout
    return json.loads(out)["per_second"]


def begin_people(world, seed):
    people = crash_test.make(world)
    return [crash_test.Load(p, i < 2, seed + i, pause=2) for i, p in enumerate(people)]


def check_load(tap, r):
    wrong = {k: r[k] for k in ("lost", "unsent", "twice", "doubled", "renamed", "disordered", "unreadable") if r[k]}
    tap.check("what_was_acknowledged_came", r["lost"] == 0 and r["sent"] > 0, wrong)
    tap.check("what_was_made_was_acknowledged_at_last", r["unsent"] == 0, wrong)
    tap.check("nothing_was_shown_twice", r["twice"] == 0, wrong)
    tap.check("nothing_came_oftener_than_it_was_sent", r["doubled"] == 0, wrong)
    tap.check("no_position_named_two_items_and_all_grew", r["renamed"] == r["disordered"] == 0, wrong)
    tap.check("all_that_came_was_ours", r["unreadable"] == 0, wrong)
    tap.check("the_clients_had_to_come_back_and_to_repeat", r["ended"] > 0 and r["repeated"] > 0, r)


def check_people(tap, people, loads):
    for load in loads:
        load.finish()
    sent = {text for load in loads for text in load.sent}
    settled = crash_test.settle(people)
    wrong = list(crash_test.differences(people, sent))
    if not settled:
        wrong += [f"{p.name}: {p.run('listen', '--until-idle', '1', '--json').out[-300:]}" for p in people]
    tap.check("people_s_messages_are_in_every_history_once", sent and not wrong, "\n".join(wrong[:20]))
    return len(sent)


def check_memory(tap, record):
    middle, end = record.level(0.4, 0.6), record.level(0.8, 1)
    tap.check("memory_is_flat", end <= MEMORY_PART * middle + MEMORY_BYTES, f"{middle:.0f} bytes, then {end:.0f}")
    return middle, end


def check_faults(tap, world, record):
    log = world.server.log.read_text()
    for what, word in (("disk full", "nothing can be stored: the disk is full"), ("disk failing", "nothing can be stored: "),
                       ("clock jumped", "clock jumped")):
        tap.check(f"the_server_felt_it_{what.replace(' ', '_')}", word in log, log[-2000:])
    tap.check("each_kind_of_fault_came", set(record.back) == set(KILLS + OTHERS), dict(record.back))


def show(summary):
    load = summary["load"]
    for name in ("made", "sent", "repeated", "shown", "dropped", "refused", "ended", "lost"):
        print(f"# | {name} | {load[name]:,} |")
    for what, times in summary["faults"].items():
        print(f"# | {what} | {times['count']} times; serves again after {times['median']:.2f} s, "
              f"{times['most']:.2f} at most |")
    print(f"# | a client is back, the fault included | {load['back_p50_us'] / 1e6:.2f} s, "
          f"{load['back_max_us'] / 1e6:.2f} at most |")
    for second, parts in summary["memory_mib"].items():
        print(f"# | memory at {second} s, MiB | " + ", ".join(f"{r} {b}" for r, b in parts.items()) + " |")


def summarize(options, rate, full, record, load, people, levels):
    every = record.memory[:: max(1, len(record.memory) // 12)] + record.memory[-1:]
    return {
        "seconds": options.seconds, "seed": options.seed, "full_per_second": full, "rate": rate, "people_sent": people,
        "load": {k: v for k, v in load.items() if not k.endswith("times_us")},
        "faults": {what: {"count": len(t), "median": statistics.median(t), "most": max(t)}
                   for what, t in record.back.items()},
        "memory_mib": {round(at): {r: round(b / MIB, 1) for r, b in sorted(m.items())} for at, m in every},
        "memory_middle": levels[0], "memory_end": levels[1], "calm_at": record.calm_at}


def soak(world, options, rng, tap):
    accounts = register(world)
    loads = begin_people(world, options.seed)
    full = None if options.rate else full_speed(world, accounts)
    rate = options.rate or int(full / 2)
    print(f"# seed {options.seed}; {rate} messages a second" + (f", at full speed {full:.0f}" if full else "") +
          ("" if world.disk.own else "; the disk is not filled, its writes are made to fail"), flush=True)
    for load in loads:
        load.thread.start()
    steady = Steady(world, accounts, options.seconds, rate)
    record = Record(world, steady, options.seconds)
    try:
        rampage(world, steady, record, rng)
        record.end()
        load = steady.result(options.seconds + 300)
    finally:
        record.end()
        kill(steady.process.pid)
        for person in loads:
            person.stop.set()
            if person.listener and sys.exc_info()[0]:
                kill(person.listener.pid)
    check_load(tap, load)
    people = check_people(tap, [p.person for p in loads], loads)
    levels = check_memory(tap, record)
    check_faults(tap, world, record)
    tap.check("the_server_stops_cleanly", world.server.stop() == 0)
    for line in world.server.log.read_text().splitlines()[-60:] if tap.failed else []:
        print("# " + line)
    summary = summarize(options, rate, full, record, load, people, levels)
    show(summary)
    if options.json:
        Path(options.json).write_text(json.dumps(summary, indent=1) + "\n")


def inside():
    """In a mount namespace of its own, if that may be."""
    may = "SOTTO_SOAK_INSIDE" not in os.environ and os.geteuid() == 0 and subprocess.run(
        ["unshare", "--mount", "true"], capture_output=True).returncode == 0
    if may:
        os.environ["SOTTO_SOAK_INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "--mount", sys.executable, *sys.argv])


def main():
    parser = argparse.ArgumentParser(description="half load, with faults")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--rate", type=int, default=0, help="messages a second (half of full speed)")
    parser.add_argument("--json", help="a file for what was counted")
    options = parser.parse_args()
    inside()
    tap = Tap()
    with Storm(SETTINGS) as world:
        soak(world, options, random.Random(options.seed), tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
