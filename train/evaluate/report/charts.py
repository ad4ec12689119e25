"""The page's charts as inline SVG: colours are the page's CSS variables, letters are letters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

#: Units of a chart's view box: near the pixels of a column, so that letters keep their size.
WIDTH, HEIGHT = 520, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 14, 14, 40
#: Colours of lines; more runs than these take them again, dashed.
_SERIES = 5
#: Points of a line that are drawn.
_POINTS = 80
_STRIP = 120


def curves(runs: Sequence[Mapping[str, Any]]) -> list[str]:
    """A chart of validation losses and one of training losses, of all runs that have some."""
    charts = [
        _chart([(run["run"], _points(run["curve"], key)) for run in runs], title, dots=key == "val_loss")
        for key, title in (("val_loss", "Validation loss"), ("loss", "Training loss"))
    ]
    return [chart for chart in charts if chart]


def _points(curve: Sequence[Mapping[str, float]], key: str) -> list[tuple[float, float]]:
    """(step, loss): the mean of the batches of one step."""
    losses_by_step: dict[float, list[float]] = {}
    for row in curve:
        if key in row and math.isfinite(row[key]):
            losses_by_step.setdefault(row["step"], []).append(row[key])
    return [(step, math.fsum(losses) / len(losses)) for step, losses in losses_by_step.items()]


def thinned(points: Sequence[tuple[float, float]], most: int = _POINTS) -> list[tuple[float, float]]:
    """At most `most` points, each the mean of neighbours: one batch says more about itself than about training."""
    size = -(-len(points) // most)
    parts = [points[begin : begin + size] for begin in range(0, len(points), size)] if size > 1 else []
    return [(_mean([x for x, _ in part]), _mean([y for _, y in part])) for part in parts] or list(points)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _chart(lines: Sequence[tuple[str, list[tuple[float, float]]]], title: str, *, dots: bool) -> str:
    lines = [(name, points) for name, points in lines if points]
    if not lines:
        return ""
    series = [thinned(points) for _, points in lines]
    values = [value for points in series for _, value in points]
    last = max(step for _, points in lines for step, _ in points) or 1
    ticks = steps(min(values), max(values))
    low, high = ticks[0], ticks[-1]
    names = labels([name for name, _ in lines])

    def across(step: float) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * step / last

    def down(value: float) -> float:
        return _TOP + (HEIGHT - _TOP - _BOTTOM) * (high - value) / (high - low)

    parts = [_grid(ticks, down, steps(0, last), across)]
    for number, points in enumerate(series):
        parts.append(_line([(across(step), down(value)) for step, value in points], number, dots=dots))
    described = "; ".join(
        f"{name}: {points[0][1]:.3f} at step {points[0][0]:.0f}, {points[-1][1]:.3f} at step {points[-1][0]:.0f}"
        for name, (_, points) in zip(names, lines, strict=True)
    )
    averaged = ", means of neighbouring steps" if any(len(points) > _POINTS for _, points in lines) else ""
    legend = "".join(_key(name, number) for number, name in enumerate(names))
    return (
        f'<figure><figcaption><b>{title}</b> by optimizer step{averaged}</figcaption><ul class="legend">{legend}</ul>'
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(f"{title}. {described}")}">'
        f"{''.join(parts)}</svg></figure>"
    )


def _key(name: str, number: int) -> str:
    line = _line([(1, 4), (23, 4)], number, dots=False)
    return f'<li><svg class="key" viewBox="0 0 24 8" aria-hidden="true">{line}</svg>{escape(name)}</li>'


def _grid(ticks: Sequence[float], down: Any, marks_across: Sequence[float], across: Any) -> str:
    digits = max(0, -math.floor(math.log10(ticks[1] - ticks[0]) + 1e-9))
    parts = []
    for value in ticks:
        y = down(value)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:.{digits}f}</text>')
    bottom = HEIGHT - _BOTTOM
    for step in marks_across:
        if across(step) <= WIDTH - _RIGHT + 1:
            parts.append(f'<text x="{across(step):.1f}" y="{bottom + 20}" text-anchor="middle">{step:g}</text>')
    return "".join(parts)


def _line(points: Sequence[tuple[float, float]], number: int, *, dots: bool) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dash = ' stroke-dasharray="5 4"' if number >= _SERIES else ""
    colour = f"s{number % _SERIES + 1}"
    marks = "".join(f'<circle class="{colour}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in points) if dots else ""
    return f'<polyline class="{colour}"{dash} points="{path}"/>{marks}'


def steps(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers from at most `low` to at least `high`, some five of them."""
    if not high > low:
        low, high = low - 0.5, low + 0.5
    size = 10 ** math.floor(math.log10((high - low) / most))
    size *= next(factor for factor in (1, 2, 5, 10) if (high - low) / (size * factor) <= most)
    first, last = math.floor(low / size + 1e-9), math.ceil(high / size - 1e-9)
    return [round(number * size, 10) for number in range(first, last + 1)]


def labels(names: Sequence[str]) -> list[str]:
    """Names of folders without what all of them begin with."""
    parts = [name.rstrip("/").split("/") for name in names]
    shared = 0
    while all(len(part) > shared + 1 for part in parts) and len({part[shared] for part in parts}) == 1:
        shared += 1
    return ["/".join(part[shared:]) for part in parts]


def interval(measure: Mapping[str, Any]) -> str:
    """A strip with the interval, its difference and zero; each strip has its own scale, with zero in the middle."""
    low, high, middle = measure["low"], measure["high"], measure["difference"]
    if low is None or high is None:
        return ""
    reach = max(abs(low), abs(high), abs(middle))

    def at(value: float) -> float:
        return _STRIP / 2 * (1 + (value / reach if reach else 0) * 0.92)

    return (
        f'<svg class="strip {escape(measure["verdict"])}" viewBox="0 0 {_STRIP} 16" aria-hidden="true">'
        f'<line class="zero" x1="{_STRIP / 2}" x2="{_STRIP / 2}" y1="1" y2="15"/>'
        f'<line class="span" x1="{at(low):.1f}" x2="{at(high):.1f}" y1="8" y2="8"/>'
        f'<circle cx="{at(middle):.1f}" cy="8" r="3.4"/></svg>'
    )
