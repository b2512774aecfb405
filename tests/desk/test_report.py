#!/usr/bin/env python3
"""A made year of cases: its report recounts to the last cell, by `sotto-desk audit` and by the counting below, which
shares no code with it; and what somebody with the desk's keys might do to report, openings or ledger is found by name."""
import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "term"))
from rig import Tap  # noqa: E402

PROGRAM, MADE_YEAR = sys.argv[1:3]
PERIOD = "2026-01-01_2027-01-01"
SLOTS = ("move case number from to time issuer beneficiary regime process path category accounts outcome reason notice "
         "asked fields order document filing office list person-roles").split()


def run(*args, code=0):
    done = subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True, timeout=200)
    assert code is None or done.returncode == code, f"{args}: {done.returncode} {done.stderr}"
    return done


class Desk:
    def __init__(self, folder, cases, batch, *evil):
        self.folder, self.public = folder, folder / "public"
        made = run("demo", folder, "http://localhost:4490").stdout.strip()
        self.office = folder / "office.txt"
        run("office", folder, self.office, "--pin", made)
        run("list", folder, folder / "suspensions.txt")
        if evil:
            self.suspend()
        subprocess.run([MADE_YEAR, folder, str(cases), "7", str(batch), *evil], check=True)
        run("ledger", "publish", folder)
        run("report", folder, "--from", "2026-01-01", "--until", "2027-01-01", "--to", folder / "statement")
        self.sign(folder / "statement", "auditor-1", folder / "stated")

    @property
    def report(self):
        return self.public / "report"

    def sign(self, path, person, to):
        run("sign", path, "--as", person, "--key", self.folder / "people" / person / "ssh", "--office",
            self.folder / "office.txt", "--to", to, "--yes")

    def suspend(self):
        """Version 2 of the list, in which Hong Kong is suspended."""
        shown = {o["type"]: o for o in map(json.loads, run("show", self.folder, "--json").stdout.splitlines())}
        path = self.folder / "list2"
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT00:00:00Z")
        path.write_text("\n".join([
            "sotto suspensions 1", "version 2", "previous " + shown["suspensions"]["hash"],
            "office 1 " + shown["office"]["hash"], "suspension hk", "jurisdictions HK", "scope all", "wording Suspended.",
            "start " + now, "review " + now, ""]))
        for person in ("approver-1", "human-rights-1"):
            self.sign(path, person, path)
        run("list", self.folder, path)

    def audit(self, *more, public=None, stated=True):
        public = public or self.public
        args = ["audit", public, public / "report" / f"{PERIOD}.csv", "--office", self.office, "--json"]
        done = run(*args, *(["--statement", self.folder / "stated"] if stated else []), *more, code=None)
        found = [json.loads(line) for line in done.stdout.splitlines()]
        return done.returncode, [f["finding"] for f in found[:-1]], found[-1] if found else done.stderr


# ---- Counting anew ----

def vector(data):
    n = len(data)
    return (bytes([n]) if n < 64 else (n | 0x4000).to_bytes(2, "big") if n < 16384 else b"") + data


def commitment(name, salt, value):
    return hashlib.sha256(vector(b"sotto ledger v1 field") + vector(name.encode()) + salt + vector(value)).digest()


def entries(public, size):
    for first in range(0, size, 256):
        n, width = first // 256, min(256, size - first)
        path = "/".join([*(f"x{d:03}" for d in digits(n)[:-1]), f"{digits(n)[-1]:03}"])
        data = (public / "tile" / "entries" / (path + (f".p/{width}" if width < 256 else ""))).read_bytes()
        for i in range(width):
            yield first + i, data[i * 786 + 2:(i + 1) * 786]


def digits(n):
    out = [n % 1000]
    while n >= 1000:
        n //= 1000
        out.insert(0, n % 1000)
    return out


def opened(public, openings, size):
    lines = {int(line.split()[0]): line.split()[1:] for line in openings.read_text().splitlines()}
    for place, entry in entries(public, size):
        fields = {}
        for word in lines.pop(place, []):
            slot, salt, value = word.split(":")
            name, value = SLOTS[int(slot)], base64.b64decode(value)
            at = 16 + 32 * int(slot)
            assert commitment(name, base64.b64decode(salt), value) == entry[at:at + 32], (place, name)
            fields[name] = value.decode()
        if fields:
            yield fields
    assert not lines


