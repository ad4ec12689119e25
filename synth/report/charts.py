"""The report's charts: drawn by matplotlib, then made part of the page.

A chart is inline SVG whose colours are the page's CSS variables, so that it turns dark with the page, and whose text is
text: it can be selected, searched and read aloud, and takes the page's font.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

from synth.translation.language_codes import language_codes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes

#: Inches at 72 points: as wide as a column of the page, so that letters keep their size on a phone.
SIZE = (5.4, 3.0)
#: CSS variable -> the colour that stands for it while drawing; no other part of a chart has these.
_STAND_INS = {
    "--ink": "#0000a1", "--muted": "#0000a2", "--rule": "#0000a3", "--paper": "#0000a4",
    "--series-1": "#0000b1", "--series-2": "#0000b2", "--series-3": "#0000b3", "--series-4": "#0000b4",
}  # fmt: skip
INK, MUTED, RULE, PAPER, *SERIES = _STAND_INS.values()
_SETTINGS: Any = {
    "svg.fonttype": "none", "text.parse_math": False, "svg.hashsalt": "newsmill", "font.size": 10.5, "text.color": INK,
    "axes.edgecolor": RULE, "axes.labelcolor": MUTED, "axes.facecolor": "none", "figure.facecolor": "none",
    "axes.spines.top": False, "axes.spines.right": False, "axes.spines.left": False, "axes.axisbelow": True,
    "axes.grid": True, "axes.grid.axis": "y", "grid.color": RULE, "grid.linewidth": 0.7, "axes.labelsize": 10.5,
    "xtick.color": MUTED, "ytick.color": MUTED, "ytick.major.size": 0, "xtick.major.size": 3, "xtick.major.width": 0.7,
    "legend.frameon": False, "legend.fontsize": 10.5, "legend.handlelength": 0.9, "legend.handleheight": 0.9,
    "legend.columnspacing": 2.2, "legend.borderaxespad": 0.0, "lines.linewidth": 1.8, "axes.linewidth": 0.9,
}  # fmt: skip


def language_name(code: str) -> str:
    """The name of a language, else its code."""
    codes = language_codes().get(code)
    return codes.name if codes else code or "unknown"


def draw_all(numbers: Mapping[str, Any]) -> dict[str, str]:
    """Name -> SVG of every chart for which there are numbers."""
    similarity, training = numbers["similarity"], numbers["training"]
    charts: dict[str, Callable[[], str]] = {}
    if numbers["days"]["labels"]:
        charts["days"] = lambda: days(numbers["days"], "days", "Articles")
    if numbers["samples"]["days"]["labels"]:
        series = {language_name(code): row for code, row in numbers["samples"]["days"]["series"].items()}
        charts["sample_days"] = lambda: days({**numbers["samples"]["days"], "series": series}, "sample-days", "Samples")
    if numbers["events"]["count"]:
        charts["events"] = lambda: event_sizes(numbers["events"])
    if similarity:
        charts["similarity"] = lambda: similarities(similarity)
        charts["sources"] = lambda: by_sources(similarity)
        if similarity["variability"]:
            charts["variability"] = lambda: variability(similarity)
    charts |= _quality(numbers)
    if training and training["curve"]:
        charts["loss"] = lambda: loss(training)
    return {name: draw() for name, draw in charts.items()}


def _quality(numbers: Mapping[str, Any]) -> dict[str, Callable[[], str]]:
    """Charts of what the scores say."""
    faith, toxic, judged = numbers["faithfulness"], numbers["toxicity"], numbers["accuracy"]
    charts: dict[str, Callable[[], str]] = {}
    if faith and faith["kinds"]:
        charts["kinds"] = lambda: kinds(faith)
    if faith and faith["support_bins"]:
        charts["support"] = lambda: support(faith)
    if toxic:
        charts["toxicity"] = lambda: toxicity(toxic)
    if judged and judged["samples"]:
        charts["accuracy"] = lambda: accuracy(judged)
    return charts


@contextmanager
def figure_axes(svg: list[str], name: str, title: str, description: str, height: float | None = None) -> Iterator[Axes]:
    """Axes to draw into; the finished SVG is appended to `svg`.

    Args:
        height: inches of a chart whose rows have names on the left; they get room to grow on a phone.
    """
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    with matplotlib.rc_context(_SETTINGS):
        # No pyplot: it keeps figures and asks for a display.
        figure = Figure(figsize=(SIZE[0], height or SIZE[1]), layout="constrained")
        if height and (engine := figure.get_layout_engine()):
            engine.set(w_pad=0.17)  # type: ignore[call-arg]
        axes = figure.add_subplot()
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        yield axes
        buffer = io.StringIO()
        FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Creator": None})
    svg.append(embed(buffer.getvalue(), name, title, description))


def embed(svg: str, name: str, title: str, description: str) -> str:
    """A file's SVG as a part of a page: own ids, the page's colours and font, a name for those who cannot see it."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    for variable, colour in _STAND_INS.items():
        svg = svg.replace(colour, f"var({variable})")
    svg = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1", svg)
    # Two charts of one page must not answer to the same id.
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'((?:xlink:)?href="#|url\(#)', rf"\g<1>{name}-", svg)
    view = re.search(r'viewBox="[^"]*"', svg)
    head = (
        f'<svg class="chart" role="img" aria-labelledby="{name}-title {name}-desc" xmlns="http://www.w3.org/2000/svg" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink" {view.group() if view else ""}>'
        f'<title id="{name}-title">{html.escape(title)}</title><desc id="{name}-desc">{html.escape(description)}</desc>'
    )
    return re.sub(r"<svg[^>]*>", lambda _: head, svg, count=1).strip()


