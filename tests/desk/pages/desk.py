"""A demonstration desk that serves its pages, and who uses them over plain HTTP: no script runs here. The people's
passkeys are those of `sotto-desk demo`; openssl signs with them."""
import base64
import hashlib
import http.client
import re
import socket
import subprocess
import tempfile
import time
import urllib.parse
from pathlib import Path

PKCS8 = bytes.fromhex("3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def vector(data):
    n = len(data)
    return (bytes([n]) if n < 64 else bytes([0x40 | n >> 8, n & 255])) + data


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def text(self):
        return self.body.decode()


class Desk:
    """The server, from its start to its end: `with Desk(sotto_desk, pages_server) as desk`."""

    def __init__(self, sotto_desk, server, cases=0, env=None, clock=None):
        self.port = free_port()
        self.origin = f"http://localhost:{self.port}"
        self.temp = tempfile.TemporaryDirectory()
        self.folder = Path(self.temp.name) / "desk"
        subprocess.run([sotto_desk, "demo", self.folder, self.origin], check=True, stdout=subprocess.DEVNULL)
        self.command = [server, self.folder, str(self.port), str(cases)]
        self.env, self.clock_file = env, clock

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self.env)
        if self.process.stdout.readline() != b"ready\n":
            raise SystemExit("the server did not start")
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.temp.cleanup()

    def clock(self, seconds):
        """Moves the desk's clock, of a server that has such a one."""
        self.clock_file.write_text(f"{seconds}\n")

    @staticmethod
    def day(ahead):
        return time.strftime("%Y-%m-%d", time.gmtime(time.time() + ahead * 86400))

    def key(self, person):
        """The person's private key and the id of its credential."""
        private, credential = (self.folder / "people" / person / "passkey").read_text().split()
        return bytes.fromhex(private), bytes.fromhex(credential)

    def publish(self):
        """A batch of the ledger."""
        return self.code("publish")

    def code(self, person):
        """A code to enrol."""
        self.process.stdin.write(person.encode() + b"\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().decode().strip()

    def sign(self, person, text):
        """A line of signature over the text."""
        key = Path(self.temp.name) / f"{person}.der"
        key.write_bytes(PKCS8 + self.key(person)[0])
        client = (f'{{"type":"webauthn.get","challenge":"{b64url(hashlib.sha256(text.encode()).digest())}",'
                  f'"origin":"{self.origin}","crossOrigin":false}}').encode()
        data = hashlib.sha256(b"localhost").digest() + bytes([5, 0, 0, 0, 0])
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-keyform", "DER", "-sign", key], check=True,
                                   input=data + hashlib.sha256(client).digest(), capture_output=True).stdout
        made = base64.b64encode(vector(data) + vector(client) + vector(signature)).decode()
        return f"\u2014 {person} webauthn {made}\n"


class Visitor:
    """A browser without script: it keeps cookies and follows nothing."""

    def __init__(self, desk, language=None):
        self.desk = desk
        self.cookies = {"language": language} if language else {}

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.desk.port, timeout=60)
        sent = {"Host": f"localhost:{self.desk.port}"} | (headers or {})
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection.request(method, path, body=body, headers=sent)
        answer = Answer(connection.getresponse())
        connection.close()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, value = cookie.split(";")[0].split("=", 1)
            self.cookies[name] = value
        return answer

    def get(self, path, **headers):
        return self.ask("GET", path, headers=headers)

    def post(self, path, fields, **headers):
        body = urllib.parse.urlencode(fields)
        return self.ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"} | headers)

    def upload(self, path, fields, files=()):
        """fields: pairs; files: (field, name, bytes)."""
        edge = "edge-0123456789"
        body = b""
        for name, value in fields:
            body += f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for field, name, data in files:
            body += (f'--{edge}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
                     f'Content-Type: application/octet-stream\r\n\r\n').encode() + data + b"\r\n"
        body += f"--{edge}--\r\n".encode()
        return self.ask("POST", path, body, {"Content-Type": f"multipart/form-data; boundary={edge}"})

    def login(self, person):
        text = texts(self.get(f"/login?person={person}").text)["text"]
        return self.post("/login", {"text": text, "text-lines": self.desk.sign(person, text)})


def unescape(s):
    for entity, char in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"), ("&amp;", "&")):
        s = s.replace(entity, char)
    return s


def texts(page):
    """The texts that a page's form holds, by the names of their fields."""
    found = re.findall(r'<textarea name="([a-z-]+)" hidden=""[^>]*>(.*?)</textarea>', page, re.S)
    return {name: unescape(text) for name, text in found}
