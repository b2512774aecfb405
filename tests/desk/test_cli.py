#!/usr/bin/env python3
"""The commands of sotto-desk that need no daemon: the demonstration's office, signing on a machine of one's own, who
signed, and several signatures put together."""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "term"))
from rig import Tap  # noqa: E402

PROGRAM = sys.argv[1]


def run(*args, text=None):
    return subprocess.run([PROGRAM, *map(str, args)], input=text, capture_output=True, text=True, timeout=60)


class Demo:
    def __init__(self, folder):
        self.folder, self.made = folder, run("demo", folder, "http://localhost:4490")
        self.office, self.list = folder / "office.txt", folder / "suspensions.txt"

    def key(self, person):
        return self.folder / "people" / person / "ssh"

    def sign(self, path, person, *more, key=None, text=None, to=None):
        return run("sign", path, "--as", person, "--key", key or self.key(person), "--office", self.office,
                   "--to", to or path, *(more or ["--yes"]), text=text)

    def signers(self, path):
        done = run("signed", path, "--office", self.office, "--json")
        return done.returncode, [json.loads(line)["person"] for line in done.stdout.splitlines()]


def digest(path):
    return subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True).stdout.split()[0]


def order(demo, path, authority="de-court-example", version=1):
    path.write_text("\n".join([
        "sotto release 1", "id o1", "case c1", "account id " + "ab" * 16, "fields exists created", "path ordinary",
        "authority " + authority, "beneficiary DE", "regime national", "server " + "cd" * 32, "server-number 7",
        f"office {version} {digest(demo.office)}", "suspensions 1 " + "ef" * 32, "made 2026-11-27T00:00:00Z", ""]))
    return path


def offices(demo, tap):
    tap.check("a_demonstration_prints_the_hash_of_its_office",
              demo.made.returncode == 0 and demo.made.stdout.strip() == digest(demo.office), demo.made.stderr)
    tap.check("it_has_fourteen_people",
              sum(line.startswith("person ") for line in demo.office.read_text().splitlines()) == 14)
    tap.check("two_of_them_signed_its_first_list", demo.signers(demo.list) == (0, ["approver-1", "local-law-1"]),
              demo.signers(demo.list))
    again = run("demo", demo.folder, "http://localhost:4490")
    tap.check("it_is_made_once", (again.returncode, digest(demo.office)) == (5, demo.made.stdout.strip()), again.stderr)
    modes = {p.stat().st_mode & 0o777 for n in ("ssh", "seal", "passkey") for p in demo.folder.glob(f"people/*/{n}")}
    keys = {p.stat().st_mode & 0o777 for p in demo.folder.glob("keys/*")}
    tap.check("private_keys_are_their_owner_s_alone", (modes, keys) == ({0o600}, {0o600}), (modes, keys))


def initial(demo, tap):
    new = demo.folder / "new"
    done, again = (run("init", new, "desk.example.org/ledger") for _ in "ab")
    words = [line.split()[0] for line in done.stdout.splitlines()]
    tap.check("a_new_desk_prints_what_its_office_file_names", (done.returncode, words) == (0, ["notice-key", "ledger"]),
              done.stdout + done.stderr)
    tap.check("its_keys_are_made_once", again.stdout == done.stdout, again.stdout)
    (new / "keys" / "ledger").write_bytes(b"short")
    broken = run("init", new, "desk.example.org/ledger")
    tap.check("a_key_that_is_cut_off_is_damage", broken.returncode == 4, broken.stderr)


def signing(demo, tap):
    path = order(demo, demo.folder / "order")
    plain = path.read_text()
    done = demo.sign(path, "policy-1")
    tap.check("what_is_signed_is_shown_whole", done.returncode == 0 and plain in done.stderr, done.stderr)
    tap.check("with_what_the_trusted_office_says_of_it",
              "Amtsgericht Beispielstadt, DE" in done.stderr and "1: the one that you have here" in done.stderr,
              done.stderr)
    tap.check("and_is_signed", demo.signers(path) == (0, ["policy-1"]) and path.read_text().startswith(plain + "\n"),
              demo.signers(path))
    demo.sign(path, "approver-2")
    tap.check("one_after_another", demo.signers(path) == (0, ["policy-1", "approver-2"]), demo.signers(path))
    other = order(demo, demo.folder / "other", "nobody", 2)
    done = demo.sign(other, "policy-1")
    tap.check("an_authority_that_is_not_in_the_file_and_another_version_are_told",
              "NOT in your office file" in done.stderr and "2: NOT the one" in done.stderr, done.stderr)
    asked = order(demo, demo.folder / "asked")
    for answer in ("", "no\n", "y\n", "yes"):
        done = demo.sign(asked, "policy-1", "--json", text=answer)
        tap.check(f"nothing_is_signed_after_{answer.strip() or 'nothing'}{len(answer)}",
                  done.returncode == 5 and asked.read_text() == plain, done.stderr)
    done = demo.sign(asked, "policy-1", "--json", text="yes\n")
    tap.check("a_yes_signs", done.returncode == 0 and demo.signers(asked) == (0, ["policy-1"]), done.stderr)


