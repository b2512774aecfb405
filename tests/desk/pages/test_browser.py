#!/usr/bin/env python3
"""The desk's script in headless Chromium: test_browser.py SOTTO_DESK PAGES_SERVER. Prints TAP."""
import sqlite3
import sys
import traceback
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]
import samples  # noqa: E402
from desk import Desk, Visitor  # noqa: E402
from office import Office, filing  # noqa: E402
from test_pages import file_one, filed_case  # noqa: E402

try:
    from browser import Browser
except ImportError as missing:
    print(f"1..0 # SKIP {missing}")
    sys.exit(0)

FIELDS = {"authority": "Amtsgericht Beispielstadt", "jurisdiction": "DE", "beneficiary": "DE",
          "reference": "12 Js 34/26", "official": "A. Beispiel, Richterin", "supervisor": "B. Beispiel",
          "contact": "poststelle@example.org, +49 30 0000000", "legal-basis": "Section 100j of an example code",
          "validated-by": "Judge C., 1 October 2026", "offence": "Fraud, up to five years",
          "accounts": "handle example.person", "purpose": "To find out whether the account exists."}

tests = []


def test(function):
    tests.append(function)
    return function


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def file_request(b, reference):
    b.open("/file")
    for name, value in FIELDS.items():
        b.fill(name, reference if name == "reference" else value)
    b.fill("process", "national-order")
    b.choose("field", "exists")
    b.choose("field", "created")
    b.press("main form button[type=submit]")
    b.wait(lambda: "Receipt" in b.heading())
    return b.find("h1 .id").text


def classify(b, case):
    b.open(f"/case/{case}/do/classify")
    for name, value in {"say-authority": "de-court-example", "say-regime": "national", "say-process": "national-order",
                        "say-category": "subscriber", "say-beneficiary": "DE"}.items():
        b.fill(name, value)
    b.choose("say-fields", "exists")
    b.choose("say-fields", "created")
    b.press("main form button[type=submit]")
    b.wait(lambda: b.all("[data-sign]"))
    b.sign(f"/case/{case}")


@test
def the_script_does_the_work_of_a_filing(b):
    case = file_request(b, "work")
    expect(case and "12 Js" not in b.text() and "reference: work" in b.text(), b.text())


@test
def a_visitor_acts_as_somebody_and_opens_what_is_sealed(b):
    case = file_request(b, "sealed")
    b.act_as("intake-1")
    b.open(f"/case/{case}")
    expect("reference: sealed" not in b.text(), "it stands in the clear")
    b.press("[data-open]")
    b.wait(lambda: "reference: sealed" in b.text())
    expect("purpose: To find out" in b.text(), b.text())


@test
def what_is_attached_is_shown_as_pictures_alone(b):
    files = [("attachment", "order.pdf", samples.pages(2)), ("attachment", "x.pdf", b"%PDF-1.7"),
             ("attachment", "photo.png", samples.png(30, 20))]
    case = filed_case(file_one(Visitor(b.desk), filing("DE", "attached"), files))
    b.act_as("intake-1")
    b.open(f"/case/{case}")
    b.press("[data-open]")
    b.wait(lambda: len(b.all("[data-kind=picture] canvas")) == 3)
    shown = [b.driver.execute_script("const c = arguments[0]; const p = c.getContext('2d').getImageData(1, 1, 1, 1).data;"
                                     "return [c.width, c.height, p[0], p[1], p[2]];", canvas)
             for canvas in b.all("[data-kind=picture] canvas")]
    expect(shown == 2 * [[1141, 1600, 255, 0, 0]] + [[30, 20, 255, 0, 0]], shown)
    expect("not shown: it is broken" in b.text(), b.text())
    expect(not b.all("[data-kind=attachment] canvas") and len(b.all("[data-kind=attachment] a[download]")) == 3,
           "the file itself is only saved")
    expect("photo.png" in b.text(), "its name")
    kinds = [element.get_attribute("data-kind") for element in b.all("[data-sealed]")]
    expect(kinds == ["filing", "attachment", "picture", "picture", "attachment", "picture", "attachment", "picture", "move"],
           kinds)
    expect("Picture of attachment 1 · page 2" in b.text(), b.text())


@test
def who_has_no_role_in_it_opens_nothing(b):
    case = file_request(b, "not for all")
    b.act_as("expert-1")
    b.open(f"/case/{case}")
    b.press("[data-open]")
    b.wait(lambda: "has not been given to you" in b.text())
    expect("reference:" not in b.text(), b.text())


