#!/usr/bin/env python3
"""Pictures of what bench/server.py measured: memory by connections, latency, cost by accounts.

    bench/pictures.py build/bench/server.json     draws what is in it: bench/pictures/*.svg"""

import json
import math
import statistics
import sys
from pathlib import Path

WIDE, HIGH, LEFT, TOP, NAMES, LINE = 300, 280, 66, 74, 140, 15  # of a panel; of a line of names
SERVERS = {"disk": "sync alone", "relay": "bare relay", "ejabberd": "ejabberd", "prosody": "Prosody", "sotto": "Sotto"}
CARRIERS = {"TCP": "TCP", "TLS": "TLS; Sotto: WebSocket in TLS"}
STYLE = """
svg { --back: #fcfcfb; --ink: #0b0b0b; --dim: #52514e; --grid: #e1e0d9; --relay: #898781;
  --sotto: #2a78d6; --ejabberd: #eb6834; --prosody: #1baf7a; font: 12px system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { svg { --back: #1a1a19; --ink: #ffffff; --dim: #c3c2b7;
  --grid: #383835; --sotto: #3987e5; --ejabberd: #d95926; --prosody: #199e70; } }
.back { fill: var(--back); } text { fill: var(--dim); } .head, .name { fill: var(--ink); }
.title { fill: var(--ink); font-size: 15px; } .title, .head { font-weight: 600; }
path { fill: none; stroke-width: 2; stroke-linejoin: round; }
.grid { stroke: var(--grid); stroke-width: 1; } .relay { stroke: var(--relay); }
.sotto { stroke: var(--sotto); } .ejabberd { stroke: var(--ejabberd); }
.disk, .limit { stroke: var(--relay); stroke-dasharray: 4 4; } .prosody { stroke: var(--prosody); }
"""


class Axis:
    """From the first mark to the last; a mark is a value and its text."""

    def __init__(self, name, marks, place=math.log10):
        self.name, self.marks, self.place = name, marks, place
        self.low, self.high = place(marks[0][0]), place(marks[-1][0])

    def at(self, value):
        return (self.place(value) - self.low) / (self.high - self.low)


def write(x, y, text, kind="", anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{text}</text>'


def apart(heights):
    """As near to these as lines of text can be."""
    order, heights = sorted(range(len(heights)), key=heights.__getitem__), list(heights)
    for a, b in list(zip(order, order[1:])) * 50:
        over = max(0, LINE - (heights[b] - heights[a]))
        heights[a] -= over / 2
        heights[b] += over / 2
    return heights


def draw_panel(left, head, lines, x, y):
    """A line is a name, a kind and points; it is named where it ends."""
    out, ends = [write(left, TOP - 12, head, "head")], []
    for value, text in y.marks:
        at = TOP + HIGH * (1 - y.at(value))
        out.append(f'<path class="grid" d="M{left} {at:.1f}h{WIDE}"/>' + write(left - 6, at + 4, text, anchor="end"))
    for value, text in x.marks:
        out.append(write(left + WIDE * x.at(value), TOP + HIGH + 18, text, anchor="middle"))
    out.append(write(left + WIDE / 2, TOP + HIGH + 38, x.name, anchor="middle"))
    for _, kind, points in lines:
        places = [(left + WIDE * x.at(a), TOP + HIGH * (1 - y.at(b))) for a, b in points]
        out.append(f'<path class="{kind}" d="M' + "L".join(f"{a:.1f} {b:.1f}" for a, b in places) + '"/>')
        ends.append(places[-1])
    for (name, *_), (a, b), at in zip(lines, ends, apart([b for _, b in ends])):
        out.append(f'<path class="grid" d="M{a + 2:.1f} {b:.1f}L{left + WIDE + 10} {at:.1f}"/>'
                   + write(left + WIDE + 13, at + 4, name, "name"))
    return out


def draw(name, title, note, panels, x, y):
    step, high = LEFT + WIDE + NAMES, TOP + HIGH + 56
    wide = step * len(panels)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}">',
           f'<style>{STYLE}</style><rect class="back" width="{wide}" height="{high}" rx="6"/>',
           write(16, 24, title, "title"), write(16, 42, f"{y.name}. {note}")]
    for i, (head, lines) in enumerate(panels):
        out += draw_panel(LEFT + step * i, head, lines, x, y)
    Path(__file__).with_name("pictures").joinpath(name).write_text("\n".join([*out, "</svg>", ""]))


