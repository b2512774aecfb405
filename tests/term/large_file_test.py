#!/usr/bin/env python3
"""The largest file that may be sent, between real processes: killed once in the middle each way, compared by its hash,
and what each process held in memory at most is bounded. Takes minutes, and 10 GiB of the disk. TAP.
"""
import hashlib
import json
import os
import shutil
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from rig import Tap, World, acquaint, digest  # noqa: E402

MIB = 1 << 20
SIZE = 2048 * MIB
ROOM = 10240 * MIB  # the file, as the server has it, as it is saved, and what the database needs to move things
MEMORY = 150 * MIB  # of any one process


def make(path):
    """Every MiB is another."""
    noise, h = os.urandom(MIB), hashlib.sha256()
    with open(path, "wb") as f:
        for i in range(SIZE // MIB):
            part = i.to_bytes(8, "big") + noise[8:]
            f.write(part)
            h.update(part)
    return h.hexdigest()


def peak(pid):
    """Bytes of memory that a process had at most."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


class Run:
    """One command: killed once far() says so, or left to its end."""

    def __init__(self, world, person, *args, far=None):
        out = world.folder / "out"
        began = time.monotonic()
        with open(out, "wb") as stdout:
            process = person.start(*args, "--json", stdout=stdout, stderr=stdout)
            self.memory = 0
            while process.poll() is None:
                try:
                    self.memory = max(self.memory, peak(process.pid))
                except (FileNotFoundError, ProcessLookupError):
                    pass  # it has just ended
                if far is not None and far():
                    process.kill()
                time.sleep(0.05)
        self.code, self.seconds = process.wait(), time.monotonic() - began
        self.objects = [json.loads(line) for line in out.read_text().splitlines() if line.endswith("}")]

    def first(self):
        """How far it was when it began."""
        return next((o["done"] for o in self.objects if o["type"] == "progress"), 0)


def progress(world):
    """Of the command that runs."""
    lines = (world.folder / "out").read_text().splitlines()
    return max((json.loads(line).get("done", 0) for line in lines[-2:] if line.endswith("}")), default=0)


def main():
    t = Tap()
    with World() as world:
        free = shutil.disk_usage(world.folder).free
        if free < ROOM:
            print(f"ok 1 - the_largest_file_arrives # SKIP {free // MIB} MiB are free in {world.folder.parent}, "
                  f"{ROOM // MIB} are needed\n1..1")
            return 0
        ann, bob = world.person("ann"), world.person("bob")
        acquaint(ann, bob)
        source, target = world.folder / "large.bin", world.folder / "large.out"
        wanted = make(source)
        send = ("send", "bob", "--file", str(source))
        cut = Run(world, ann, *send, far=lambda: progress(world) > SIZE // 2)
        sent = Run(world, ann, *send)
        t.check("it_is_sent_though_it_was_killed_in_the_middle", cut.code != 0 and sent.code == 0 and
                sent.first() > SIZE // 4, (cut.code, sent.code, sent.objects[:2], sent.objects[-2:]))
        source.unlink()
        m = [m for m in bob.fine("read", "ann", "--json").of("message") if "file_name" in m][-1]
        save = ("save", "ann", str(m["number"]), "--to", str(target))
        short = Run(world, bob, *save, far=lambda: progress(world) > SIZE // 2)
        t.check("a_save_that_was_killed_leaves_nothing_that_looks_whole", short.code != 0 and not target.exists(),
                short.code)
        saved = Run(world, bob, *save)
        t.check("and_goes_on_to_the_end", saved.code == 0 and digest(target) == wanted,
                (saved.code, saved.objects[-2:]))
        runs = {"send": cut, "send again": sent, "save": short, "save again": saved}
        memory = {name: run.memory for name, run in runs.items()}
        memory |= {f"sottod {i}": peak(pid) for i, pid in enumerate([world.server.process.pid, *world.server.children()])}
        for name, run in runs.items():
            print(f"# {name}: {run.seconds:.0f} s")
        for name, most in memory.items():
            print(f"# {name}: {most // MIB} MiB at most")
        t.check("no_process_held_more_of_it_than_a_little", max(memory.values()) < MEMORY, memory)
    return t.end()


sys.exit(main())
