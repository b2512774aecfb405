#!/usr/bin/env python3
"""Makes src/lookup/handle_tables.c: scripts/unicode-tables.py CONFUSABLES [UCD] > src/lookup/handle_tables.c

CONFUSABLES is Unicode's confusables.txt (UTS 39), of the same version as the Unicode Character Database
in the folder UCD: UnicodeData.txt, Scripts.txt, ScriptExtensions.txt, DerivedCoreProperties.txt and
HangulSyllableType.txt, as Debian's package unicode-data puts them into /usr/share/unicode. Debian has
confusables.txt in the source package icu, as icu/source/data/unidata/confusables.txt.

Prints which characters a handle may have after mapping (PRECIS IdentifierClass, RFC 8264, less what
src/lookup/handle_form.h says), with their scripts, and what each looks like. Refuses files of two versions.
"""
import re
import sys
from pathlib import Path

ASCII = set(map(ord, "abcdefghijklmnopqrstuvwxyz0123456789._-"))
# RFC 5892 section 2.6; those that need a context are judged in handle_form.c.
VALID = {0xDF, 0x3C2, 0x6FD, 0x6FE, 0xF0B, 0x3007}
CONTEXT = {0xB7, 0x375, 0x5F3, 0x5F4, 0x30FB}
REFUSED = {0x640, 0x7FA, 0x302E, 0x302F, 0x303B} | set(range(0x3031, 0x3036))
LETTERS_AND_DIGITS = {"Ll", "Lo", "Lm", "Mn", "Mc", "Nd"}
# What one writing system takes together (UTS 39 section 5.1).
TOGETHER = {
    "Hani": {"Hanb", "Jpan", "Kore"}, "Hira": {"Jpan"}, "Kana": {"Jpan"}, "Hang": {"Kore"},
    "Bopo": {"Hanb"},
}


def version_of(path):
    head = path.read_text(encoding="utf-8-sig")[:400]
    return re.search(r"(?:-|Version: )(\d+\.\d+)", head).group(1)


def lines(path):
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        line = line.split("#")[0].strip()
        if line:
            yield [part.strip() for part in line.split(";")]


def points(text):
    first, _, last = text.partition("..")
    return range(int(first, 16), int(last or first, 16) + 1)


class Database:
    def __init__(self, folder):
        self.category, self.compatible, self.parts = {}, set(), {}
        first = None
        for field in lines_raw(folder / "UnicodeData.txt"):
            point = int(field[0], 16)
            if field[1].endswith(", First>"):
                first = point
                continue
            for each in range(point if first is None else first, point + 1):
                self.category[each] = field[2]
            first = None
            if field[5].startswith("<"):
                self.compatible.add(point)
            elif field[5]:
                self.parts[point] = [int(part, 16) for part in field[5].split()]
        self.ignorable = self.property(folder / "DerivedCoreProperties.txt",
                                       "Default_Ignorable_Code_Point")
        self.jamo = set()
        for kind in "LVT":
            self.jamo |= self.property(folder / "HangulSyllableType.txt", kind)
        names = {}
        for field in lines(folder / "PropertyValueAliases.txt"):
            if field[0] == "sc":
                names[field[2]] = field[1]
        self.scripts = {}
        for field in lines(folder / "Scripts.txt"):
            for point in points(field[0]):
                self.scripts[point] = {names[field[1]]}
        for field in lines(folder / "ScriptExtensions.txt"):
            for point in points(field[0]):
                self.scripts[point] = set(field[1].split())

    @staticmethod
    def property(path, name):
        return {p for field in lines(path) if field[1] == name for p in points(field[0])}

    def has_compatible(self, point):
        return point in self.compatible or any(map(self.has_compatible, self.parts.get(point, [])))

    def allows(self, point):
        if point < 0x80:
            return point in ASCII
        if point in REFUSED or point in self.ignorable or point in self.jamo:
            return False
        if point in VALID or point in CONTEXT:
            return True
        return self.category.get(point) in LETTERS_AND_DIGITS and not self.has_compatible(point)

    def script_set(self, point):
        found = self.scripts.get(point, {"Zyyy"})
        if found & {"Zyyy", "Zinh"}:
            return frozenset()
        return frozenset(found.union(*(TOGETHER.get(script, set()) for script in found)))


