"""Another certificate on SIGHUP: new connections get it, those that are there go on, and a bad one changes nothing."""
import os
import pathlib
import shutil
import signal
import ssl
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "term"))
from rig import Tap, World  # noqa: E402


def make(folder, name, days="2"):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", days, "-subj", f"/CN={name}", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
                   check=True, capture_output=True)


def connect(server):
    """A WebSocket, open; and the certificate it came with."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    host, port = server.http.rsplit(":", 1)
    c = context.wrap_socket(socket.create_connection((host, int(port)), timeout=10))
    c.sendall(b"GET /session HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
              b"Sec-WebSocket-Protocol: sotto\r\n\r\n")
    assert c.recv(4096).startswith(b"HTTP/1.1 101"), "no upgrade"
    return c, c.getpeercert(binary_form=True)


def lives(c):
    """A ping (RFC 6455, masked with zeros) is answered."""
    c.sendall(bytes([0x89, 0x80 | 2, 0, 0, 0, 0]) + b"hi")
    return c.recv(16) == bytes([0x8A, 2]) + b"hi"


def until(fine):
    end = time.monotonic() + 10
    while not fine() and time.monotonic() < end:
        time.sleep(0.05)
    return fine()


def main():
    tap = Tap()
    if shutil.which("openssl") is None:
        print("1..0 # SKIP no openssl command to make a certificate with")
        return 0
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sotto-reload-"))
    make(folder, "one")
    with World([f"certificate={folder}/cert.pem", f"certificate_key={folder}/key.pem", "edges=2"]) as world:
        server, pid = world.server, world.server.process.pid
        children = server.children()

        def log():
            return server.log.read_text()

        held, first = connect(server)
        make(folder, "two")
        os.kill(pid, signal.SIGHUP)
        tap.check("it_is_told_that_it_was_read", until(lambda: "the certificate was read again" in log()), log())

        def fresh():
            seen = set()
            for _ in range(8):  # both edges
                c, certificate = connect(server)
                c.close()
                seen.add(certificate)
            return seen
        tap.check("new_connections_get_it", until(lambda: first not in fresh() and len(fresh()) == 1))
        second = fresh().pop()
        tap.check("a_connection_that_was_there_goes_on", lives(held))

        (folder / "cert.pem").write_text("no certificate")
        os.kill(pid, signal.SIGHUP)
        tap.check("one_that_can_not_be_read_is_told", until(lambda: log().count("stays as it was") == 1), log())
        make(folder, "three")
        key = (folder / "key.pem").read_bytes()
        make(folder, "four")
        (folder / "key.pem").write_bytes(key)
        os.kill(pid, signal.SIGHUP)
        tap.check("one_with_another_key_is_told", until(lambda: log().count("stays as it was") == 2), log())
        tap.check("neither_changes_anything", fresh() == {second})
        tap.check("all_the_while_no_process_ended", lives(held) and server.children() == children)
        held.close()
        tap.check("it_ends_as_always", server.stop() == 0)
    shutil.rmtree(folder)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
