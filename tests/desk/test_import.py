#!/usr/bin/env python3
"""`sotto-desk import`: an e-Evidence order becomes a case, once; what is refused changes nothing."""
import base64
import hashlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "term"))
from rig import Tap  # noqa: E402

PROGRAM = sys.argv[1]
SAMPLES = Path(__file__).resolve().parent / "samples"
ACCOUNT = "00112233445566778899aabbccddeeff"


def run(*args):
    return subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True, timeout=60)


def desk(folder):
    """A demonstration's desk with its office in force."""
    made = run("demo", folder, "http://localhost:4490")
    for done in (made, run("office", folder, folder / "office.txt", "--pin", made.stdout.strip()),
                 run("list", folder, folder / "suspensions.txt")):
        if done.returncode != 0:
            sys.exit(done.stderr)
    return folder


def cases(folder):
    objects = map(json.loads, run("show", folder, "--json").stdout.splitlines())
    return {o["state"]: o["count"] for o in objects if o["type"] == "cases"}


def imported(folder, tap):
    path = folder / "epoc.xml"
    path.write_text((SAMPLES / "epoc.xml").read_text().replace(">COURT<", ">COURT-EXAMPLE<"))
    done = run("import", folder, path)
    says = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    tap.check("an_order_becomes_a_case", done.returncode == 0 and cases(folder) == {"received": 1}, done.stderr)
    tap.check("its_receipt_is_of_the_bytes", says.get("hash") == hashlib.sha256(path.read_bytes()).hexdigest(), says)
    tap.check("the_directory_knows_who_sent_it", (says.get("authority"), says.get("category")) ==
              ("de-court-example", "subscriber"), done.stdout)
    tap.check("the_operator_sees_no_account", ACCOUNT not in done.stdout + done.stderr, done.stdout)
    store = b"".join(p.read_bytes() for p in folder.glob("desk.sqlite*"))
    tap.check("nothing_of_it_is_in_the_clear_in_the_store",
              not any(text in store for text in (ACCOUNT.encode(), b"12 Gs 345/26", b"StGB", b"form-1.txt")))
    with sqlite3.connect(folder / "desk.sqlite") as store:
        sizes = [size for size, in store.execute("SELECT size FROM sealed WHERE kind = 1 ORDER BY number")]
        notes = store.execute("SELECT number FROM sealed WHERE kind = 7").fetchall()
    tap.check("what_was_read_and_its_document_are_sealed_beside_it", len(sizes) == 2 and sizes[0] > 1000, sizes)
    tap.check("what_was_read_is_shown_and_a_document_that_is_no_picture_is_told", notes == [(64,), (2 * 64,)], notes)
    again = run("import", folder, path)
    tap.check("it_is_filed_once", again.returncode == 5 and cases(folder) == {"received": 1}, again.stderr)
    proof = run("ledger", "receipt", folder, says.get("hash"))
    tap.check("it_has_a_receipt", proof.returncode == 0 and says.get("hash") in proof.stdout, proof.stderr)


