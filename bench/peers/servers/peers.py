"""The servers that ours is measured beside: how each is started in a folder of its own, and stopped."""

import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def certificate(folder):
    """A P-256 certificate; its key; both in one file."""
    pem, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-days", "30", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                    "-keyout", key, "-out", pem], check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_text(key.read_text() + pem.read_text())
    return pem, key, both


def wait_for(port, process, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SystemExit(f"a peer ended at its start, with {process.returncode}")
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit("a peer did not start")


class Peer:
    """One started server: `port`, `tls_port`, `pid`."""

    protocol = "xmpp"

    def __init__(self, folder, users, core=None):
        self.folder = Path(folder) / self.name
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.users = users
        self.core = core
        self.pem, self.key, self.both = certificate(self.folder)
        self.port, self.tls_port = free_port(), free_port()
        self.process = None
        self.start()

    def spawn(self, argv, **more):
        if self.core is not None:
            argv = ["taskset", "-c", str(self.core), *argv]
        self.process = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, **more)

    def configure(self, name):
        text = (HERE / (name + ".in")).read_text()
        for key, value in {"port": self.port, "tls_port": self.tls_port, "data": self.folder, "pem": self.both,
                           "certificate": self.pem, "key": self.key}.items():
            text = text.replace(f"@{key}@", str(value))
        path = self.folder / name
        path.write_text(text)
        return path

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Relay(Peer):
    """The floor: a bare relay of ours."""

    name, protocol = "relay", "relay"
    program = None

    def start(self):
        self.tls = None
        self.spawn([self.program, self.port])
        wait_for(self.port, self.process)


class RelayTls(Relay):
    name = "relay-tls"

    def start(self):
        self.spawn([self.program, self.tls_port, self.pem, self.key])
        wait_for(self.tls_port, self.process)


class RelayUring(Relay):
    """The same by io_uring, for `--peers relay,relay-uring --parts messages`."""

    name = "relay-uring"


class Ejabberd(Peer):
    name = "ejabberd"

    @staticmethod
    def version():
        out = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "ejabberd"], capture_output=True, text=True)
        return out.stdout.split("-")[0]

    def start(self):
        config = self.configure("ejabberd.yml")
        library = max(Path("/usr/lib").glob("*/ejabberd-*/ebin"))
        pages = os.environ | {"EJABBERD_CONFIG_PATH": str(config), "EJABBERD_LOG_PATH": str(self.folder / "log"),
                              "HOME": str(self.folder), "ERL_MAX_ETS_TABLES": "20000",
                              "ERL_CRASH_DUMP": "/dev/null"}
        ready = self.folder / "ready"
        users = (f"[ejabberd_auth:try_register(<<\"u\", (integer_to_binary(N))/binary>>, <<\"localhost\">>, <<\"p\">>)"
                 f" || N <- lists:seq(0, {self.users - 1})], file:write_file(\"{ready}\", \"yes\").")
        self.spawn(["erl", "-noinput", "-pa", library, "+K", "true", "+P", "1000000", "+Q", "1000000", "+sbwt", "none",
                    "+sbwtdcpu", "none", "+sbwtdio", "none", "-mnesia", "dir", f'"{self.folder}/mnesia"',
                    "-s", "ejabberd", "-eval", "{ok, _} = application:ensure_all_started(ejabberd), " + users],
                   env=pages, stdout=subprocess.DEVNULL, stderr=(self.folder / "errors").open("w"))
        end = time.monotonic() + 120
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > end:
                raise SystemExit("ejabberd did not start: " + (self.folder / "errors").read_text()[-2000:])
            time.sleep(0.1)
        wait_for(self.port, self.process)
        wait_for(self.tls_port, self.process)


class Sotto(Peer):
    """Ours: `build` names the build folder; accounts are registered when it has started."""

    name = "sotto"
    build = None
    edges = 1
    rate = 0  # requests a second of one session; 0: any

    def start(self):
        self.out = self.folder / "out"
        self.data, self.accounts = self.folder / "data", self.folder / "accounts"
        self.make()
        settings = {"rate": self.rate, "source_connections": 0, "edges": self.edges, "mailbox_items": 1000000,
                    "mailbox_megabytes": 4096, "certificate": self.pem, "certificate_key": self.key}
        self.spawn([self.build / "src/server/sottod", "run", "--data", self.data, "--listen", f"127.0.0.1:{self.port}",
                    "--http", f"127.0.0.1:{self.tls_port}",
                    *(word for k, v in settings.items() for word in ("--set", f"{k}={v}"))],
                   stdout=self.out.open("w"), stderr=(self.folder / "errors").open("w"))
        end = time.monotonic() + 60
        while "ready" not in self.out.read_text():
            if self.process.poll() is not None or time.monotonic() > end:
                raise SystemExit("sottod did not start: " + (self.folder / "errors").read_text()[-2000:])
            time.sleep(0.05)
        self.register()

    def make(self):
        pass

    def register(self):
        codes = ""
        for at in range(0, self.users, 250):
            codes += subprocess.run([self.build / "src/server/sottod", "invite", "--data", self.data, "--count",
                                     str(min(250, self.users - at))], check=True, capture_output=True, text=True).stdout
        subprocess.run([self.build / "src/load/sotto-load", "accounts", "--server", f"127.0.0.1:{self.port}",
                        "--accounts", self.accounts, "--codes", "-", "--count", str(self.users)],
                       input=codes, check=True, capture_output=True, text=True)

    def address(self, tls):
        return f"wss://localhost:{self.tls_port}/session" if tls else f"127.0.0.1:{self.port}"


class SottoMade(Sotto):
    """With a store of accounts that was made for it; that stays for the next one, which begins as this one did."""

    stores = None
    waiting = 0  # items in each mailbox

    def make(self):
        made = self.stores / (f"{self.users}-{self.waiting}" if self.waiting else str(self.users))
        if not (made / "accounts").exists():
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir(parents=True)
            full = self.users if self.waiting else 0
            subprocess.run([self.build / "bench/made_store", made / "data", made / "accounts", str(self.users), str(full),
                            str(self.waiting)], check=True)
        # Files of the store that are whole are never written to again.
        shutil.copytree(made / "data", self.data,
                        copy_function=lambda a, b: (os.link if a.endswith(".sst") else shutil.copy2)(a, b))
        self.accounts = made / "accounts"

    def register(self):
        pass


class SottoWaiting(SottoMade):
    """With items that wait in every mailbox."""

    waiting = 10


class Prosody(Peer):
    name = "prosody"

    @staticmethod
    def version():
        out = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "prosody"], capture_output=True, text=True)
        return re.split("[-+]", out.stdout)[0]

    def start(self):
        accounts = self.folder / "localhost" / "accounts"
        accounts.mkdir(parents=True)
        for n in range(self.users):
            (accounts / f"u{n}.dat").write_text('return {\n\t["password"] = "p";\n};\n')
        self.spawn(["prosody", "-F", "--config", self.configure("prosody.cfg.lua")],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self.port, self.process)
        wait_for(self.tls_port, self.process)