@test
def a_key_that_opens_nothing_is_told_taken_away_and_given_anew(b):
    """Rubbish in the place of the wrapped key; and a case's key that is another's."""
    cases = [file_request(b, f"spoilt {n}") for n in range(2)]
    with sqlite3.connect(b.desk.folder / "desk.sqlite") as store:
        store.execute("UPDATE wraps SET wrap = randomblob(80) WHERE case_id = ? AND person = 'policy-1'", cases[:1])
        (key,) = store.execute("SELECT key FROM cases WHERE id = ?", cases[1:]).fetchone()
        store.execute("UPDATE cases SET key = randomblob(32) WHERE id = ?", cases[1:])
    store.close()
    for case in cases:
        b.act_as("policy-1")
        b.open(f"/case/{case}")
        b.press("[data-open]")
        b.wait(lambda: "opens nothing, and was taken away" in b.text())
    with sqlite3.connect(b.desk.folder / "desk.sqlite") as store:
        store.execute("UPDATE cases SET key = ? WHERE id = ?", (key, cases[1]))
    store.close()
    b.act_as("intake-1")
    b.open("/tasks")
    expect("Somebody lacks the key of a case" in b.text(), b.text())
    b.open("/tasks/keys")
    expect(all(f"{case} → policy-1" in b.text() for case in cases), b.text())
    b.press("[data-press=wrap]")
    b.wait(lambda: "Keys given:" in b.text())
    b.act_as("policy-1")
    for n, case in enumerate(cases):
        b.open(f"/case/{case}")
        b.press("[data-open]")
        b.wait(lambda: f"reference: spoilt {n}" in b.text())


@test
def a_move_is_signed_as_shown(b):
    case = file_request(b, "signed")
    b.act_as("intake-1")
    classify(b, case)
    expect("Amtsgericht Beispielstadt" in b.text(), b.text())
    b.press("[data-open]")
    b.wait(lambda: "say regime national" in b.text())


def bring_to_review(b, reference):
    """By the people of the desk over plain HTTP; what is sealed is not needed for it."""
    office = Office(b.desk)
    case = filed_case(file_one(Visitor(b.desk), filing("DE", reference)))
    office.classify(case, "DE")
    office.call_back(case, "+49 30 0000000")
    office.open(case)
    return case


def clear(b, person, case):
    """Each question gets the answer that does not block."""
    b.act_as(person)
    b.open(f"/case/{case}/do/verdict")
    shown = "Who may order it, or validate the order" in b.text()
    expect(shown == (person == "local-law-1"), "what the data says of the category")
    for question in b.all("fieldset.question"):
        blocks = question.find_element("css selector", "p.hint").text.rsplit(" ", 1)[1]
        name = question.find_element("css selector", "input").get_attribute("name")
        b.choose(name, "no" if blocks == "Yes" else "yes")
    b.fill("say-beneficiary", "DE")
    b.choose("say-conflict", "no")
    b.choose("say-verdict", "clear")
    b.press("main form button[type=submit]")
    b.wait(lambda: b.all("[data-sign]"))
    expect(len(b.all("[data-sign]")) == 2, "the verdict and the order")
    b.sign(f"/case/{case}")


@test
def three_clear_verdicts_are_signatures_over_the_sealed_order(b):
    case = bring_to_review(b, "three")
    for number, person in enumerate(("policy-1", "local-law-1", "human-rights-1")):
        b.act_as(person)
        b.open(f"/case/{case}")
        expect(b.text().count("In, hidden") == number and "Clear" not in b.text(), "a verdict is seen too early")
        clear(b, person, case)
    expect("Cleared" in b.find(".standing").text, b.find(".standing").text)
    b.act_as("policy-1")
    b.open(f"/case/{case}")
    b.driver.find_element("link text", "Notify the user").click()
    b.press("[data-press=fill]")
    b.wait(lambda: "account handle example.person" in b.text())
    b.press("main form button[type=submit]")
    b.wait(lambda: b.all("[data-sign]"))
    b.sign(f"/case/{case}")
    expect("more signatures needed" in b.text(), b.text())


@test
def a_real_passkey_signs_in_and_signs(b):
    case = file_request(b, "hardware")
    b.give_passkey(b.authenticator(), "intake-2")
    b.sign_in("intake-2")
    classify(b, case)
    expect("Amtsgericht Beispielstadt" in b.text(), b.text())


@test
def another_passkey_than_the_persons_begins_nothing(b):
    b.give_passkey(b.authenticator(), "policy-1")
    b.open("/login?person=policy-2")
    b.press("[data-press=login]")
    b.wait(lambda: "That did not work" in b.text())
    b.open("/queue")
    expect(b.path() == "/login", b.path())