def panels(points_of, text):
    """One for each carrier, with a line for each server that has points."""
    return [(head, [(f"{name} {text(p[-1][1])}", s, p) for s, name in SERVERS.items() if (p := points_of(s, carrier))])
            for carrier, head in CARRIERS.items()]


def unit(small, large):
    return lambda n: f"{n:.0f} {small}" if n < 1000 else f"{n / 1000:,.{1 if 1 < n / 1000 < 10 else 0}f} {large}"


def sizes_of(rows, what):
    return sorted({int(part.split()[0].replace(",", "")) for part, *_ in rows if what in part})


def median_points(rows, sizes, part, server, carrier, field):
    return [(n, statistics.median(r[field] for r in rows[key]))
            for n in sizes if (key := (part.format(n), server, carrier)) in rows]


def memory(rows):
    sizes, text = sizes_of(rows, " idle"), unit("B", "KB")
    draw("memory.svg", "What a connection that waits takes", "At the end of a line: with the most connections",
         panels(lambda s, c: median_points(rows, sizes, "{:,} idle", s, c, "bytes"), text),
         Axis("connections", [(n, f"{n:,}") for n in sizes]),
         Axis("Bytes of the server's memory for each", [(10**n, text(10**n)) for n in range(1, 6)]))


def latency(rows):
    """Of each server's rounds the one that was disturbed least: with the smallest p99."""
    odds, text = [2 * 500 ** (i / WIDE) for i in range(WIDE + 1)], unit("µs", "ms")  # one in so many took longer

    def points(server, carrier):
        rounds = sorted(rows.get(("1,000 a second", server, carrier), []), key=lambda r: r["p99_us"])
        times = [us for us, n in rounds[0]["times_us"] for _ in range(n)] if rounds else []
        return [(odd, times[math.ceil((1 - 1 / odd) * len(times)) - 1]) for odd in odds] if times else []

    draw("latency.svg", "From when a message should go until it is there, 1,000 a second",
         "Best of the rounds. At the end of a line: 99.9 % took no longer", panels(points, text),
         Axis("of all messages took no longer", [(2, "50 %"), (10, "90 %"), (100, "99 %"), (1000, "99.9 %")]),
         Axis("One way", [(10**n, text(10**n)) for n in range(1, 7)]))


def accounts(rows):
    sizes = sizes_of(rows, " accounts, ")
    lines = [(who, kind, median_points(rows, sizes, "{:,} accounts, " + who, "sotto", "TCP", "cpu_us"))
             for who, kind in (("connected", "sotto"), ("away", "prosody"), ("anybody", "ejabberd"))]
    most = 1.5 * lines[0][2][0][1]
    top = math.ceil(max(us for *_, points in lines for _, us in [*points, (0, most)]) / 10) * 10
    draw("accounts.svg", "What a message costs, by accounts in the store", "16 under way from each sender",
         [("To 1,000 from all over, or to anybody (mostly a first item)",
          [(f"{who} × {points[-1][1] / points[0][1]:.2f}", kind, points) for who, kind, points in lines]
          + [("connected × 1.5", "limit", [(n, most) for n in sizes])])],
         Axis("accounts", [(n, f"{n:,}" if n < 10**6 else f"{n // 10**6} million") for n in sizes]),
         Axis("Microseconds of the server's processors", [(us, f"{us} µs") for us in range(0, top + 1, 10)], float))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    rows = {(r["part"], r["server"], r["carrier"]): r["rounds"] for r in json.loads(Path(sys.argv[1]).read_text())["rows"]}
    for picture, what in ((memory, " idle"), (latency, "1,000 a second"), (accounts, " accounts, ")):
        if any(what in part for part, *_ in rows):
            picture(rows)


if __name__ == "__main__":
    main()
