#!/usr/bin/env python3
"""Signs the manifest of a web page, and keeps the log of all that were signed.

    scripts/release-web.py key KEY NAME               make the release key (once); print its public half
    scripts/release-web.py sign KEY MANIFEST LOG NOTE  write the signed note, and add a leaf to the log

KEY is a file (PEM, Ed25519) that stays with who releases; KEY.pub beside it is what `sotto web-check --key` takes.
NOTE is a signed note (c2sp.org/signed-note) whose text is the manifest. LOG is a folder in the form of
c2sp.org/tlog-tiles, for any web server: an entry is the text of a note, and its checkpoint is signed by the same key,
whose name is the log's origin. A manifest that is in the log already gets no second leaf.
"""
import base64
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

WIDTH = 256  # of a tile
ED25519 = b"\x01"


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def openssl(*words):
    return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True).stdout


# ---- Notes ----

def public_of(key):
    return openssl("pkey", "-in", key, "-pubout", "-outform", "DER")[-32:]


def key_id(name, public):
    return sha256(name.encode(), b"\n", ED25519, public)[:4]


def verifier(name, public):
    return f"{name}+{key_id(name, public).hex()}+{base64.b64encode(ED25519 + public).decode()}"


def name_of(key):
    return key.with_name(key.name + ".pub").read_text().split("+")[0]


def make_key(key, name):
    if key.exists():
        sys.exit(f"release-web: {key} is there already")
    if not name or any(c.isspace() or c == "+" for c in name):
        sys.exit("release-web: a name has no spaces and no plus signs")
    os.umask(0o077)
    openssl("genpkey", "-algorithm", "ed25519", "-out", key)
    text = verifier(name, public_of(key))
    key.with_name(key.name + ".pub").write_text(text + "\n")
    print(text)


def sign(key, text):
    name = name_of(key)
    with tempfile.NamedTemporaryFile() as file:
        file.write(text.encode())
        file.flush()
        signature = openssl("pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", file.name)
    line = base64.b64encode(key_id(name, public_of(key)) + signature).decode()
    return f"{text}\n\u2014 {name} {line}\n"


def verify(key, note):
    """The text of a note, which must be signed by this key."""
    text, _, lines = note.partition("\n\n")
    name = name_of(key)
    start = f"\u2014 {name} "
    for line in lines.splitlines():
        signature = base64.b64decode(line.removeprefix(start)) if line.startswith(start) else b""
        if signature[:4] != key_id(name, public_of(key)):
            continue
        with tempfile.NamedTemporaryFile() as file, tempfile.NamedTemporaryFile() as beside:
            file.write(text.encode() + b"\n")
            file.flush()
            beside.write(signature[4:])
            beside.flush()
            if subprocess.run(["openssl", "pkeyutl", "-verify", "-inkey", key, "-rawin", "-in", file.name,
                               "-sigfile", beside.name], capture_output=True).returncode == 0:
                return text
    return None


# ---- The log ----

def root_of(hashes):
    if not hashes:
        return sha256()
    if len(hashes) == 1:
        return hashes[0]
    half = 1 << ((len(hashes) - 1).bit_length() - 1)
    return sha256(b"\x01", root_of(hashes[:half]), root_of(hashes[half:]))


def place(kind, index, count):
    digits = f"{index:03}" if index < 1000 else "x".join(["", f"{index // 1000:03}/{index % 1000:03}"])
    return f"tile/{kind}/{digits}" + ("" if count == WIDTH else f".p/{count}")


def write(log, name, data):
    path = log / name
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".new")
    beside.write_bytes(data)
    beside.rename(path)


def read_entries(log, size):
    entries = []
    for index in range(0, size, WIDTH):
        data = (log / place("entries", index // WIDTH, min(WIDTH, size - index))).read_bytes()
        while data:
            n = int.from_bytes(data[:2], "big")
            entries.append(data[2:2 + n])
            data = data[2 + n:]
    return entries


def open_log(key, log):
    """Its entries, which must be what the last checkpoint says."""
    if not (log / "checkpoint").exists():
        return []
    text = verify(key, (log / "checkpoint").read_text())
    if text is None:
        sys.exit(f"release-web: the checkpoint in {log} is not signed by this key")
    _, size, root = text.split("\n")[:3]
    entries = read_entries(log, int(size))
    if root_of([sha256(b"\0", e) for e in entries]) != base64.b64decode(root):
        sys.exit(f"release-web: the entries in {log} are not those of its checkpoint")
    return entries


def write_tiles(log, entries):
    for at in range(0, len(entries), WIDTH):
        part = entries[at:at + WIDTH]
        write(log, place("entries", at // WIDTH, len(part)), b"".join(len(e).to_bytes(2, "big") + e for e in part))
    hashes, level = [sha256(b"\0", e) for e in entries], 0
    while hashes:
        for at in range(0, len(hashes), WIDTH):
            part = hashes[at:at + WIDTH]
            write(log, place(level, at // WIDTH, len(part)), b"".join(part))
        full = len(hashes) // WIDTH
        hashes, level = [root_of(hashes[i * WIDTH:(i + 1) * WIDTH]) for i in range(full)], level + 1


def release(key, manifest, log, note):
    text = manifest.read_text()
    if not text.startswith("sotto web v1\n") or not text.endswith("\n") or len(text.encode()) > 0xffff:
        sys.exit(f"release-web: {manifest} is no manifest of a web page")
    entries = open_log(key, log)
    if text.encode() not in entries:
        entries.append(text.encode())
        write_tiles(log, entries)
        root = base64.b64encode(root_of([sha256(b"\0", e) for e in entries])).decode()
        origin = name_of(key)
        write(log, "checkpoint", sign(key, f"{origin}\n{len(entries)}\n{root}\n").encode())
    note.write_text(sign(key, text))


def main():
    words = sys.argv[1:]
    if len(words) == 3 and words[0] == "key":
        make_key(Path(words[1]), words[2])
    elif len(words) == 5 and words[0] == "sign":
        release(*map(Path, words[1:]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
