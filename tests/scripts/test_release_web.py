#!/usr/bin/env python3
"""scripts/release-web.py: the note, the log that grows, and what it refuses. Prints TAP."""
import base64
import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "release-web.py"
sys.path.insert(0, str(SCRIPT.parents[1] / "tests" / "term"))
from rig import Tap  # noqa: E402


def run(*words):
    return subprocess.run([SCRIPT, *words], capture_output=True, text=True, timeout=60)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def verified(folder, note, text):
    """openssl's verdict on the signature of a note over its text."""
    body, _, lines = note.partition("\n\n")
    signature = base64.b64decode(lines.split()[2])[4:]
    (folder / "signature").write_bytes(signature)
    (folder / "text").write_text(text)
    done = subprocess.run(["openssl", "pkeyutl", "-verify", "-inkey", folder / "key", "-rawin", "-in", folder / "text",
                           "-sigfile", folder / "signature"], capture_output=True)
    return body + "\n" == text and done.returncode == 0


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="sotto-release-") as place:
        folder = Path(place)
        key, log, note = folder / "key", folder / "log", folder / "note"
        public = run("key", key, "sotto.example/web").stdout.strip()
        name, number, value = public.split("+", 2)
        raw = base64.b64decode(value)
        tap.check("the_key_s_public_half_is_as_notes_have_it", name == "sotto.example/web" and len(raw) == 33 and raw[0] == 1
                  and number == sha256(name.encode(), b"\n", raw)[:4].hex(), public)
        tap.check("nobody_else_may_read_the_key", key.stat().st_mode & 0o077 == 0)
        tap.check("a_key_is_never_written_over", run("key", key, "sotto.example/web").returncode != 0)
        texts = [f"sotto web v1\n{64 * str(i)} index.html\n" for i in range(3)]
        leaves = []
        for text in [texts[0], texts[0], texts[1], texts[2]]:
            (folder / "manifest.txt").write_text(text)
            run("sign", key, folder / "manifest.txt", log, note)
            tap.check("the_note_is_signed", verified(folder, note.read_text(), text), note.read_text())
            if sha256(b"\0", text.encode()) not in leaves:
                leaves.append(sha256(b"\0", text.encode()))
        root = sha256(b"\1", sha256(b"\1", leaves[0], leaves[1]), leaves[2])
        checkpoint = f"sotto.example/web\n3\n{base64.b64encode(root).decode()}\n"
        signed = (log / "checkpoint").read_text()
        tap.check("the_log_has_each_once", signed.startswith(checkpoint) and verified(folder, signed, checkpoint), signed)
        tap.check("its_tile_is_of_the_leaves", (log / "tile/0/000.p/3").read_bytes() == b"".join(leaves))
        bundle = b"".join(len(t).to_bytes(2, "big") + t.encode() for t in texts)
        tap.check("its_entries_are_the_manifests", (log / "tile/entries/000.p/3").read_bytes() == bundle)
        (log / "tile/entries/000.p/3").write_bytes(bundle.replace(b"222", b"223"))
        (folder / "manifest.txt").write_text("sotto web v1\n")
        before = (log / "checkpoint").read_bytes()
        tap.check("a_log_that_was_changed_does_not_go_on", run("sign", key, folder / "manifest.txt", log, note).returncode != 0
                  and (log / "checkpoint").read_bytes() == before)
        (folder / "manifest.txt").write_text("anything\n")
        tap.check("what_is_no_manifest_is_not_signed", run("sign", key, folder / "manifest.txt", folder / "other", note).returncode != 0
                  and not (folder / "other").exists())
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
