#!/usr/bin/env python3
"""`sotto web-check` against real servers: one that gives out what was built, and others that tamper with it. TAP."""
import gzip
import hashlib
import http.client
import http.server
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from rig import ROOT, SOTTO, Tap, World
from test_socks import Proxy


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def make_page(folder):
    """A page with a worker, a core and a compressed script; returns the names, and its manifest's lines."""
    folder.mkdir()
    worker, core, script = b"postMessage('ready')\n", b"\0asm\1\0\0\0" + bytes(range(256)) * 40, b"let a = 1;\n" * 500
    names = {"worker": f"worker-{sha256(worker)[:10]}.js", "core": f"core-{sha256(core)[:10]}.wasm",
             "main": f"main-{sha256(script)[:10]}.js"}
    (folder / names["worker"]).write_bytes(worker)
    (folder / names["core"]).write_bytes(core)
    (folder / names["main"]).write_bytes(script)
    (folder / (names["main"] + ".gz")).write_bytes(gzip.compress(script, mtime=0))
    (folder / "index.html").write_text(
        f'<!doctype html>\n<html lang="en"><script type="module" src="{names["main"]}"></script></html>\n')
    lines = [f"{sha256(p.read_bytes())} {p.name}\n" for p in sorted(folder.iterdir()) if p.suffix != ".gz"]
    return names, "sotto web v1\n" + "".join(lines)


class Between:
    """Passes requests on to a server, and answers on as `change(path, status, headers, body)` gives them."""

    def __init__(self, server, change):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                upstream = http.client.HTTPConnection(server.http, timeout=20)
                upstream.request("GET", self.path, headers={"Accept-Encoding": self.headers["Accept-Encoding"] or ""})
                answer = upstream.getresponse()
                headers = [(k, v) for k, v in answer.getheaders() if k not in ("Connection", "Content-Length")]
                status, headers, body = change(self.path, answer.status, headers, answer.read())
                upstream.close()
                self.close_connection = True
                if status is None:
                    return
                self.send_response_only(status)
                for pair in headers:
                    self.send_header(*pair)
                self.send_header("Connection", "close")
                # In pieces, as some proxies do.
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for at in range(0, len(body), 1000):
                    part = body[at:at + 1000]
                    self.wfile.write(f"{len(part):X}\r\n".encode() + part + b"\r\n")
                self.wfile.write(b"0\r\n\r\n")

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def check(url, *more, env=None):
    done = subprocess.run([SOTTO, "web-check", url, *map(str, more)], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "SOTTO_HOME": "/nonexistent", **(env or {})}, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


def weaken(name, value):
    return lambda path, status, headers, body: (
        status, [(k, value if k == name else v) for k, v in headers if k != name or value is not None], body)


def for_path(wanted, change):
    return lambda path, status, headers, body: (
        status, headers, change(body) if path == wanted else body)


def honest(tap, server, names, manifest):
    url = f"http://{server.http}"
    code, out, err = check(url, "--manifest", manifest)
    tap.check("an_honest_server_is_said_to_be_one", code == 0 and "as it was built" in out and "5 files" in out, (code, out, err))
    code, out, err = check(url + "/", "--manifest", manifest, "--json")
    objects = [json.loads(line) for line in out.splitlines()]
    tap.check("as_an_object_too", code == 0 and objects == [
        {"type": "web_check", "url": url + "/", "files": 5, "differences": 0, "same": True}], out)
    with Between(server, lambda *answer: answer[1:]) as passed:
        code, out, err = check(passed, "--manifest", manifest)
        tap.check("a_proxy_before_it_changes_nothing", code == 0, (code, out, err))
    code, out, err = check(url, "--manifest", manifest, "--proxy", "127.0.0.1:1")
    tap.check("with_a_proxy_there_is_no_other_way", code == 3 and "as it was built" not in out, (code, out, err))
    proxy = Proxy(server.http)
    code, out, err = check("http://server.invalid:4480", "--manifest", manifest, "--proxy", proxy.place)
    tap.check("a_proxy_is_asked_for_the_name", code == 0 and len(proxy.asked) == 5 and
              {a[:3] for a in proxy.asked} == {(3, b"server.invalid", 4480)}, (code, err, proxy.asked))
    check("http://server.invalid:4480", "--manifest", manifest, "--proxy", proxy.place)
    tap.check("with_words_of_its_own_each_time", len({a[3:] for a in proxy.asked}) == 2, proxy.asked)
    proxy.close()
    home = Path(tempfile.mkdtemp(prefix="sotto-home-"))
    (home / "store.db").write_bytes(b"sealed")
    code, out, err = check(url, "--manifest", manifest, env={"SOTTO_HOME": str(home)})
    tap.check("who_has_a_home_says_which_way", code == 2 and "--proxy none" in err and out == "", (code, out, err))
    code = check(url, "--manifest", manifest, "--proxy", "none", env={"SOTTO_HOME": str(home)})[0]
    tap.check("directly_if_that_is_meant", code == 0, code)
    shutil.rmtree(home)
    wrong = {what: check(*args)[0] for what, args in {
        "path": (url + "/page", "--manifest", manifest), "scheme": (server.http, "--manifest", manifest),
        "no file": (url, "--manifest", str(manifest) + "x"), "no manifest": (url, "--manifest", __file__),
        "a key of nothing": (url, "--key", "name+id+key")}.items()}
    tap.check("a_wrong_command_line_is_told",
              wrong == {"path": 2, "scheme": 2, "no file": 1, "no manifest": 2, "a key of nothing": 2}, wrong)


