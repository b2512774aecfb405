#!/usr/bin/env python3
"""`sotto-desk pictures`: what somebody attached is drawn, or it is told why not: test_pictures.py SOTTO_DESK. TAP."""
import base64
import re
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parent / "term")]
import samples  # noqa: E402
from rig import Tap  # noqa: E402
from test_import import SAMPLES, desk, run  # noqa: E402

PROGRAM = sys.argv[1]
RED, WHITE = b"\xff\0\0", b"\xff\xff\xff"


def drawn(folder, content):
    """The exit code, what it says, and the pictures in their order."""
    file, out = folder / "file.untrusted", Path(tempfile.mkdtemp(dir=folder))
    file.write_bytes(content)
    done = subprocess.run([PROGRAM, "pictures", file, out], capture_output=True, text=True, timeout=100)
    pictures = [p.read_bytes() for p in sorted(out.iterdir())]
    return done.returncode, done.stderr, pictures


def near(point, colour):
    return all(abs(a - b) < 24 for a, b in zip(point, colour))


def documents(folder, tap):
    code, says, pictures = drawn(folder, samples.pages(2))
    sizes = [samples.points(p)[:2] for p in pictures]
    tap.check("each_page_is_a_picture", (code, sizes) == (0, 2 * [(1141, 1600)]), (code, says, sizes))
    row = samples.points(pictures[0])[2][800]
    tap.check("of_what_the_page_shows", near(row[:3], RED) and near(row[-3:], WHITE), (row[:3], row[-3:]))
    written = samples.pages(1, b"BT /F 90 Tf 40 400 Td (Text) Tj ET", b"<< /Font << /F << /Type /Font /Subtype /Type1 "
                            b"/BaseFont /Helvetica >> >> >>")
    code, says, pictures = drawn(folder, written)
    rows = samples.points(pictures[0])[2] if pictures else []
    dark = [x for row in rows for x in range(len(row) // 3) if max(row[3 * x:3 * x + 3]) < 60]
    # By the measures of Helvetica the word is 55 + 50 + 45 + 25 parts wide, and its first letter begins near the edge.
    tap.check("a_text_whose_font_is_not_in_the_file_is_drawn", dark and 70 < min(dark) < 90 and 370 < max(dark) < 410,
              dark and (min(dark), max(dark)))
    code, says, pictures = drawn(folder, samples.pages(40))
    tap.check("of_many_pages_the_first_are_drawn", code == 5 and len(pictures) == 32 and "more pages" in says,
              (code, says, len(pictures)))
    for name, content, why in (("an_encrypted_document", samples.encrypted(), "it is encrypted"),
                               ("a_broken_one", b"%PDF-1.7\nnothing", "it is broken"),
                               ("half_of_one", samples.pages(1)[:120], "it is broken"),
                               ("one_that_computes_for_long", samples.bomb(), "more time or memory"),
                               ("a_program", b"MZ\x90\0" + 100 * b"x", "only PDF"),
                               ("a_page_of_html", b"<html><script>alert(1)</script>", "only PDF")):
        code, says, pictures = drawn(folder, content)
        tap.check(f"{name}_is_told", code == 5 and why in says and not pictures, (code, says, len(pictures)))


def pictures_of_pictures(folder, tap):
    jpeg = subprocess.run(["pnmtojpeg", "-quality=100"], input=b"P6\n16 8\n255\n" + 128 * RED, capture_output=True,
                          check=True).stdout
    for name, content, size in (("a_png", samples.png(30, 20), (30, 20)), ("a_tiff", samples.tiff(), (2, 2)),
                                ("a_jpeg", jpeg, (16, 8)), ("a_wide_png", samples.png(4001, 3), (1334, 1))):
        code, says, pictures = drawn(folder, content)
        found = samples.points(pictures[0]) if pictures else None
        tap.check(f"{name}_is_drawn_anew", code == 0 and found[:2] == size and near(found[2][0][:3], RED),
                  (code, says, found and found[:2]))
    black, white = b"\0\0\0", b"\xff\xff\xff"
    for name, content, row in (
            ("one_bit", samples.png(9, 1, b"\0\xa8\x80", 1, 0), 2 * (white + black) + white + 3 * black + white),
            ("grey", samples.png(3, 1, b"\0\x00\x80\xff", 8, 0), black + b"\x80\x80\x80" + white),
            ("sixteen_bits", samples.png(2, 1, b"\0\xff\xff\0\0\x80\0\0\0\0\0\xff\xff", 16, 2), b"\xff\0\x7f\0\0\xff")):
        code, says, pictures = drawn(folder, content)
        tap.check(f"points_of_{name}_are_what_they_were", code == 0 and samples.points(pictures[0])[2] == [row],
                  (code, says, pictures and samples.points(pictures[0])))
    hidden = samples.png(2, 2)[:-12] + b"\0\0\0\x06tEXta\0<svg" + 4 * b"\0" + samples.png(2, 2)[-12:] + b"<script>"
    code, says, pictures = drawn(folder, hidden)
    tap.check("nothing_but_its_points_is_left", len(pictures) == 1 and b"<s" not in pictures[0] and
              samples.points(pictures[0])[:2] == (2, 2), (code, says))
    for name, content, why in (("a_bomb_of_points", samples.png_bomb(), "more time or memory"),
                               ("a_broken_png", samples.png(30, 20)[:60], "it is broken"),
                               ("a_broken_tiff", samples.tiff()[:20], "it is broken"),
                               ("a_broken_jpeg", jpeg[:20], "it is broken")):
        code, says, pictures = drawn(folder, content)
        tap.check(f"{name}_is_told", code == 5 and why in says and not pictures, (code, says, len(pictures)))


def imported(folder, tap):
    """A form that came as PDF is drawn when it is imported."""
    path = folder / "drawn.xml"
    form = base64.b64encode(samples.pages(2)).decode()
    path.write_text(re.sub(r"(<doc:Contents>)[^<]*", lambda m: m.group(1) + form, (SAMPLES / "epoc.xml").read_text()))
    done = run("import", desk(folder / "desk"), path)
    with sqlite3.connect(folder / "desk" / "desk.sqlite") as store:
        found = [n for n, in store.execute("SELECT number FROM sealed WHERE kind = 7 ORDER BY number")]
    tap.check("a_form_in_pdf_is_drawn", found == [64, 2 * 64 + 1, 2 * 64 + 2], (done.stderr, found))


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as temporary:
        imported(Path(temporary), tap)
        documents(Path(temporary), tap)
        pictures_of_pictures(Path(temporary), tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
