#!/usr/bin/env python3
"""The desk's pages by plain HTTP, without script: test_pages.py SOTTO_DESK PAGES_SERVER. Prints TAP."""
import base64
import hashlib
import os
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from desk import Desk, Visitor, texts  # noqa: E402
from html_check import check  # noqa: E402
from office import Office  # noqa: E402

PUBLIC = ["/", "/policy", "/guidelines", "/report", "/ledger", "/file", "/file/wait", "/file/enrolled", "/status", "/object", "/login",
          "/act-as", "/enrol", "/login?person=intake-1", "/login?person=nobody", "/nothing", "/status?receipt=00"]
INSIDE = ["/queue", "/queue?role=intake", "/queue?state=held", "/queue?mine=yes", "/tasks", "/tasks/keys", "/carry",
          "/board",
          "/board/set", "/board/freeze", "/board/unfreeze", "/sightings", "/office", "/office/next", "/office/authority",
          "/office/person/policy-1", "/office/authority/de-court-example", "/directory", "/directory?q=de", "/roster",
          "/me"]
FILING = [("authority", "Amtsgericht Beispielstadt"), ("jurisdiction", "DE"), ("beneficiary", "DE"),
          ("reference", "12 Js 34/26"), ("official", "A. Beispiel"), ("supervisor", "B. Beispiel"),
          ("contact", "a@example.org"), ("process", "national-order"), ("legal-basis", "§ 100j StPO\r\nline two"),
          ("validated-by", "Richterin C."), ("offence", "fraud"), ("accounts", "handle <b>x</b>"),
          ("field", "exists"), ("field", "created"), ("purpose", "to find out")]

tests = []


def test(function):
    tests.append(function)
    return function


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def good_page(answer, status=200):
    expect(answer.status == status, f"{answer.status} instead of {status}: {answer.text[-600:]}")
    problems, read = check(answer)
    expect(not problems, "; ".join(problems))
    return read


def ticket_of(page):
    return re.search(r'action="/file\?ticket=([0-9a-f]+)"', page).group(1)


def work_for(ticket, bits=8):
    number = 0
    while int.from_bytes(hashlib.sha256(f"{ticket}:{number}".encode()).digest()[:4], "big") >> (32 - bits):
        number += 1
    return number


def file_one(visitor, fields=FILING, files=()):
    ticket = ticket_of(visitor.get("/file").text)
    return visitor.upload(f"/file?ticket={ticket}&work={work_for(ticket)}", fields, files)


def filed_case(answer):
    good_page(answer)
    return re.search(r'<h1>[^<]*<span class="id">([^<]+)</span>', answer.text).group(1)


@test
def every_page_is_well_formed_and_strict_in_both_languages(desk):
    for language in ("en", "zh-Hant"):
        visitor = Visitor(desk, language)
        for path in PUBLIC:
            answer = visitor.get(path)
            read = good_page(answer, 404 if path == "/nothing" else 200)
            expect(read.lang == language, f"{path} is in {read.lang}")
        expect(visitor.login("intake-1").status == 303, "no session")
        for path in INSIDE:
            good_page(visitor.get(path))


@test
def the_language_is_that_of_the_browser_until_one_is_chosen(desk):
    visitor = Visitor(desk)
    for languages, lang in (("zh-TW,zh;q=0.9", "zh-Hant"), ("fr,en;q=0.5", "en"), ("de", "en"), ("", "en")):
        expect(check(visitor.get("/", **{"Accept-Language": languages}))[1].lang == lang, languages)
    answer = visitor.get("/language?to=zh-Hant&back=/policy")
    expect(answer.status == 303 and answer.headers["Location"] == "/policy", "not back")
    expect(check(visitor.get("/", **{"Accept-Language": "en"}))[1].lang == "zh-Hant", "not chosen")
    for back in ("//example.org", "https://example.org", "javascript:x"):
        expect(visitor.get(f"/language?to=en&back={back}").headers["Location"] == "/", back)


@test
def links_lead_to_pages_that_are_there(desk):
    visitor = Visitor(desk)
    visitor.login("approver-1")
    expect("Nobody waits." in visitor.get("/office/next").text, "a folder that is not there enrols")
    seen, wait = set(), ["/"]
    while wait:
        path = wait.pop()
        if path in seen or not path.startswith("/") or path.startswith("/language"):
            continue
        seen.add(path)
        answer = visitor.get(path)
        # Nothing was published yet.
        expect(answer.status == 200 or path.startswith("/ledger/"), f"{path}: {answer.status}")
        if answer.headers["Content-Type"].startswith("text/html") and answer.status == 200:
            wait += [link.split("#")[0] for link in good_page(answer).links]
    expect(len(seen) > 20, seen)


@test
def what_is_inside_is_for_who_is_signed_in(desk):
    visitor = Visitor(desk)
    for path in INSIDE + ["/case/x", "/case/x/key", "/case/x/sealed/move/1", "/case/x/do/open", "/me/key", "/paper/x"]:
        answer = visitor.get(path)
        expect((answer.status, answer.headers["Location"]) == (303, "/login"), path)
    for path in ("/case/x/move", "/case/x/do/open", "/case/x/wrap", "/board", "/paper", "/paper/x", "/me/key"):
        answer = visitor.post(path, {"a": "b"})
        expect((answer.status, answer.headers["Location"]) == (303, "/login"), path)


def only_head(visitor, path, length):
    """Announces a body, and waits for the answer without sending it."""
    return visitor.ask("POST", path, None, {"Content-Length": str(length),
                                            "Content-Type": "application/x-www-form-urlencoded"})


@test
def no_body_is_read_of_who_is_not_signed_in_or_says_too_much(desk):
    visitor = Visitor(desk)
    inside = {"/case/x/move": 1 << 20, "/case/x/do/open": 1 << 20, "/case/x/wrap": 16384, "/board": 3 << 20, "/paper": 3 << 20,
              "/paper/x": 3 << 20, "/me/away": 16384, "/me/key": 16384, "/carry/1/done": 1 << 20,
              "/carry/1/refused": 16384, "/case/x/key": 16384}
    for path, most in inside.items():
        answer = only_head(visitor, path, most)
        expect((answer.status, answer.headers["Location"]) == (303, "/login"), f"{path}: {answer.status}")
    visitor.login("intake-1")
    for path, most in inside.items():
        for length in (most + 1, 1 << 30):
            good_page(only_head(visitor, path, length), 413)
    for path in ("/login", "/logout", "/enrol", "/object", "/file"):
        good_page(only_head(visitor, path, 1 << 30), 413)


