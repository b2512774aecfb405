#!/usr/bin/env python3
"""The ledger's formats, read anew: test_ledger.py TOOL docs/ledger-vectors.json [--write]. Prints TAP.

Everything here is written after docs/LEDGER.md and the texts that it names, and shares nothing with
the library but those. Signatures are checked by others: tests/interop/tlog.
"""
import base64
import hashlib
import hmac
import json
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

SLOTS = 24
HEAD = b"sotto ledger v1\n"


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def leaf_hash(entry):
    return sha256(b"\x00", entry)


def mth(leaves):
    """RFC 6962 section 2.1, of leaf hashes."""
    if not leaves:
        return sha256()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return sha256(b"\x01", mth(leaves[:k]), mth(leaves[k:]))


def inclusion(m, leaves):
    """Section 2.1.1."""
    if len(leaves) == 1:
        return []
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    if m < k:
        return inclusion(m, leaves[:k]) + [mth(leaves[k:])]
    return inclusion(m - k, leaves[k:]) + [mth(leaves[:k])]


def consistency(m, leaves, known=True):
    """Section 2.1.2."""
    if m == len(leaves):
        return [] if known else [mth(leaves)]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    if m <= k:
        return consistency(m, leaves[:k], known) + [mth(leaves[k:])]
    return consistency(m - k, leaves[k:], False) + [mth(leaves[:k])]


def vector(data):
    """RFC 9420 section 2.1.2."""
    n = len(data)
    if n < 64:
        return struct.pack(">B", n) + data
    if n < 16384:
        return struct.pack(">H", n | 0x4000) + data
    return struct.pack(">I", n | 0x80000000) + data


def commitment(name, salt, value):
    return sha256(vector(b"sotto ledger v1 field"), vector(name), salt, vector(value))


def derive(key, label, number):
    return hmac.new(key, label + struct.pack(">Q", number), hashlib.sha256).digest()


def sealed(fields, filler):
    slots = [commitment(b"", derive(filler, b"sotto ledger v1 salt", i), b"") for i in range(SLOTS)]
    for f in fields:
        slots[f["slot"]] = commitment(*(bytes.fromhex(f[k]) for k in ("name", "salt", "value")))
    return HEAD + b"".join(slots)


def key_id(vkey):
    name, digits, rest = vkey.split("+", 2)
    return digits == sha256(name.encode(), b"\n", base64.b64decode(rest, validate=True))[:4].hex()


def lines64(hashes):
    return "".join(base64.b64encode(h).decode() + "\n" for h in hashes)


# ---- The vectors ----

def vectors_hold(v):
    entries = [bytes.fromhex(t["entry"]) for t in v["tree"]]
    leaves = [leaf_hash(e) for e in entries]
    for i, t in enumerate(v["tree"]):
        assert mth(leaves[:i + 1]).hex() == t["root"], f"the root of {i + 1}"
    for t in v["inclusion"]:
        assert [h.hex() for h in inclusion(t["index"], leaves[:t["size"]])] == t["path"], t
    for t in v["consistency"]:
        assert [h.hex() for h in consistency(t["older"], leaves[:t["newer"]])] == t["path"], t


def seals_hold(v):
    for t in v["sealed"]:
        assert sealed(t["fields"], bytes.fromhex(t["filler"])).hex() == t["entry"], t
    for t in v["padding"]:
        batch_key = derive(bytes.fromhex(t["key"]), b"sotto ledger v1 batch", t["batch"])
        filler = derive(batch_key, b"sotto ledger v1 padding", t["index"])
        assert (batch_key.hex(), filler.hex()) == (t["batch_key"], t["filler"]), t
        assert sealed([], filler).hex() == t["entry"], t
    assert len({len(t["entry"]) for t in v["sealed"] + v["padding"]}) == 1


def notes_hold(v):
    c = v["checkpoint"]
    leaves = [leaf_hash(bytes.fromhex(t["entry"])) for t in v["tree"]]
    text, signatures = c["note"].rsplit("\n\n", 1)
    assert text.split("\n") == ["ledger.example/desk", "13", lines64([mth(leaves)]).strip()]
    log, witness = (line.split(" ") for line in signatures.strip().split("\n"))
    for line, who, n in ((log, "log", 64), (witness, "witness", 72)):
        vkey = c[who]["vkey"]
        assert key_id(vkey), vkey
        signed = base64.b64decode(line[2], validate=True)
        assert line[:2] == ["\u2014", vkey.split("+")[0]]
        assert signed[:4].hex() == vkey.split("+")[1] and len(signed) == 4 + n
    assert struct.unpack(">Q", base64.b64decode(witness[2])[4:12])[0] == c["seconds"]
    assert c["request"] == "old 5\n" + lines64(consistency(5, leaves)) + "\n" + c["note"]


