"""Charts as SVG: bars beside their names, the figure behind each.

It knows numbers and names, not what they are of.
"""

from dataclasses import dataclass
from html import escape

WIDTH, NAMES, FIGURES, ROW, TOP = 760, 250, 150, 26, 44
STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 15px }
.low { fill: #57606a }
.bar { fill: #8c959f }
.own { fill: #0969da }
.spread { stroke: #24292f; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .low { fill: #9198a1 } .spread { stroke: #e6edf3 }
  .bar { fill: #6e7681 } .own { fill: #4493f8 }
}
</style>"""


@dataclass
class Bar:
    name: str
    figures: list[float]
    middle: float
    is_own: bool


def number(value: float) -> str:
    """Three digits that count."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def bars(title: str, beside: str, unit: str, rows: list[Bar]) -> str:
    """A bar to the median, a line from the least to the most of the rounds."""
    most = max(max(row.figures) for row in rows) or 1.0
    scale = (WIDTH - NAMES - FIGURES) / most
    height = TOP + ROW * len(rows) + 10
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"',
        f'     aria-label="{escape(title)}">',
        STYLE,
        f'<text class="title" x="0" y="16">{escape(title)}</text>',
        f'<text class="low" x="0" y="34">{escape(beside)}</text>',
    ]
    for place, row in enumerate(rows):
        y = TOP + ROW * place
        middle = y + ROW / 2
        kind = "own" if row.is_own else "bar"
        low, high = (NAMES + scale * end for end in (min(row.figures), max(row.figures)))
        lines += [
            f'<text x="{NAMES - 8}" y="{middle + 4:.0f}" text-anchor="end">{escape(row.name)}</text>',
            f'<rect class="{kind}" x="{NAMES}" y="{y + 5}" width="{scale * row.middle:.1f}" height="{ROW - 10}"/>',
            f'<line class="spread" x1="{low:.1f}" x2="{high:.1f}" y1="{middle:.0f}" y2="{middle:.0f}"/>',
            f'<text x="{high + 8:.1f}" y="{middle + 4:.0f}">{number(row.middle)} {escape(unit)}</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])
