"""Real processes for tests: a server that can be killed, and people with homes. Standard library only."""
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SOTTO = os.environ.get("SOTTO", str(ROOT / "build/bin/sotto"))
SOTTOD = os.environ.get("SOTTOD", str(ROOT / "build/bin/sottod"))
READY = re.compile(r"^sottod: ready on (\S+), http (\S+), identity (\S+)$", re.M)


class Unexpected(Exception):
    pass


class Server:
    """Keeps its ports over restarts. settings: KEY=VALUE of sottod; env: more of it, for the server alone."""

    def __init__(self, folder, settings=()):
        self.data, self.log = folder / "server", folder / "server.log"
        self.settings = [word for s in settings for word in ("--set", s)]
        self.listen, self.http, self.identity = "127.0.0.1:0", "127.0.0.1:0", None
        self.process, self.env = None, {}

    def start(self):
        out = self.data.with_suffix(".out")
        with open(out, "w") as stdout, open(self.log, "a") as stderr:
            self.process = subprocess.Popen(
                [SOTTOD, "run", "--data", str(self.data), "--listen", self.listen, "--http", self.http,
                 *self.settings],
                stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, env={**os.environ, **self.env})
        until = time.monotonic() + 30
        while not (ready := READY.search(out.read_text())):
            if self.process.poll() is not None or time.monotonic() > until:
                raise Unexpected("the server did not start: " + self.log.read_text()[-500:])
            time.sleep(0.02)
        self.listen, self.http, self.identity = ready.groups()

    def children(self):
        pid = self.process.pid
        try:
            return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except FileNotFoundError:
            return []

    def kill(self):
        """All its processes at once; and until the last is gone, which holds the store, nothing begins."""
        kill(self.process.pid, signal.SIGSTOP)  # it starts no other meanwhile
        children = self.children()
        for pid in [self.process.pid, *children]:
            kill(pid)
        self.process.wait()
        until = time.monotonic() + 30
        while any(is_alive(pid) for pid in children) and time.monotonic() < until:
            time.sleep(0.01)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            return self.process.wait(20)
        return None

    def invite(self, websocket=False):
        link = subprocess.run([SOTTOD, "invite", "--data", str(self.data)], capture_output=True,
                              text=True, timeout=20, check=True).stdout.strip()
        # The part after # alone says who the server is; the part before says only where.
        return link.replace(self.listen, f"ws://{self.http}/session") if websocket else link


def kill(pid, how=signal.SIGKILL):
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        pass


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Answer:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def objects(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def of(self, kind):
        return [o for o in self.objects if o.get("type") == kind]


class Person:
    def __init__(self, folder, name):
        self.name, self.home = name, folder / name

    def command(self, *args):
        return [SOTTO, "--no-passphrase", "--home", str(self.home), *args]

    def start(self, *args, **how):
        return subprocess.Popen(self.command(*args), **{
            "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how})

    def run(self, *args, text=None, timeout=60):
        done = subprocess.run(self.command(*args), input=text, capture_output=True, timeout=timeout,
                              stdin=subprocess.DEVNULL if text is None else None)
        return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())

    def fine(self, *args, **how):
        answer = self.run(*args, **how)
        if answer.code != 0:
            raise Unexpected(f"{self.name}: sotto {args}: {answer.code}\n{answer.out}{answer.err}")
        return answer

    def link(self):
        return self.fine("invite").out.strip()

    def history(self, conversation):
        """(text, state, own) of each content, offline."""
        answer = self.fine("read", conversation, "--last", "1000000", "--offline", "--json")
        return [(m["text"], m["state"], m["own"]) for m in answer.of("message")
                if m["kind"] == "content"]


def digest(path):
    h = hashlib.sha256()
    with open(path, "rb") as f:
        while part := f.read(1 << 20):
            h.update(part)
    return h.hexdigest()


def acquaint(a, b):
    a.fine("invite", b.link(), "--as", b.name)
    b.fine("invite", a.link(), "--as", a.name)


class Tap:
    """One test after the other; the plan stands at the end."""

    def __init__(self):
        self.count = self.failed = 0

    def check(self, name, fine, why=""):
        self.count += 1
        for line in str(why).splitlines() if not fine else []:
            print("# " + line)
        print(f"{'ok' if fine else 'not ok'} {self.count} - {name}", flush=True)
        self.failed += not fine

    def end(self):
        print(f"1..{self.count}", flush=True)
        return 1 if self.failed else 0


class World:
    """A folder with a server, gone at the end with all that was started."""

    def __init__(self, settings=()):
        self.settings = settings

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="sotto-test-"))
        self.server = Server(self.folder, self.settings)
        self.server.start()
        return self

    def person(self, name, websocket=False):
        person = Person(self.folder, name)
        person.fine("init", self.server.invite(websocket), "--name", name.title())
        return person

    def __exit__(self, *_):
        if self.server.process.poll() is None:
            self.server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
