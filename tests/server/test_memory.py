"""What a picture of the running server's memory gives: the memory of each of its processes is searched for what the
clients know. Never there: text, names, titles. What else is found is printed, for docs/THREATS.md.
Needs root, since the server lets nobody else look into its processes.
"""
import os
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "term"))
from rig import Person, Tap, World  # noqa: E402
from test_traces import forms, live  # noqa: E402


def memory(pid):
    parts = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            start, end, may = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line).groups()
            if may[0] != "r" or line.rstrip().endswith(("[vvar]", "[vsyscall]", "[vdso]")):
                continue
            try:
                mem.seek(int(start, 16))
                parts.append(mem.read(int(end, 16) - int(start, 16)))
            except (OSError, ValueError, OverflowError):
                pass
    return b"".join(parts)


def pictures(server):
    found = {}
    for pid in [server.process.pid, *server.children()]:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            role = b"mail" if b"--role=mail" in f.read() else b"edge"
        name = "parent" if pid == server.process.pid else role.decode()
        found[name] = found.get(name, b"") + memory(pid)
    return found


def holders(pictures_, what):
    return sorted(name for name, picture in pictures_.items() if any(
        form in picture for form in forms(what) if len(form) >= 8))


def main():
    tap = Tap()
    if os.geteuid() != 0:
        print("1..0 # SKIP only root can look into the server's processes")
        return 0
    with World() as world:
        server, accounts = live(world)
        ann, ben = (Person(world.folder, n) for n in ("ann", "ben"))
        listener = ben.start("listen", "--json")
        for i in range(20):
            ann.fine("send", "ben", f"the hedgehog number {i} is in the garden")
        conversation = ann.fine("status", "--json").of("conversation")[0]
        now = pictures(server)
        listener.kill()
        listener.wait()
        tap.check("every_process_was_seen", set(now) == {"parent", "mail", "edge"} and
                  all(len(p) > 1 << 20 for p in now.values()), {n: len(p) for n, p in now.items()})
        for name, what in (("no_text", b"the hedgehog number 7"), ("no_name", b"Quillfeather"),
                           ("no_title", b"About hedgehogs")):
            tap.check(name + "_is_in_memory", holders(now, what) == [], holders(now, what))
        identity = server.identity.encode()
        tap.check("what_is_there_is_found", "parent" in holders(now, identity), identity)
        for name, what in (("an account that was connected", accounts[0]),
                           ("the id of a conversation", bytes.fromhex(conversation["group"]))):
            print(f"# {name} was found in the memory of: {', '.join(holders(now, what)) or 'nobody'}")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
