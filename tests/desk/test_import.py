#!/usr/bin/env python3
"""`sotto-desk import`: an e-Evidence order becomes a case, once; what is refused changes nothing."""
import hashlib
import json
import os
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
    tap.check("what_was_read_and_its_document_are_sealed_beside_it", len(sizes) == 2 and sizes[0] > 1000, sizes)
    again = run("import", folder, path)
    tap.check("it_is_filed_once", again.returncode == 5 and cases(folder) == {"received": 1}, again.stderr)
    proof = run("ledger", "receipt", folder, says.get("hash"))
    tap.check("it_has_a_receipt", proof.returncode == 0 and says.get("hash") in proof.stdout, proof.stderr)


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
    done = run("answer", path, "rejected")
    root = ElementTree.fromstring(done.stdout)
    tap.check("a_response_sets_each_status", statuses(done.stdout) ==
              [("auth:AuthorisationObject", "Rejected"), ("task:LDTaskObject", "Rejected")], done.stdout)
    asked = ElementTree.fromstring(path.read_text())
    name = f".//{CORE}TransactionIdentifier"
    tap.check("it_is_of_the_same_transaction", root.find(name).text == asked.find(name).text)
    tap.check("it_answers_every_action", [e.text for e in root.iter(CORE + "ActionIdentifier")] == ["0", "1", "2"])
    tap.check("it_names_no_account", done.returncode == 0 and ACCOUNT not in done.stdout)
    preserved = run("answer", SAMPLES / "epoc-pr.json", "preserved")
    tap.check("a_preservation_in_json_is_answered", statuses(preserved.stdout) ==
              [("auth:AuthorisationObject", "Approved"), ("task:LPTaskObject", "Preserved")], preserved.stdout)
    response = folder / "response.xml"
    response.write_text(done.stdout)
    back = run("import", folder, response)
    tap.check("a_response_is_no_filing", back.returncode == 5 and ": RESPONSE: " in back.stderr, back.stderr)
    for name, code, args in (("preserved_of_a_production", 5, (path, "preserved")),
                             ("disclosed_of_a_preservation", 5, (SAMPLES / "epoc-pr.json", "disclosed")),
                             ("a_status_that_is_none", 2, (path, "done"))):
        tap.check(f"{name}_is_refused", run("answer", *args).returncode == code)


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
    tap.check("json_is_not_valid_by_a_schema_of_xml", done.returncode == 5, done.stderr)
    tap.check("nothing_was_filed", cases(folder)["received"] == before)
    done = run("import", folder, path, "--schema", schema)
    tap.check("what_is_valid_is_filed", done.returncode == 0 and cases(folder)["received"] == before + 1, done.stderr)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as temporary:
        folder = desk(Path(temporary) / "desk")
        imported(folder, tap)
        refused(folder, tap)
        answered(folder, tap)
        forms(folder, tap)
        schemas(folder, tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
