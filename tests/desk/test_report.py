#!/usr/bin/env python3
"""A made year of cases: its report recounts to the last cell, by `sotto-desk audit` and by the counting below, which
shares no code with it; and what somebody with the desk's keys might do to report, openings or ledger is found by name."""
import base64
import hashlib
import hmac
import json
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from html.parser import HTMLParser
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "term"))
from rig import Tap  # noqa: E402

PROGRAM, MADE_YEAR = sys.argv[1:3]
DATA = Path(__file__).resolve().parent.parent.parent / "src" / "desk" / "data"
PERIOD = "2026-01-01_2027-01-01"
SLOTS = ("move case number from to time issuer beneficiary regime process path category accounts outcome reason notice "
         "asked fields order document filing office list person-roles").split()


def run(*args, code=0):
    done = subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True, timeout=200)
    assert code is None or done.returncode == code, f"{args}: {done.returncode} {done.stderr}"
    return done


class Desk:
    def __init__(self, folder, cases, batch, *evil, data=(), period=PERIOD):
        self.folder, self.public, self.period = folder, folder / "public", period
        made = run("demo", folder, "http://localhost:4490").stdout.strip()
        (folder / "data").mkdir(exist_ok=True)
        for name, content in dict(data).items():
            (folder / "data" / name).write_text(json.dumps(content))
        self.office = folder / "office.txt"
        run("office", folder, self.office, "--pin", made)
        run("list", folder, folder / "suspensions.txt")
        if evil and evil[0] != "years":
            self.suspend()
        subprocess.run([MADE_YEAR, folder, str(cases), "7", str(batch), *evil], check=True)
        run("ledger", "publish", folder)
        begin, end = period.split("_")
        run("report", folder, "--from", begin, "--until", end, "--to", folder / "statement")
        self.sign(folder / "statement", "auditor-1", folder / "stated")

    @property
    def report(self):
        return self.public / "report"

    def file(self, end):
        return self.report / f"{self.period}.{end}"

    @property
    def all_openings(self):
        return self.folder / "auditor" / f"openings_{self.period}"

    @property
    def as_auditor(self):
        return "--openings", self.all_openings, "--padding", self.folder / "keys" / "padding"

    def sign(self, path, person, to):
        run("sign", path, "--as", person, "--key", self.folder / "people" / person / "ssh", "--office",
            self.folder / "office.txt", "--to", to, "--yes")

    def suspend(self, country="HK"):
        """Version 2 of the list, in which Hong Kong or another is suspended."""
        shown = {o["type"]: o for o in map(json.loads, run("show", self.folder, "--json").stdout.splitlines())}
        path = self.folder / "list2"
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT00:00:00Z")
        path.write_text("\n".join([
            "sotto suspensions 1", "version 2", "previous " + shown["suspensions"]["hash"],
            "office 1 " + shown["office"]["hash"], f"suspension {country.lower()}", f"jurisdictions {country}", "scope all", "wording Suspended.",
            "start " + now, "review " + now, ""]))
        for person in ("approver-1", "human-rights-1"):
            self.sign(path, person, path)
        run("list", self.folder, path)

    def audit(self, *more, public=None, stated=True):
        public = public or self.public
        args = ["audit", public, public / "report" / f"{self.period}.csv", "--office", self.office, "--json"]
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


def fillers_fit(filler, left, entry):
    """Slots that are not opened hold nothing."""
    for slot in left:
        salt = hmac.digest(filler, b"sotto ledger v1 salt" + slot.to_bytes(8, "big"), "sha256")
        assert commitment("", salt, b"") == entry[16 + 32 * slot:48 + 32 * slot], slot