@test
def a_session_is_begun_by_a_signature_once(desk):
    visitor = Visitor(desk)
    text = texts(visitor.get("/login?person=policy-1").text)["text"]
    line = desk.sign("policy-1", text)
    other = desk.sign("policy-2", text)
    changed = text.replace("policy-1", "policy-2")

    def login(t, lines):
        return visitor.post("/login", {"text": t, "text-lines": lines})

    expect(login(text, "").status == 403, "unsigned")
    text = texts(visitor.get("/login?person=policy-1").text)["text"]
    expect(login(text, line).status == 403, "a signature over another nonce")
    # Whoever can't sign uses nothing up: not this nonce, nor the room of those that are remembered.
    for _ in range(1100):
        flood = texts(visitor.get("/login?person=policy-1").text)["text"]
        expect(login(flood, line).status == 403, "a flood")
    expect(login(text, desk.sign("policy-1", text)).status == 303, "after a flood")
    visitor.post("/logout", {})
    visitor.cookies.pop("desk")
    text = texts(visitor.get("/login?person=policy-1").text)["text"]
    expect(login(text, other).status == 403, "of somebody else")
    expect(login(changed, line).status == 403, "another text")
    text = texts(visitor.get("/login?person=policy-1").text)["text"]
    expect("desk" not in visitor.cookies, "a session began")
    answer = login(text, desk.sign("policy-1", text))
    cookie = answer.headers["Set-Cookie"]
    expect(answer.status == 303 and "HttpOnly" in cookie and "SameSite=Strict" in cookie, cookie)
    expect(visitor.get("/me").status == 200, "no session")
    expect(login(text, desk.sign("policy-1", text)).status == 403, "the same text twice")
    visitor.post("/logout", {})
    expect(visitor.get("/me").status == 303, "still signed in")


@test
def a_form_of_another_site_changes_nothing(desk):
    visitor = Visitor(desk)
    visitor.login("policy-1")
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://example.org"},
                    {"Origin": "null"}):
        good_page(visitor.post("/me/away", {"until": "2030-01-01"}, **headers), 403)
    expect(visitor.post("/me/away", {"until": ""}, **{"Origin": desk.origin}).status == 303, "our own form")


@test
def a_filing_by_the_form_is_receipted_by_the_hash_of_what_is_shown(desk):
    visitor = Visitor(desk)
    answer = file_one(visitor, files=[("attachment", "order \u202e.pdf", b"\x89PNG<script>")])
    case = filed_case(answer)
    text = re.search(r'<pre class="text" tabindex="0">(.*?)</pre>', answer.text, re.S).group(1)
    expect("&lt;b&gt;x&lt;/b&gt;" in text and "<b>x" not in text, "unescaped")
    expect("legal-basis: § 100j StPO\n    line two\n" in text, text)
    receipt = re.search(r"[0-9a-f]{64}", answer.text).group(0)
    shown = good_page(visitor.get(f"/status?receipt={receipt}"))
    expect(shown is not None and case in visitor.get(f"/status?receipt={receipt}").text, "not found again")
    expect(visitor.get(f"/receipt/{receipt}").text.startswith("sotto receipt 1\n"), "no promise")
    proof = f"/receipt/{receipt}/proof"
    good_page(visitor.get(proof), 404)
    desk.publish()
    expect(proof in visitor.get(f"/status?receipt={receipt}").text, "no link to the proof")
    expect(visitor.get(proof).text.startswith("c2sp.org/tlog-proof@v1\n"), visitor.get(proof).text)
    expect("demonstration.example/ledger\n1024\n" in visitor.get("/ledger").text, "the checkpoint")
    good_page(visitor.get("/ledger"))
    expect("PNG" not in text and hashlib.sha256(b"\x89PNG<script>").hexdigest() in text, "attachment by its hash")


@test
def a_receipt_is_signed_at_once_and_proved_by_the_next_batch(desk):
    visitor = Visitor(desk)
    answer = file_one(visitor, FILING[:-1] + [(FILING[-1][0], FILING[-1][1] + " twice")])
    case, receipt = filed_case(answer), re.search(r"/receipt/([0-9a-f]{64})/proof", answer.text).group(1)
    note = visitor.get(f"/receipt/{receipt}")
    expect(note.status == 200 and note.text.startswith("sotto receipt 1\nledger "), note.text)
    expect(f"\ncase {case}\nfiling {receipt}\n" in note.text and "\n\n\u2014 " in note.text, note.text)
    good_page(visitor.get(f"/receipt/{receipt}/proof"), 404)
    subprocess.run([sys.argv[1], "ledger", "publish", desk.folder], check=True)
    proof = visitor.get(f"/receipt/{receipt}/proof")
    expect(proof.status == 200 and proof.text.startswith("c2sp.org/tlog-proof@v1\nextra "), proof.text)
    expect(proof.text.endswith(visitor.get("/ledger/checkpoint").text), "another checkpoint")
    for path in ("/receipt/" + "00" * 32, "/receipt/x", "/receipt/" + "00" * 32 + "/proof"):
        good_page(visitor.get(path), 404)
    size = int(visitor.get("/ledger/checkpoint").text.split("\n")[1])
    expect(visitor.get(f"/ledger/tile/entries/{size // 256 - 1:03}").status == 200, "no tile")


@test
def a_filing_costs_work_once(desk):
    visitor = Visitor(desk)
    ticket = ticket_of(visitor.get("/file").text)
    good_page(visitor.upload(f"/file?ticket={ticket}", FILING), 403)
    wrong = next(n for n in range(100) if n != work_for(ticket) and int.from_bytes(
        hashlib.sha256(f"{ticket}:{n}".encode()).digest()[:1], "big") > 0)
    good_page(visitor.upload(f"/file?ticket={ticket}&work={wrong}", FILING), 403)
    good_page(visitor.upload("/file?ticket=00", FILING), 403)
    good_page(visitor.upload("/file", FILING), 403)
    path = f"/file?ticket={ticket}&work={work_for(ticket)}"
    good_page(visitor.upload(path, FILING[1:]), 422)
    filed_case(visitor.upload(path, FILING))
    good_page(visitor.upload(path, FILING), 403)


def begin_upload(desk, path, length):
    """A connection on which an upload has begun; what is sent of it is the caller's."""
    link = socket.create_connection(("127.0.0.1", desk.port), timeout=30)
    link.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost:{desk.port}\r\nContent-Length: {length}\r\nContent-Type: "
                 "multipart/form-data; boundary=b\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\n"
                 .encode())
    return link


def paid(visitor, bits=8):
    ticket = ticket_of(visitor.get("/file").text)
    return f"/file?ticket={ticket}&work={work_for(ticket, bits)}"


@test
def a_ticket_is_good_for_one_upload_at_a_time(desk):
    visitor = Visitor(desk)
    path = paid(visitor)
    link = begin_upload(desk, path, 100000)
    link.sendall(b"half")
    time.sleep(0.2)
    good_page(visitor.upload(path, FILING), 403)
    link.close()
    time.sleep(0.2)
    filed_case(visitor.upload(path, [(n, "at a time" if n == "reference" else v) for n, v in FILING]))


@test
def slow_uploads_keep_nobody_from_filing(desk):
    visitor = Visitor(desk)
    links = [begin_upload(desk, paid(visitor, 12), 10 << 20) for _ in range(40)]
    # Those that were begun just now are not ended; a moment later each of them is slow. They drip, and are never silent.
    for _ in range(150):
        for link in links:
            try:
                link.sendall(b"d")
            except OSError:
                pass
        answer = file_one(visitor, [(n, "in a flood" if n == "reference" else v) for n, v in FILING])
        if answer.status == 200:
            break
        good_page(answer, 503)
        time.sleep(0.1)
    filed_case(answer)
    expect(visitor.get("/").status == 200, "other pages wait")
    for link in links:
        link.close()