def refused(demo, tap):
    path = order(demo, demo.folder / "refused")
    plain = path.read_text()
    for name, code, done in (
            ("another_s_key", 5, demo.sign(path, "policy-1", key=demo.key("policy-2"))),
            ("a_person_who_is_not_there", 5, demo.sign(path, "nobody", key=demo.key("policy-2"))),
            ("a_key_that_is_not_there", 1, demo.sign(path, "policy-1", key=demo.folder / "nothing")),
            ("a_file_that_is_not_there", 1, demo.sign(demo.folder / "nothing", "policy-1")),
            ("an_office_that_is_none", 5, run("sign", path, "--as", "policy-1", "--key", demo.key("policy-1"), "--office", path)),
            ("no_office", 2, run("sign", path, "--as", "policy-1", "--key", demo.key("policy-1"))),
            ("an_option_that_is_unknown", 2, run("sign", path, "--no")),
            ("a_command_that_is_unknown", 2, run("sing", path))):
        tap.check(f"{name}_is_refused", (done.returncode, path.read_text()) == (code, plain) and done.stderr, done.stderr)
    for name, text in (("a_hidden_letter", plain.replace("case c1", "case c1\u202e")),
                       ("another_form", plain.replace("office 1 ", "office 01 ")),
                       ("half_a_text", plain[:100]), ("nothing", "")):
        path.write_text(text)
        done = demo.sign(path, "policy-1")
        tap.check(f"{name}_is_not_signed", done.returncode == 5 and path.read_text() == text, done.stderr)


def rejection(demo, path, letter):
    path.write_text("\n".join([
        "sotto move 1", "case c-1", "number 2", "move reject", "state received", "previous " + "0" * 64, "role intake",
        "salt " + "1" * 64, "say ground live-data", f"say letter {digest(letter)}", f"office 1 {digest(demo.office)}",
        "made 2026-11-27T00:00:00Z", ""]))
    return path


def beside(demo, tap):
    """What goes with a move is named by its hash, and read by who signs that."""
    letter, other = demo.folder / "letter", demo.folder / "other-letter"
    letter.write_text("To the court.\nWe can't do this.\n")
    other.write_text("To the court.\nWe will do this.\n")
    path = rejection(demo, demo.folder / "rejection", letter)
    plain = path.read_text()
    for name, code, words in (("unread", 2, ()), ("another", 5, ("--with", other)), ("none", 1, ("--with", demo.folder / "no"))):
        done = demo.sign(path, "intake-1", "--yes", *words)
        tap.check(f"a_letter_that_is_{name}_is_not_signed", (done.returncode, path.read_text()) == (code, plain), done.stderr)
    done = demo.sign(path, "intake-1", "--yes", "--with", letter)
    tap.check("a_letter_is_shown_and_signed_with_its_move",
              done.returncode == 0 and letter.read_text() in done.stderr and demo.signers(path) == (0, ["intake-1"]), done.stderr)
    letter.write_text("To the court.\x1b[2K\n")
    hidden = rejection(demo, demo.folder / "hidden", letter)
    done = demo.sign(hidden, "intake-1", "--yes", "--with", letter)
    tap.check("one_that_a_terminal_would_obey_is_not", done.returncode == 5 and "\x1b" not in done.stderr, done.stderr)
    done = demo.sign(order(demo, demo.folder / "alone"), "policy-1", "--yes", "--with", letter)
    tap.check("an_order_has_none", done.returncode == 5, done.stderr)


def merging(demo, tap):
    one, two, all_ = (order(demo, demo.folder / n) for n in ("one", "two", "all"))
    demo.sign(one, "policy-1"), demo.sign(two, "local-law-1"), demo.sign(two, "policy-2")
    done = run("merge", one, two, one, "--to", all_)
    tap.check("signatures_of_one_text_are_put_together_once_each",
              (done.returncode, demo.signers(all_)) == (0, (0, ["policy-1", "local-law-1", "policy-2"])), done.stderr)
    demo.sign(order(demo, demo.folder / "third", "jp-police-example"), "policy-1")
    done = run("merge", one, demo.folder / "third")
    tap.check("those_of_another_text_are_not", done.returncode == 5 and not done.stdout, done.stderr)
    text = all_.read_text()
    all_.write_text(text.replace("fields exists created", "fields exists created seen"))
    tap.check("a_text_that_was_changed_after_it_was_signed_is_refused", demo.signers(all_)[0] == 5, demo.signers(all_))
    all_.write_text(text.replace("policy-1", "policy-2"))
    tap.check("and_a_line_of_somebody_else", demo.signers(all_)[0] == 5, demo.signers(all_))