def slots_hold(tool, doc):
    rows = subprocess.run([tool, "slots"], check=True, capture_output=True, text=True).stdout
    assert rows.count("\n") <= SLOTS
    table = "| slot | name | what it says |\n|---|---|---|\n" + rows + "\n"
    assert table in doc.read_text(), "the table of names is not what `ledger_tool slots` prints"


# ---- A log as files ----

SIZES = (1, 2, 255, 256, 300, 70000)


def tile_path(n):
    text = f"{n % 1000:03d}"
    while n >= 1000:
        n //= 1000
        text = f"x{n % 1000:03d}/" + text
    return text


def expected_files(size):
    """The tiles and bundles that a checkpoint of this size needs."""
    entries = [f"entry {i}".encode() for i in range(size)]
    hashes = [leaf_hash(e) for e in entries]
    yield from pieces("entries", [struct.pack(">H", len(e)) + e for e in entries])
    level = 0
    while hashes:
        yield from pieces(level, hashes)
        hashes = [mth(hashes[i:i + 256]) for i in range(0, len(hashes) - 255, 256)]
        level += 1


def pieces(level, members):
    for i in range(0, len(members), 256):
        piece = members[i:i + 256]
        partial = f".p/{len(piece)}" if len(piece) < 256 else ""
        yield f"tile/{level}/{tile_path(i // 256)}{partial}", b"".join(piece)


def log_holds(tool, folder):
    subprocess.run([tool, "write", folder, *map(str, SIZES)], check=True)
    folder = Path(folder)
    expected = {}
    for size in SIZES:
        expected.update(expected_files(size))
    found = {p.relative_to(folder).as_posix(): p.read_bytes()
             for p in folder.glob("tile/**/*") if p.is_file()}
    assert found.keys() == expected.keys(), sorted(found.keys() ^ expected.keys())
    for path, content in expected.items():
        assert found[path] == content, path
    leaves = [leaf_hash(f"entry {i}".encode()) for i in range(SIZES[-1])]
    for size in SIZES:
        lines = (folder / f"checkpoints/{size}").read_text().split("\n")
        assert lines[:3] == ["ledger.example/desk", str(size), lines64([mth(leaves[:size])]).strip()]
    for size in SIZES[:-1]:
        path = folder / f"consistency/{size}-{SIZES[-1]}"
        assert path.read_text() == lines64(consistency(size, leaves)), path
    for index in (0, 1, 49, 50):
        path = folder / f"inclusion/{index}-{SIZES[-1]}"
        assert path.read_text() == lines64(inclusion(index, leaves)), path


def main():
    tool, file = sys.argv[1], Path(sys.argv[2])
    made = subprocess.run([tool, "vectors"], check=True, capture_output=True, text=True).stdout
    if sys.argv[3:] == ["--write"]:
        file.write_text(made)
    vectors = json.loads(file.read_text())

    def same():
        assert made == file.read_text(), "the tool makes others; --write renews the file"

    def log():
        with tempfile.TemporaryDirectory() as folder:
            log_holds(tool, folder)

    tests = [("the tool makes the vectors of the docs", same),
             ("the vectors' trees and proofs hold", lambda: vectors_hold(vectors)),
             ("the vectors' sealed entries and padding hold", lambda: seals_hold(vectors)),
             ("the vectors' notes hold", lambda: notes_hold(vectors)),
             ("the docs list the slots of names", lambda: slots_hold(tool, file.parent / "LEDGER.md")),
             ("a log's files are what its entries say", log)]
    print(f"1..{len(tests)}")
    failed = 0
    for number, (name, test) in enumerate(tests, 1):
        try:
            test()
            print(f"ok {number} - {name}")
        except (AssertionError, subprocess.CalledProcessError) as e:
            failed += 1
            print("# " + str(e)[:300].replace("\n", " "))
            print(f"not ok {number} - {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
