"""What a real server leaves in its folder and its log, at the most talkative level: no IP address of a client, no
name, no text, no account outside of its row; through a refused login, a garbled connection and a kill -9, too. Nor does
a line of any of its processes join a client's connections, by what it says or by when it was written. The simulated day
of tests/seized/ looks for much more, but has no sockets and no log.
"""
import base64
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "term"))
from rig import Person, Server, Tap, Unexpected, World, acquaint  # noqa: E402

CLIENT = b"127.0.0.1"  # whence loopback connects, also to 127.0.0.5
MAPPED = bytes(10) + b"\xff\xff" + socket.inet_aton("127.0.0.1")  # as a number; as hexadecimal digits it is shorter


def forms(what):
    """Raw, hexadecimal, and in base64 whatever stands before it."""
    yield what
    yield from (what.hex().encode(), what.hex().upper().encode())
    for before in range(3):
        text = base64.b64encode(b"\0" * before + what)
        whole = text[4 if before else 0:len(text) // 4 * 4 - 4]
        yield from (whole, whole.translate(bytes.maketrans(b"+/", b"-_")))


def found(places, what):
    return [name for name, content in places.items() for form in forms(what)
            if len(form) >= 8 and form in content]


def everything(server):
    files = [p for p in server.data.rglob("*") if p.is_file()] + [server.log, server.data.with_suffix(".out")]
    return {str(p): p.read_bytes() for p in files}


def garble(server):
    for address, bytes_ in ((server.listen, b"\xff" * 100), (server.http, b"GET /" + b"x" * 9000)):
        host, port = address.rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=10) as s:
            s.sendall(bytes_)
            s.settimeout(10)
            try:
                while s.recv(4096):
                    pass
            except OSError:
                pass


def live(world):
    server = world.server
    server.stop()
    world.server = server = Server(world.folder / "elsewhere", ["log=info"])
    (world.folder / "elsewhere").mkdir()
    server.listen, server.http = "127.0.0.5:0", "127.0.0.5:0"
    server.start()
    ann, ben = (Person(world.folder, n) for n in ("ann", "ben"))
    for p in (ann, ben):
        p.fine("init", server.invite(), "--name", f"Quillfeather {p.name}")
    acquaint(ann, ben)
    ann.fine("new", "ben", "--title", "About hedgehogs")
    ann.fine("send", "ben", "the hedgehog is in the garden")
    Person(world.folder, "eve").run("init", server.invite()[:-8] + "aaaaaaaa", "--name", "Quillfeather eve")
    garble(server)
    accounts = [bytes.fromhex(p.fine("status", "--json").of("status")[0]["account"]) for p in (ann, ben)]
    server.kill()
    server.start()
    ben.fine("read")
    ann.fine("send", "ben", "and nobody saw the hedgehog")
    return server, accounts


# ---- The log ----

# A day, a level, a process, and words: the one number is how a process ended.
LINE = re.compile(rb"\d{4}-\d\d-\d\d (error|warn|info) (sottod|edge|mail): \D+(\(-?\d{1,3}\)\D*)?")


def joins(log):
    """Lines that hold what could be the same in another one, or on a connection."""
    return [line for line in log.splitlines() if not LINE.fullmatch(line)]


def ports(server):
    """Those from which clients are connected now."""
    host, port = server.listen.rsplit(":", 1)
    place = f"{int.from_bytes(socket.inet_aton(host), 'little'):08X}:{int(port):04X}"
    rows = [row.split() for row in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {int(row[1].split(":")[1], 16) for row in rows if row[2] == place}


def written(server):
    return server.log.read_bytes(), os.stat(server.log).st_mtime_ns


def talk(server, messages):
    """Both of a client's connections at work; the ports that they had."""
    seen = set()
    chat = Person(server.data.parent.parent, "ann").start("chat", "ben", stdin=subprocess.PIPE)
    for i in range(messages):
        chat.stdin.write(b"hedgehog %d\n" % i)
        chat.stdin.flush()
        if i % 50 == 49:
            seen |= ports(server)
    chat.communicate(timeout=60)
    return seen


def lose(server):
    """Kills its mail process and waits until it said so, and all run again."""
    children = len(server.children())
    os.kill(server.children()[0], signal.SIGKILL)
    until = time.monotonic() + 30
    while b"mail process ended (" not in server.log.read_bytes() or len(server.children()) < children:
        if time.monotonic() > until:
            raise Unexpected("no word of a process that ended: " + server.log.read_text())
        time.sleep(0.05)


def check_log(tap, server):
    before = written(server)
    used = talk(server, 1000)
    tap.check("a_client_has_two_connections_or_more", len(used) >= 2, used)
    tap.check("a_thousand_messages_write_no_line_at_any_moment", written(server) == before, written(server)[0])
    lose(server)
    log = server.log.read_bytes()
    tap.check("no_line_holds_what_joins_connections", joins(log) == [], joins(log))
    tap.check("nor_the_port_of_one", not any(b"%d" % p in log for p in used), log)
    for planted in (b"edge: session 4294967297 sends", b"mail: login from [127.0.0.1]:40112", b"edge: 12:31:07 commit",
                    b"mail: item for 6f1dce9a"):
        tap.check("what_is_planted_in_the_log_is_found", joins(log + b"2026-11-26 info " + planted + b"\n") != [], planted)


def main():
    tap = Tap()
    with World() as world:
        server, accounts = live(world)
        places = everything(server)
        for name, what in (("no_address_of_a_client", CLIENT), ("no_number_of_its_address", MAPPED),
                           ("no_digits_of_its_address", MAPPED[-4:].hex().encode()), ("no_name", b"Quillfeather"),
                           ("no_title", b"About hedgehogs"), ("no_text", b"hedgehog is in the"),
                           ("no_text_after_a_crash", b"nobody saw the")):
            tap.check(name + "_is_on_the_disk_or_in_the_log", found(places, what) == [], found(places, what))
        log = {"log": server.log.read_bytes()}
        tap.check("no_account_is_in_the_log", not any(found(log, a) for a in accounts), log)
        check_log(tap, server)
        server.stop()
        places = everything(server)
        tap.check("nor_after_a_clean_stop", not any(found(places, w) for w in (
            CLIENT, b"Quillfeather", b"About hedgehogs", b"hedgehog is in the", b"nobody saw the")))
        for form in forms(b"hedgehog is in the"):
            (server.data / "planted").write_bytes(b"some" + form + b"thing")
            tap.check("what_is_planted_is_found", found(everything(server), b"hedgehog is in the") != [], form)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