def tampered(tap, server, names, manifest):
    cut = EXPECTED_CSP.replace("script-src 'self'", "script-src 'self' 'unsafe-inline' https://elsewhere.example")
    cases = {
        "a_changed_byte_in_the_worker": (for_path("/" + names["worker"], lambda b: b.replace(b"ready", b"reads")),
                                         names["worker"], "not what was built"),
        "a_changed_byte_in_the_core": (for_path("/" + names["core"], lambda b: b[:100] + b"\xff" + b[101:]),
                                       names["core"], "not what was built"),
        "an_extra_script_in_the_index": (for_path("/", lambda b: b.replace(b"</html>", b'<script src="https://elsewhere.example/x.js"></script></html>')),
                                         "", "https://elsewhere.example/x.js"),
        "an_inline_script_in_the_index": (for_path("/", lambda b: b + b"<script>alert(1)</script>"), "", "a script of its own"),
        "an_index_that_only_a_service_worker_gets": (for_path("/index.html", lambda b: b + b" "), "index.html", "not what was built"),
        "a_weakened_policy": (weaken("Content-Security-Policy", cut), names["worker"], "Content-Security-Policy is another"),
        "no_policy_at_all": (weaken("Content-Security-Policy", None), names["main"], "Content-Security-Policy is missing"),
        "another_type": (weaken("Content-Type", "text/html"), names["core"], "given out as text/html"),
        "a_cookie": (lambda p, s, h, b: (s, [*h, ("Set-Cookie", "id=1")], b), "", "a header Set-Cookie"),
        "a_worker_that_is_not_there": (lambda p, s, h, b: (404 if "worker" in p else s, h, b), names["worker"], "answers 404"),
        "a_compression_that_is_none": (lambda p, s, h, b: (s, h, b"junk" if "main" in p else b), names["main"], "can't be what was built"),
    }
    for what, (change, name, word) in cases.items():
        with Between(server, change) as url:
            code, out, err = check(url, "--manifest", manifest, "--json")
        objects = [json.loads(line) for line in out.splitlines()]
        told = [o for o in objects if o["type"] == "web_difference" and o["file"] == name and word in o["text"]]
        tap.check(what + "_is_told", code == 9 and told and objects[-1]["same"] is False, (code, out, err))
    def break_off(path, status, headers, body):
        if names["worker"] in path:
            return None, [], b""
        return status, headers, body + b" "
    with Between(server, break_off) as url:
        code, out, err = check(url, "--manifest", manifest, "--json")
    tap.check("who_breaks_off_hides_nothing", code == 9 and json.loads(out.splitlines()[-1])["same"] is False, (code, out, err))
    with Between(server, cases["a_changed_byte_in_the_worker"][0]) as url:
        code, out, err = check(url, "--manifest", manifest)
    tap.check("in_plain_words_too", code == 9 and names["worker"] + ": it is not what was built" in out
              and "does NOT give out the page" in out, out)


def signed(tap, server, manifest, folder):
    """A manifest as a signed note, by the release's own script."""
    key, log = folder / "release.key", folder / "log"
    script = ROOT / "scripts" / "release-web.py"
    public = subprocess.run([script, "key", key, "sotto.example/web"], capture_output=True, text=True, check=True).stdout.strip()
    note = folder / "note"
    subprocess.run([script, "sign", key, manifest, log, note], check=True, capture_output=True)
    url = f"http://{server.http}"
    code, out, err = check(url, "--manifest", note, "--key", public)
    tap.check("a_signed_manifest_is_taken", code == 0, (code, out, err))
    text = note.read_text()
    for what, change in {"changed": text.replace(" index.html", " other.html", 1),
                         "by_nobody": text[:text.index("\n\n") + 2]}.items():
        (folder / "changed").write_text(change)
        code, out, err = check(url, "--manifest", folder / "changed", "--key", public)
        tap.check("one_that_is_signed_by_nobody_is_refused_" + what, code == 4 and "not signed by that key" in err, (code, out, err))
    other = subprocess.run([script, "key", folder / "other.key", "sotto.example/web"], capture_output=True, text=True, check=True).stdout.strip()
    tap.check("nor_is_one_by_another_key", check(url, "--manifest", note, "--key", other)[0] == 4)