def shown(demo):
    done = run("show", demo.folder, "--json")
    return done.returncode, {o["type"]: o for o in map(json.loads, done.stdout.splitlines())}


def handing_in(demo, tap):
    hash_, statement = digest(demo.office), demo.folder / "statement"
    wrong = run("office", demo.folder, demo.office, "--pin", "00" * 32)
    early = run("list", demo.folder, demo.list)
    tap.check("another_hash_pins_nothing", (wrong.returncode, shown(demo)) == (5, (0, {})), wrong.stderr)
    tap.check("without_an_office_there_is_no_list", early.returncode == 5 and "NO_OFFICE" in early.stderr, early.stderr)
    done = [run("office", demo.folder, demo.office, "--pin", hash_), run("list", demo.folder, demo.list)]
    code, now = shown(demo)
    tap.check("office_and_list_are_in_force_then",
              [d.returncode for d in done] == [0, 0] and (now["office"]["hash"], now["suspensions"]["version"]) == (hash_, 1),
              f"{done} {now}")
    twice = [run("office", demo.folder, demo.office, "--pin", hash_), run("list", demo.folder, demo.list),
             run("office", demo.folder, demo.office)]
    tap.check("each_once", [d.returncode for d in twice] == [5, 5, 5] and shown(demo) == (0, now), twice)
    for name, text in (("nothing", ""), ("half", "server " + "07" * 32), ("another", "office 1 " + "07" * 32),
                       ("a_short_key", "server 07\nserver-number 5\n"),
                       ("no_number", "server " + "07" * 32 + "\nserver-number x\n")):
        statement.write_text(text)
        done = run("server", demo.folder, statement)
        tap.check(f"a_server_that_says_{name}_is_not_taken", (done.returncode, shown(demo)) == (5, (0, now)), done.stderr)
    statement.write_text("server " + "07" * 32 + "\nserver-number 1700000000000\noffice 1 x\n")
    done = run("server", demo.folder, statement)
    tap.check("what_the_server_says_is_kept",
              done.returncode == 0 and shown(demo)[1]["server"] == {"type": "server", "identity": "07" * 32,
                                                                   "number": 1700000000000}, done.stderr)
    statement.write_text("server " + "07" * 32 + "\nserver-number 12\n")
    run("server", demo.folder, statement)
    tap.check("a_start_s_number_is_by_chance_and_may_be_lower", shown(demo)[1]["server"]["number"] == 12)
    codes = [run("enrol", demo.folder, who, "roles intake", "countries IE") for who in ("new-1", "new-2", "not an id")]
    tap.check("a_code_is_given_to_each_new_person_and_to_no_name",
              [d.returncode for d in codes] == [0, 0, 5] and len({d.stdout for d in codes}) == 3
              and len(codes[0].stdout.strip()) == 32, [d.stderr for d in codes])
    none = run("show", demo.folder / "nowhere")
    tap.check("looking_makes_no_folder", none.returncode == 1 and not (demo.folder / "nowhere").exists(), none.stderr)


def carrying(demo, tap):
    """Where nothing waits: what does is in the story."""
    seal, out = demo.folder / "people/custodian-1/seal", demo.folder / "out"
    out.mkdir()
    who = ["--as", "custodian-1", "--to", out, "--key"]
    shown_ = run("carry", "show", demo.folder, "--json")
    tap.check("nothing_waits_to_be_carried", (shown_.returncode, shown_.stdout) == (0, ""), shown_.stderr)
    done = run("carry", "out", demo.folder, *who, seal)
    tap.check("and_nothing_is_written", done.returncode == 0 and list(out.iterdir()) == [], done.stderr)
    bad = demo.folder / "bad"
    bad.write_text(seal.read_text() + "x")
    for name, code, done in (
            ("a_key_that_is_none", 4, run("carry", "out", demo.folder, *who, bad)),
            ("no_key", 2, run("carry", "out", demo.folder, *who[:4])),
            ("a_folder_that_is_not_there", 1, run("carry", "out", demo.folder, *who[:2], "--to", out / "no", "--key", seal)),
            ("a_task_that_is_not_there", 5, run("carry", "done", demo.folder, "1", bad)),
            ("a_task_that_is_no_number", 2, run("carry", "done", demo.folder, "one", bad)),
            ("a_refusal_of_no_task", 5, run("carry", "refused", demo.folder, "1", "EXPIRED")),
            ("a_word_that_the_server_does_not_say", 2, run("carry", "refused", demo.folder, "1", "expired")),
            ("a_part_that_is_unknown", 2, run("carry", "home", demo.folder)),
            ("a_desk_that_is_not_there", 1, run("carry", "show", demo.folder / "nowhere"))):
        tap.check(f"{name}_is_not_carried", done.returncode == code and done.stderr and not done.stdout, done)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        demo = Demo(Path(folder))
        for part in (offices, initial, signing, refused, beside, merging, handing_in, carrying):
            part(demo, tap)
    return tap.end()


sys.exit(main())
