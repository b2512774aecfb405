"""Charts as SVG: lines over two axes, either of them logarithmic. No library: what is drawn is little."""

import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 420, 78, 170, 44, 56
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#777777", "#8a5a00"]
STYLE = """text{font:13px sans-serif;fill:#222}.t{font-weight:bold;font-size:15px}.g{stroke:#ccc}.a{stroke:#666}
path{fill:none;stroke-width:2}rect.b{fill:#fff}
@media(prefers-color-scheme:dark){text{fill:#ddd}.g{stroke:#444}.a{stroke:#999}rect.b{fill:#181818}}"""


def short(value):
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"


class Axis:
    def __init__(self, values, log, start, end):
        self.log, self.start, self.end = log, start, end
        self.low = min(v for v in values if v > 0) if log else 0
        self.high = max(values)
        if log:
            self.low = 10 ** math.floor(math.log10(self.low))
            self.high = 10 ** math.ceil(math.log10(self.high) - 1e-9)
            if self.high <= self.low:
                self.high = self.low * 10
        self.high = self.high or 1

    def ticks(self):
        if self.log:
            n = round(math.log10(self.high / self.low))
            return [self.low * 10**i for i in range(n + 1)]
        step = 10 ** math.floor(math.log10(self.high))
        while self.high / step < 4:
            step /= 2
        return [step * i for i in range(int(self.high / step + 1e-9) + 1)]

    def at(self, value):
        if self.log:
            part = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        else:
            part = value / self.high
        return self.start + part * (self.end - self.start)


def lines(title, x_name, y_name, series, x_log=False, y_log=False, x_labels=None):
    """series: name -> [(x, y)]. x_labels: value -> text, in the place of ticks."""
    points = [p for line in series.values() for p in line]
    x = Axis([p[0] for p in points], x_log, LEFT, WIDTH - RIGHT)
    y = Axis([p[1] for p in points], y_log, HEIGHT - BOTTOM, TOP)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
           f"<title>{escape(title)}</title><style>{STYLE}</style>",
           f'<rect class="b" width="{WIDTH}" height="{HEIGHT}"/>',
           f'<text class="t" x="{LEFT}" y="24">{escape(title)}</text>']
    for tick in y.ticks():
        at = y.at(tick)
        out.append(f'<line class="g" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
                   f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{short(tick)}</text>')
    for tick, text in (x_labels or {t: short(t) for t in x.ticks()}).items():
        at = x.at(tick)
        out.append(f'<line class="a" x1="{at:.1f}" x2="{at:.1f}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM + 5}"/>'
                   f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 21}" text-anchor="middle">{escape(text)}</text>')
    out.append(f'<line class="a" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM}"/>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">{escape(x_name)}</text>')
    out.append(f'<text transform="translate(18 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" '
               f'text-anchor="middle">{escape(y_name)}</text>')
    for i, (name, line) in enumerate(series.items()):
        colour = COLOURS[i % len(COLOURS)]
        path = " ".join(f"{'M' if k == 0 else 'L'}{x.at(a):.1f} {y.at(b):.1f}" for k, (a, b) in enumerate(line))
        out.append(f'<path d="{path}" stroke="{colour}"/>')
        if len(line) < 20:
            out += [f'<circle cx="{x.at(a):.1f}" cy="{y.at(b):.1f}" r="3" fill="{colour}"/>' for a, b in line]
        row = TOP + 10 + 20 * i
        out.append(f'<rect x="{WIDTH - RIGHT + 14}" y="{row - 9}" width="12" height="12" fill="{colour}"/>'
                   f'<text x="{WIDTH - RIGHT + 32}" y="{row + 2}">{escape(name)}</text>')
    return "\n".join(out) + "\n</svg>\n"