def opened(public, openings, size):
    lines = {int(line.split()[0]): line.split()[1:] for line in openings.read_text().splitlines()}
    for place, entry in entries(public, size):
        fields, left = {}, set(range(24))
        for word in lines.pop(place, []):
            if word.startswith("filler:"):
                fillers_fit(base64.b64decode(word[7:]), left - ({18, 20} if "case" in fields else set()), entry)
                continue
            slot, salt, value = word.split(":")
            left.remove(int(slot))
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
    did, told, ways = {m["move"] for m in moves}, {m["notice"] for m in moves}, {(m["move"], m["to"]) for m in moves}
    answers = [moment(m["time"]) for m in moves if m["to"] in ("released", "rejected", "not-held")]
    for column, n in (("received", 1), (end, 1), ("accounts_specified", int(moves[-1]["accounts"])),
                      ("narrowed", "narrow" in did), ("challenged", ("challenge", "challenged") in ways),
                      ("compelled", ("compel", "compelled") in ways),
                      ("preserved", any(m["move"] == "preserve" and m["outcome"] == "preserved" for m in moves)),
                      ("user_notified", bool(told & {"told", "told-late"})),
                      ("notice_delayed", bool(told & {"barred", "told-late"})), ("answered", bool(answers)),
                      ("emergency_blocked_after", any(m["move"] == "after-verdict" and m["reason"] == "block" for m in moves))):
        cell[column] = cell.get(column, 0) + int(n)
    if answers:
        cell.setdefault("hours", []).append(int((answers[0] - moment(moves[0]["time"])).total_seconds()) // 3600)


KEYS = {"csv": 7, "jurisdictions.csv": 3, "whole.csv": 2, "over-time.csv": 3, "reasons.csv": 4}


def half(time):
    return ("2026-01-01", "2026-07-01") if time.month < 7 else ("2026-07-01", "2027-01-01")


def recount(public, openings, size):
    """Of each table its rows, by their keys."""
    cases, tables = {}, {name: {} for name in KEYS}
    for fields in opened(public, openings, size):
        if fields.get("case"):
            cases.setdefault(fields["case"], []).append(fields)
    for moves in cases.values():
        first, last = (pick(moves, key=lambda m: int(m["number"])) for pick in (min, max))
        time = moment(first["time"])
        if time.year != 2026:
            continue
        key = (*PERIOD.split("_"), *(last[k] for k in ("issuer", "beneficiary", "process", "path", "category")))
        cell = tables["csv"].setdefault(key, {})
        count_case(cell, moves)
        count_case(tables["jurisdictions.csv"].setdefault((*PERIOD.split("_"), last["issuer"]), {}), moves)
        count_case(tables["whole.csv"].setdefault(tuple(PERIOD.split("_")), {}), moves)
        count_case(tables["over-time.csv"].setdefault((*half(time), last["issuer"]), {}), moves)
        ends = [m["to"] for m in moves if m["to"] not in ("closed", "purged")]
        if ends[-1] == "rejected":
            ground = [m["reason"] for m in moves if m["move"] == "reject"][-1]
            row = tables["reasons.csv"].setdefault((*PERIOD.split("_"), last["issuer"], ground), {"rejected": 0})
            row["rejected"] += 1
    for name in KEYS.keys() - {"reasons.csv"}:
        for cell in tables[name].values():
            hours = sorted(cell.pop("hours", []))
            cell["median_hours"] = hours[(len(hours) - 1) // 2] if hours else 0
    return tables


def reported(report, name):
    head, *rows = (line.split(",") for line in (report / f"{PERIOD}.{name}").read_text().splitlines())
    n = KEYS[name]
    return {tuple(row[:n]): {k: int(v) for k, v in zip(head[n:-2], row[n:-2])} for row in rows}, int(rows[0][-2])


def compare(tap, desk, openings, size):
    again = recount(desk.public, openings, size)
    for name, rows in again.items():
        said, _ = reported(desk.report, name)
        filled = {key: {column: row.get(column, 0) for column in said[key]} for key, row in rows.items() if key in said}
        tap.check(f"another_program_counts_the_same_{name}", filled == said and len(rows) == len(said) > 10 * (KEYS[name] > 3),
                  [(k, said[k], filled.get(k)) for k in said if filled.get(k) != said[k]][:3])


def of_json(rows, period):
    """The rows of a table as they are in the CSV."""
    return {tuple(([] if period else PERIOD.split("_")) + [v for v in row.values() if not isinstance(v, int)]):
            {k: v for k, v in row.items() if isinstance(v, int)} for row in rows}


def whole(tap, folder):
    desk = Desk(folder, 5000, 65536)
    code, found, total = desk.audit()
    tap.check("a_year_of_5000_cases_recounts_to_the_last_cell", (code, found) == (0, []), f"{found[:5]} {total}")
    cells, size = reported(desk.report, "csv")
    compare(tap, desk, folder / "auditor" / f"openings_{PERIOD}", size)
    as_json = json.loads((desk.report / f"{PERIOD}.json").read_text())
    tap.check("json_says_what_csv_says", all(
        of_json(as_json[key], key == "over_time") == reported(desk.report, name)[0]
        for key, name in (("cells", "csv"), ("jurisdictions", "jurisdictions.csv"), ("whole", "whole.csv"),
                          ("over_time", "over-time.csv"), ("reasons", "reasons.csv"))))
    rejected = sum(r["rejected"] for r in as_json["reasons"])
    tap.check("rejections_by_reason_add_up", rejected == sum(c["rejected"] for c in cells.values()) > 0, rejected)
    page(tap, desk, cells)
    code, found, total = desk.audit("--openings", folder / "auditor" / f"openings_{PERIOD}", "--padding",
                                    folder / "keys" / "padding", stated=False)
    tap.check("the_auditor_finds_that_the_rest_is_padding",
              (code, found) == (0, []) and total["opened"] + total["padding"] == total["entries"], f"{found[:5]} {total}")
    written = desk.file("openings").read_text() + desk.all_openings.read_text()
    tap.check("neither_filing_nor_order_is_opened", not any(f" {s}:" in written for s in (18, 20)))


class Tables(HTMLParser):
    """The cells of each table, and what a picture says for who can't see it."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.pictures, self.inside, self.scripts = [], [], None, 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.inside = tag
        self.scripts += tag == "script" or any(name.startswith("on") for name, _ in attrs)
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append("")
        if tag == "svg":
            self.pictures.append({})

    def handle_data(self, data):
        if self.inside in ("th", "td"):
            self.rows[-1][-1] += data
        if self.inside in ("title", "desc") and self.pictures:
            self.pictures[-1][self.inside] = data


def page(tap, desk, cells):
    """What the page shows: its picture in words, and the numbers of the CSV."""
    for language, all_ in (("html", "All"), ("zh-Hant.html", "合計")):
        tables = Tables((desk.report / f"{PERIOD}.{language}").read_text())
        tap.check(f"pictures_are_said_in_words_{language}", tables.scripts == 0 and len(tables.pictures) == 2 and
                  all(len(p) == 2 and all(p.values()) for p in tables.pictures), tables.pictures)
        row = next(r for r in tables.rows if r and r[0] == all_)
        want = [sum(c[k] for c in cells.values()) for k in
                ("received", "accounts_specified", "some_disclosed", "rejected", "not_held", "suspended_unprocessed",
                 "withdrawn", "lapsed", "forged", "pending")]
        names = ("European Production Order (EPOC)", "Traffic data") if language == "html" else ("歐洲提供令（EPOC）", "流量資料")
        tap.check(f"kinds_have_their_names_{language}", all(any(r and r[0] == n for r in tables.rows) for n in names), names)
        tap.check(f"the_page_adds_up_{language}", [int(v.replace(",", "")) for v in row[1:]] == want, (row, want))


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


def without_field(line, slot):
    return b" ".join(w for w in line.split() if not w.startswith(b"%d:" % slot)) + b"\n"


def without_case(all_):
    case = next(opened_value(x, 1) for x in all_ if opened_value(x, 1))
    return [x for x in all_ if opened_value(x, 1) != case]


def without_first_move(all_):
    drop = next(x for x in all_ if opened_value(x, 2) == b"1" and opened_value(x, 1))
    return [x for x in all_ if x != drop]


def change_at(all_, want, change):
    i = next(i for i, x in enumerate(all_) if want(x))
    return [*all_[:i], change(all_[i]), *all_[i + 1:]]


def once(data, pattern):
    """The first that the pattern finds, with an 8 in place of what stands behind its group, or a 9."""
    return re.sub(pattern, lambda m: m[1] + (b"8" if m[0] != m[1] + b"8" else b"9"), data, count=1)


def salts_swapped(line):
    words = line.split()
    a, b = words[3].split(b":"), words[4].split(b":")
    words[3], words[4] = b":".join([a[0], b[1], a[2]]), b":".join([b[0], a[1], b[2]])
    return b" ".join(words) + b"\n"


def cell_changed(column, by):
    def change(all_):
        at = all_[0].split(b",").index(column)
        i = next(i for i, line in enumerate(all_) if i > 0 and int(line.split(b",")[at]) > 0)
        row = all_[i].split(b",")
        row[at] = b"%d" % (int(row[at]) + by)
        return [*all_[:i], b",".join(row), *all_[i + 1:]]
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
        ("an_office_file_is_hidden", "DOCUMENT", "office/1", None),
        ("a_notice_is_hidden", "NOTICE", "notices/2", None),
        ("a_notice_has_another_time", "NOTICE", "notices/2", lambda d: d.replace(b"T", b"U", 1)),
        ("a_notice_to_the_user_is_kept_back", "KEPT", openings,
         lines(lambda a: change_at(a, lambda x: opened_value(x, 15) == b"told", lambda x: without_field(x, 15)))),
        ("a_half_year_is_better", "CELL", f"report/{PERIOD}.over-time.csv", cell_changed(b"rejected", 1)),
        ("a_reason_is_another", "CELL", f"report/{PERIOD}.reasons.csv",
         lambda d: d.replace(b"overbroad", b"not-necessary", 1)),
        ("a_table_is_gone", "REPORT", f"report/{PERIOD}.reasons.csv", None),
        ("a_suspension_is_hidden", "SUSPENSION", f"report/{PERIOD}.suspensions.csv", lines(lambda a: a[:1])),
        ("a_suspension_has_other_words", "SUSPENSION", f"report/{PERIOD}.suspensions.csv",
         lambda d: d.replace(b"Suspended.", b"Reviewed.")),
        ("a_suspension_began_later", "SUSPENSION", f"report/{PERIOD}.suspensions.csv",
         lambda d: d.replace(b"-", b"-1", 1)),
        ("the_suspensions_are_gone", "SUSPENSION", f"report/{PERIOD}.suspensions.csv", None),
        ("the_page_names_more", "PAGE", f"report/{PERIOD}.html", lambda d: once(d, rb'(lead"><span class="number">)\d')),
        ("a_number_of_the_page_is_another", "PAGE", f"report/{PERIOD}.zh-Hant.html", lambda d: once(d, rb'(<td class="number">)\d')),
        ("a_column_is_lower", "PAGE", f"report/{PERIOD}.html", lambda d: once(d, rb'(<rect[^>]*stroke-width="0.75"[^>]* height=")\d\d')),
        ("a_page_is_gone", "PAGE", f"report/{PERIOD}.zh-Hant.html", None),
        ("the_object_says_other", "PAGE", f"report/{PERIOD}.json", lambda d: once(d, rb'("rejected":)\d+')),
        ("the_object_opens_more", "PAGE", f"report/{PERIOD}.json", lambda d: once(d, rb'("opened":)\d+')),
        ("the_whole_is_less", "CELL", f"report/{PERIOD}.whole.csv", lambda d: once(d, rb'(\n2026-01-01,2027-01-01,)\d')),
        ("a_jurisdiction_is_quicker", "CELL", f"report/{PERIOD}.jurisdictions.csv", cell_changed(b"median_hours", -1)),
        ("a_band_is_added", "BAND", f"report/{PERIOD}.bands.csv", lambda d: d + d.splitlines(True)[0]))


def planted(tap, folder):
    desk = Desk(folder, 300, 4096)
    suspending = Desk(folder / "suspending", 300, 4096, "suspending")
    for each in (desk, suspending):
        code, found, total = each.audit()
        tap.check("before_anything_is_done_nothing_is_found", (code, found) == (0, []), f"{found[:5]} {total}")
    for name, finding, path, change in manipulations():
        honest = suspending if "suspensions" in path or "notices" in path else desk
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
    code, found, _ = Desk(folder / "evil", 300, 4096, "evil").audit()
    for finding in ("TWICE", "JUMP", "BACK", "SUSPENDED", "DOCUMENT"):
        tap.check(f"found_in_the_ledger_itself_{finding}", code == 5 and finding in found, f"{code} {found[:9]}")
    auditors(tap, desk)
    bands(tap, folder / "bands")
    terminals(tap, desk)
    reviews(tap, desk)


def chosen(option, **changes):
    """Data by which some process of the made year is told in bands only."""
    bands = json.loads((DATA / "bands.json").read_text())
    types = json.loads((DATA / "process-types.json").read_text())
    bands["chosen"] = option
    next(o for o in bands["options"] if o["id"] == option).update(changes)
    next(t for t in types["types"] if t["id"] == "search-warrant").update(band="nsl")
    return {"bands.json": bands, "process-types.json": types}


def bands(tap, folder):
    folder.mkdir()
    past = "2025-01-01_2026-01-01"
    desk = Desk(folder / "told", 900, 16384, "years", data=chosen("us-4", lag_days=0), period=past)
    code, found, total = desk.audit()
    tap.check("what_is_told_in_bands_stays_closed", (code, found) == (0, []), f"{found[:5]} {total}")
    code, found, total = desk.audit(*desk.as_auditor, stated=False)
    tap.check("the_auditor_counts_them", (code, found) == (0, []), f"{found[:5]} {total}")
    path = desk.file("bands.csv")
    rows = [line.split(",") for line in path.read_text().splitlines()[1:]]
    tap.check("bands_are_told", [(r[5], r[6], int(r[9]) - int(r[8])) for r in rows] ==
              [("all", "requests", 99), ("all-selectors", "accounts", 99)] and int(rows[1][8]) > 0, rows)
    csv, as_json, html, openings = (desk.file(end).read_text() for end in ("csv", "json", "html", "openings"))
    tap.check("and_are_in_no_other_figure", "search-warrant" not in csv + as_json and
              base64.b64encode(b"search-warrant").decode() not in openings and "Search warrant" not in html)
    tap.check("the_page_says_by_which_law", "50 USC 1874(a)(4)" in html and "still to confirm" in html)
    tap.check("json_has_the_bands", [(b["figure"], str(b["lowest"]), str(b["highest"]), b["law_confirmed"])
                                     for b in json.loads(as_json)["bands"]] == [(r[5], r[8], r[9], False) for r in rows])
    honest = path.read_bytes()
    lowest = rows[1][8].encode()
    edit(path, lambda d: d.replace(b"," + lowest + b",", b",0,"))
    tap.check("found_a_band_that_is_not_stated", set(desk.audit()[1]) == {"BAND", "PAGE"})
    edit(path, lambda d: honest.replace(b"," + lowest + b",", b",%d," % (int(lowest) + 99)))
    tap.check("found_a_figure_outside_its_band", desk.audit(*desk.as_auditor, stated=False)[1][0] == "BAND")
    pair = b",%s,%s," % (lowest, rows[1][9].encode())
    edit(path, lambda d: honest.replace(pair, b",%d,%d," % (int(lowest) - 100, int(lowest) - 1)))
    tap.check("found_a_figure_above_its_band", desk.audit(*desk.as_auditor, stated=False)[1][0] == "BAND")
    edit(path, lambda _: honest)
    tap.check("found_that_they_are_opened", "BAND" in desk.audit("--openings", desk.all_openings)[1])
    later = Desk(folder / "later", 20, 1024, data=chosen("us-4"))
    row = later.file("bands.csv").read_text().splitlines()[1]
    tap.check("before_its_time_no_band_is_told",
              row.split(",")[8:11] == ["", "", "2028-01-01"] and later.audit()[:2] == (0, []), row)
    half = Desk(folder / "half", 20, 1024, data=chosen("us-1", lag_days=0))
    row = half.file("bands.csv").read_text().splitlines()[1]
    tap.check("nor_of_another_period", row.split(",")[8:11] == ["", "", ""] and half.audit()[:2] == (0, []), row)


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
    hidden.write_bytes(b"".join(change_at(openings.read_bytes().splitlines(keepends=True), lambda x: opened_value(x, 19),
                                          lambda x: x[:x.index(b" filler:") + 8] + b"A" * 43 + b"=\n")))
    code, found, _ = desk.audit("--openings", hidden, "--padding", desk.folder / "keys" / "padding", stated=False)
    tap.check("found_slots_that_are_not_shown_to_be_empty", code == 5 and set(found) == {"HIDDEN"}, found[:5])


def lots(desk):
    """The draw, anew: of the cases that were answered, by the root alone."""
    root = next(line.split()[1] for line in (desk.folder / "statement").read_text().splitlines() if line.startswith("root"))
    answered, closed = {}, set()
    for fields in opened(desk.public, desk.all_openings, reported(desk.report, "csv")[1]):
        if fields.get("case"):
            answered.setdefault(fields["case"], []).append(fields)
    public = desk.file("openings").read_text()
    for case, moves in answered.items():
        closed |= {case} if f" 1:" not in public or base64.b64encode(case.encode()).decode() not in public else set()
        answered[case] = any(m["to"] in ("released", "rejected", "not-held") for m in moves)
    cases = [c for c, yes in answered.items() if yes]
    lot = {c: int.from_bytes(hashlib.sha256(b"sotto draw 1\n" + bytes.fromhex(root) + c.encode()).digest()[:8], "big")
           for c in cases}
    drawn = sorted(c for c in cases if lot[c] < (2 ** 64 - 1) // 20) or [min(cases, key=lot.get)]
    return len(cases), drawn, [c for c in drawn if c in closed]


def reviews(tap, desk):
    """One answered case in twenty, read again."""
    draft, signed = desk.folder / "draft", desk.folder / "reviewed"
    done = run("audit", desk.public, desk.file("csv"), "--office", desk.office, "--json", *desk.as_auditor, "--draft", draft)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    answered, drawn, closed = lots(desk)
    tap.check("the_lot_draws_one_in_twenty", [t["case"] for t in told if t["type"] == "drawn"] == drawn and
              [t["case"] for t in told if t.get("closed")] == closed and 0 < len(drawn) < answered / 8, (answered, drawn, closed))
    text = draft.read_text()
    named = [line.split()[1] for line in text.splitlines() if line.startswith("case ")]
    tap.check("the_draft_names_no_case_that_stays_closed", named == [c for c in drawn if c not in closed] and
              f"answered {answered}\ndrawn {len(drawn)}\n" in text and f"closed unread {len(closed)}\n" in text, text)
    good = text.replace(" unread\n", " agreed\n").replace("doubted 0", f"doubted {len(closed)}").replace(
        f"closed unread {len(closed)}\n", "").replace(" agreed\n", " doubted the ground has no reason\n", 1)

    def found(content, person="auditor-1", more=()):
        draft.write_text(content)
        desk.sign(draft, person, signed)
        return desk.audit("--review", signed, *more, stated=not more)[1]

    tap.check("a_review_of_what_was_drawn_is_right", found(good) == [] == found(good, more=desk.as_auditor))
    case = next(line for line in good.splitlines(True) if line.startswith("case "))
    other = case.replace(named[0], "c9999999")
    for name, content in (
            ("one_case_is_left_out", good.replace(case, "")),
            ("another_case_is_read", good.replace(case, other)),
            ("a_case_is_added", good.replace("closed agreed", other + "closed agreed")),
            ("a_case_was_not_read", text),
            ("fewer_were_answered", good.replace(f"answered {answered}", f"answered {answered - 1}")),
            ("fewer_were_drawn", good.replace(f"drawn {len(drawn)}", f"drawn {len(drawn) - 1}")),
            ("it_is_of_another_root", good.replace("\nroot ", "\nroot 00", 1))):
        tap.check(f"found_in_the_review_that_{name}", set(found(content)) == {"REVIEW"}, content)
    fewer = good.replace(f"doubted {len(closed)}", f"doubted {len(closed) + 1}").replace(
        f"drawn {len(drawn)}", f"drawn {len(drawn) + 1}")
    tap.check("the_auditors_form_counts_the_closed", found(fewer) == [] and found(fewer, more=desk.as_auditor) == ["REVIEW"])
    tap.check("found_a_review_by_somebody_else", found(good, "custodian-1") == ["REVIEW"])
    refused = run("audited", desk.folder, signed, code=5).stderr
    tap.check("nor_is_it_published", "no auditor" in refused and not desk.file("review").exists(), refused)
    found(good)
    run("audited", desk.folder, signed)
    run("audited", desk.folder, desk.folder / "stated")
    tap.check("what_the_auditor_signed_lies_beside_the_report", desk.file("review").read_bytes() == signed.read_bytes() and
              desk.audit(stated=False)[:2] == (0, []))
    draft.write_text(good.replace("\nroot ", "\nroot 00", 1)[:-1] + "0\n")
    desk.sign(desk.folder / "draft", "auditor-1", signed)
    tap.check("of_no_report_nothing_is_published", "it is no statement" in run("audited", desk.folder, signed, code=5).stderr)
    draft.write_text(good.replace("size 4096", "size 4095"))
    desk.sign(draft, "auditor-1", signed)
    tap.check("nor_of_another_size", "no report of this size" in run("audited", desk.folder, signed, code=5).stderr)
    found(good)
    desk.suspend("NO")
    tap.check("nor_of_an_auditor_whom_a_suspended_law_binds",
              "no auditor" in run("audited", desk.folder, signed, code=5).stderr)


def terminals(tap, desk):
    """What is audited writes nothing of its own to a terminal."""
    done = run("audit", desk.public, desk.file("csv"), "--office", desk.office, "--openings", "x\x1b[2J\u00a0\n", code=5)
    tap.check("a_finding_is_printable", "x?[2J??? can't be read" in done.stdout and "\x1b" not in done.stdout, done.stdout[:300])


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        whole(tap, Path(folder) / "whole")
        (Path(folder) / "planted").mkdir()
        planted(tap, Path(folder) / "planted")
    return tap.end()


sys.exit(main())