@test
def a_text_that_the_page_changed_is_refused(b):
    """The script signs what is shown: who shows another text gets a signature over that one."""
    case = file_request(b, "changed")
    b.act_as("intake-1")
    b.open(f"/case/{case}/do/withdraw")
    b.fill("say-reason", "asked by telephone")
    b.press("main form button[type=submit]")
    b.wait(lambda: b.all("[data-sign]"))
    b.driver.execute_script("document.querySelector('[data-sign] pre').textContent = "
                            "document.querySelector('[data-sign] pre').textContent.replace('withdraw', 'close')")
    b.press("[data-press=sign]")
    b.wait(lambda: b.heading() == "Refused")
    b.open(f"/case/{case}")
    expect("Received" in b.find(".standing").text, b.find(".standing").text)


@test
def who_has_a_code_makes_two_passkeys_and_a_key_that_they_open(b):
    b.open("/enrol")
    b.fill("code", b.desk.code("policy-3"))
    b.press("main form button[type=submit]")
    b.wait(lambda: b.all("[data-press=passkey]"))
    for made in (1, 2):
        authenticator = b.authenticator()
        b.press("[data-press=passkey]")
        b.wait(lambda: f"Passkeys made: {made}" in b.text() or "did not work" in b.text())
        expect(f"Passkeys made: {made}" in b.text(), b.text())
        if made == 1:  # one authenticator makes one
            b.press("[data-press=passkey]")
            b.wait(lambda: "did not work" in b.text())
            expect("Passkeys made: 2" not in b.text(), b.text())
        b.driver.execute_cdp_cmd("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": authenticator})
    b.press("[data-press=enrol]")
    b.wait(lambda: "Handed in" in b.text())
    lines = (b.desk.folder / "drafts" / "policy-3").read_text().splitlines()
    expect([line.split()[0] for line in lines] == ["person", "roles", "countries", "seal", "passkey", "passkey"], lines)
    expect(lines[4].split()[3] != lines[5].split()[3], "one passkey twice")


@test
def signing_out_forgets_the_key(b):
    b.act_as("intake-1")
    has = ("const done = arguments[0]; const o = indexedDB.open('sotto-desk', 1); o.onsuccess = () => {"
           "const r = o.result.transaction('session').objectStore('session').count();"
           "r.onsuccess = () => done(r.result)}")
    expect(b.run(has) == 1, "no key was kept")
    b.press("form[action='/logout'] button")
    b.wait(lambda: b.path() == "/")
    b.wait(lambda: b.run(has) == 0)


@test
def pages_work_by_keyboard(b):
    from selenium.webdriver.common.keys import Keys
    b.open("/")
    b.find("body").send_keys(Keys.TAB)
    skip = b.driver.switch_to.active_element
    expect(skip.get_attribute("class") == "skip" and skip.rect["x"] >= 0, "the first stop skips to the content")
    skip.send_keys(Keys.ENTER)
    b.wait(lambda: b.driver.switch_to.active_element.get_attribute("id") == "main")


@test
def pages_fit_a_narrow_window(b):
    """At 320 points nothing scrolls sideways; what is pressed is 24 high and has a name."""
    b.act_as("approver-1")
    b.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                             {"width": 320, "height": 900, "deviceScaleFactor": 1, "mobile": False})
    for path in ("/", "/file", "/file/wait", "/file/enrolled", "/status", "/object", "/ledger", "/login?person=policy-1",
                 "/queue", "/tasks", "/me", "/board", "/board/set", "/office", "/office/next", "/office/authority",
                 "/office/person/intake-1", "/directory", "/roster", "/carry"):
        b.open(path)
        b.driver.execute_script("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        wide = b.driver.execute_script("return document.documentElement.scrollWidth")
        expect(wide <= 320, f"{path} is {wide} wide")
        small = b.driver.execute_script(
            "return [...document.querySelectorAll('button, select, textarea, nav a, a.button, input:not([type=hidden])')]"
            ".filter(e => e.offsetParent && (e.closest('label') || e).getBoundingClientRect().height < 24).map(e => e.outerHTML)")
        expect(not small, f"{path}: {small}")
        for control in b.all("main input:not([type=hidden]), main select, main textarea, main button"):
            expect(control.accessible_name or not control.is_displayed(), f"{path}: {control.get_attribute('outerHTML')}")


def main():
    print(f"1..{len(tests)}")
    failed = 0
    with Desk(sys.argv[1], sys.argv[2]) as desk:
        for number, run in enumerate(tests, 1):
            if len(sys.argv) > 3 and sys.argv[3] not in run.__name__:
                continue
            try:
                with Browser(desk) as b:
                    run(b)
                    expect(not [p for p in b.problems() if "403" not in p and "404" not in p and "422" not in p],
                           b.problems())
                print(f"ok {number} - {run.__name__}", flush=True)
            except Exception:
                failed += 1
                print("# " + traceback.format_exc().strip().replace("\n", "\n# "))
                print(f"not ok {number} - {run.__name__}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
