#!/usr/bin/env python3
"""packaging/nginx.conf on a real nginx: people talk through it, by one port with TLS. TAP."""
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from rig import Tap, Unexpected, World, acquaint  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
NGINX = os.environ.get("NGINX") or shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
AROUND = """daemon off;
error_log stderr;
pid {folder}/pid;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {site}
}}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                    "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", folder / "privkey.pem",
                    "-out", folder / "fullchain.pem"], check=True, capture_output=True)


def put(text, old, new):
    if old not in text:
        raise Unexpected(f"packaging/nginx.conf does not say {old}")
    return text.replace(old, new)


def configure(folder, port, upstream):
    site = (ROOT / "packaging/nginx.conf").read_text(encoding="utf-8")
    site = put(site, "listen 443", f"listen 127.0.0.1:{port}")
    site = put(site, "/etc/ssl/chat.example.org", str(folder))
    site = put(site, "http://127.0.0.1:4480", f"http://{upstream}")
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, site=site), encoding="utf-8")


def get(port, path):
    """The first line of nginx's own answer, within TLS."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        with context.wrap_socket(plain) as s:
            s.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            return s.recv(200).split(b"\r\n")[0].decode()


class Proxy:
    def __init__(self, folder, port, upstream):
        folder.mkdir()
        certificate(folder)
        configure(folder, port, upstream)
        self.process = subprocess.Popen([NGINX, "-p", folder, "-c", folder / "nginx.conf"],
                                        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(100):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", port)) == 0:
                    return
            if self.process.poll() is not None:
                raise Unexpected(self.process.stderr.read().decode())
            time.sleep(0.1)
        raise Unexpected("nginx does not listen")

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def talk(world, port, tap):
    link = world.server.invite()
    tap.check("the_link_names_the_proxy", f":wss://127.0.0.1:{port}/session#" in link, link)
    ann, ben = world.person("ann"), world.person("ben")
    acquaint(ann, ben)
    listener = ben.start("listen", "--json", "--timeout", "60", "--until-idle", "5")
    while b"caught_up" not in (line := listener.stdout.readline()) and line:
        pass
    ann.fine("send", "ben", "through the proxy")
    out, _ = listener.communicate(timeout=90)
    tap.check("a_message_goes_through_it",
              listener.returncode == 0 and b"through the proxy" in out, out)
    ben.fine("send", "ann", "and back")
    answer = ann.fine("read", "--json").out
    tap.check("and_one_comes_back", "and back" in answer, answer)
    return ann


def main():
    tap = Tap()
    if NGINX is None or shutil.which("openssl") is None:
        print("ok 1 - people_talk_through_nginx # SKIP nginx or openssl is not installed\n1..1")
        return 0
    port = free_port()
    with World([f"public=wss://127.0.0.1:{port}/session", "source_connections=0"]) as world:
        proxy = Proxy(world.folder / "nginx", port, world.server.http)
        try:
            ann = talk(world, port, tap)
            health = get(port, "/health")
            tap.check("the_health_page_is_not_passed_on", " 404 " in health, health)
        finally:
            proxy.stop()
        away = ann.run("record", "--timeout", "1")
        tap.check("without_it_nobody_is_reached", away.code != 0, away.out)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
