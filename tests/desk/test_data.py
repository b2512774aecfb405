#!/usr/bin/env python3
"""Whether the desk's data says what it must: test_data.py [ROOT]. Prints TAP.

Each check is a generator of what is wrong. At the end each is shown data that was broken for it alone, and has to find it.
"""
import copy
import json
import re
import sys
from pathlib import Path

ROOT = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "src/desk/data"
LANGUAGES = {"en", "zh-Hant"}
# Names of the objects that are a text in each language; those of one language are names in a law.
TEXTS = {"text", "help", "name", "title", "contains", "about", "subject", "body", "cure", "note"}
ID = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")
UNIT_HOURS = {"days": 24, "hours": 1}
EFFECTS_WITH_GROUND = {"B", "C"}
# What src/office refuses in a line that somebody signs, as far as one may type it by mistake.
HIDDEN = re.compile("[\u00a0\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u206f\u3000\ufeff\t\r]")


def load():
    raw = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.json"))}
    data = {name: json.loads(text) for name, text in raw.items()}
    data["pages"] = {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.md"))}
    held, desk, office = ((ROOT / "src" / name).read_text(encoding="utf-8")
                          for name in ("base/held.h", "desk/desk.h", "office/office.h"))
    return data | {"code": {
        "raw": raw,
        "fields": re.findall(r'X\("([a-z]+)"', held),
        "words": re.search(r'HELD_WORDS "(.*)"', held).group(1),
        "kinds": re.search(r'HELD_KINDS \\\n +"(.*)"', held).group(1),
        "states": names(desk, "DESK_STATES"),
        "roles": names(office, "OFFICE_ROLES"),
        "notice": int(re.search(r"OFFICE_NOTICE_MAX = (\d+)", office).group(1)),
    }}


def names(header, macro):
    """Those that a list of the code has."""
    block = re.search(r"#define " + macro + r"\(X\)(.*?[^\\])\n", header, re.S).group(1)
    return re.findall(r'X\("([a-z-]+)"', block)


def walk(value, path=""):
    """Every object in it, with where it stands."""
    if isinstance(value, dict):
        yield path, value
        for key, inner in value.items():
            yield from walk(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            name = inner.get("id", number) if isinstance(inner, dict) else number
            yield from walk(inner, f"{path}/{name}")


def lists_of(value, path=""):
    """Every list of objects in it."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        yield path, value
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from lists_of(inner, f"{path}/{key}")


def files(data):
    return {name: value for name, value in data.items() if name not in ("pages", "code")}


def items(data):
    for checklist in data["checklists"]["lists"]:
        for item in checklist["items"]:
            yield item


def ids(rows):
    return {row["id"] for row in rows}


def braces(text):
    return set(re.findall(r"\{([^}]*)\}", text))


def texts_of(value):
    """Every text of it, in each language."""
    for _, row in walk(value):
        if set(row) == LANGUAGES:
            yield from row.values()


CHECKS = []


def check(generator):
    CHECKS.append(generator)
    return generator


# ---- Of every file ----

@check
def every_file_has_a_version(data):
    for name, value in files(data).items():
        if not isinstance(value.get("version"), int) or value["version"] < 1:
            yield f"{name}: no version"


@check
def every_file_has_one_form(data):
    """Two spaces, letters as they are, no key twice."""
    for name, text in data["code"]["raw"].items():
        if text != json.dumps(data[name], ensure_ascii=False, indent=2) + "\n":
            yield f"{name}: write it as json.dumps(..., ensure_ascii=False, indent=2) does"


@check
def every_text_is_there_in_both_languages(data):
    for path, row in walk(files(data)):
        if LANGUAGES & set(row) and (set(row) != LANGUAGES or not all(text.strip() for text in row.values())):
            yield f"{path}: {sorted(row)}"
        yield from (f"{path}/{key}: a text in no language" for key in TEXTS & set(row) if isinstance(row[key], str))


@check
def every_chinese_text_is_chinese(data):
    for path, row in walk(files(data)):
        if set(row) == LANGUAGES and not re.search("[\u4e00-\u9fff]", row["zh-Hant"]):
            yield f"{path}: {row['zh-Hant']}"


@check
def no_text_has_what_nobody_can_see(data):
    for path, row in walk(files(data)):
        if set(row) == LANGUAGES:
            for line in "\n".join(row.values()).split("\n"):
                if not line or line != line.strip() or "  " in line or HIDDEN.search(line):
                    yield f"{path}: {line!r}"


@check
def every_id_stands_once_in_its_list(data):
    for path, rows in lists_of(files(data)):
        for key in ("id", "number"):
            seen = [row[key] for row in rows if key in row]
            yield from (f"{path}: {name}" for name in sorted(set(map(str, seen))) if list(map(str, seen)).count(name) > 1)
    every = [item["id"] for item in items(data)]
    yield from (f"checklists: {name}" for name in set(every) if every.count(name) > 1)


@check
def every_id_of_a_case_fits_an_order(data):
    for name, rows in (("regimes", data["regimes"]["regimes"]), ("reasons", data["reasons"]["reasons"]),
                       ("process-types", data["process-types"]["types"]), ("demands", data["demands"]["demands"]),
                       ("letters", data["letters"]["letters"])):
        yield from (f"{name}: {row['id']}" for row in rows if not ID.fullmatch(row["id"]))
    yield from (f"{regime['id']}: {category['id']}" for regime in data["regimes"]["regimes"]
                for category in regime["categories"] if not ID.fullmatch(category["id"]))


# ---- Checklists, reasons, letters ----

@check
def every_item_blocks_by_an_answer(data):
    answers = ids(data["checklists"]["answers"]) - {"unknown"}
    effects = ids(data["checklists"]["effects"])
    for item in items(data):
        if item["blocks"] not in answers or item["effect"] not in effects:
            yield f"{item['id']}: {item['blocks']}, {item['effect']}"


@check
def every_list_of_the_reference_is_whole(data):
    numbers = {"authenticity": ("A", 4), "policy": ("P", 7), "local-law": ("L", 10), "human-rights": ("H", 12),
               "emergency": ("E", 6)}
    found = {row["id"]: [item["id"] for item in row["items"]] for row in data["checklists"]["lists"]}
    for name, (letter, count) in numbers.items():
        if found.get(name) != [f"{letter}{i}" for i in range(1, count + 1)]:
            yield f"{name}: {found.get(name)}"


@check
def every_role_and_state_is_one_of_the_desk(data):
    yield from (f"{row['id']}: role {row['role']}" for row in data["checklists"]["lists"]
                if row["role"] not in data["code"]["roles"])
    yield from (f"{row['id']}: state {row['state']}" for row in data["letters"]["letters"]
                if row["state"] not in (None, *data["code"]["states"]))


@check
def every_block_has_a_ground_and_its_letter(data):
    reasons = {row["id"]: row for row in data["reasons"]["reasons"]}
    letters = {row["id"]: row for row in data["letters"]["letters"]}
    grounds = [(item["id"], item["ground"]) for item in items(data)
               if item["effect"] in EFFECTS_WITH_GROUND or item["ground"] is not None]
    grounds += [(row["id"], row["ground"]) for key in ("demands", "unknown") for row in data["demands"][key]]
    for name, ground in grounds:
        if ground not in reasons:
            yield f"{name}: no reason {ground}"
        elif reasons[ground]["letter"] not in letters:
            yield f"{name}: {ground} has no letter"
    yield from (f"{reason}: nothing has this ground" for reason in set(reasons) - {ground for _, ground in grounds})


@check
def every_rejection_names_its_ground(data):
    letters = {row["id"]: row for row in data["letters"]["letters"]}
    for reason in data["reasons"]["reasons"]:
        letter = letters.get(reason["letter"], {"state": "", "placeholders": []})
        if letter["state"] == "rejected" and not {"ground", "cure"} <= set(letter["placeholders"]):
            yield f"{reason['letter']} doesn't say {{ground}} and {{cure}}"
        if reason["cell"] not in ids(data["reasons"]["cells"]):
            yield f"{reason['id']}: no cell {reason['cell']}"


@check
def every_ground_of_annex_iii_is_one_of_the_form(data):
    grounds = ids(data["reasons"]["annex_iii"]["grounds"])
    yield from (f"{row['id']}: {row['annex_iii']}" for row in data["reasons"]["reasons"]
                if row["annex_iii"] is not None and row["annex_iii"] not in grounds)


@check
def every_placeholder_is_declared(data):
    declared = ids(data["letters"]["placeholders"])
    for letter in data["letters"]["letters"]:
        for language in sorted(LANGUAGES):
            used = braces(letter["subject"][language] + letter["body"][language])
            if used != set(letter["placeholders"]) or not used <= declared:
                yield f"{letter['id']}, {language}: {sorted(used ^ set(letter['placeholders']) | used - declared)}"
        if letter["to"] not in ids(data["letters"]["to"]):
            yield f"{letter['id']}: to {letter['to']}"
    for name, page in data["pages"].items():
        yield from (f"{name}: {{{word}}}" for word in braces(page) - declared)
    for name, value in files(data).items():
        if name != "letters":
            yield from (f"{name}: {text}" for text in texts_of(value) if braces(text) - {"ground", "cure"})


@check
def every_kind_of_letter_is_there(data):
    wanted = """receipt suspended no-such-identifier rejection rejection-rights rejection-emergency not-held not-executable
        clarification narrowed expert-delay nobody-in-time forged lapse-silence lapse-held preserved release-cover
        release-cover-emergency compelled-cover challenged withdrawn annex-iii-cover enforcing-authority notice
        notice-emergency notice-late objection-received""".split()
    yield from (f"no letter {name}" for name in wanted if name not in ids(data["letters"]["letters"]))


@check
def what_is_sealed_is_said_in_the_fixed_words(data):
    for letter in data["letters"]["letters"]:
        if "kinds" in letter["placeholders"] and data["code"]["words"] not in letter["body"]["en"]:
            yield f"{letter['id']} doesn't say: {data['code']['words']}"
    for name in data["pages"]:
        if data["code"]["words"] not in re.sub(r"\s+", " ", data["pages"][name]):
            yield f"{name} doesn't say: {data['code']['words']}"


@check
def every_notice_says_how_to_object(data):
    for letter in data["letters"]["letters"]:
        if letter["id"].startswith("notice"):
            yield from (f"{letter['id']}: {{{word}}}"
                        for word in {"case", "authority", "fields", "receipt", "origin", "contact"} - set(letter["placeholders"]))


@check
def every_notice_fits_into_an_item(data):
    """In both languages together, with what stands in its braces."""
    for letter in data["letters"]["letters"]:
        size = sum(len(text.encode()) for text in letter["body"].values()) + 200 * 2 * len(letter["placeholders"])
        if letter["to"] == "user" and size > data["code"]["notice"] - 4000:
            yield f"{letter['id']}: {size} bytes"


@check
def every_source_is_a_standard(data):
    standards = ids(data["checklists"]["standards"])
    sections = set(re.findall(r"^## (\d+)\. ", data["pages"]["policy.md"], re.M))
    rows = [(item["id"], item["source"]) for item in items(data)]
    rows += [(f"section {row['number']}", row["source"]) for row in data["assessment"]["sections"]]
    for name, sources in rows:
        for source in sources or ["nothing"]:
            standard, _, place = source.partition(" ")
            if standard not in standards or (standard == "policy" and place not in sections):
                yield f"{name}: {source}"


@check
def what_is_held_is_said_as_the_server_says_it(data):
    held, code = data["held"], data["code"]
    found = [row["id"] for row in held["fields"]], held["kinds"]["en"], held["words"]["en"]
    if found != (code["fields"], code["kinds"], code["words"]):
        yield str(found)


@check
def a_deployment_says_nothing_but_names(data):
    yield from (row["id"] for row in data["deployment"]["names"]
                if row["id"] not in ("service", "entity", "origin", "contact") or "text" not in row)


# ---- Regimes ----

@check
def every_regime_has_the_fields_that_the_server_holds(data):
    for regime in data["regimes"]["regimes"]:
        if list(regime["fields"]) != data["code"]["fields"]:
            yield f"{regime['id']}: {list(regime['fields'])}"
        categories = {row["id"]: row for row in regime["categories"]}
        yield from (f"{regime['id']}: no category {category}" for category in set(regime["fields"].values())
                    if category not in categories)


@check
def every_category_says_who_may_order_it(data):
    validators = ids(data["regimes"]["validators"])
    for regime in data["regimes"]["regimes"]:
        for category in regime["categories"]:
            named = set(category["validators"])
            if named - validators or category["ordered"] != bool(named):
                yield f"{regime['id']}, {category['id']}: {sorted(named)}"
            if category["ordered"] and category["id"] in ("unknown", "excluded"):
                yield f"{regime['id']}: {category['id']} can be ordered"


@check
def every_word_of_a_regime_is_declared(data):
    regimes = data["regimes"]
    for regime in regimes["regimes"]:
        words = [("kinds", regime["kind"]), ("notices", regime["notice"]["rule"])]
        words += [("bars", by) for by in (regime["bar"] or {"by": []})["by"]]
        for clock in regime["deadlines"]:
            words += [("clocks", clock["id"]), ("moments", clock["from"]), ("does", clock["does"])]
        yield from (f"{regime['id']}: {word} is not among the {key}" for key, word in words if word not in ids(regimes[key]))


@check
def every_clock_has_one_unit_and_its_alarms(data):
    for regime in data["regimes"]["regimes"]:
        for clock in regime["deadlines"]:
            units = [unit for unit in UNIT_HOURS if unit in clock]
            if len(units) != 1 or clock[units[0]] < 1 or clock["alarms"] != sorted(clock["alarms"]) or clock["alarms"][-1] != 100:
                yield f"{regime['id']}: {clock}"
        if ids(regime["deadlines"]).isdisjoint({"produce", "preserve"}):
            yield f"{regime['id']}: no deadline"


@check
def no_clock_releases(data):
    yield from (f"{word}" for word in ids(data["regimes"]["does"]) if word not in ("escalate", "delete", "reopen"))


@check
def no_notice_is_later_than_the_answer(data):
    for regime in data["regimes"]["regimes"]:
        notice = regime["notice"]
        hours = [clock[unit] * UNIT_HOURS[unit] for clock in regime["deadlines"] if clock["id"] == "produce"
                 for unit in UNIT_HOURS if unit in clock]
        if notice["rule"] == "before" and notice["days"] * 24 >= min(hours):
            yield f"{regime['id']}: notice {notice['days']} days before, answer within {min(hours)} hours"


@check
def every_notice_has_what_its_rule_needs(data):
    for regime in data["regimes"]["regimes"]:
        rule, days, bar = regime["notice"]["rule"], regime["notice"]["days"], regime["bar"]
        if (rule in ("before", "after")) != bool(days) or (rule == "none") != (regime["kind"] == "preserve"):
            yield f"{regime['id']}: {rule}, {days} days"
        if (rule == "barred" and not bar) or (bar and (bar["max_days"] < 1 or not bar["by"])):
            yield f"{regime['id']}: bar {bar}"


@check
def what_is_preserved_ends(data):
    for regime in data["regimes"]["regimes"]:
        kept, ends = regime["preservation"], [c for c in regime["deadlines"] if c["does"] == "delete"]
        if (regime["kind"] == "preserve") != bool(kept) or bool(kept) != bool(ends):
            yield f"{regime['id']}: {kept}"
        elif kept and (not 1 <= kept["days"] <= 90 or ends[0].get("days") != kept["days"]):
            yield f"{regime['id']}: {kept}, {ends}"


@check
def what_counsel_must_confirm_says_what(data):
    yield from (regime["id"] for regime in data["regimes"]["regimes"] if regime["unconfirmed"] != bool(regime["note"]))


@check
def every_kind_of_process_leads_somewhere(data):
    groups = {group for cell in data["bands"]["cells"] for group in cell["groups"]}
    for row in data["process-types"]["types"]:
        if row["regime"] not in ids(data["regimes"]["regimes"]):
            yield f"{row['id']}: regime {row['regime']}"
        if row["demand"] is not None and row["demand"] not in ids(data["demands"]["demands"]):
            yield f"{row['id']}: demand {row['demand']}"
        if row["band"] is not None and row["band"] not in groups:
            yield f"{row['id']}: band {row['band']}"
    yield from (f"no process for {name}" for name in
                ids(data["regimes"]["regimes"]) - {row["regime"] for row in data["process-types"]["types"]})


# ---- The rest ----

@check
def the_assessment_has_its_eighteen_sections(data):
    numbers = [row["number"] for row in data["assessment"]["sections"]]
    if numbers != list(range(1, 19)):
        yield str(numbers)


@check
def every_band_is_of_the_law(data):
    widths = {"us-1": (1000, 6), "us-2": (500, 6), "us-3": (250, 6), "us-4": (100, 12)}
    cells = ids(data["bands"]["cells"])
    found = {row["id"]: (row["width"], row["months"]) for row in data["bands"]["options"]}
    if found != widths or data["bands"]["chosen"] not in {None, *widths}:
        yield f"{found}, {data['bands']['chosen']}"
    for row in data["bands"]["options"]:
        if row["first"] != [0, row["width"] - 1] or set(row["cells"]) - cells:
            yield f"{row['id']}: {row['first']}, {row['cells']}"


@check
def every_page_is_there_in_both_languages(data):
    for name in ("policy", "authorities"):
        english, chinese = data["pages"].get(f"{name}.md", ""), data["pages"].get(f"{name}.zh-Hant.md", "")
        first = english.split("\n")[0]
        if not re.fullmatch(r"Version [1-9]\d*", first) or chinese.split("\n")[0] != first:
            yield f"{name}: {first!r}, {chinese.split(chr(10))[0]!r}"
        sections = [re.findall(r"^## (\d+)\. ", text, re.M) for text in (english, chinese)]
        if sections[0] != sections[1] or sections[0] != [str(i + 1) for i in range(len(sections[0]))]:
            yield f"{name}: sections {sections}"
        if braces(english) != braces(chinese):
            yield f"{name}: {braces(english) ^ braces(chinese)}"


@check
def every_page_is_of_headings_paragraphs_and_lists(data):
    for name, text in data["pages"].items():
        for number, line in enumerate(text.split("\n"), 1):
            begins = re.match(r"(#(?!#? \S)|[+|]|\d+\. |-(?! \S)|(?!  \S)\s)", line)
            if begins or re.search(r"[*`\[\]<>]", line) or HIDDEN.search(line):
                yield f"{name}:{number}: {line[:40]!r}"


@check
def the_guidelines_say_of_each_regime_what_its_data_says(data):
    """In the list of section 4: its name, the deadline, and the notice or how long is preserved."""
    for name, language in (("authorities.md", "en"), ("authorities.zh-Hant.md", "zh-Hant")):
        lines = re.findall(r"^- (.*(?:\n  .*)*)", data["pages"][name], re.M)
        for regime in data["regimes"]["regimes"]:
            start = regime["name"][language] + (":" if language == "en" else "：")
            said = [re.sub(r"\s+", " ", line) for line in lines if line.startswith(start)]
            numbers = [c.get("days", c.get("hours")) for c in regime["deadlines"] if c["id"] == "produce"]
            numbers += [regime["notice"]["days"]] if regime["notice"]["days"] else []
            numbers += list((regime["preservation"] or {}).values())
            numbers += [regime["emergency"]["hours"]] if regime["emergency"] else []
            if len(said) != 1 or (regime["id"] != "other" and any(not re.search(rf"(?<!\d){n}(?!\d)", said[0]) for n in numbers)):
                yield f"{name}: {regime['id']}: {numbers}, {said}"


# ---- That each check can fail ----

def regime(data, name):
    return next(row for row in data["regimes"]["regimes"] if row["id"] == name)


def letter(data, name):
    return next(row for row in data["letters"]["letters"] if row["id"] == name)


def page(name, old, new):
    def change(data):
        if old not in data["pages"][name]:
            raise ValueError(old)
        data["pages"][name] = data["pages"][name].replace(old, new, 1)
    return change


BROKEN = [
    (every_file_has_a_version, lambda d: d["bands"].pop("version")),
    (every_file_has_one_form, lambda d: d["code"]["raw"].update(bands='{"version": 2, "version": 1}\n')),
    (every_role_and_state_is_one_of_the_desk, lambda d: d["checklists"]["lists"][0].update(role="clerk")),
    (every_role_and_state_is_one_of_the_desk, lambda d: letter(d, "forged").update(state="false")),
    (every_ground_of_annex_iii_is_one_of_the_form, lambda d: d["reasons"]["reasons"][0].update(annex_iii="rights")),
    (what_is_held_is_said_as_the_server_says_it, lambda d: d["held"]["fields"].pop()),
    (what_is_held_is_said_as_the_server_says_it, lambda d: d["held"]["words"].update(en="held, not readable")),
    (every_text_is_there_in_both_languages, lambda d: d["reasons"]["reasons"][3]["text"].pop("zh-Hant")),
    (every_text_is_there_in_both_languages, lambda d: d["assessment"]["sections"][0].update(title="Trigger")),
    (every_chinese_text_is_chinese, lambda d: d["reasons"]["cells"][0]["name"].update({"zh-Hant": "Same"})),
    (no_text_has_what_nobody_can_see, lambda d: d["demands"]["about"].update(en="a  b")),
    (no_text_has_what_nobody_can_see, lambda d: d["demands"]["about"].update({"zh-Hant": "甲\u3000乙"})),
    (every_id_stands_once_in_its_list, lambda d: d["reasons"]["reasons"].append(d["reasons"]["reasons"][0])),
    (every_id_stands_once_in_its_list, lambda d: d["checklists"]["lists"][1]["items"][0].update(id="A1")),
    (every_id_of_a_case_fits_an_order, lambda d: regime(d, "mlat").update(id="MLAT")),
    (every_id_of_a_case_fits_an_order, lambda d: regime(d, "mlat")["categories"][0].update(id="18 USC")),
    (every_item_blocks_by_an_answer, lambda d: d["checklists"]["lists"][0]["items"][0].update(blocks="unknown")),
    (every_item_blocks_by_an_answer, lambda d: d["checklists"]["lists"][0]["items"][0].update(effect="D")),
    (every_list_of_the_reference_is_whole, lambda d: d["checklists"]["lists"][3]["items"].pop(7)),
    (every_block_has_a_ground_and_its_letter, lambda d: d["checklists"]["lists"][3]["items"][4].update(ground=None)),
    (every_block_has_a_ground_and_its_letter, lambda d: d["letters"]["letters"].remove(letter(d, "rejection-rights"))),
    (every_block_has_a_ground_and_its_letter, lambda d: d["reasons"]["reasons"].append({"id": "idle", "letter": "rejection"})),
    (every_rejection_names_its_ground, lambda d: letter(d, "rejection")["placeholders"].remove("ground")),
    (every_rejection_names_its_ground, lambda d: d["reasons"]["reasons"][0].update(cell="none")),
    (every_placeholder_is_declared, lambda d: d["letters"]["placeholders"].pop(0)),
    (every_placeholder_is_declared, lambda d: letter(d, "receipt")["body"].update(en="{case} {secret}")),
    (every_placeholder_is_declared, page("policy.md", "{service}", "{servce}")),
    (every_placeholder_is_declared, lambda d: d["reasons"]["reasons"][0]["text"].update(en="{account}")),
    (every_kind_of_letter_is_there, lambda d: d["letters"]["letters"].remove(letter(d, "notice-late"))),
    (what_is_sealed_is_said_in_the_fixed_words, lambda d: letter(d, "not-held")["body"].update(en="{kinds}: not held")),
    (what_is_sealed_is_said_in_the_fixed_words, page("authorities.md", "not readable by us", "unreadable")),
    (every_notice_says_how_to_object, lambda d: letter(d, "notice-emergency")["placeholders"].remove("contact")),
    (every_notice_fits_into_an_item, lambda d: letter(d, "notice")["body"].update(en="long " * 3000)),
    (every_source_is_a_standard, lambda d: d["checklists"]["lists"][1]["items"][0].update(source=["policy 99"])),
    (every_source_is_a_standard, lambda d: d["assessment"]["sections"][0].update(source=[])),
    (a_deployment_says_nothing_but_names, lambda d: d["deployment"]["names"].append({"id": "fields", "text": {}})),
    (every_regime_has_the_fields_that_the_server_holds, lambda d: d["code"]["fields"].append("names")),
    (every_regime_has_the_fields_that_the_server_holds, lambda d: regime(d, "other")["fields"].update(seen="traffic")),
    (every_category_says_who_may_order_it, lambda d: regime(d, "us-2703d")["categories"][0].update(validators=["anybody"])),
    (every_category_says_who_may_order_it, lambda d: regime(d, "other")["categories"][0].update(ordered=True)),
    (every_word_of_a_regime_is_declared, lambda d: regime(d, "mlat").update(kind="both")),
    (every_clock_has_one_unit_and_its_alarms, lambda d: regime(d, "mlat")["deadlines"][0].update(hours=1)),
    (every_clock_has_one_unit_and_its_alarms, lambda d: regime(d, "mlat")["deadlines"].pop(0)),
    (no_clock_releases, lambda d: d["regimes"]["does"].append({"id": "release"})),
    (no_notice_is_later_than_the_answer, lambda d: regime(d, "eu-epoc").update(notice={"rule": "before", "days": 10})),
    (no_notice_is_later_than_the_answer, lambda d: regime(d, "cloud-act-uk")["notice"].update(days=10)),
    (every_notice_has_what_its_rule_needs, lambda d: regime(d, "mlat")["notice"].update(days=None)),
    (every_notice_has_what_its_rule_needs, lambda d: regime(d, "mlat")["notice"].update(rule="none", days=None)),
    (every_notice_has_what_its_rule_needs, lambda d: regime(d, "us-nsl").update(bar=None)),
    (what_is_preserved_ends, lambda d: regime(d, "us-2703f")["preservation"].update(days=91)),
    (what_is_preserved_ends, lambda d: regime(d, "eu-epoc-pr")["deadlines"].pop()),
    (what_counsel_must_confirm_says_what, lambda d: regime(d, "mlat").update(note=None)),
    (every_kind_of_process_leads_somewhere, lambda d: d["process-types"]["types"][0].update(regime="eu")),
    (every_kind_of_process_leads_somewhere, lambda d: d["process-types"]["types"][0].update(demand="all")),
    (every_kind_of_process_leads_somewhere, lambda d: d["process-types"]["types"][0].update(band="nsls")),
    (the_assessment_has_its_eighteen_sections, lambda d: d["assessment"]["sections"].pop(16)),
    (every_band_is_of_the_law, lambda d: d["bands"]["options"][1].update(width=1000)),
    (every_band_is_of_the_law, lambda d: d["bands"]["options"][1].update(first=[1, 499])),
    (every_page_is_there_in_both_languages, page("policy.zh-Hant.md", "Version 1", "Version 2")),
    (every_page_is_there_in_both_languages, page("authorities.md", "## 12. ", "## ")),
    (every_page_is_there_in_both_languages, page("authorities.md", "{contact}", "")),
    (every_page_is_of_headings_paragraphs_and_lists, page("policy.md", "# How", "### How")),
    (every_page_is_of_headings_paragraphs_and_lists, page("policy.md", "- exists", "+ exists")),
    (every_page_is_of_headings_paragraphs_and_lists, page("policy.md", "one written", "*one* written")),
    (the_guidelines_say_of_each_regime_what_its_data_says, page("authorities.md", "Notice 5 days", "Notice 10 days")),
    (the_guidelines_say_of_each_regime_what_its_data_says, page("authorities.zh-Hant.md", "- 傳票：", "- 票：")),
]


def main():
    data, failed = load(), False
    plan = [(one.__name__, list(one(data))) for one in CHECKS]
    shown = [one for one, _ in BROKEN]
    blind = [f"{one.__name__} is shown nothing broken" for one in CHECKS if one not in shown]
    for row, (one, breaks) in enumerate(BROKEN):
        broken = copy.deepcopy(data)
        breaks(broken)
        if not list(one(broken)):
            blind.append(f"{one.__name__} does not see what was broken in row {row}")
    plan.append(("each_check_sees_what_was_broken_for_it", blind))
    print(f"1..{len(plan)}")
    for number, (name, wrong) in enumerate(plan, 1):
        for what in wrong:
            print("# " + what.replace("\n", " "))
        print(f"{'not ok' if wrong else 'ok'} {number} - {name}")
        failed |= bool(wrong)
    return failed


if __name__ == "__main__":
    sys.exit(main())
