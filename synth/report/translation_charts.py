"""Charts of a multilingual set, as the Milan group drew them: rows by language, and accuracy by language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synth.report.charts import MUTED, PAPER, SERIES, draw_legend, figure_axes, language_name

#: Languages that have a row in a chart; the table names all.
_MOST = 12


def draw_translations(numbers: Mapping[str, Any] | None) -> dict[str, str]:
    """Name -> SVG of the charts for which there are numbers."""
    if not numbers or not numbers["languages"]:
        return {}
    charts = {"language_rows": language_rows(numbers["languages"])}
    if judged := [row for row in numbers["languages"] if row["mean"] is not None]:
        charts["language_accuracy"] = language_accuracy(judged, numbers["accuracy"])
    return charts


def language_rows(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows of each language: those imported in it, and those translated into it."""
    rows = rows[:_MOST]
    names = [language_name(row["language"])[:20] for row in rows][::-1]
    description = ", ".join(f"{language_name(row['language'])}: {row['rows']}" for row in rows)
    svg: list[str] = []
    with figure_axes(svg, "language-rows", "Rows by language", description, 0.9 + 0.34 * len(rows)) as axes:
        below = [0] * len(rows)
        for name, colour in (("imported", SERIES[0]), ("translated", SERIES[1])):
            values = [row[name] for row in rows][::-1]
            axes.barh(range(len(rows)), values, left=below, height=0.66, color=colour, label=name)
            below = [low + value for low, value in zip(below, values, strict=True)]
        axes.set_yticks(range(len(rows)), names)
        axes.grid(visible=False, axis="y")
        axes.grid(visible=True, axis="x")
        draw_legend(axes, 2)
    return svg[0]


def language_accuracy(rows: Sequence[Mapping[str, Any]], overall: Mapping[str, Any]) -> str:
    """Mean accuracy of each language with its interval, and the mean of all as a line.

    A hollow point: how far the judge agrees with people in that language is unknown.
    """
    rows = rows[:_MOST]
    description = ", ".join(
        f"{language_name(row['language'])}: {row['mean']:.2f}" + (f" ({row['note']})" if row["note"] else "")
        for row in rows
    )
    svg: list[str] = []
    with figure_axes(svg, "language-accuracy", "Accuracy by language", description, 0.9 + 0.34 * len(rows)) as axes:
        for height, row in enumerate(reversed(rows)):
            low, high = row["interval"] or (row["mean"], row["mean"])
            axes.plot([low, high], [height, height], color=SERIES[0], linewidth=2.4)
            inside = PAPER if row["note"] else SERIES[0]
            axes.plot([row["mean"]], [height], "o", color=SERIES[0], markerfacecolor=inside, markersize=6)
        axes.axvline(overall["mean"], color=MUTED, linewidth=1, linestyle=(0, (3, 3)))
        axes.set_yticks(range(len(rows)), [language_name(row["language"])[:20] for row in reversed(rows)])
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.set_xlim(0, 5.1)
        axes.grid(visible=False, axis="y")
        axes.grid(visible=True, axis="x")
    return svg[0]