def _listed(names: Sequence[Any], values: Sequence[Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in zip(names, values, strict=True) if value)


def days(numbers: Mapping[str, Any], name: str, what: str) -> str:
    """Articles or samples per day (week, month, year), one colour a series, stacked."""
    svg: list[str] = []
    labels = [date.fromisoformat(label) for label in numbers["labels"]]
    totals = [sum(column) for column in zip(*numbers["series"].values(), strict=True)]
    names = [_moment(label, numbers["unit"]) for label in labels]
    title = f"{what} per {numbers['unit']}"
    with figure_axes(svg, name, title, _listed(names, totals)) as axes:
        below = [0] * len(labels)
        for (site, values), colour in zip(numbers["series"].items(), SERIES, strict=False):
            axes.bar(
                range(len(labels)),
                values,
                bottom=below,
                width=0.82,
                color=colour,
                label=site if len(site) <= 28 else f"{site[:27]}…",
            )
            below = [low + value for low, value in zip(below, values, strict=True)]
        step = -(-len(labels) // 6)
        axes.set_xticks(range(0, len(labels), step), names[::step])
        draw_legend(axes, len(numbers["series"]))
    return svg[0]


def _moment(day: date, unit: str) -> str:
    if unit == "year":
        return str(day.year)
    return f"{day:%b %Y}" if unit == "month" else f"{day.day} {day:%b}"


def draw_legend(axes: Axes, columns: int) -> None:
    """Above the chart, from the left: below it, labels of many days are in its way."""
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.02), ncols=columns)


def event_sizes(numbers: Mapping[str, Any]) -> str:
    """How many events have two articles, three, …"""
    svg: list[str] = []
    sizes, counts = [row["size"] for row in numbers["sizes"]], [row["events"] for row in numbers["sizes"]]
    names = [f"{row['size']}{'+' if row['or_more'] else ''}" for row in numbers["sizes"]]
    with figure_axes(svg, "events", "Events by number of articles", _listed(names, counts)) as axes:
        bars = axes.bar(sizes, counts, width=0.7, color=SERIES[0])
        axes.bar_label(bars, padding=2, color=MUTED)
        axes.set_xticks(sizes, names)
        axes.set_xlabel("articles in the event")
        axes.margins(y=0.12)
    return svg[0]


def similarities(numbers: Mapping[str, Any]) -> str:
    """Histogram of each sample's mean similarity (filled) and of its least similar source (line)."""
    svg: list[str] = []
    width, means, leasts = numbers["bin_width"], numbers["mean_bins"], numbers["min_bins"]
    edges = [i * width for i in range(len(means) + 1)]
    names = [f"{edge:.2f} to {edge + width:.2f}" for edge in edges[:-1]]
    title = "Samples by similarity to their sources"
    with figure_axes(svg, "similarity", title, f"Mean similarity {_listed(names, means)}") as axes:
        axes.stairs(means, edges, fill=True, color=SERIES[0], label="mean of the sources")
        axes.stairs(leasts, edges, color=SERIES[1], linewidth=1.8, label="least similar source")
        axes.axvline(numbers["p50"], color=INK, linewidth=0.9, linestyle=(0, (3, 2)))
        right = numbers["p50"] < 0.75
        # Room above the bars, so that the word stands on none of them.
        axes.set_ylim(0, max(*means, *leasts) * 1.18)
        axes.annotate(
            f"median {numbers['p50']:.2f}", (numbers["p50"], 1), xycoords=("data", "axes fraction"),
            xytext=(4 if right else -4, -10), textcoords="offset points", ha="left" if right else "right", color=INK,
        )  # fmt: skip
        axes.set_xlim(0, 1)
        axes.set_xlabel("cosine similarity")
        draw_legend(axes, 2)
    return svg[0]