def lines_raw(path):
    return (line.split(";") for line in path.read_text(encoding="utf-8").splitlines())


def ranges_of(db):
    """(first, count, set of scripts, 1 for the ten digits of one system)"""
    ranges = []
    for point in sorted(p for p in db.category if db.allows(p)):
        scripts, digit = db.script_set(point), db.category[point] == "Nd"
        last = ranges[-1] if ranges else None
        follows = last and last[0] + last[1] == point and last[2:] == [scripts, digit]
        if follows and not (digit and last[1] == 10) and last[1] < 0xFFFF:
            last[1] += 1
        else:
            ranges.append([point, 1, scripts, digit])
    assert all(count == 10 for _, count, _, digit in ranges if digit)
    return ranges


def looks_of(db, path):
    looks = {}
    for field in lines(path):
        source = int(field[0], 16)
        if db.allows(source):
            looks[source] = [int(point, 16) for point in field[1].split()]
    return looks


def rows(cells, width=100):
    line = "   "
    for cell in cells:
        if len(line) + len(cell) + 2 > width:
            yield line
            line = "   "
        line += " " + cell + ","
    yield line


def main():
    confusables = Path(sys.argv[1])
    folder = Path(sys.argv[2] if len(sys.argv) > 2 else "/usr/share/unicode")
    versions = {version_of(path) for path in (
        confusables, folder / "Scripts.txt", folder / "ScriptExtensions.txt",
        folder / "DerivedCoreProperties.txt")}
    if len(versions) != 1:
        sys.exit(f"these files are of several versions of Unicode: {sorted(versions)}")
    db = Database(folder)
    ranges, looks = ranges_of(db), looks_of(db, confusables)
    scripts = sorted(set().union(*(r[2] for r in ranges)))
    sets = sorted({r[2] for r in ranges}, key=sorted)
    assert len(scripts) <= 192 and len(sets) < 256
    pool, at = [], {}
    for target in sorted(map(tuple, looks.values()), key=lambda t: (-len(t), t)):
        if target not in at:
            at[target] = len(pool)
            pool.extend(target)
    print(f"/* Made by scripts/unicode-tables.py from Unicode {versions.pop()}; its data files are under the Unicode\n"
          " * license. handle_form.h says what the tables mean. */\n"
          '#include "lookup/handle_form.h"\n\n/* clang-format off */')
    print(f"const struct handle_scripts handle_sets[{len(sets)}] = {{")
    for one in sets:
        words = [0, 0, 0]
        for script in one:
            words[scripts.index(script) // 64] |= 1 << scripts.index(script) % 64
        if not one:
            words = [2**64 - 1] * 3
        print("    {{" + ", ".join(f"{word:#x}u" if word < 2**32 else f"{word:#x}ull" for word in words)
              + "}}, /* " + (" ".join(sorted(one)) or "any") + " */")
    print("};")
    print(f"const size_t handle_range_count = {len(ranges)};\nconst struct handle_range handle_ranges[] = {{")
    print("\n".join(rows(f"{{{f:#x}, {n}, {sets.index(s)}, {int(d)}}}" for f, n, s, d in ranges)))
    print(f"}};\nconst size_t handle_look_count = {len(looks)};\nconst struct handle_look handle_looks[] = {{")
    print("\n".join(rows(f"{{{s:#x}, {at[tuple(t)]}, {len(t)}}}" for s, t in sorted(looks.items()))))
    print("};\nconst uint32_t handle_pool[] = {")
    print("\n".join(rows(f"{point:#x}" for point in pool)))
    print("};\n/* clang-format on */\n")
    for name in ("Grek", "Hebr", "Hira", "Kana", "Hani"):
        print(f"const uint8_t names_script_{name.lower()} = {scripts.index(name)};")


if __name__ == "__main__":
    main()
