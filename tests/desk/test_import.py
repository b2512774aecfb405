#!/usr/bin/env python3
"""`sotto-desk import`: an e-Evidence order becomes a case, once; what is refused changes nothing."""
import hashlib
import json
import os
import subprocess
import sys
import tempfile
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


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as temporary:
        folder = desk(Path(temporary) / "desk")
        imported(folder, tap)
        refused(folder, tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