def several(folder, tap):
    """A release is of one account: a filing that names two becomes two cases, and one that names too many none."""
    path, before = folder / "several.xml", cases(folder)["received"]
    text = (SAMPLES / "epoc.xml").read_text().replace(">12 Gs", ">15 Gs").replace(">COURT<", ">COURT-EXAMPLE<")
    value = re.search(r"<task:RequestValue>.*?</task:RequestValue>", text, re.S).group(0)

    def naming(*accounts):
        return text.replace(value, "".join(value.replace(ACCOUNT, account) for account in accounts))

    path.write_text(naming(*(f"{n:032x}" for n in range(65))))
    many = run("import", folder, path)
    tap.check("too_many_accounts_are_refused", (many.returncode, cases(folder)["received"]) == (5, before) and
              "64 accounts" in many.stderr, many)
    path.write_text(naming(ACCOUNT, ACCOUNT, "ff" * 16))
    done = run("import", folder, path)
    made = [dict(line.split(" ", 1) for line in part.splitlines()) for part in done.stdout.split("\n\n")]
    tap.check("each_account_is_a_case_of_its_own", done.returncode == 0 and cases(folder)["received"] == before + 2 and
              len({c["case"] for c in made}) == 2 and [c["accounts"] for c in made] == ["1", "1"] and
              {c["hash"] for c in made} == {hashlib.sha256(path.read_bytes()).hexdigest()}, done)
    with sqlite3.connect(folder / "desk.sqlite") as store:
        counts = [store.execute("SELECT count(*) FROM sealed WHERE case_id = ? AND kind IN (0, 1)", (c["case"],)).fetchone()[0]
                  for c in made]
    tap.check("with_all_that_was_filed", counts == [3, 3], counts)
    each_delivered(folder, tap, path, [c["case"] for c in made])
    again = run("import", folder, path)
    tap.check("they_are_filed_once", again.returncode == 5 and cases(folder)["received"] == before + 2, again)


def each_delivered(folder, tap, path, made):
    package, manifest = folder / "several.letter", folder / "several.manifest"
    package.write_bytes(b"exists yes\n")
    with sqlite3.connect(folder / "desk.sqlite") as store:
        store.executemany("UPDATE cases SET released = 1 WHERE id = ?", [(case,) for case in made])
    done = []
    for case in made:
        manifest.write_text(f"sotto manifest 1\ncase {case}\npackage letter {hashlib.sha256(package.read_bytes()).hexdigest()}\n")
        done.append(run("deliver", folder, path, package, manifest))
    tap.check("and_each_is_delivered", [d.returncode for d in done] == [0] * len(made), done)