@test
def an_upload_of_a_gibibyte_is_refused_and_not_read(desk):
    visitor = Visitor(desk)
    before = counted(desk, "SELECT count(*) FROM cases")
    link = begin_upload(desk, paid(visitor), 1 << 30)
    sent, part = 0, b"x" * (1 << 20)
    try:
        while sent < 1 << 30:
            link.sendall(part)
            sent += len(part)
    except OSError:
        pass
    expect(sent < 64 << 20, f"{sent} bytes went")
    link.close()
    good_page(only_head(visitor, paid(visitor), 1 << 30), 413)
    link = begin_upload(desk, paid(visitor), "1\r\nTransfer-Encoding: chunked")
    expect(b" 400 " in link.recv(100), "two lengths")
    link.close()
    expect(counted(desk, "SELECT count(*) FROM cases") == before, "a case")


def counted(desk, sql):
    """What the store says beside the daemon."""
    store = sqlite3.connect(desk.folder / "desk.sqlite", timeout=30)
    try:
        number = store.execute(sql).fetchone()[0]
    finally:
        store.close()
    return number


def unread(desk, n):
    """As if so many filings of strangers waited."""
    store = sqlite3.connect(desk.folder / "desk.sqlite", timeout=30)
    store.execute("UPDATE unread SET n = n + ? WHERE enrolled = 0", (n,))
    store.commit()
    store.close()
    time.sleep(1.1)


def signed_ticket(desk, visitor, authority="de-court-example", key=None):
    """The form that an authority of the directory gets for its signature."""
    page = visitor.get("/file/enrolled")
    good_page(page)
    text = re.search(r"<pre[^>]*>(sotto filing \S+ [0-9a-f]+)</pre>", page.text).group(1)
    ticket = re.search(r'name="ticket" value="([0-9a-f]+)"', page.text).group(1)
    expect(text == f"sotto filing {desk.origin} {ticket}", text)
    key = key or desk.folder / "authorities" / authority / "key.pem"
    made = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=text.encode(), capture_output=True,
                          check=True).stdout
    form = {"ticket": ticket, "authority": authority, "signature": base64.encodebytes(made).decode()}
    return form, visitor.post("/file/signed", form)


@test
def what_a_filing_costs_rises_with_what_waits_and_with_what_is_sent(desk):
    visitor = Visitor(desk)
    prices = [int(visitor.get(f"/file/price?length={n}").body) for n in (0, 1 << 20, 3 << 20, 48 << 20)]
    expect(prices == [8, 8, 10, 14], prices)
    expect(visitor.get("/file/price?length=x").status == 400, "no length")
    unread(desk, 5000)
    expect(int(visitor.get("/file/price?length=0").body) == 13, "half of the room is taken")
    ticket = ticket_of(visitor.get("/file").text)
    weak = next(n for n in range(10 ** 6) if 8 <= bits_of(ticket, n) < 12)
    good_page(visitor.upload(f"/file?ticket={ticket}&work={weak}", FILING), 403)
    place = visitor.post("/file/wait", {})
    good_page(place)
    unread(desk, -5000)
    filed_case(visitor.upload(f"/file?ticket={ticket}&work={weak}",
                              [(n, "cheaper" if n == "reference" else v) for n, v in FILING]))


def bits_of(ticket, number):
    return 256 - int.from_bytes(hashlib.sha256(f"{ticket}:{number}".encode()).digest(), "big").bit_length()


@test
def an_authority_of_the_directory_files_past_a_flood(desk):
    visitor = Visitor(desk)
    unread(desk, 10000)
    fields = [(n, "past a flood" if n == "reference" else v) for n, v in FILING]
    refused = visitor.upload(paid(visitor, 16), fields)
    expect(refused.status == 422 and "FLOOD" in refused.text, refused.status)
    form, page = signed_ticket(desk, visitor)
    good_page(page)
    path = re.search(r'action="(/file/enrolled[^"]*)"', page.text).group(1).replace("&amp;", "&")
    good_page(visitor.upload(path.replace("de-court", "fr-court"), fields), 403)
    good_page(visitor.upload(path.replace("/file/enrolled", "/file"), fields), 403)
    answer = visitor.upload(path, fields)
    case = filed_case(answer)
    expect("signed-by: de-court-example\n" in answer.text, "who signed is not said")
    good_page(visitor.upload(path, fields), 403)
    # A signature is good once, and nobody else's is.
    good_page(visitor.post("/file/signed", form), 403)
    other = Path(desk.temp.name) / "other.pem"
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", other], check=True)
    good_page(signed_ticket(desk, visitor, key=other)[1], 403)
    good_page(signed_ticket(desk, visitor, authority="nobody", key=other)[1], 403)
    unread(desk, -10000)
    # It is the first of those that nobody classified.
    visitor.login("intake-1")
    queue = visitor.get("/queue?state=received").text
    rows = [row for row in re.findall(r"<tr>.*?</tr>", queue, re.S) if "/case/" in row and "<time" not in row]
    expect(f"/case/{case}" in rows[0], "not the first")


@test
def bad_uploads_are_refused_and_file_nothing(desk):
    visitor = Visitor(desk)
    good_page(file_one(visitor, FILING + [("reference", "again")]), 400)
    good_page(file_one(visitor, [(n, "x" * 20000 if n == "purpose" else v) for n, v in FILING]), 400)
    good_page(file_one(visitor, FILING, [("attachment", f"{i}", b"x") for i in range(17)]), 400)
    answer = visitor.ask("POST", "/file?ticket=00", None, {"Content-Length": str(1 << 30)})
    expect(answer.status in (403, 413), answer.status)


@test
def a_case_shows_its_facts_and_moves_to_who_may_make_them(desk):
    visitor = Visitor(desk)
    fields = [("reference", "moves") if name == "reference" else (name, value) for name, value in FILING]
    case = filed_case(file_one(visitor, fields))
    visitor.login("intake-1")
    page = visitor.get(f"/case/{case}")
    good_page(page)
    expect(f"/case/{case}/do/classify" in page.text, "intake may classify")
    expect("Beispiel" not in page.text, "what is sealed stands in the clear")
    good_page(visitor.get(f"/case/{case}/do/classify"))
    visitor.login("auditor-1")
    expect("/do/classify" not in visitor.get(f"/case/{case}").text, "the auditor may not")
    good_page(visitor.get("/case/none"), 404)
    good_page(visitor.get(f"/case/{case}/do/receive"), 404)


CLASS = [("say-kind", "produce"), ("say-path", "ordinary"), ("say-authority", "de-court-example"),
         ("say-regime", "national"), ("say-process", "national-order"), ("say-category", "subscriber"),
         ("say-beneficiary", "DE"), ("say-accounts", "1"), ("say-fields", "exists"), ("say-fields", "created")]


@test
def a_move_is_made_of_the_text_that_was_shown_and_signed(desk):
    visitor = Visitor(desk)
    fields = [("reference", "signed") if name == "reference" else (name, value) for name, value in FILING]
    case = filed_case(file_one(visitor, fields))
    visitor.login("intake-1")
    page = visitor.post(f"/case/{case}/do/classify", CLASS)
    good_page(page)
    text = texts(page.text)["move"]
    expect("say fields exists created\n" in text and "move classify\n" in text, text)
    line = desk.sign("intake-1", text)

    def move(t, lines):
        return visitor.post(f"/case/{case}/move", {"move": t, "move-lines": lines})

    good_page(move(text, ""), 422)
    good_page(move(text, desk.sign("policy-1", text)), 422)
    good_page(move(text.replace("de-court", "fr-court"), line), 422)
    answer = move(text, line)
    expect((answer.status, answer.headers["Location"]) == (303, f"/case/{case}"), answer.text[-500:])
    expect("Amtsgericht Beispielstadt" in visitor.get(f"/case/{case}").text, "not classified")
    good_page(move(text, line), 422)


