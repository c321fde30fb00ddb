"""The figures as a picture (SVG) that can be read on white and on black."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from benchmarks.figures import Figures

_WIDTH, _LEFT, _RIGHT = 760, 190, 70
_BAR, _GAP, _PANEL_GAP, _TOP = 16, 7, 34, 16
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .panel { font-weight: 600; }
  .tick { fill: #59636e; font-size: 11px; }
  .grid { stroke: #d1d9e0; }
  .spread { stroke: #1f2328; stroke-width: 1.5; }
  .ours { fill: #0969da; }
  .other { fill: #9a6700; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .tick { fill: #9198a1; }
    .grid { stroke: #3d444d; }
    .spread { stroke: #f0f6fc; }
    .ours { fill: #4493f8; }
    .other { fill: #d29922; }
  }
"""


def draw(figures: Sequence[Figures], ours: Sequence[str]) -> str:
    """Draw a panel of bars for each delay: the median as length, the quartiles as a line, the number beside it."""
    longest = max(one.upper for one in figures)
    step = _step(longest)
    scale = (_WIDTH - _LEFT - _RIGHT) / longest
    parts, y = [], _TOP
    for delay in sorted({one.delay for one in figures}):
        rows = [one for one in figures if one.delay == delay]
        bottom = y + 10 + len(rows) * (_BAR + _GAP)
        parts.append(f'<text class="panel" x="0" y="{y}">{delay} ms added to every reply</text>')
        parts += _grid(y + 10, bottom, step, longest, scale)
        for place, row in enumerate(rows):
            parts += _bar(row, y + 10 + place * (_BAR + _GAP), scale, "ours" if row.name in ours else "other")
        y = bottom + _PANEL_GAP
    title = "Seconds from start to verdict, median of each; the line spans the middle half of the runs"
    height = y + 4
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">',
            f"<title>{title}</title>",
            f"<style>{_STYLE}</style>",
            *parts,
            f'<text class="tick" x="0" y="{height - 6}">{title}</text>',
            "</svg>\n",
        ]
    )


def _step(longest: float) -> float:
    """The distance of grid lines in seconds: at most eight of them."""
    return next(step for step in (0.1, 0.2, 0.5, 1, 2, 5, 10, 60) if longest / step <= 8)


def _grid(top: int, bottom: int, step: float, longest: float, scale: float) -> list[str]:
    lines = []
    for number in range(int(longest / step) + 1):
        x = round(_LEFT + number * step * scale, 1)
        lines.append(f'<line class="grid" x1="{x}" x2="{x}" y1="{top}" y2="{bottom}"/>')
        lines.append(f'<text class="tick" x="{x}" y="{bottom + 12}" text-anchor="middle">{number * step:g}</text>')
    return lines


def _bar(row: Figures, y: int, scale: float, kind: str) -> list[str]:
    middle, text = y + _BAR / 2, y + _BAR - 4
    width = round(row.seconds * scale, 1)
    lower, upper = round(_LEFT + row.lower * scale, 1), round(_LEFT + row.upper * scale, 1)
    return [
        f'<text x="{_LEFT - 8}" y="{text}" text-anchor="end">{escape(row.name)}</text>',
        f'<rect class="{kind}" x="{_LEFT}" y="{y}" width="{width}" height="{_BAR}" rx="2"/>',
        f'<line class="spread" x1="{lower}" x2="{upper}" y1="{middle}" y2="{middle}"/>',
        f'<text x="{max(_LEFT + width, upper) + 6}" y="{text}">{row.seconds:.2f}</text>',
    ]
