"""One HTML page about a blind evaluation: no script, no font, no image, nothing fetched from anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from train import __version__
from train.blind import sentences
from train.blind.report.charts import Scale, bar, strip
from train.blind.sheets import HIGHEST, LOWEST, SCALES

TEMPLATES = Path(__file__).parent / "templates"


def render(results: Mapping[str, Any]) -> str:
    """The page of what people said; every text is escaped by the template engine."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, finalize=_unbroken,
    )  # fmt: skip
    environment.filters.update(percent=sentences.percent, signed=sentences.signed)
    return environment.get_template("results.html.jinja").render(
        **results, SCALES=SCALES, version=__version__, words=sentences, cards=cards(results),
        css=Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")), scales=scales(results),
        strip=lambda *values: Markup(strip(*values)), bar=lambda parts: Markup(bar(parts)),
        parts=sentences.parts(results), order=by_strength(results),
        verdicts=[sentences.preferred(row) for row in results.get("shares", ())],
        marks={scale: results[scale] for scale in SCALES if scale in results},
    )  # fmt: skip


def _unbroken(value: object) -> object:
    """A number and its per cent sign stay on one line."""
    return value.replace(" %", "\u00a0%") if type(value) is str else value


def by_strength(results: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """(author, strength) from the strongest down; those without one last."""
    rows = list(results["strengths"]["authors"].items()) if "strengths" in results else []
    return sorted(rows, key=lambda row: (row[1]["strength"] is None, -(row[1]["strength"] or 0.0)))


def scales(results: Mapping[str, Any]) -> dict[str, Scale]:
    """The scale of the strips of each table."""
    half = Scale(0.0, 1.0, 0.5)
    if results["kind"] == "pairs":
        fits = [results[name]["authors"].values() for name in ("strengths", "controlled")]
        values = [row.get(end) for rows in fits for row in rows for end in ("strength", "low", "high")]
        return {"share": half, "strength": Scale.around(values, 0.0)}
    rows = [row for scale in SCALES for row in results[scale]["differences"].values() if row]
    reach = [row[end] for row in rows for end in ("difference", "low", "high")]
    result = {"mark": Scale(LOWEST, HIGHEST), "difference": Scale.around(reach, 0.0), "share": half}
    if results["guesses"]:
        guesses = results["guesses"]
        each = [guesses["all"], *guesses["raters"].values(), *filter(None, [guesses["majority"]])]
        result["d_prime"] = Scale.around([row[end] for row in each for end in ("d_prime", "low", "high")], 0.0)
    return result


def cards(results: Mapping[str, Any]) -> list[dict[str, str]]:
    """[{title, figure, note, kind}] of what a reader wants to know first."""
    filled, raters = results["filled"], sum(1 for rater in results["raters"] if rater["marked"])
    progress = {
        "title": "Marked", "figure": f"{filled['marked']:,}", "kind": "",
        "note": f"of {filled['listed']:,} on the sheets of {raters} rater{'s' if raters != 1 else ''}",
    }  # fmt: skip
    own = _pair_cards(results) if results["kind"] == "pairs" else _text_cards(results)
    return [*own, progress]


def _text_cards(results: Mapping[str, Any]) -> list[dict[str, str]]:
    author, result = sentences.compared_author(results), []
    for scale in SCALES:
        row = results[scale]["differences"].get(author)
        if row:
            note = f"{author} against {results[scale]['differences_from']}: {sentences.decided_difference(row)}"
            result.append(_card(scale.capitalize(), sentences.signed(row["difference"]), note, row["verdict"]))
    if results["guesses"] and results["guesses"]["all"]["d_prime"] is not None:
        row = results["guesses"]["all"]
        note = f"of guesses are right; d′ {sentences.signed(row['d_prime'])}: {sentences.telling(row)}"
        result.append(_card("Human or machine", f"{sentences.percent(row['accuracy'])} %", note, ""))
    return [*result, _alpha_card([results[scale]["agreement"] for scale in SCALES], SCALES)]


def _pair_cards(results: Mapping[str, Any]) -> list[dict[str, str]]:
    row = sentences.headline(results["shares"], results["strengths"])
    share, winner = max((row["share"], row["second"]), (1 - row["share"], row["first"]))
    kind = "" if row["verdict"] == "undecided" else "better"
    result = [_card(f"{winner} preferred", f"{sentences.percent(share)} %", sentences.decided(row, winner), kind)]
    if results["longer"]:
        longer = results["longer"]
        result.append(_card("Longer text", f"{sentences.percent(longer['share'])} %", "of choices that are no tie", ""))
    return [*result, _alpha_card(results["agreement"].values(), results["agreement"])]


def _alpha_card(alphas: Any, names: Any) -> dict[str, str]:
    values = [
        (name, result["alpha"]) for name, result in zip(names, alphas, strict=True) if result["alpha"] is not None
    ]
    figure = " / ".join(f"{value:.2f}" for _, value in values) or "–"
    note = "alpha: " + " / ".join(name for name, _ in values) if values else "undefined: too few marks of two raters"
    weak = bool(values) and min(value for _, value in values) < sentences.RELIABLE
    return _card("Agreement", figure, note + ("; below .667: weak" if weak else ""), "")


def _card(title: str, figure: str, note: str, kind: str) -> dict[str, str]:
    return {"title": title, "figure": figure, "note": note, "kind": kind}
