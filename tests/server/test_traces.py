"""What a real server leaves in its folder and its log, at the most talkative level: no IP address of a client, no
name, no text, no account outside of its row; through a refused login, a garbled connection and a kill -9, too. The simulated
day of tests/seized/ looks for much more, but has no sockets and no log.
"""
import base64
import pathlib
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "term"))
from rig import Person, Server, Tap, World, acquaint  # noqa: E402

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
    files = [p for p in server.data.rglob("*") if p.is_file()] + [server.log]
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
    world.server = server = Server(world.folder / "elsewhere", ["log=debug"])
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
