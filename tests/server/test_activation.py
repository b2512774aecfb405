"""Sockets that the service manager opened, and what it is told: connections made before the server runs are served."""
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "term"))
from rig import SOTTOD, Tap  # noqa: E402


class Manager:
    """As systemd: holds the sockets over restarts, and hears what the service says."""

    def __init__(self, folder):
        self.folder = folder
        self.sockets = {}
        for name in ("http", "tcp"):
            self.sockets[name] = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.said = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.said.bind(str(folder / "notify"))
        self.said.settimeout(20)
        self.service = None

    def start(self, names="http:tcp"):
        fds = [s.fileno() for s in self.sockets.values()]

        def hand_over():
            kept = [os.dup(fd) for fd in fds]
            for i, fd in enumerate(kept):
                os.dup2(fd, 3 + i)

        env = os.environ | {"LISTEN_FDS": "2", "LISTEN_FDNAMES": names, "NOTIFY_SOCKET": str(self.folder / "notify")}
        command = f'LISTEN_PID=$$ exec "{SOTTOD}" run --data "{self.folder}/data" --listen 127.0.0.1:1 --http 127.0.0.1:1'
        self.service = subprocess.Popen(["sh", "-c", command], env=env, preexec_fn=hand_over, close_fds=False,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=(self.folder / "log").open("a"))

    def hears(self, word):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                if word in self.said.recv(4096).decode().splitlines():
                    return True
            except TimeoutError:
                pass
        return False


def early(port):
    """A connection that asks for the health page before anybody serves."""
    c = socket.create_connection(("127.0.0.1", port), timeout=20)
    c.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return c


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="sotto-activation-") as name:
        manager = Manager(pathlib.Path(name))
        port = manager.sockets["http"].getsockname()[1]
        waits = early(port)
        manager.start()
        tap.check("it_says_when_it_serves", manager.hears("READY=1"), (manager.folder / "log").read_text())
        tap.check("who_came_before_is_served", waits.recv(4096).startswith(b"HTTP/1.1 "))
        hello = socket.create_connection(("127.0.0.1", manager.sockets["tcp"].getsockname()[1]), timeout=20)
        hello.sendall(bytes([0, 9, 0, 0, 0, 0, 0, 1, 0, 2, 0]))
        tap.check("each_socket_is_what_its_name_says", hello.recv(2)[0:1] == b"\0")
        manager.service.terminate()
        tap.check("it_says_when_it_ends", manager.hears("STOPPING=1"))
        manager.service.wait(20)
        waits = early(port)  # nobody runs, and nobody is refused
        manager.start()
        tap.check("it_serves_again", manager.hears("READY=1"), (manager.folder / "log").read_text())
        tap.check("over_a_restart_nobody_is_refused", waits.recv(4096).startswith(b"HTTP/1.1 "))
        manager.service.terminate()
        tap.check("it_ends_as_always", manager.service.wait(20) == 0)
        manager.start("other:names")
        tap.check("sockets_of_other_names_are_not_taken", manager.service.wait(20) == 3 or
                  manager.service.returncode != 0)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