ENDS = {"released": "some_disclosed", "rejected": "rejected", "not-held": "not_held", "withdrawn": "withdrawn",
        "forged": "forged", "lapsed": "lapsed", "held": "suspended_unprocessed"}


def moment(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")


def count_case(cell, moves):
    moves.sort(key=lambda m: int(m["number"]))
    end = "pending"
    for m in moves:
        end = end if m["to"] in ("closed", "purged") else ENDS.get(m["to"], "pending")
    did, told = {m["move"] for m in moves}, {m["notice"] for m in moves}
    answers = [moment(m["time"]) for m in moves if m["to"] in ("released", "rejected", "not-held")]
    for column, n in (("received", 1), (end, 1), ("accounts_specified", int(moves[-1]["accounts"])),
                      ("narrowed", "narrow" in did), ("challenged", "challenge" in did),
                      ("compelled_after_challenge", "compel" in did), ("preserved", "preserve" in did),
                      ("user_notified", bool(told & {"told", "told-late"})),
                      ("notice_delayed", bool(told & {"barred", "told-late"})), ("answered", bool(answers))):
        cell[column] = cell.get(column, 0) + int(n)
    if answers:
        cell.setdefault("hours", []).append(int((answers[0] - moment(moves[0]["time"])).total_seconds()) // 3600)


def recount(public, openings, size):
    cases, cells = {}, {}
    for fields in opened(public, openings, size):
        if fields.get("case"):
            cases.setdefault(fields["case"], []).append(fields)
    for moves in cases.values():
        last = max(moves, key=lambda m: int(m["number"]))
        if moment(min(m["time"] for m in moves if m["number"] == "1")).year == 2026:
            count_case(cells.setdefault(tuple(last[k] for k in ("issuer", "beneficiary", "process", "path", "category")), {}),
                       moves)
    for cell in cells.values():
        hours = sorted(cell.pop("hours", []))
        cell["median_hours"] = hours[(len(hours) - 1) // 2] if hours else 0
    return cells


def reported(path):
    head, *rows = (line.split(",") for line in path.read_text().splitlines())
    cells = {tuple(row[2:7]): {k: int(v) for k, v in zip(head[7:-2], row[7:-2])} for row in rows}
    return cells, int(rows[0][-2])


def whole(tap, folder):
    desk = Desk(folder, 5000, 65536)
    code, found, total = desk.audit()
    tap.check("a_year_of_5000_cases_recounts_to_the_last_cell", (code, found) == (0, []), f"{found[:5]} {total}")
    cells, size = reported(desk.report / f"{PERIOD}.csv")
    again = recount(desk.public, folder / "auditor" / f"openings_{PERIOD}", size)
    filled = {key: {column: cell.get(column, 0) for column in cells[key]} for key, cell in again.items() if key in cells}
    tap.check("another_program_counts_the_same", filled == cells and len(again) == len(cells) > 100,
              [(k, cells[k], filled.get(k)) for k in cells if filled.get(k) != cells[k]][:3])
    as_json = json.loads((desk.report / f"{PERIOD}.json").read_text())
    tap.check("json_says_what_csv_says", len(as_json["cells"]) == len(cells) and
              all(cells[tuple(list(c.values())[:5])] == dict(list(c.items())[5:]) for c in as_json["cells"]))
    rejected = sum(r["rejected"] for r in as_json["reasons"])
    tap.check("rejections_by_reason_add_up", rejected == sum(c["rejected"] for c in cells.values()) > 0, rejected)
    html = (desk.report / f"{PERIOD}.html").read_text()
    tap.check("the_picture_has_a_table_beside_it", "<svg" in html and "<table" in html and ">HK<" in html)
    code, found, total = desk.audit("--openings", folder / "auditor" / f"openings_{PERIOD}", "--padding",
                                    folder / "keys" / "padding", stated=False)
    tap.check("the_auditor_finds_that_the_rest_is_padding",
              (code, found) == (0, []) and total["opened"] + total["padding"] == total["entries"], f"{found[:5]} {total}")
    public = (desk.report / f"{PERIOD}.openings").read_text()
    tap.check("neither_filing_nor_order_is_opened", not any(f" {s}:" in public for s in (18, 20)))


# ---- What is done to it ----

def edit(path, change):
    data = path.read_bytes()
    path.unlink()  # it has other names
    path.write_bytes(change(data))


def lines(change):
    return lambda data: b"".join(change(data.splitlines(keepends=True)))


def swap_field(line, slot, value):
    words = line.split()
    for i, word in enumerate(words[1:], 1):
        if word.startswith(b"%d:" % slot):
            s, salt, _ = word.split(b":")
            words[i] = b":".join([s, salt, base64.b64encode(value)])
    return b" ".join(words) + b"\n"


def opened_value(line, slot):
    for word in line.split()[1:]:
        if word.startswith(b"%d:" % slot):
            return base64.b64decode(word.split(b":")[2])
    return b""


def without_case(all_):
    case = next(opened_value(x, 1) for x in all_ if opened_value(x, 1))
    return [x for x in all_ if opened_value(x, 1) != case]


def without_first_move(all_):
    drop = next(x for x in all_ if opened_value(x, 2) == b"1" and opened_value(x, 1))
    return [x for x in all_ if x != drop]


def change_at(all_, want, change):
    i = next(i for i, x in enumerate(all_) if want(x))
    return [*all_[:i], change(all_[i]), *all_[i + 1:]]


def salts_swapped(line):
    words = line.split()
    a, b = words[3].split(b":"), words[4].split(b":")
    words[3], words[4] = b":".join([a[0], b[1], a[2]]), b":".join([b[0], a[1], b[2]])
    return b" ".join(words) + b"\n"


def cell_changed(column, by):
    def change(all_):
        head = all_[0].split(b",")
        row = all_[5].split(b",")
        row[head.index(column)] = b"%d" % (int(row[head.index(column)]) + by)
        return [*all_[:5], b",".join(row), *all_[6:]]
    return lines(change)


def manipulations():
    is_reject = lambda x: opened_value(x, 0) == b"reject"  # noqa: E731
    any_move = lambda x: opened_value(x, 0) == b"close"  # noqa: E731
    csv, openings, tile = f"report/{PERIOD}.csv", f"report/{PERIOD}.openings", "tile/entries/001"
    return (
        ("a_number_is_lower", "CELL", csv, cell_changed(b"received", -1)),
        ("a_rejection_is_a_release", "CELL", csv, cell_changed(b"some_disclosed", 1)),
        ("answers_are_faster", "CELL", csv, cell_changed(b"median_hours", -1)),
        ("a_row_is_dropped", "CELL", csv, lines(lambda a: a[:-1])),
        ("a_row_is_added", "CELL", csv, lines(lambda a: [*a, a[-1].replace(b",", b",ZZ", 3).replace(b"ZZ", b"", 2)])),
        ("its_root_is_another", "REPORT", csv, lambda d: d[:-3] + (b"00\n" if d[-3:] != b"00\n" else b"11\n")),
        ("it_is_of_a_size_to_come", "REPORT", csv, lambda d: d.replace(b",4096,", b",9999,")),
        ("it_is_cut_off", "REPORT", csv, lambda d: d[:-10]),
        ("a_case_is_dropped", "CELL", openings, lines(without_case)),
        ("a_move_is_dropped", "GAP", openings, lines(without_first_move)),
        ("an_outcome_is_changed", "OPENING", openings, lines(lambda a: change_at(a, is_reject, lambda x: swap_field(x, 4, b"released")))),
        ("a_date_is_moved", "OPENING", openings, lines(lambda a: change_at(a, any_move, lambda x: swap_field(x, 5, b"2026-07-01T00:00:00Z")))),
        ("a_jurisdiction_is_changed", "OPENING", openings, lines(lambda a: change_at(a, is_reject, lambda x: swap_field(x, 6, b"LI")))),
        ("salts_are_swapped", "OPENING", openings, lines(lambda a: change_at(a, any_move, salts_swapped))),
        ("an_opening_is_told_twice", "OPENING", openings, lines(lambda a: [a[0], *a])),
        ("an_opening_is_moved_to_another_entry", "OPENING", openings,
         lines(lambda a: [b"%d %s" % (int(a[0].split()[0]) + (1 if int(a[1].split()[0]) > int(a[0].split()[0]) + 1 else 0),
                                      a[1].split(b" ", 1)[1]), *a[2:]])),
        ("the_openings_are_gone", "OPENING", openings, None),
        ("an_entry_is_changed", "ROOT", tile, lambda d: d[:400] + bytes([d[400] ^ 1]) + d[401:]),
        ("two_entries_change_places", "ROOT", tile, lambda d: d[786:1572] + d[:786] + d[1572:]),
        ("entries_are_cut_off", "ENTRIES", tile, lambda d: d[:5000]),
        ("a_bundle_is_gone", "ENTRIES", tile, None),
        ("the_checkpoint_is_of_another_size", "CHECKPOINT", "checkpoint", lambda d: d.replace(b"\n4096\n", b"\n4095\n")),
        ("the_checkpoint_is_of_another_key", "CHECKPOINT", "checkpoint", lambda d: d[:-6] + b"AAAA=\n"),
        ("a_suspension_list_has_other_words", "DOCUMENT", "suspensions/2", lambda d: d.replace(b"Suspended.", b"Reviewed.")),
        ("a_suspension_list_is_hidden", "DOCUMENT", "suspensions/2", None),
        ("an_office_file_is_hidden", "DOCUMENT", "office/1", None))


def planted(tap, folder):
    desk = Desk(folder, 300, 4096)
    desk_list_of_two = Desk(folder / "two", 300, 4096, "evil")
    code, found, total = desk.audit()
    tap.check("before_anything_is_done_nothing_is_found", (code, found) == (0, []), f"{found[:5]} {total}")
    for name, finding, path, change in manipulations():
        honest = desk_list_of_two if path == "suspensions/2" else desk
        copy = folder / "copy"
        shutil.copytree(honest.public, copy)
        before = (copy / path).read_bytes()
        if change is None:
            (copy / path).unlink()
        else:
            edit(copy / path, change)
        assert change is None or (copy / path).read_bytes() != before, name
        code, found, _ = honest.audit(public=copy)
        tap.check(f"found_{name}", code == 5 and finding in found, f"{code} {found[:5]}")
        shutil.rmtree(copy)
    code, found, _ = desk_list_of_two.audit()
    for finding in ("TWICE", "JUMP", "BACK", "SUSPENDED", "DOCUMENT"):
        tap.check(f"found_in_the_ledger_itself_{finding}", code == 5 and finding in found, f"{code} {found[:9]}")
    auditors(tap, desk)


def auditors(tap, desk):
    """What the auditor's own hand has to show."""
    stated, openings = desk.folder / "stated", desk.folder / "auditor" / f"openings_{PERIOD}"
    good = stated.read_text()
    code, found, _ = desk.audit(stated=False)
    tap.check("without_a_statement_the_sealed_rest_is_missing", code == 5 and set(found) == {"CELL"}, found[:5])
    stated.write_text(good.replace("cell 2026", "cell 2025", 1))
    tap.check("found_a_statement_that_was_changed", "STATEMENT" in desk.audit()[1])
    desk.sign(desk.folder / "statement", "custodian-1", stated)
    tap.check("found_a_statement_by_somebody_else", "STATEMENT" in desk.audit()[1])
    other = desk.folder / "other"
    other.write_text((desk.folder / "statement").read_text().replace("size 4096", "size 4095", 1))
    desk.sign(other, "auditor-1", stated)
    tap.check("found_a_statement_of_another_size", "STATEMENT" in desk.audit()[1])
    stated.write_text(good)
    hidden = desk.folder / "hidden"
    hidden.write_bytes(b"".join(without_case(openings.read_bytes().splitlines(keepends=True))))
    code, found, _ = desk.audit("--openings", hidden, "--padding", desk.folder / "keys" / "padding", stated=False)
    tap.check("found_a_case_that_is_called_padding", code == 5 and "HIDDEN" in found, found[:5])


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        whole(tap, Path(folder) / "whole")
        (Path(folder) / "planted").mkdir()
        planted(tap, Path(folder) / "planted")
    return tap.end()


sys.exit(main())