class Shown:
    """A folder on the web, under /some/where."""

    def __init__(self, folder):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                file = folder / self.path.removeprefix("/some/where/")
                there = self.path.startswith("/some/where/") and file.is_file()
                self.send_response(200 if there else 404)
                self.end_headers()
                self.wfile.write(file.read_bytes() if there else b"none")

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/some/where"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def logged(tap, server, manifest, folder):
    """Releases in a log of more than one bundle, the last of which is the page."""
    key, log, note = folder / "logs.key", folder / "releases", folder / "logged"
    script = ROOT / "scripts" / "release-web.py"
    public = subprocess.run([script, "key", key, "sotto.example/web"], capture_output=True, text=True, check=True).stdout.strip()
    release = importlib.util.module_from_spec(spec := importlib.util.spec_from_file_location("release", script))
    spec.loader.exec_module(release)
    lines = manifest.read_text()
    texts = [f"sotto web v1\n{i:064x} index.html\n" for i in range(300)]
    release.write_tiles(log, [text.encode() for text in texts])
    root = release.base64.b64encode(release.root_of([release.sha256(b"\0", t.encode()) for t in texts])).decode()
    (log / "checkpoint").write_text(release.sign(key, f"sotto.example/web\n300\n{root}\n"))
    url, shown = f"http://{server.http}", Shown(log)
    by = ["--log", shown.url + "/", "--key", public]
    note.write_text(release.sign(key, lines))
    code, out, err = check(url, "--manifest", note, *by)
    tap.check("what_is_in_no_log_is_refused", code == 4 and "is not in the log" in err, (code, out, err))
    code, out, err = check(url, *by)
    tap.check("without_a_file_the_newest_counts", code == 9 and "index.html" in out, (code, out, err))
    subprocess.run([script, "sign", key, manifest, log, note], check=True, capture_output=True)
    code, out, err = check(url, *by, "--json")
    tap.check("so_a_page_is_checked_by_the_log_alone", code == 0 and json.loads(out)["log_size"] == 301, (code, out, err))
    tap.check("and_its_manifest_is_in_it", check(url, "--manifest", note, *by)[0] == 0)
    tap.check("a_log_needs_a_key", check(url, "--log", shown.url)[0] == 2)
    code, out, err = check(url, "--log", shown.url + "/else", "--key", public)
    tap.check("a_log_that_is_not_there_is_told", code == 4 and "no log that this key signed" in err, (code, out, err))
    bundle = log / "tile/entries/001.p/45"
    good = bundle.read_bytes()
    bundle.write_bytes(good.replace(lines.encode()[-20:], b"x" * 20))
    code, out, err = check(url, *by)
    tap.check("entries_that_are_not_the_root_s_are_refused", code == 4 and "not those that its checkpoint signs" in err, (code, out, err))
    done = subprocess.run([script, "sign", key, manifest, log, note], capture_output=True, text=True)
    tap.check("nor_does_a_release_go_on_from_them", done.returncode == 1 and "not those of its checkpoint" in done.stderr, done)
    bundle.write_bytes(good)
    checkpoint = (log / "checkpoint").read_text()
    (log / "checkpoint").write_text(checkpoint.replace("\n301\n", "\n300\n"))
    code, out, err = check(url, *by)
    tap.check("a_checkpoint_that_was_changed_is_refused", code == 4 and "no log that this key signed" in err, (code, out, err))
    done = subprocess.run([script, "sign", key, manifest, log, note], capture_output=True, text=True)
    tap.check("by_who_releases_too", done.returncode == 1 and "is not signed by this key" in done.stderr, done)
    shown.close()


def by_tls(tap, folder, pages, manifest):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key.pem",
                    "-out", folder / "cert.pem"], check=True, capture_output=True)
    with World([f"pages={pages}", f"certificate={folder}/cert.pem", f"certificate_key={folder}/key.pem"]) as world:
        url = f"https://{world.server.http}"
        code, out, err = check(url, "--manifest", manifest, env={"SSL_CERT_FILE": str(folder / "cert.pem")})
        tap.check("by_tls_too", code == 0 and "as it was built" in out, (code, out, err))
        code, out, err = check(url, "--manifest", manifest)
        tap.check("a_certificate_that_no_browser_would_take_ends_it", code not in (0, 9) and "could not fetch" in err, (code, out, err))


EXPECTED_CSP = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'"


def main():
    tap = Tap()
    folder = Path(tempfile.mkdtemp(prefix="sotto-web-check-"))
    pages, manifest = folder / "pages", folder / "manifest.txt"
    names, lines = make_page(pages)
    manifest.write_text(lines)
    with World([f"pages={pages}"]) as world:
        honest(tap, world.server, names, manifest)
        tampered(tap, world.server, names, manifest)
        signed(tap, world.server, manifest, folder)
        logged(tap, world.server, manifest, folder)
        built_in = check(f"http://{world.server.http}")[0]
        tap.check("without_a_manifest_the_one_built_in_counts", built_in in (2, 9), built_in)
    by_tls(tap, folder, pages, manifest)
    built = ROOT / "build/web"
    if (built / "index.html").exists():
        with World([f"pages={built}"]) as world:
            code, out, err = check(f"http://{world.server.http}")
            tap.check("the_page_as_it_was_built_with_it", code == 0, (code, out, err))
    shutil.rmtree(folder)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