def letter_on(visitor, case, move, ground):
    page = visitor.post(f"/case/{case}/do/{move}", [("say-ground", ground), ("letter-reference", "12 Js 34/26"),
                                                    ("letter-asked", "a picture")])
    good_page(page)
    return texts(page.text)["letter"]


def classified(desk, visitor, case, **other):
    fields = [(name, other.get(name[4:], value)) for name, value in CLASS]
    text = texts(visitor.post(f"/case/{case}/do/classify", fields).text)["move"]
    sent = {"move": text, "move-lines": desk.sign("intake-1", text)}
    expect(visitor.post(f"/case/{case}/move", sent).status == 303, "not classified")


@test
def the_letter_is_that_of_the_ground(desk):
    visitor = Visitor(desk)
    fields = [("reference", "grounds") if name == "reference" else (name, value) for name, value in FILING]
    case = filed_case(file_one(visitor, fields))
    visitor.login("intake-1")
    classified(desk, visitor, case)
    expect(letter_on(visitor, case, "not-held", "no-such-identifier").startswith("No such identifier"), "no identifier")
    expect(letter_on(visitor, case, "not-held", "not-held").startswith("Not held"), "not held")
    form = visitor.get(f"/case/{case}/do/classify").text
    expect('<option value="traffic-stream">' in form, "a demand can't be chosen")
    classified(desk, visitor, case, kind="demand", category="traffic-stream", process="pen-register")
    expect(letter_on(visitor, case, "reject", "live-data").startswith("Not executable"), "not executable")


@test
def a_letter_to_the_authority_is_ready_to_sign(desk):
    visitor = Visitor(desk)
    fields = [("reference", "in-time") if name == "reference" else (name, value) for name, value in FILING]
    case = filed_case(file_one(visitor, fields))
    visitor.login("intake-1")
    classified(desk, visitor, case)
    form = visitor.get(f"/case/{case}/do/write")
    good_page(form)
    offered = re.findall(r'<option value="([a-z-]+)">', form.text.split("letter-reference")[0])
    expect(offered == ["receipt", "nobody-in-time"], offered)
    expect("letter-court" not in form.text and "letter-ground" not in form.text, "asks what no letter says")
    draft = [("say-template", "nobody-in-time"), ("letter-reference", "12 Js 34/26")]
    page = visitor.post(f"/case/{case}/do/write", draft)
    good_page(page)
    sent = texts(page.text)
    expect("to be answered within 720 hours" in sent["letter"] and "12 Js 34/26" in sent["letter"], sent["letter"])
    digest = hashlib.sha256(sent["letter"].encode()).hexdigest()
    expect(f"say letter {digest}\n" in sent["move"], sent["move"])
    sent["move-lines"] = desk.sign("intake-1", sent["move"])
    expect(visitor.post(f"/case/{case}/move", sent).status == 303, "not signed")
    expect("Write to the authority" in visitor.get(f"/case/{case}").text, "not in the history")
    other = visitor.post(f"/case/{case}/do/write", [("say-template", "lapse-held"), ("letter-reference", "x")])
    expect("letter" not in texts(other.text), "a letter that doesn't fit")
    office = Office(desk)
    case = filed_case(file_one(visitor, [("reference", "rejected")] + [f for f in FILING if f[0] != "reference"]))
    classified(desk, visitor, case, kind="demand", category="block-account", process="blocking-demand")
    office.move("intake-1", case, "reject", [("say-ground", "blocking"), ("letter-reference", "x")])
    office.move("approver-1", case, "reject", [("seconds", "3")])
    form = visitor.get(f"/case/{case}/do/write").text
    expect('value="annex-iii-cover"' in form and "letter-ground" in form and "letter-court" not in form, form)
    cover = [("say-template", "annex-iii-cover"), ("letter-reference", "x"), ("letter-ground", "blocking")]
    letter = texts(visitor.post(f"/case/{case}/do/write", cover).text)["letter"]
    expect("Annex III" in letter and "{" not in letter, letter)


@test
def a_refused_draft_says_why(desk):
    visitor = Visitor(desk)
    fields = [("reference", "refused") if name == "reference" else (name, value) for name, value in FILING]
    case = filed_case(file_one(visitor, fields))
    visitor.login("intake-1")
    answer = visitor.post(f"/case/{case}/do/classify", [f for f in CLASS if f[0] != "say-kind"])
    good_page(answer, 422)
    expect("FACTS" in answer.text, answer.text)
    visitor.login("approver-1")
    good_page(visitor.post(f"/case/{case}/do/classify", CLASS), 422)
    chinese = Visitor(desk, "zh-Hant")
    chinese.login("approver-1")
    answer = chinese.post(f"/case/{case}/do/classify", CLASS)
    good_page(answer, 422)
    expect("該人員不具此職責" in answer.text and "the person" not in answer.text, answer.text)


@test
def a_letter_has_no_placeholder_when_it_is_signed(desk):
    visitor = Visitor(desk)
    fields = [("reference", "letter") if name == "reference" else (name, value) for name, value in FILING]
    case = filed_case(file_one(visitor, fields))
    visitor.login("intake-1")
    text = texts(visitor.post(f"/case/{case}/do/classify", CLASS).text)["move"]
    move = {"move": text, "move-lines": desk.sign("intake-1", text)}
    expect(visitor.post(f"/case/{case}/move", move).status == 303, "not classified")
    good_page(visitor.get(f"/case/{case}/do/not-held"))
    for ground, said in (("not-held", "You asked for: a picture."), ("no-such-identifier", "names somebody by: a picture.")):
        draft = [("say-ground", ground), ("letter-reference", "12 Js 34/26")]
        answer = visitor.post(f"/case/{case}/do/not-held", draft)
        good_page(answer, 422)
        expect("UNFILLED" in answer.text, answer.text)
        page = visitor.post(f"/case/{case}/do/not-held", draft + [("letter-asked", "a picture")])
        good_page(page)
        letter = texts(page.text)["letter"]
        expect("{" not in letter and said in letter and "Your reference: 12 Js 34/26." in letter, letter)
        expect(f"case {case}" in letter and "To Amtsgericht Beispielstadt." in letter, letter)
    text = texts(page.text)["move"]
    move = {"move": text, "move-lines": desk.sign("intake-1", text)}
    good_page(visitor.post(f"/case/{case}/move", move | {"letter": letter + "{until}\n"}), 422)
    for other in (letter + "We give it.\n", ""):
        answer = visitor.post(f"/case/{case}/move", move | {"letter": other})
        good_page(answer, 422)
        expect("LETTER" in answer.text, answer.text)
    expect(f"say letter {hashlib.sha256(letter.encode()).hexdigest()}\n" in text, text)
    expect(visitor.post(f"/case/{case}/move", move | {"letter": letter}).status == 303, "not signed")


