#!/usr/bin/env python3
"""--proxy with real processes: a SOCKS5 proxy of the test's own, and a trap where nobody may call. TAP."""
import socket
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from rig import Person, Tap, World, acquaint  # noqa: E402


def listen():
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    s.listen(64)
    return s


def start(work, *args):
    threading.Thread(target=work, args=args, daemon=True).start()


class Trap:
    """Where the links say that the server is. Whoever comes here came directly."""

    def __init__(self):
        self.socket, self.calls = listen(), 0
        self.place = "127.0.0.1:%d" % self.socket.getsockname()[1]
        start(self.run)

    def run(self):
        while True:
            self.socket.accept()[0].close()
            self.calls += 1


class Proxy:
    """Leads every request to the real server, and writes down what was asked."""

    def __init__(self, server):
        host, port = server.rsplit(":", 1)
        self.server = (host, int(port))
        self.asked = []  # (kind, host, port, user, password)
        self.code = 0
        self.open()

    def open(self, port=0):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", port))
        self.socket.listen(64)
        self.port = self.socket.getsockname()[1]
        self.place = f"127.0.0.1:{self.port}"
        start(self.run, self.socket)

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def run(self, listener):
        while True:
            try:
                client = listener.accept()[0]
            except OSError:
                return
            start(self.serve, client)

    @staticmethod
    def exactly(client, n):
        data = b""
        while len(data) < n:
            more = client.recv(n - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def word(self, client):
        return self.exactly(client, self.exactly(client, 1)[0])

    def serve(self, client):
        try:
            self.handshake(client)
        except (EOFError, OSError):
            client.close()

    def handshake(self, client):
        methods = self.word(client) if self.exactly(client, 1) == b"\5" else b""
        if 2 not in methods:
            client.close()
            return
        client.sendall(b"\5\2")
        self.exactly(client, 1)
        user, password = self.word(client), self.word(client)
        client.sendall(b"\1\0")
        kind = self.exactly(client, 4)[3]
        host = self.word(client) if kind == 3 else self.exactly(client, 4 if kind == 1 else 16)
        port = int.from_bytes(self.exactly(client, 2), "big")
        self.asked.append((kind, host, port, user, password))
        client.sendall(bytes([5, self.code, 0, 1, 0, 0, 0, 0, 0, 0]))
        if self.code != 0:
            client.close()
            return
        server = socket.create_connection(self.server)
        start(self.pump, server, client)
        self.pump(client, server)

    @staticmethod
    def pump(a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def person(world, name, place, *options):
    """Whose link says that the server is at `place`."""
    link = world.server.invite().replace(world.server.listen, place)
    p = Person(world.folder, name)
    return p, p.run("init", link, "--name", name, *options)


def through(world, tap, trap, proxy):
    ann, made = person(world, "ann", "server.invalid:4480", "--proxy", proxy.place)
    tap.check("an_account_is_made_through_the_proxy", made.code == 0, made.out + made.err)
    tap.check("the_proxy_is_asked_for_the_name",
              proxy.asked and all(a[:3] == (3, b"server.invalid", 4480) for a in proxy.asked), proxy.asked)
    ben, made = person(world, "ben", trap.place, "--proxy", "socks5://" + proxy.place)
    tap.check("and_another_that_names_a_number", made.code == 0 and proxy.asked[-1][0] == 1, made.err)
    proxy.asked.clear()
    acquaint(ann, ben)
    ann.fine("send", "ben", "through the proxy")
    read = ben.fine("read").out
    tap.check("without_being_told_again_all_goes_through_it", "through the proxy" in read, read)
    words = [a[3:] for a in proxy.asked]
    tap.check("each_connection_has_words_of_its_own",
              len(words) > 3 and len({w[0] for w in words}) == len(words)
              and len({w[1] for w in words}) == len(words), words)
    status = ben.fine("status", "--offline", "--json").of("status")[0]
    tap.check("status_says_so", status["proxy"] == "socks5://" + proxy.place and status["isolated"], status)
    return ben


def away(tap, ben, proxy):
    refusals = [(1, "does not say why"), (2, "rules"), (3, "network"), (4, "host"), (5, "nothing takes"),
                (6, "too long"), (7, "makes no connections"), (8, "kind of address"), (9, "SOCKS5")]
    for proxy.code, text in refusals:
        answer = ben.run("record", "--timeout", "1")
        tap.check(f"refusal_{proxy.code}_is_told", answer.code == 3 and text in answer.err, answer.err)
    proxy.code = 0
    proxy.close()
    answer = ben.run("record", "--timeout", "2")
    tap.check("a_proxy_that_is_down_is_told", answer.code == 3 and "the proxy can't be reached" in answer.err,
              answer.err)
    proxy.open(proxy.port)
    tap.check("and_used_again_when_it_is_up", ben.run("record").code == 0)


def change(tap, ben, trap, proxy):
    listener = ben.start("listen", "--json")
    while b"caught_up" not in (line := listener.stdout.readline()) and line:
        pass
    answer = ben.run("status", "--json", "--isolate", "off")
    tap.check("a_running_listen_takes_the_setting",
              answer.code == 0 and not answer.of("status")[0]["isolated"], answer.out)
    listener.terminate()
    listener.communicate(timeout=30)
    tap.check("until_now_nothing_went_directly", trap.calls == 0, trap.calls)
    answer = ben.run("record", "--proxy", "none", "--timeout", "1")
    tap.check("none_says_what_it_means", "see this machine's address" in answer.err, answer.err)
    until = time.monotonic() + 5
    while trap.calls == 0 and time.monotonic() < until:
        time.sleep(0.05)
    tap.check("and_only_then_the_way_is_direct", trap.calls > 0)
    tap.check("and_stays_so", ben.fine("status", "--offline", "--json").of("status")[0]["proxy"] == "")
    answer = ben.run("status", "--proxy", "http://127.0.0.1:1")
    tap.check("what_is_no_proxy_is_refused", answer.code == 2 and "--proxy" in answer.err, answer.err)


def main():
    tap = Tap()
    with World(["source_connections=0"]) as world:
        trap, proxy = Trap(), Proxy(world.server.listen)
        ben = through(world, tap, trap, proxy)
        away(tap, ben, proxy)
        change(tap, ben, trap, proxy)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