def variability(numbers: Mapping[str, Any]) -> str:
    """Histogram of the standard deviation of a sample's similarities."""
    svg: list[str] = []
    counts, width = numbers["std_bins"], numbers["std_bin_width"]
    bars = max(i for i, count in enumerate(counts) if count) + 1
    edges = [i * width for i in range(bars + 1)]
    names = [f"{edge:.3f} to {edge + width:.3f}" for edge in edges[:-1]]
    title = "Samples by variability of their similarities"
    with figure_axes(svg, "variability", title, _listed(names, counts[:bars])) as axes:
        from matplotlib.ticker import MaxNLocator

        axes.stairs(counts[:bars], edges, fill=True, color=SERIES[2])
        axes.xaxis.set_major_locator(MaxNLocator(nbins=5))
        axes.set_xlim(0, edges[-1])
        axes.set_xlabel("standard deviation within a sample")
    return svg[0]


def by_sources(numbers: Mapping[str, Any]) -> str:
    """Mean and least similarity against the number of sources."""
    svg: list[str] = []
    rows = numbers["by_sources"]
    places = range(len(rows))
    names = [f"{row['sources']}{'+' if row['or_more'] else ''}" for row in rows]
    title = "Similarity by number of sources"
    description = _listed(names, [f"mean {row['mean']:.2f}, least {row['min']:.2f}" for row in rows])
    with figure_axes(svg, "sources", title, description) as axes:
        from matplotlib.ticker import MaxNLocator

        axes.vlines(places, [row["min"] for row in rows], [row["mean"] for row in rows], color=RULE, linewidth=3)
        axes.plot(places, [row["mean"] for row in rows], "o", color=SERIES[0], label="mean of the sources")
        axes.plot(places, [row["min"] for row in rows], "o", color=SERIES[1], label="least similar source")
        axes.set_xticks(places, names)
        axes.set_xlim(-0.6, len(rows) - 0.4)
        axes.set_ylim(min(0, *(row["min"] for row in rows)), 1)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
        axes.set_xlabel("sources of the sample")
        draw_legend(axes, 2)
    return svg[0]


def kinds(numbers: Mapping[str, Any]) -> str:
    """Samples with an unsupported fact of each kind, as bars that lie."""
    svg: list[str] = []
    rows = numbers["kinds"][:8]
    names, counts = [str(row["kind"])[:20] for row in rows], [row["samples"] for row in rows]
    height = 0.75 + 0.32 * len(rows)
    with figure_axes(svg, "kinds", "Samples by kind of unsupported fact", _listed(names, counts), height) as axes:
        bars = axes.barh(range(len(rows)), counts, height=0.62, color=SERIES[0])
        axes.bar_label(bars, padding=4, color=MUTED)
        axes.set_yticks(range(len(rows)), names, color=INK)
        axes.invert_yaxis()
        axes.grid(visible=False)
        axes.spines["bottom"].set_visible(False)
        axes.set_xticks([])
        axes.margins(x=0.1)
    return svg[0]


def support(numbers: Mapping[str, Any]) -> str:
    """Histogram of how well each sample's weakest sentence is supported."""
    svg: list[str] = []
    counts, width = numbers["support_bins"], numbers["support_bin_width"]
    edges = [i * width for i in range(len(counts) + 1)]
    names = [f"{edge:.2f} to {edge + width:.2f}" for edge in edges[:-1]]
    with figure_axes(svg, "support", "Samples by their weakest sentence", _listed(names, counts)) as axes:
        axes.stairs(counts, edges, fill=True, color=SERIES[1])
        axes.set_xlim(0, 1)
        axes.set_xlabel("support of the weakest sentence by its best source")
    return svg[0]


