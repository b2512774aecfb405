"""The page as it is built: the same bytes in two folders, all of it in the manifest, and nothing inline."""
import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/term"))
from rig import Tap  # noqa: E402

CORE = ROOT / "build/wasm/src/web/sotto-core.wasm"


def build(folder):
    """A clone's web/ in a folder of its own, with what npm brings to the bundle."""
    shutil.copytree(ROOT / "web", folder / "web", ignore=shutil.ignore_patterns("node_modules"))
    for name in json.loads((ROOT / "web/package.json").read_text())["dependencies"]:
        shutil.copytree(ROOT / "web/node_modules" / name, folder / "web/node_modules" / name)
    core = folder / "core.wasm"
    if CORE.exists():
        shutil.copy(CORE, core)
    subprocess.run(["node", "web/build.mjs", "out", str(core)], cwd=folder, check=True, capture_output=True, timeout=100)
    return {p.name: p.read_bytes() for p in (folder / "out").iterdir()}


def sha256(data):
    return hashlib.sha256(data).digest()


def main():
    tap = Tap()
    if not (ROOT / "web/node_modules/.fetched").exists():
        print("1..0 # SKIP scripts/build.sh web has not fetched npm's packages")
        return 0
    with tempfile.TemporaryDirectory(prefix="sotto-web-") as place:
        one, other = Path(place) / "one", Path(place) / "a" / "longer way" / "other"
        one.mkdir()
        other.mkdir(parents=True)
        files = build(one)
        again = build(other)
        differ = [n for n in files.keys() | again.keys() if files.get(n) != again.get(n)]
        tap.check("two_folders_give_the_same_bytes", not differ, differ)
        names = [n for n in files if place.encode() in files[n] or b"node_modules" in files[n]]
        tap.check("no_byte_says_where_it_was_built", not names, names)

    plain = {n: d for n, d in files.items() if not n.endswith((".gz", ".br"))}
    first, *lines = files["manifest.txt"].decode().splitlines()
    listed = dict(reversed(line.split(" ")) for line in lines)
    expected = {n: sha256(d).hex() for n, d in plain.items() if n != "manifest.txt"}
    tap.check("the_manifest_is_of_every_file", first == "sotto web v1" and listed == expected, listed)
    tap.check("it_is_in_the_order_of_names", list(listed) == sorted(listed))

    index = files["index.html"].decode()
    targets = re.findall(r'\b(?:href|src)="([^"]+)"', index)
    tap.check("the_index_names_only_what_is_there", targets and all(t in plain for t in targets), targets)
    wrong = []
    for tag in re.findall(r"<(?:script|link rel=\"stylesheet\")[^>]*>", index):
        name, integrity = (re.search(rf'{a}="([^"]+)"', tag) for a in ("(?:href|src)", "integrity"))
        good = name and integrity and integrity[1] == "sha256-" + base64.b64encode(sha256(plain[name[1]])).decode()
        wrong += [] if good else [tag]
    tap.check("scripts_and_styles_have_their_integrity", not wrong and index.count("integrity=") >= 2, wrong)
    inline = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\bstyle=|\bon\w+=|=.javascript:", index, re.I)
    tap.check("nothing_is_inline", not inline, inline)
    hashed = [n for n in plain if n.endswith((".js", ".css", ".wasm")) and n != "sw.js"]
    wrong = [n for n in hashed if not n.rpartition(".")[0].endswith("-" + sha256(plain[n]).hex()[:10])]
    tap.check("names_have_their_content_s_hash", hashed and not wrong, wrong)
    worker = files["sw.js"].decode()
    missing = [n for n in plain if n not in ("sw.js", "manifest.txt") and f'"{n}"' not in worker]
    tap.check("the_service_worker_keeps_every_file", not missing, missing)
    unlike = [n for n in plain if n.endswith(".png") and not plain[n].startswith(b"\x89PNG\r\n\x1a\n")]
    tap.check("icons_are_pictures", not unlike and "icon-512.png" in plain, unlike)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
