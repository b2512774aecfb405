"""The web page at the HTTP port: what is given out, with which headers, to slow readers too, and anew on SIGHUP."""
import gzip
import hashlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "term"))
from rig import SOTTOD, Tap, World  # noqa: E402

LARGE = 6 << 20  # more than the kernel takes in for one connection
EXPECTED = {
    "Content-Security-Policy":
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; "
        "style-src 'self'; img-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types sotto",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def hashed(stem, end, content):
    return f"{stem}-{hashlib.sha256(content).hexdigest()[:10]}{end}"


def fill(folder, word):
    """A page, whose script's name is its hash; returns that name."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    script = f"// {word}\n".encode() * 200
    name = hashed("main", ".js", script)
    (folder / name).write_bytes(script)
    (folder / (name + ".gz")).write_bytes(gzip.compress(script, mtime=0))
    (folder / (name + ".br")).write_bytes(b"as brotli: " + word.encode())
    (folder / "index.html").write_text(f"<!doctype html><title>{word}</title>")
    (folder / "main-0123456789.js").write_text("another hash than the name says")
    (folder / "large-page.wasm").write_bytes(word[:1].encode() * LARGE)
    (folder / "empty.txt").write_bytes(b"")
    return name


def reach(server):
    host, port = server.http.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=20)


def read_all(c):
    parts = []
    while part := c.recv(1 << 16):
        parts.append(part)
    return b"".join(parts)


def take_apart(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    line, *lines = head.decode().split("\r\n")
    headers = {}
    for one in lines:
        name, _, value = one.partition(": ")
        assert name not in headers, f"{name} comes twice"
        headers[name] = value
    return int(line.split()[1]), headers, body


def ask(server, path, *lines, method="GET"):
    c = reach(server)
    c.sendall("\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *lines, "", ""]).encode())
    answer = read_all(c)
    c.close()
    return take_apart(answer)


def until(fine):
    end = time.monotonic() + 10
    while not fine() and time.monotonic() < end:
        time.sleep(0.05)
    return fine()


def own_memory(pid):
    """Bytes that a process has for itself alone."""
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Private_Dirty:"):
            return int(line.split()[1]) << 10
    return 0


def what_is_given_out(tap, server, folder, name):
    script = (folder / name).read_bytes()
    status, headers, body = ask(server, "/")
    tap.check("the_root_is_the_index", status == 200 and body == (folder / "index.html").read_bytes(), (status, body))
    wrong = {k: headers.get(k) for k, v in EXPECTED.items() if headers.get(k) != v}
    tap.check("every_header_is_there_word_for_word", not wrong, wrong)
    tap.check("nothing_of_the_machine_is_needed", "camera=(self)" in headers["Permissions-Policy"]
              and "microphone=()" in headers["Permissions-Policy"], headers)
    tap.check("the_index_is_asked_for_each_time", headers["Cache-Control"] == "no-cache", headers)
    tap.check("its_type_is_said", headers["Content-Type"] == "text/html; charset=utf-8", headers)

    status, headers, body = ask(server, "/" + name)
    tap.check("a_script_is_given_out", status == 200 and body == script and "Content-Encoding" not in headers)
    tap.check("a_name_with_its_hash_is_kept_for_ever", headers["Cache-Control"] == "public, max-age=31536000, immutable")
    tap.check("it_has_the_headers_too", headers["Content-Security-Policy"] == EXPECTED["Content-Security-Policy"])
    headers = ask(server, "/main-0123456789.js")[1]
    tap.check("a_name_with_another_hash_is_not", headers["Cache-Control"] == "no-cache", headers)

    _, headers, body = ask(server, "/" + name, "Accept-Encoding: gzip, deflate")
    tap.check("gzip_for_who_takes_it", headers.get("Content-Encoding") == "gzip" and gzip.decompress(body) == script)
    _, headers, body = ask(server, "/" + name, "Accept-Encoding: gzip, deflate, br, zstd")
    tap.check("brotli_for_who_takes_that", headers.get("Content-Encoding") == "br" and body.startswith(b"as brotli"))
    tap.check("caches_are_told_that_it_varies", headers.get("Vary") == "Accept-Encoding", headers)
    tag = headers["ETag"]
    status, headers, body = ask(server, "/" + name, 'If-None-Match: "other", ' + tag)
    tap.check("who_has_it_gets_nothing", status == 304 and body == b"" and headers["ETag"] == tag
              and "Content-Length" not in headers, (status, headers))
    tap.check("who_has_another_gets_it", ask(server, "/" + name, 'If-None-Match: W/"abc"')[0] == 200)
    status, headers, body = ask(server, "/" + name, method="HEAD")
    tap.check("head_is_without_a_body", status == 200 and body == b"" and headers["Content-Length"] == str(len(script)))
    status, headers, body = ask(server, "/empty.txt")
    tap.check("an_empty_file_is_empty", status == 200 and headers["Content-Length"] == "0" and body == b"")

    others = ["/index.htm", "/INDEX.HTML", "//index.html", "/./index.html", "/../index.html", "/%69ndex.html",
              "/" + name + ".gz", "/" + name + ".br", "/main", "/pages/index.html"]
    wrong = [path for path in others if ask(server, path)[0] != 404]
    tap.check("no_other_path_is_there", not wrong, wrong)
    wrong = [m for m in ("POST", "PUT", "DELETE", "OPTIONS", "get") if ask(server, "/", method=m)[0] != 405]
    tap.check("no_other_method_either", not wrong, wrong)
    tap.check("health_is_where_it_was", ask(server, "/health")[0] == 200)
    tap.check("a_session_is_not_a_page", ask(server, "/session")[0] == 426)


def who_reads_slowly(tap, server, folder, name):
    edges = [pid for pid in server.children()
             if b"edge" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()]
    before = sum(own_memory(pid) for pid in edges)
    slow = []
    for _ in range(40):
        c = reach(server)
        c.sendall(b"GET /large-page.wasm HTTP/1.1\r\nHost: localhost\r\n\r\n")
        slow.append(c)
    for c in slow:
        assert c.recv(4096).startswith(b"HTTP/1.1 200"), "no answer"
    tap.check("who_does_not_read_holds_no_copy", sum(own_memory(pid) for pid in edges) - before < LARGE,
              sum(own_memory(pid) for pid in edges) - before)
    tap.check("others_are_served_meanwhile", ask(server, "/")[0] == 200)
    held = slow.pop()
    for c in slow:
        c.close()

    other = fill(folder, "second")
    os.kill(server.process.pid, signal.SIGHUP)
    tap.check("it_is_told_that_it_was_read", until(lambda: "the web page was read again" in server.log.read_text()),
              server.log.read_text())
    tap.check("a_newer_page_is_given_out", until(lambda: all(b"second" in ask(server, "/")[2] for _ in range(8))))
    tap.check("what_was_only_in_the_one_before_is_gone", ask(server, "/" + name)[0] == 404)
    tap.check("what_is_only_in_the_newer_is_there", ask(server, "/" + other)[0] == 200)
    rest = read_all(held)
    held.close()
    tap.check("who_was_in_the_middle_gets_the_rest_of_that_before",
              rest.endswith(b"f" * 1000) and LARGE - 4096 < len(rest) <= LARGE and b"s" not in rest[4096:], len(rest))

    for what, break_it in (("no_index", lambda: (folder / "index.html").unlink()),
                           ("a_name_that_needs_an_escape", lambda: (folder / "a b.js").write_text("1")),
                           ("an_ending_without_a_type", lambda: (folder / "page.exe").write_text("1"))):
        fill(folder, "third")
        break_it()
        refused = server.log.read_text().count("the web page stays as it was")
        os.kill(server.process.pid, signal.SIGHUP)
        told = until(lambda: server.log.read_text().count("the web page stays as it was") == refused + 1)
        tap.check("nothing_changes_with_" + what, told and b"second" in ask(server, "/")[2])
    return fill(folder, "fourth")


def main():
    tap = Tap()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sotto-pages-"))
    pages = folder / "pages"
    name = fill(pages, "first")
    with World([f"pages={pages}", "edges=2"]) as world:
        server = world.server
        what_is_given_out(tap, server, pages, name)
        who_reads_slowly(tap, server, pages, name)
        log = server.log.read_text()
        tap.check("no_line_of_the_log_is_about_a_request", "GET" not in log and "main-" not in log
                  and "127.0.0.1" not in log, log)

        def check():
            done = subprocess.run([SOTTOD, "check", "--set", f"pages={pages}", "--data", str(folder / "none"),
                                   "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"],
                                  capture_output=True, text=True, timeout=30)
            return done.returncode, done.stdout
        code, text = check()
        tap.check("check_looks_at_it", code == 0 and f"web page {pages}: fine, 5 files" in text, text)
        (pages / "index.html").unlink()
        code, text = check()
        tap.check("check_says_what_is_missing", code == 1 and "web page" in text and "fine, 5" not in text, text)
        tap.check("it_ends_as_always", server.stop() == 0)
    with World() as world:
        tap.check("without_the_setting_there_is_none", ask(world.server, "/")[0] == 404)
    shutil.rmtree(folder)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