def accuracy(numbers: Mapping[str, Any]) -> str:
    """Samples by the accuracy that the judge gave, one colour a language, stacked."""
    svg: list[str] = []
    rows = numbers["by_language"]
    rows = rows if len(rows) <= len(SERIES) else [*rows[: len(SERIES) - 1], _others(rows[len(SERIES) - 1 :])]
    halves = any(numbers["bins"][1::2])
    places = list(range(0, 11, 1 if halves else 2))
    names = [f"{i / 2:g}" for i in places]
    description = _listed(names, [numbers["bins"][i] for i in places])
    with figure_axes(svg, "accuracy", "Samples by accuracy, 0 to 5", description) as axes:
        below = [0] * len(places)
        for row, colour in zip(rows, SERIES, strict=False):
            values = [row["bins"][i] for i in places]
            label = f"{language_name(row['language'])[:20]}, mean {row['mean']:.2f}"
            label += " ?" if row["note"] else ""
            axes.bar(names, values, bottom=below, width=0.78, color=colour, label=label)
            below = [low + value for low, value in zip(below, values, strict=True)]
        axes.set_xlabel("accuracy")
        draw_legend(axes, 2)
    return svg[0]


def _others(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    samples = sum(row["samples"] for row in rows)
    return {
        "language": "others", "samples": samples,
        "bins": [sum(row["bins"][i] for row in rows) for i in range(11)],
        "mean": sum(row["mean"] * row["samples"] for row in rows) / samples,
        "note": next((row["note"] for row in rows if row["note"]), ""),
    }  # fmt: skip


#: Toxicities below this are drawn on the edge: the report has three digits.
_LEAST = 0.001


def toxicity(numbers: Mapping[str, Any]) -> str:
    """For each score, from the median to the 95th percentile (line) and the highest (point).

    A hollow point: the model is not calibrated for the language.
    """
    svg: list[str] = []
    groups = numbers["groups"][: len(SERIES)]
    fields = [row["field"] for row in groups[0]["fields"]]
    description = "; ".join(
        f"{group['model']}: " + ", ".join(f"{_spaced(row['field'])} highest {row['max']:.3f}" for row in group["fields"]
                                          if row["samples"]) for group in groups
    )  # fmt: skip
    height = 0.7 + 0.24 * len(groups) + len(fields) * (0.2 + 0.14 * len(groups))
    with figure_axes(svg, "toxicity", "Toxicity, seven scores", description, height) as axes:
        for number, (group, colour) in enumerate(zip(groups, SERIES, strict=False)):
            shift = (number - (len(groups) - 1) / 2) * 0.28
            _range(axes, group, colour, shift)
        axes.set_xscale("log")
        axes.set_xlim(_LEAST * 0.88, 1.12)
        axes.set_xticks([0.001, 0.01, 0.1, 0.5, 1], ["≤ .001", ".01", ".1", ".5", "1"])
        axes.minorticks_off()
        axes.set_yticks(range(len(fields)), [_spaced(name) for name in fields], color=INK)
        axes.set_ylim(len(fields) - 0.5, -0.5)
        axes.grid(visible=True, axis="x")
        axes.grid(visible=False, axis="y")
        draw_legend(axes, 1)
    return svg[0]


def _range(axes: Axes, group: Mapping[str, Any], colour: str, shift: float) -> None:
    rows = [(y + shift, row) for y, row in enumerate(group["fields"]) if row["samples"]]
    places = [y for y, _ in rows]
    low, high, most = ([max(_LEAST, row[name]) for _, row in rows] for name in ("p50", "p95", "max"))
    axes.hlines(places, low, high, color=colour, linewidth=4)
    inside = colour if group["calibrated"] else PAPER
    label = (group["model"] or "no name")[:34] + ("" if group["calibrated"] else " (not calibrated)")
    axes.plot(most, places, "o", color=colour, markerfacecolor=inside, markersize=5, markeredgewidth=1.5, label=label)


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def loss(training: Mapping[str, Any]) -> str:
    """Training loss (line) and validation loss (points) against the optimizer step."""
    svg: list[str] = []
    train = [(row["step"], row["loss"]) for row in training["curve"] if "loss" in row]
    val = [(row["step"], row["val_loss"]) for row in training["curve"] if "val_loss" in row]
    description = ", ".join(f"validation at step {step:.0f}: {value:.3f}" for step, value in val[:12])
    with figure_axes(svg, "loss", "Loss while training", description or "training loss only") as axes:
        from matplotlib.ticker import MaxNLocator

        axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, steps=[1, 2, 5, 10]))
        for points, colour, style, label in ((train, SERIES[1], "-", "training"), (val, SERIES[0], "o-", "validation")):
            if points:
                axes.plot(*zip(*points, strict=True), style, color=colour, label=label, markersize=4.5)
        axes.set_xlabel("optimizer step")
        axes.margins(x=0.02)
        draw_legend(axes, 2)
    return svg[0]