@test
def a_suspension_is_signed_by_two_and_then_public(desk):
    visitor = Visitor(desk)
    visitor.login("human-rights-1")
    draft = {"what": "set", "id": "aq-2026", "jurisdictions": "BV SE AQ", "text": "Review of requests is <paused>.\r\nTwo.",
             "date": desk.day(60), "law": ""}
    answer = visitor.post("/board", draft)
    expect(answer.status == 303, answer.text[-500:])
    paper = answer.headers["Location"]
    page = visitor.get(paper)
    good_page(page)
    text = texts(page.text)["text"]
    expect("jurisdictions AQ BV SE\n" in text and "wording Two.\n" in text, text)
    expect(visitor.post(paper, {"text-lines": desk.sign("human-rights-1", text)}).headers["Location"] == paper, "one")
    expect("aq-2026" not in visitor.get("/").text, "public too early")
    good_page(visitor.post(paper, {"text-lines": desk.sign("policy-1", text + "x")}), 422)
    # The same text once more takes no signature away, and none that is wrong begins a paper.
    expect(visitor.post("/paper", {"text": text, "text-lines": ""}).headers["Location"] == paper, "the same")
    expect("human-rights-1</th>" in visitor.get(paper).text, "a signature is gone")
    spoilt = {"text": text.replace("Two.", "Three."), "text-lines": desk.sign("policy-1", text)}
    good_page(visitor.post("/paper", spoilt), 422)
    bound = Visitor(desk)
    bound.login("expert-2")
    expect(bound.get("/me").status == 200, "no session")
    visitor.login("approver-1")
    good_page(visitor.get("/board"))
    answer = visitor.post(paper, {"text-lines": desk.sign("approver-1", text)})
    expect(answer.headers["Location"] == "/board", answer.text[-500:])
    status = visitor.get("/")
    good_page(status)
    expect("Review of requests is &lt;paused&gt;." in status.text, "its wording")
    expect(bound.get("/me").status == 303, "bound by what is suspended, and still inside")
    good_page(visitor.get(paper), 404)


def sign_paper(desk, paper, people):
    """Each signs it by passkey. The last answer."""
    for person in people:
        visitor = Visitor(desk)
        visitor.login(person)
        text = texts(visitor.get(paper).text)["text"]
        answer = visitor.post(paper, {"text-lines": desk.sign(person, text)})
    return answer


def put_away(desk):
    """The papers that wait."""
    for path in (desk.folder / "papers").iterdir():
        path.unlink()


def text_of(page):
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", page.text))


ENTRY = {"jurisdictions": "AQ BV SE", "date": "", "law": "", "scope": "all", "text": "Review is paused.", "entry-text":
         "Only emergencies are answered."}


@test
def a_suspension_has_its_scope_and_its_exceptions(desk):
    visitor = Visitor(desk)
    visitor.login("human-rights-1")
    draft = dict(ENTRY, what="set", id="scoped", jurisdictions="GL", scope="regimes", date=desk.day(30))
    draft |= {"carve-b-id": "ships", "carve-b-path": "emergency", "carve-b-text": "Ships in distress.", "carve-a-id": ""}
    draft = list(draft.items()) + [("only-regime", "national"), ("only-regime", "emergency"), ("only-authority", "x")]
    paper = visitor.post("/board", draft).headers["Location"]
    text = texts(visitor.get(paper).text)["text"]
    expect("scope regimes emergency national\n" in text, text)
    expect("carve-out ships emergency Ships in distress.\n" in text, text)
    page = visitor.get(paper)
    good_page(page)
    expect("new Suspension scoped" in text_of(page), "what it changes")
    expect(text_of(page).count("Local-law reviewer or Human-rights reviewer or Approver") == 2, text_of(page))
    expect(sign_paper(desk, paper, ["human-rights-1"]).headers["Location"] == paper, "one")
    expect(text_of(visitor.get(paper)).count("or Human-rights reviewer or") == 1, "who is still missing")
    expect(sign_paper(desk, paper, ["approver-1"]).headers["Location"] == "/board", "two")
    page = Visitor(desk).get("/")
    good_page(page)
    expect("Emergency disclosure; Order under the law of another state" in page.text, "its scope by names")
    # More of it takes two signatures; less would be a lift.
    visitor.login("human-rights-1")
    good_page(visitor.get("/board/extend?of=scoped"))
    wider = {"what": "extend", "which": "scoped", "jurisdictions": "", "scope": "all", "gone": "ships"}
    text = texts(visitor.get(visitor.post("/board", wider).headers["Location"]).text)["text"]
    expect("scope all\n" in text and "ships" not in text and "jurisdictions GL\n" in text, text)
    good_page(visitor.post("/board", dict(wider, which="none")), 404)
    good_page(visitor.get("/board/extend?of=none"), 404)
    good_page(visitor.get("/board/nothing"), 404)
    put_away(desk)


@test
def a_lift_in_part_is_to_what_its_notice_said(desk):
    visitor = Visitor(desk)
    visitor.login("human-rights-1")
    good_page(visitor.get("/board/notice?of=aq-2026"))
    draft = dict(ENTRY, what="notice", which="aq-2026", id="part-1", becomes="entry", date=desk.day(50),
                 text="Emergencies will be answered.")
    draft |= {"carve-a-id": "life", "carve-a-path": "emergency", "carve-a-text": "Danger to life."}
    paper = visitor.post("/board", draft).headers["Location"]
    text = texts(visitor.get(paper).text)["text"]
    named = re.search("becomes entry ([0-9a-f]{64})\n", text).group(1)
    entry = (desk.folder / "becomes" / named).read_bytes()
    expect(hashlib.sha256(entry).hexdigest() == named, "the file is not what the list names")
    expect(b"carve-out life emergency Danger to life.\n" in entry and entry.startswith(b"suspension aq-2026\n"), entry)
    sign_paper(desk, paper, ["human-rights-1", "approver-1"])
    page = Visitor(desk).get("/")
    good_page(page)
    expect("Only emergencies are answered." in page.text and named in page.text, "the public can't read it")
    board = visitor.get("/board")
    good_page(board)
    expect("0 of 14 days" in board.text and "0 of 18 sections" in board.text, text_of(board))
    # The assessment is written over time, by several.
    page = visitor.get("/assessment/part-1")
    good_page(page)
    was = dict(re.findall(r'name="(was-[0-9]+)" value="([0-9a-f]+)"', page.text))
    first = {f"section-{n}": f"Under {n}.\r\nMore." for n in range(1, 18)}
    answer = visitor.post("/assessment/part-1", first | was | {"save": "yes"})
    expect(answer.headers["Location"] == "/assessment/part-1", answer.text)
    expect("17 of 18 sections" in visitor.get("/assessment/part-1").text, "not kept")
    stale = visitor.post("/assessment/part-1", {"section-3": "Written over.", "was-3": was["was-3"]})
    good_page(stale, 409)
    expect((desk.folder / "assessments/part-1/03").read_text() == "Under 3.\nMore.", "somebody wrote over it")
    answer = visitor.post("/assessment/part-1", {"what": "lift"})
    expect(answer.headers["Location"] == "/assessment/part-1?missing=yes", "drafted without a section")
    page = visitor.get("/assessment/part-1?missing=yes")
    good_page(page)
    expect('role="alert"' in page.text and 'href="#section-18"' in page.text and 'href="#section-3"' not in page.text,
           "which one is missing")
    other = Visitor(desk)
    other.login("custodian-1")
    good_page(other.post("/assessment/part-1", {"section-18": "By the custodian."}), 422)
    expect("Save only" not in other.get("/assessment/part-1").text, "who can't write is offered to")
    paper = visitor.post("/assessment/part-1", {"what": "lift", "section-18": "Dissent: none."}).headers["Location"]
    page = visitor.get(paper)
    good_page(page)
    text = texts(page.text)["text"]
    expect(entry.decode() in text and "lift-notice part-1" not in text, text)
    expect("section 18 " + hashlib.sha256(b"Dissent: none.").hexdigest() in text, text)
    expect("Dissent: none." in page.text and text_of(page).count("Outside expert") >= 2, text_of(page))
    expect("with an SSH key" in page.text, "that somebody signs on a machine of their own")
    answer = sign_paper(desk, paper, ["human-rights-1"])
    good_page(answer, 422)
    expect("NOTICE_SHORT" in answer.text, text_of(answer))
    # A section that is written anew is no longer the one of the paper.
    visitor.post("/assessment/part-1", {"section-18": "Dissent: one.", "save": "yes"})
    expect("Don&#39;t sign it" in visitor.get(paper).text or "Don't sign it" in visitor.get(paper).text, "another text")
    back = visitor.post("/board", {"what": "take-back", "which": "part-1"}).headers["Location"]
    expect(sign_paper(desk, back, ["human-rights-1", "approver-1"]).headers["Location"] == "/board", "not taken back")
    good_page(visitor.get("/assessment/part-1"), 404)
    put_away(desk)


