"""Charts of the page as inline SVG strips: one row of a table each, all of a table on one scale."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

_WIDTH, _HEIGHT, _EDGE = 200, 18, 6


class Scale:
    """Where a value lies on a strip. low, high: its ends; middle: the level that a line marks, or None."""

    def __init__(self, low: float, high: float, middle: float | None = None) -> None:
        self.low, self.high, self.middle = low, high, middle

    @classmethod
    def around(cls, values: Iterable[float | None], middle: float) -> Scale:
        """As wide on both sides of the middle as the values reach."""
        reach = max((abs(value - middle) for value in values if value is not None), default=0.0) or 1.0
        return cls(middle - reach, middle + reach, middle)

    def at(self, value: float) -> float:
        """Units from the left; what is beyond an end is at it."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return _EDGE + (_WIDTH - 2 * _EDGE) * share


def strip(value: float | None, low: float | None, high: float | None, scale: Scale, kind: str = "") -> str:
    """A dot with its interval. kind: better, worse or nothing, for the colour."""
    if value is None:
        return ""
    middle = (
        "" if scale.middle is None else _line("zero", scale.at(scale.middle), scale.at(scale.middle), 1, _HEIGHT - 1)
    )
    span = "" if low is None or high is None else _line("span", scale.at(low), scale.at(high), _HEIGHT / 2, _HEIGHT / 2)
    colour = escape(kind) if kind in ("better", "worse") else ""
    return (
        f'<svg class="strip {colour}" viewBox="0 0 {_WIDTH} {_HEIGHT}" aria-hidden="true">'
        f"{_line('rule', _EDGE, _WIDTH - _EDGE, _HEIGHT / 2, _HEIGHT / 2)}{middle}{span}"
        f'<circle cx="{scale.at(value):.1f}" cy="{_HEIGHT / 2}" r="4"/></svg>'
    )


def bar(parts: Sequence[tuple[str, int]]) -> str:
    """Counts as parts of one bar: (class, count) from the left."""
    total = sum(count for _, count in parts) or 1
    pieces, start = [], 0.0
    for name, count in parts:
        width = _WIDTH * count / total
        area = f'x="{start:.1f}" y="3" width="{width:.1f}" height="{_HEIGHT - 6}"'
        pieces.append(f'<rect class="{escape(name)}" {area}/>')
        start += width
    box = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none"'
    return f'<svg class="strip" {box} aria-hidden="true">{"".join(pieces)}</svg>'


def _line(name: str, left: float, right: float, top: float, bottom: float) -> str:
    return f'<line class="{name}" x1="{left:.1f}" x2="{right:.1f}" y1="{top:.1f}" y2="{bottom:.1f}"/>'
