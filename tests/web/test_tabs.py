#!/usr/bin/env python3
"""The core in a real browser, in two tabs, beside the terminal client:
test_tabs.py PAGE.js WORKER.js CORE.wasm. Prints TAP."""
import collections
import http.server
import shutil
import socket
import sys
import threading
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "term"), str(TESTS / "desk/pages")]
from rig import Tap, Unexpected, World  # noqa: E402

POLICY = ("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; "
          "require-trusted-types-for 'script'; trusted-types sotto")
PASSPHRASE = "a passphrase"


def pipe(source, sink):
    try:
        while part := source.recv(65536):
            sink.sendall(part)
    except OSError:
        pass
    try:
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Origin(http.server.BaseHTTPRequestHandler):
    """The page's files, and the server's sessions, at one origin."""
    files, server_http = {}, None

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path == "/session":
            return self.session()
        kind, body = self.files.get(self.path, (None, b""))
        self.send_response(200 if kind else 404)
        self.send_header("Content-Type", kind or "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(body)

    def session(self):
        self.close_connection = True
        host, _, port = self.server_http.rpartition(":")
        with socket.create_connection((host, int(port)), 20) as up:
            up.settimeout(None)
            up.sendall(b"GET /session HTTP/1.1\r\n" + str(self.headers).strip().replace("\r\n", "\n").replace("\n", "\r\n").encode()
                       + b"\r\n\r\n")
            back = threading.Thread(target=pipe, args=[up, self.connection], daemon=True)
            back.start()
            pipe(self.connection, up)
            back.join(20)


class Tab:
    """One tab of a driver; each call goes to it first."""

    def __init__(self, driver, handle, url):
        self.driver, self.handle = driver, handle
        self.here().get(url)

    def here(self):
        self.driver.switch_to.window(self.handle)
        return self.driver

    def run(self, script, *args):
        told = self.here().execute_async_script(
            "const given = [...arguments], done = given.pop();"
            f"(async () => {{ {script} }})().then((value) => done({{ value }}), (e) => done({{ failed: e.error ?? String(e) }}));",
            *args)
        if "failed" in told:
            raise Unexpected(told["failed"])
        return told.get("value")

    def call(self, name, *args):
        return self.run("return core.call(given[0], ...given[1]);", name, list(args))

    def finish(self, name, *args):
        """A command, to its end."""
        event = self.run("return core.done((await core.call(given[0], ...given[1])).command);", name, list(args))
        if event["error"]:
            raise Unexpected(f"{name}: {event}")
        return event

    def refused(self, name, *args):
        try:
            return f"no: {self.call(name, *args)}"
        except Unexpected as refusal:
            return str(refusal)

    def saw(self, kind, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.run("return events.some((e) => e.type === given[0]);", kind):
                return True
            time.sleep(0.1)
        return False

    def texts(self, number):
        return [m["text"] for m in self.call("messages", number, 1, 1000) if m["kind"] == "content"]


def start(profile):
    from browser import driver
    made = driver(arguments=[f"--user-data-dir={profile}"])
    made.set_script_timeout(60)
    return made


def another(driver, url):
    driver.switch_to.new_window("tab")
    return Tab(driver, driver.current_window_handle, url)


def until(test, seconds=60):
    end = time.monotonic() + seconds
    while not (found := test()) and time.monotonic() < end:
        time.sleep(0.1)
    return found


def play(tap, world, ann, url, profile, browsers):
    browsers.append(start(profile))
    first = Tab(browsers[-1], browsers[-1].current_window_handle, url)
    tap.check("a_new_profile_has_no_store", first.call("exists") is False)
    first.call("open", PASSPHRASE, True)
    first.finish("create", world.server.invite(), "Web")
    link = first.finish("contact-link", True, 30)["text"]
    ann.fine("invite", link, "--as", "web")
    account = first.call("contact-accept", ann.link(), "ann")["account"]
    number = first.call("new", "", account)["conversation"]
    first.finish("send", number, "plain", "from the first tab", "")

    second = another(browsers[-1], url)
    tap.check("another_tab_sees_what_the_first_has",
              second.call("exists") and second.call("open", "", False) == {} and
              second.texts(number) == ["from the first tab"])
    second.finish("send", number, "plain", "from the second tab", "")
    tap.check("and_what_it_does_the_first_hears_of",
              first.saw("sent") and first.texts(number) == ["from the first tab", "from the second tab"])

    first.here().close()
    tap.check("when_the_first_goes_the_second_takes_over", second.saw("writer"))
    tap.check("and_has_to_open_the_store_anew", second.refused("status") == "CLOSED" and
              second.refused("open", "another", False) == "PASSPHRASE")
    second.call("open", PASSPHRASE, False)
    second.finish("send", number, "plain", "after the first tab", "")
    ann.fine("read", "web")
    ann.fine("send", "web", "from the terminal")
    came = until(lambda: "from the terminal" in second.texts(number))
    tap.check("it_receives_and_sends", came, second.texts(number))
    for i in range(20):
        second.call("send", number, "plain", f"before the crash {i}", "")
    try:
        browsers[-1].execute_cdp_cmd("Browser.crash", {})
    except Exception:
        pass  # nobody is there to answer
    browsers.pop().quit()

    browsers.append(start(profile))
    third = Tab(browsers[-1], browsers[-1].current_window_handle, url)
    third.call("open", PASSPHRASE, False)
    until(lambda: not third.call("status")["unsettled"])
    ann.fine("read", "web")
    here, there = third.texts(number), [t for t, _, _ in ann.history("web")]
    tap.check("a_browser_that_crashed_goes_on_where_it_was",
              len(here) == 24 and max(collections.Counter(here).values()) == 1 and sorted(here) == sorted(there),
              f"{here} {there}")
    fourth, old = (another(browsers[-1], url + path) for path in ("", "old"))
    tap.check("a_page_of_another_version_says_so", old.refused("exists") == "UNSUPPORTED")
    fourth.run("globalThis.waits = core.done(123456789).then((e) => e.error);")
    third.call("lock")
    tap.check("a_lock_closes_it", third.refused("status") == "CLOSED")
    tap.check("and_all_tabs_hear_of_it", fourth.saw("locked") and fourth.run("return await waits;") == "CLOSED")
    fourth.run("events.length = 0;")
    third.call("open", PASSPHRASE, False)
    tap.check("and_when_it_is_opened", fourth.saw("opened", 10))
    fourth.here().close()
    third.call("wipe")
    tap.check("of_a_wipe_too", third.run("return events.filter((e) => e.type === 'locked' && e.error === '').length;") == 2)
    left = third.run("const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('sotto');"
                     "const names = []; for await (const name of root.keys()) names.push(name); return names;")
    tap.check("a_wipe_leaves_no_file", third.call("exists") is False and left == [], left)
    third.here().close()
    gone = until(lambda: old.refused("exists") == "IO", 20)
    tap.check("a_page_whose_worker_is_not_there_any_more_says_so", gone, old.refused("exists"))
    problems = [entry["message"] for entry in browsers[-1].get_log("browser")
                if entry["level"] == "SEVERE" and "gone.js" not in entry["message"]]
    tap.check("the_policy_of_the_page_is_kept", not problems, problems)


def main():
    page, worker, core = map(Path, sys.argv[1:4])
    tap = Tap()
    if not core.exists() or not shutil.which("chromium"):
        print("1..1\nok 1 - the_core_in_a_browser # SKIP no chromium, or the wasm flavour is not built")
        return 0
    script = "text/javascript"
    Origin.files = {"/": ("text/html", b'<!doctype html><title>core</title><script type=module src=page.js></script>'),
                    "/page.js": (script, page.read_bytes()),
                    "/old": ("text/html", b'<!doctype html><title>old</title><script type=module src=old.js></script>'),
                    "/old.js": (script, page.read_bytes().replace(b"worker.js", b"gone.js")), "/worker.js": (script, worker.read_bytes()),
                    "/core.wasm": ("application/wasm", core.read_bytes()), "/favicon.ico": ("image/png", b"")}
    origin = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Origin)
    origin.daemon_threads = True
    threading.Thread(target=origin.serve_forever, daemon=True).start()
    browsers = []
    with World() as world:
        Origin.server_http = world.server.http
        try:
            play(tap, world, world.person("ann"), f"http://127.0.0.1:{origin.server_port}/", world.folder / "profile", browsers)
        finally:
            for browser in browsers:
                browser.quit()
            origin.shutdown()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