def newest_office(desk):
    return max((desk.folder / "public/office").iterdir(), key=lambda path: int(path.name))


def own_machine(desk, person, text):
    """A line of signature by sotto-desk sign."""
    paper, office = desk.folder / "paper.txt", desk.folder / "trusted.txt"
    paper.write_text(text)
    office.write_bytes(newest_office(desk).read_bytes())
    subprocess.run([sys.argv[1], "sign", paper, "--as", person, "--key", desk.folder / "people" / person / "ssh",
                    "--office", office, "--to", paper, "--yes"], check=True, capture_output=True)
    return paper.read_text().split("\n\n")[1]


@test
def the_office_is_changed_by_what_the_page_drafts(desk):
    visitor = Visitor(desk)
    visitor.login("approver-1")
    new = {"what": "authority", "id": "ie-garda-example", "name": "An Garda Síochána, Example", "jurisdiction": "IE",
           "calls": "+353 1 000 0000\r\n+353 1 000 0001", "certificates":
           "-----BEGIN CERTIFICATE-----\r\nMIIB\r\nAAAA\r\n-----END CERTIFICATE-----\r\n"}
    answer = visitor.post("/office/next", new)
    expect(answer.status == 303, text_of(answer))
    paper = answer.headers["Location"]
    page = visitor.get(paper)
    good_page(page)
    text = texts(page.text)["text"]
    expect("authority ie-garda-example\nname An Garda Síochána, Example\njurisdiction IE\ncall +353 1 000 0000\n"
           "call +353 1 000 0001\ncertificate MIIBAAAA\nauthority jp-police" in text, text)
    expect("new Authority ie-garda-example" in text_of(page), "what it changes")
    # More goes into the same draft, which is then another paper.
    base = paper.removeprefix("/paper/")
    expect(f"/office/next?base={base}" in page.text, "no way on")
    good_page(visitor.get(f"/office/next?base={base}"))
    good_page(visitor.get(f"/office/authority/ie-garda-example?base={base}"))
    good_page(visitor.get("/office/authority/ie-garda-example"), 404)
    roles = [("what", "person"), ("id", "policy-2"), ("base", base), ("role", "policy"), ("role", "intake"),
             ("countries", "CH")]
    second = visitor.post("/office/next", roles).headers["Location"]
    good_page(visitor.get(paper), 404)
    third = visitor.post("/office/next", {"what": "remove-authority", "id": "us-justice-example",
                                          "base": second.removeprefix("/paper/")}).headers["Location"]
    page = visitor.get(third)
    changes = text_of(page)
    for change in ("changed Roles of policy-2", "gone Authority us-justice-example", "new Authority ie-garda-example"):
        expect(change in changes, changes)
    text = texts(page.text)["text"]
    expect("person policy-2\nroles intake policy\ncountries CH\nseal " in text and "us-justice" not in text, text)
    # What would be another line is refused, and so is what no office file may say.
    for wrong in ({"name": "A\r\njurisdiction HK"}, {"jurisdiction": "Ireland"}, {"calls": ""}, {"id": "../x"},
                  {"certificates": "-----BEGIN CERTIFICATE-----\r\nMIIB"}):
        expect(visitor.post("/office/next", new | wrong).status in (400, 422), wrong)
    line = own_machine(desk, "approver-1", text)
    expect(visitor.post(third, {"text-lines": line}).headers["Location"] == third, "one")
    expect(text_of(visitor.get(third)).count("Policy reviewer or Local-law reviewer or Human-rights reviewer") == 2,
           "who is still missing")
    good_page(visitor.post("/office/next", {"what": "remove-person", "id": "expert-1", "base":
                                            third.removeprefix("/paper/")}), 404)
    answer = sign_paper(desk, third, ["policy-1", "local-law-1"])
    expect(answer.headers["Location"] == "/office", text_of(answer))
    visitor.login("intake-1")
    page = visitor.get("/directory?q=garda")
    good_page(page)
    expect(hashlib.sha256(bytes.fromhex("308201000000")).hexdigest() in page.text, "its certificate")
    expect("Example Department" not in visitor.get("/directory").text, "one that went")


def at(hours):
    import time
    return time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() + hours * 3600))


@test
def the_roster_says_who_covers_an_emergency_and_when_nobody_does(desk):
    approver, caller = Visitor(desk), Visitor(desk)
    approver.login("approver-1")
    caller.login("intake-1")
    page = approver.get("/roster")
    good_page(page)
    expect("can't answer an emergency" in text_of(page).replace("&#39;", "'"), text_of(page))

    def shift(visitor, person, begin, end):
        return visitor.post("/roster", {"person": person, "from": at(begin), "until": at(end)})

    expect(shift(caller, "intake-1", -1, 48).status == 303, "one's own")
    good_page(shift(caller, "intake-2", -1, 48), 422)
    custodian = Visitor(desk)
    custodian.login("custodian-1")
    good_page(shift(custodian, "custodian-1", -1, 48), 422)
    for person in ("intake-2", "human-rights-1", "approver-1"):
        expect(shift(approver, person, -1, 24).status == 303, person)
    for begin, end in ((48, 24), (-48, -24), (1, 24 * 40), (24 * 400, 24 * 401)):
        good_page(shift(approver, "approver-1", begin, end), 422)
    good_page(approver.post("/roster", {"person": "approver-1", "from": "tomorrow", "until": at(1)}), 400)
    good_page(shift(approver, "nobody", 1, 2), 404)
    page = approver.get("/roster")
    good_page(page)
    said = text_of(page).replace("&#39;", "'")
    expect("on duty now can answer an emergency" in said and said.count(" gap ") == 2 and " covered " in said, said)
    duty = subprocess.run([sys.argv[1], "duty", desk.folder], check=True, capture_output=True, text=True)
    expect(duty.stdout.split() == ["approver-1", "human-rights-1", "intake-1", "intake-2"], duty)
    begin = re.search(r'value="intake-2"><input type="hidden" name="from" value="([0-9]+)"', page.text).group(1)
    good_page(caller.post("/roster/remove", {"person": "intake-2", "from": begin}), 422)
    expect(approver.post("/roster/remove", {"person": "intake-2", "from": begin}).status == 303, "taken off")
    good_page(approver.post("/roster/remove", {"person": "intake-2", "from": begin}), 404)
    expect("can't answer an emergency" in text_of(approver.get("/roster")).replace("&#39;", "'"), "still covered")