def refused(folder, tap):
    text = (SAMPLES / "epoc.xml").read_text()
    path = folder / "refused.xml"
    before = cases(folder)
    for name, reason, content in (
            ("an_entity", "DTD", text.replace("<HI1Message", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><HI1Message')),
            ("a_status", "STATUS", text.replace("<auth:AuthorisationFlags>", "<auth:AuthorisationStatus/><auth:AuthorisationFlags>")),
            ("another_namespace", "MESSAGE", text.replace("2019/10/Core", "2019/10/Other")),
            ("half_of_it", "SYNTAX", text[:len(text) // 2]),
            ("nothing", "EMPTY", "")):
        path.write_text(content)
        done = run("import", folder, path)
        tap.check(f"{name}_is_refused_by_name", done.returncode == 5 and f": {reason}: " in done.stderr, done.stderr)
    with open(path, "wb") as huge:
        huge.truncate(1 << 30)
    done = run("import", folder, path)
    tap.check("a_gibibyte_is_refused", done.returncode == 5 and "TOO_LARGE" in done.stderr, done.stderr)
    os.unlink(path)
    done = run("import", folder, path)
    tap.check("a_file_that_is_not_there_is_no_refusal", done.returncode == 1, done.stderr)
    tap.check("none_of_them_changed_anything", cases(folder) == before, cases(folder))


CORE = "{http://uri.etsi.org/03120/common/2019/10/Core}"
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
VALUE = ".//{http://uri.etsi.org/03120/common/2016/02/Common}Value"


def statuses(response):
    return [(o.get(TYPE), o.find(VALUE).text) for o in ElementTree.fromstring(response).iter(CORE + "HI1Object")]


def answered(folder, tap):
    path = folder / "epoc.xml"
    done = run("answer", folder, path, "rejected")
    root = ElementTree.fromstring(done.stdout)
    tap.check("a_response_sets_each_status", statuses(done.stdout) ==
              [("auth:AuthorisationObject", "Rejected"), ("task:LDTaskObject", "Rejected")], done.stdout)
    asked = ElementTree.fromstring(path.read_text())
    name = f".//{CORE}TransactionIdentifier"
    tap.check("it_is_of_the_same_transaction", root.find(name).text == asked.find(name).text)
    tap.check("it_answers_every_action", [e.text for e in root.iter(CORE + "ActionIdentifier")] == ["0", "1", "2"])
    tap.check("it_names_no_account", done.returncode == 0 and ACCOUNT not in done.stdout)
    preserved = run("answer", folder, SAMPLES / "epoc-pr.json", "preserved")
    tap.check("a_preservation_in_json_is_answered_in_json", [
        (o["CREATEResponse"]["HI1Object"]["@xsi:type"].split("}")[1], o["ActionIdentifier"])
        for o in actions(preserved.stdout, "Response")] == [("AuthorisationObject", 0), ("LPTaskObject", 1)], preserved)
    response = folder / "response.xml"
    for text in (done.stdout, preserved.stdout):
        response.write_text(text)
        back = run("import", folder, response)
        tap.check("a_response_is_no_filing", back.returncode == 5 and ": RESPONSE: " in back.stderr, back.stderr)
    for name, code, args in (("preserved_of_a_production", 5, (path, "preserved")),
                             ("disclosed_of_a_preservation", 5, (SAMPLES / "epoc-pr.json", "disclosed")),
                             ("a_status_that_is_none", 2, (path, "done"))):
        tap.check(f"{name}_is_refused", run("answer", folder, *args).returncode == code)


def actions(text, which):
    return json.loads(text)["Payload"][f"{which}Payload"][f"Action{which}s"][f"Action{which}"]


def words(folder, tap):
    """The names of statuses are the deployment's to set."""
    own = folder / "data" / "hi1.json"
    own.parent.mkdir(exist_ok=True)
    carried = (Path(__file__).resolve().parents[2] / "src" / "desk" / "data" / "hi1.json").read_text()
    own.write_text(carried.replace('"as": "Rejected"', '"as": "NotExecuted"'))
    done = run("answer", folder, folder / "epoc.xml", "rejected")
    tap.check("a_status_is_the_deployments_word", {value for _, value in statuses(done.stdout)} == {"NotExecuted"}, done)
    for name, old, new in (("an_element_with_a_space", '"as": "SectionA"', '"as": "Section A"'),
                           ("an_element_that_is_a_tag", '"as": "SectionA"', '"as": "a><b"'),
                           ("a_word_that_stands_twice", '"id": "section-b"', '"id": "section-a"'),
                           ("a_word_that_is_none", '"id": "section-b"', '"id": "section-z"'),
                           ("an_empty_word", '"as": "Invalid"', '"as": ""')):
        own.write_text(carried.replace(old, new, 1))
        done = run("answer", folder, folder / "epoc.xml", "rejected")
        tap.check(f"{name}_is_refused", done.returncode == 1 and not done.stdout and "hi1.json" in done.stderr, done)
    own.unlink()


DELIVERY = "{http://uri.etsi.org/03120/common/2019/10/Delivery}"


def sealed(folder, text):
    """A package as the server writes it: CMS, and what opens it."""
    key, certificate, package = folder / "key.pem", folder / "certificate.pem", folder / "order.cms"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Court", "-keyout", key,
                    "-out", certificate], check=True, capture_output=True)
    subprocess.run(["openssl", "cms", "-encrypt", "-binary", "-aes256", "-outform", "DER", "-out", package, certificate],
                   input=text, check=True, capture_output=True)
    return package


def opened(folder, package):
    return subprocess.run(["openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-recip", folder / "certificate.pem",
                           "-inkey", folder / "key.pem"], input=package, check=True, capture_output=True).stdout


def delivered(folder, tap):
    """A case whose release is in the store goes out as a delivery, and no other."""
    path, manifest = folder / "epoc.xml", folder / "order.manifest"
    package = sealed(folder, b"exists yes\n")
    with sqlite3.connect(folder / "desk.sqlite") as store:
        case, = store.execute("SELECT id FROM cases WHERE filing = ?",
                              (hashlib.sha256(path.read_bytes()).digest(),)).fetchone()
    says = (f"sotto manifest 1\norder o-1 {'00' * 32}\ncase {case}\nserver-number 1\n"
            f"package cms {hashlib.sha256(package.read_bytes()).hexdigest()}\n")
    manifest.write_text(says)
    early = run("deliver", folder, path, package, manifest)
    tap.check("what_is_not_released_is_not_delivered", early.returncode == 5 and not early.stdout and
              "released" in early.stderr, early)
    with sqlite3.connect(folder / "desk.sqlite") as store:
        store.execute("UPDATE cases SET released = 1 WHERE id = ?", (case,))
    done = run("deliver", folder, path, package, manifest)
    root = ElementTree.fromstring(done.stdout)
    objects = list(root.iter(CORE + "HI1Object"))
    data = [base64.b64decode(o.find(f".//{DELIVERY}Data").text) for o in objects]
    tap.check("package_and_manifest_are_delivered", [o.get(TYPE) for o in objects] == 2 * ["delivery:DeliveryObject"] and
              data == [package.read_bytes(), says.encode()], done)
    tap.check("which_the_authoritys_key_opens", opened(folder, data[0]) == b"exists yes\n")
    tap.check("each_with_its_checksum", [o.find(f".//{DELIVERY}Checksum").text for o in objects] ==
              [hashlib.sha256(d).hexdigest() for d in data])
    tap.check("for_the_task_of_the_filing", {o.find(f".//{DELIVERY}LDID").text for o in objects} == {"12 Gs 345/26-1"} and
              {o.find(f".//{CORE}AssociatedObject").text for o in objects} == {"0f3b6c1e-7f4e-4a51-9d1f-6a0f2f1d9a03"}, done)
    tap.check("one_after_the_other", [(o.find(f"{DELIVERY}SequenceNumber").text, o.find(f"{DELIVERY}LastSequence").text)
                                      for o in objects] == [("1", "false"), ("2", "true")], done)
    parties = [root.find(f".//{CORE}{name}/{CORE}UniqueIdentifier").text for name in ("SenderIdentifier", "ReceiverIdentifier")]
    tap.check("from_us_to_them", parties == ["SOTTO", "COURT-EXAMPLE"], parties)
    again = ElementTree.fromstring(run("deliver", folder, path, package, manifest).stdout)
    same = [[e.text for e in tree.iter(f"{DELIVERY}DeliveryID")] for tree in (root, again)]
    tap.check("the_same_package_is_the_same_delivery", same[0] == same[1] and len(set(same[0])) == 1, same)
    out = folder / "out.xml"
    tap.check("the_file_is_its_owners_alone", run("deliver", folder, path, package, manifest, "--to", out).returncode == 0
              and out.stat().st_mode & 0o77 == 0)
    refused_deliveries(folder, tap, path, package, manifest, says)


def delivered_in_json(folder, tap):
    path, package, manifest = folder / "epoc.json", folder / "order.txt", folder / "json.manifest"
    path.write_text((SAMPLES / "epoc-pr.json").read_text().replace('"EPOCPR"', '"EPOC"').replace("LPTaskObject", "LDTaskObject"))
    filed = run("import", folder, path)
    package.write_bytes("sotto answer 1\nexists yes é\n".encode())
    with sqlite3.connect(folder / "desk.sqlite") as store:
        store.execute("UPDATE cases SET released = 1 WHERE filing = ?", (hashlib.sha256(path.read_bytes()).digest(),))
    manifest.write_text(f"sotto manifest 1\n{filed.stdout.splitlines()[0]}\n"
                        f"package letter {hashlib.sha256(package.read_bytes()).hexdigest()}\n")
    done = run("deliver", folder, path, package, manifest)
    objects = [o["DELIVER"]["HI1Object"] for o in actions(done.stdout, "Request")]
    data = [o["delivery:Delivery"]["delivery:BinaryData"] for o in objects]
    tap.check("what_came_in_json_is_delivered_in_json", [base64.b64decode(d["delivery:Data"]) for d in data] ==
              [package.read_bytes(), manifest.read_bytes()] and data[0]["delivery:ContentType"].startswith("text/plain"), done)
    tap.check("with_numbers_and_booleans", [(o["delivery:SequenceNumber"], o["delivery:LastSequence"]) for o in objects] ==
              [(1, False), (2, True)], done)
    tap.check("and_lists", [o["AssociatedObjects"]["AssociatedObject"] for o in objects] ==
              2 * [["5a7c9f52-02b5-4d8e-8f0b-3d1c4b7e1003"]], done)
    back = run("import", folder, write(folder / "back.json", done.stdout))
    tap.check("a_delivery_is_no_filing", back.returncode == 5 and ": VERB: " in back.stderr, back.stderr)


def write(path, text):
    path.write_text(text)
    return path


def refused_deliveries(folder, tap, path, package, manifest, says):
    other = folder / "other.bin"
    other.write_bytes(b"something else")
    unfiled = folder / "unfiled.xml"
    unfiled.write_text(path.read_text().replace("12 Gs 345/26<", "13 Gs 1/26<"))
    for name, why, words_, text in (
            ("another_package", "isn't the package", (path, other, manifest), says),
            ("a_manifest_of_no_release", "no manifest", (path, package, manifest), says.split("package ")[0]),
            ("a_manifest_that_is_none", "no manifest", (path, package, manifest), "sotto order 1\n" + says),
            ("another_cases_manifest", "another case", (path, package, manifest), says.replace("case c", "case d")),
            ("a_filing_that_was_not_filed", "not filed", (unfiled, package, manifest), says),
            ("a_task_that_is_none", "no task", (path, package, manifest, "12 Gs"), says)):
        manifest.write_text(text)
        done = run("deliver", folder, *words_)
        tap.check(f"{name}_is_not_delivered", done.returncode == 5 and not done.stdout and why in done.stderr, done)


def forms(folder, tap):
    path = folder / "marked.xml"
    path.write_text((SAMPLES / "epoc.xml").read_text().replace("12 Gs 345/26<", "12 &lt;b&gt; Gs&amp;<"))
    done = run("annex", folder, path, "offence-not-covered")
    chosen = [line for line in done.stdout.split("<li>") if line.startswith("[x]")]
    tap.check("the_form_has_one_ground", len(chosen) == 1 and "offence is not covered" in chosen[0], done.stdout + done.stderr)
    tap.check("it_names_the_file", "12 &lt;b&gt; Gs&amp;" in done.stdout and "[x] EPOC  [ ]" in done.stdout, done.stdout)
    tap.check("it_names_no_account_either", ACCOUNT not in done.stdout)
    third = run("annex", folder, path, "conflict-of-laws")
    tap.check("a_third_state_s_law_has_its_section", "Nature of the obligation" in third.stdout and
              "Nature of the obligation" not in done.stdout, third.stdout)
    other = run("annex", folder, path, "disproportionate")
    tap.check("a_ground_that_the_form_lacks_is_refused", other.returncode == 5 and not other.stdout, other.stderr)
    none = run("annex", folder, path, "because")
    tap.check("a_ground_that_is_none_is_refused", none.returncode == 2, none.stderr)
    forms_in_xml(folder, tap, path)


FORM = "{http://data.europa.eu/edm/1/ns/forms/EPOC-FORM-3#}"


def forms_in_xml(folder, tap, path):
    facts = folder / "facts"
    facts.write_text("received 2026-11-21\nlaw An Act, s. 1\nname A. <Person>\n")
    done = run("annex", folder, path, "conflict-of-laws", "--facts", facts, "--xml")
    root = ElementTree.fromstring(done.stdout)
    sections = [e.tag for e in root]
    tap.check("the_form_as_xml_has_the_sections_of_the_regulation", sections == [f"{FORM}Section{c}" for c in "ABCDEFGH"], done)

    def text(name):
        found = root.find(f".//{FORM}{name}")
        return None if found is None else found.text

    tap.check("it_says_what_the_filing_says", (text("Certificate"), text("FileNumber"), text("IdentifierId")) ==
              ("EPOC", "12 <b> Gs&", "0f3b6c1e-7f4e-4a51-9d1f-6a0f2f1d9a03"), done.stdout)
    tap.check("and_what_the_person_says", (text("DateOfReceipt"), text("TitleOfLaw"), text("Name"), text("Function")) ==
              ("2026-11-21", "An Act, s. 1", "A. <Person>", None), done.stdout)
    tap.check("and_the_ground", text("Reason") == "Conflict with the law of a third country" and ACCOUNT not in done.stdout)
    page = run("annex", folder, path, "conflict-of-laws", "--facts", facts)
    tap.check("the_page_says_the_same", "A. &lt;Person&gt;" in page.stdout and "An Act, s. 1" in page.stdout, page.stdout)
    less = run("annex", folder, path, "offence-not-covered", "--xml")
    tap.check("without_a_third_states_law_there_is_no_section_e", less.returncode == 0 and "SectionE" not in less.stdout, less)
    for name, lines in (("a_fact_that_is_none", "nobody x\n"), ("a_fact_said_twice", "name A\nname B\n"),
                        ("a_fact_without_words", "name\n"), ("half_a_line", "name A")):
        facts.write_text(lines)
        done = run("annex", folder, path, "conflict-of-laws", "--facts", facts, "--xml")
        tap.check(f"{name}_is_refused", done.returncode == 5 and not done.stdout, done)


def schemas(folder, tap):
    schema, path = SAMPLES / "core.xsd", folder / "by-schema.xml"
    text = (SAMPLES / "epoc.xml").read_text()
    before = cases(folder)["received"]
    path.write_text(text.replace("<TransactionIdentifier>0", "<TransactionIdentifier>1"))
    done = run("import", folder, path, "--schema", schema)
    tap.check("what_no_schema_allows_is_refused", done.returncode == 5 and
              "SCHEMA" in done.stderr and "(TransactionIdentifier)" in done.stderr, done.stderr)
    path.write_text(text)
    done = run("import", folder, path, "--schema", folder / "nothing.xsd")
    tap.check("a_schema_that_is_not_there_is_no_refusal", done.returncode == 1, done.stderr)
    done = run("import", folder, SAMPLES / "epoc-pr.json", "--schema", schema)
    tap.check("json_is_not_checked_by_a_schema_of_xml", done.returncode == 5 and "SCHEMA_FORM" in done.stderr, done.stderr)
    tap.check("nothing_was_filed", cases(folder)["received"] == before)
    done = run("import", folder, path, "--schema", schema)
    tap.check("what_is_valid_is_filed", done.returncode == 0 and cases(folder)["received"] == before + 1, done.stderr)
    answer = run("answer", folder, path, "received", "--schema", schema)
    tap.check("our_answer_is_checked_too", answer.returncode == 0 and "ResponsePayload" in answer.stdout, answer)
    path.write_text(text.replace("<TransactionIdentifier>0", "<TransactionIdentifier>1"))
    out = folder / "answer.xml"
    answer = run("answer", folder, path, "received", "--schema", schema, "--to", out)
    tap.check("what_no_schema_allows_is_not_written", answer.returncode == 5 and "(TransactionIdentifier)" in answer.stderr and
              not out.exists(), answer)
    answer = run("answer", folder, SAMPLES / "epoc-pr.json", "received", "--schema", schema)
    tap.check("an_answer_in_json_is_not_said_to_be_checked", answer.returncode == 5 and not answer.stdout, answer)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as temporary:
        folder = desk(Path(temporary) / "desk")
        imported(folder, tap)
        refused(folder, tap)
        answered(folder, tap)
        words(folder, tap)
        delivered(folder, tap)
        delivered_in_json(folder, tap)
        forms(folder, tap)
        schemas(folder, tap)
        several(folder, tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