@test
def papers_that_wait_are_so_many_and_nobodys_make_room(desk):
    visitor = Visitor(desk)
    visitor.login("human-rights-1")
    folder = desk.folder / "papers"
    before = {path.name for path in folder.iterdir()}

    def begin(number, sign=True):
        paper = visitor.post("/board", {"what": "set", "id": f"bv-{number}", "jurisdictions": "BV", "text": "Paused.",
                                        "date": desk.day(60), "law": ""})
        if sign and paper.status == 303:
            text = texts(visitor.get(paper.headers["Location"]).text)["text"]
            visitor.post(paper.headers["Location"], {"text-lines": desk.sign("human-rights-1", text)})
        return paper

    for number in range(64 - len(before)):
        expect(begin(number).status == 303, f"paper {number}")
    answer = begin("more")
    good_page(answer, 422)
    expect("PAPERS" in answer.text and len(list(folder.iterdir())) == 64, "one too many")
    last = max(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    last.write_text(last.read_text().split("\n\n")[0] + "\n")
    expect(begin("unsigned", sign=False).status == 303 and not last.exists(), "nobody's paper is in the way")
    expect(begin("other", sign=False).status == 303 and len(list(folder.iterdir())) == 64, "nor this one")
    for path in folder.iterdir():
        if path.name not in before:
            path.unlink()


@test
def one_signature_freezes_all_releases(desk):
    visitor = Visitor(desk)
    visitor.login("custodian-1")
    paper = visitor.post("/board", {"what": "freeze"}).headers["Location"]
    text = texts(visitor.get(paper).text)["text"]
    answer = visitor.post(paper, {"text-lines": desk.sign("custodian-1", text)})
    expect(answer.headers["Location"] == "/board", answer.text[-500:])
    page = Visitor(desk).get("/")
    good_page(page)
    expect("All releases are frozen" in page.text, "not said")


@test
def who_carries_nothing_enters_nothing_that_came_back(desk):
    """That a custodian does is in the story."""
    for person in ("custodian-1", "intake-1"):
        visitor = Visitor(desk)
        visitor.login(person)
        good_page(visitor.post("/carry/1/done", {"manifest": "sotto manifest 1\n"}), 404)
        good_page(visitor.post("/carry/x/refused", {"reason": "EXPIRED"}), 404)
        good_page(visitor.post("/carry/1/refused", {"reason": "EXPIRED"}), 404)
        good_page(visitor.post("/carry/1/refused", {"reason": "expired"}), 400 if person == "custodian-1" else 404)


@test
def an_objection_needs_what_the_notice_alone_says_and_whoever_filed_learns_nothing(desk):
    visitor = Visitor(desk)
    answer = file_one(visitor, FILING[:-1] + [(FILING[-1][0], FILING[-1][1] + " thrice")])
    case, filing = filed_case(answer), re.search(r"/receipt/([0-9a-f]{64})/proof", answer.text).group(1)
    tries = [("none", "00" * 32), ("none", "x"), (case, "00" * 32), (case, filing)]
    answers = [visitor.post("/object", {"case": c, "reference": r, "text": "no"}) for c, r in tries]
    good_page(answers[0], 404)
    expect(all((a.status, a.body) == (404, answers[0].body) for a in answers), "told apart")


@test
def what_is_published_is_given_out_and_nothing_beside_it(desk):
    visitor = Visitor(desk)
    public = desk.folder / "public"
    (public / "report").mkdir(parents=True, exist_ok=True)
    (public / "report" / "2026-h2.csv").write_text("a,b\n")
    (public / "report" / ".hidden").write_text("no")
    desk.publish()
    for path in ("checkpoint", "tile/0/000", "tile/entries/000", "notices/newest", "office/1", "suspensions/1"):
        expect(visitor.get("/ledger/" + path).body == (public / path).read_bytes(), path)
    page = visitor.get("/report")
    good_page(page)
    expect("/ledger/report/2026-h2.csv" in page.text and "hidden" not in page.text, "listed")
    expect(visitor.get("/ledger/report/2026-h2.csv").headers["Content-Type"].startswith("text/csv"), "its type")
    for path in ("/ledger/report/.hidden", "/ledger/../office.txt", "/ledger/..%2foffice.txt", "/ledger/x/../checkpoint",
                 "/ledger/tile", "/ledger/tile/", "/ledger//etc/passwd", "/ledger/keys/ledger"):
        expect(visitor.get(path).status == 404, path)


@test
def reports_are_listed_by_their_periods_the_newest_first(desk):
    visitor = Visitor(desk)
    report = desk.folder / "public" / "report"
    report.mkdir(parents=True, exist_ok=True)
    for period in ("2025-07-01_2026-01-01", "2026-01-01_2026-07-01"):
        for end in ("csv", "html", "zh-Hant.html"):
            (report / f"{period}.{end}").write_text("x")
    page = visitor.get("/report")
    good_page(page)
    places = [page.text.find(part) for part in ("2026-01-01 to before 2026-07-01", "2026-01-01_2026-07-01.html",
                                                "2025-07-01 to before 2026-01-01", "2025-07-01_2026-01-01.csv")]
    expect(places == sorted(places) and places[0] > 0, places)
    expect('class="button" href="/ledger/report/2026-01-01_2026-07-01.html"' in page.text, "its page")
    policy = visitor.get("/ledger/report/2026-01-01_2026-07-01.html").headers["Content-Security-Policy"]
    expect("default-src 'none'" in policy and "style-src 'self'" in policy and "script-src" not in policy, policy)


@test
def a_large_file_of_the_ledger_is_given_out_whole(desk):
    visitor = Visitor(desk)
    large = desk.folder / "public" / "report" / "large.json"
    large.parent.mkdir(parents=True, exist_ok=True)
    part = bytes(range(251)) * 4096
    with large.open("wb") as out:
        for _ in range(30):
            out.write(part)
    answer = visitor.get("/ledger/report/large.json")
    expect(answer.status == 200 and answer.headers["Content-Type"] == "application/json", answer.status)
    expect(answer.body == part * 30, f"{len(answer.body)} bytes")
    head = visitor.ask("HEAD", "/ledger/report/large.json")
    expect(head.headers["Content-Length"] == str(len(part) * 30) and head.body == b"", "its head")
    large.unlink()


KEYS = {"seal": "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "passkeys": "passkey es256 QUJD QUJE\r\npasskey eddsa AA== QUJF\r\n",
        "wrapped": "QUJE QUFB\r\n", "ssh": "sk-ssh-ed25519@openssh.com QUJH person@machine"}


@test
def a_code_enrols_once(desk):
    visitor = Visitor(desk)
    code = desk.code("policy-3")
    draft = desk.folder / "drafts" / "policy-3"
    for wrong in ("", "x", code[:-1], code.upper()):
        good_page(visitor.post("/enrol", {"code": wrong}), 403)
    page = visitor.post("/enrol", {"code": code})
    good_page(page)
    expect('data-id="policy-3"' in page.text, "for whom")
    for name, bad in (("seal", "x"), ("passkeys", ""), ("passkeys", "roles approver\r\n"), ("passkeys", "passkey a"),
                      ("ssh", "ssh-ed25519")):
        good_page(visitor.post("/enrol/keys", KEYS | {"code": code, name: bad}), 400)
    expect(not draft.exists(), "a draft of bad keys")
    good_page(visitor.post("/enrol/keys", KEYS | {"code": code}))
    expect(draft.read_text() == "person policy-3\nroles policy\ncountries DE\n"
           "seal AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\npasskey es256 QUJD QUJE\npasskey eddsa AA== QUJF\n"
           "ssh-key QUJH\n", draft.read_text())
    good_page(visitor.post("/enrol/keys", KEYS | {"code": code}), 403)
    # Another code of the same person replaces no key of theirs.
    good_page(visitor.post("/enrol/keys", KEYS | {"code": desk.code("policy-3")}), 400)


@test
def without_script_a_filing_waits_and_a_code_is_over_after_an_hour(desk):
    """The last test: a clock is not turned back."""
    visitor, code = Visitor(desk), desk.code("policy-4")
    good_page(visitor.post("/enrol", {"code": code}))
    expect("ticket" not in visitor.get("/file/wait").text, "a place for who only looks")
    page = visitor.post("/file/wait", {}).text
    expect("data-script" not in page.split("<form")[1].split(">")[0], "the script would work for it")
    path = f"/file?ticket={ticket_of(page)}"
    fields = [("reference", "waited") if name == "reference" else (name, value) for name, value in FILING]
    good_page(visitor.upload(path, fields), 425)
    desk.clock(3600)
    filed_case(visitor.upload(path, fields))
    good_page(visitor.upload(path, fields), 403)
    good_page(visitor.post("/enrol", {"code": code}), 403)


def office_of(desk, previous, change):
    """The next office file, signed as it must be: three, one of them on a machine of their own."""
    version = int(re.search(r"^version (\d+)$", previous, re.M).group(1))
    digest = hashlib.sha256(previous.encode()).hexdigest()
    text = change(re.sub(r"^previous .*$", f"previous {digest}", re.sub(r"^version .*$", f"version {version + 1}", previous,
                                                                       flags=re.M), flags=re.M))
    path = desk.folder / "next"
    path.write_text(text)
    subprocess.run([sys.argv[1], "sign", path, "--as", "approver-1", "--key", desk.folder / "people" / "approver-1" / "ssh",
                    "--office", newest_office(desk), "--yes", "--to", path], check=True, capture_output=True)
    lines = path.read_text()[len(text) + 1:] + desk.sign("policy-1", text) + desk.sign("local-law-1", text)
    visitor = Visitor(desk)
    visitor.login("custodian-1")
    paper = visitor.post("/paper", {"text": text, "text-lines": ""}).headers["Location"]
    answer = visitor.post(paper, {"text-lines": lines})
    expect(answer.headers["Location"] == "/office", answer.text[-800:])
    return text


@test
def the_status_page_says_what_the_desk_can_not_promise(desk):
    """Who could be compelled, that people are missing, that nobody outside watches, what is overdue; and names nobody."""
    page = Visitor(desk).get("/").text
    expect("enough to sign a release" not in page and "lacks people" not in page, "said without a ground")
    expect("is not witnessed" in page and "are overdue" not in page, page)
    desk.clock(70 * 86400)
    page = Visitor(desk).get("/").text
    expect("Reviews of suspensions that are overdue: 2." in page and "Review overdue" in page, page)
    desk.clock(3600)
    first = newest_office(desk).read_text().split("\n\n")[0].rstrip("\n") + "\n"
    second = office_of(desk, first, lambda text: re.sub(r"^countries .*$", "countries IS", text, flags=re.M))
    page = Visitor(desk).get("/").text
    expect("Those whom the law of IS binds are enough to sign a release." in page and "lacks people" not in page, page)
    office_of(desk, second, lambda text: re.sub("^(roles|deputy) approver$", "\\1 auditor", text, flags=re.M))
    page = Visitor(desk).get("/").text
    expect("The office lacks people for a release." in page and "enough to sign" not in page, page)
    good_page(Visitor(desk).get("/"))
    people = [path.name for path in (desk.folder / "people").iterdir()]
    expect(len(people) == 14, people)
    for path in (path for path in PUBLIC if not path.startswith(("/login", "/act-as"))):
        page = Visitor(desk).get(path).text
        expect(not [who for who in people if who in page], path)


@test
def a_report_of_all_these_cases_recounts(desk):
    def run(*args, code=0):
        done = subprocess.run([sys.argv[1], *map(str, args)], capture_output=True, text=True)
        expect(done.returncode == code, done.stdout + done.stderr)
        return done.stdout

    desk.publish()
    begin, end = (f"{time.gmtime().tm_year + years}-01-01" for years in (-1, 3))
    public, statement, signed = desk.folder / "public", desk.folder / "statement", desk.folder / "signed"
    run("report", desk.folder, "--from", begin, "--until", end, "--to", statement)
    office = max((public / "office").iterdir(), key=lambda path: int(path.name))
    report = public / "report" / f"{begin}_{end}.csv"
    run("sign", statement, "--as", "auditor-1", "--key", desk.folder / "people" / "auditor-1" / "ssh", "--office", office,
        "--to", signed, "--yes")
    run("audited", desk.folder, signed)
    last = run("audit", public, report, "--office", office).splitlines()[0]
    expect(re.match(r"\d+ entries, \d+ opened, 0 padding; \d+ cells counted; cosigned by 0 witnesses; 0 findings", last), last)
    last = run("audit", public, report, "--office", office, "--padding", desk.folder / "keys" / "padding", "--openings",
               desk.folder / "auditor" / f"openings_{begin}_{end}").splitlines()[0]
    entries, opened, padding = (int(n) for n in re.findall(r"\d+", last)[:3])
    expect(opened > 20 and opened + padding == entries and last.endswith(" 0 findings"), last)
    received = sum(int(line.split(",")[7]) for line in report.read_text().splitlines()[1:])
    expect(received > 10, received)


def main():
    print(f"1..{len(tests)}")
    failed = 0
    with tempfile.TemporaryDirectory() as temp:
        clock = Path(temp) / "clock"
        clock.write_text("0\n")
        with Desk(sys.argv[1], sys.argv[2], env=dict(os.environ, SOTTO_DESK_CLOCK=str(clock)), clock=clock) as desk:
            for number, run in enumerate(tests, 1):
                try:
                    run(desk)
                    print(f"ok {number} - {run.__name__}", flush=True)
                except Exception:
                    failed += 1
                    print("# " + traceback.format_exc().strip().replace("\n", "\n# "))
                    print(f"not ok {number} - {run.__name__}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
