"""One HTML page about a comparison: no script, no font, no image, nothing fetched from anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from train import __version__
from train.evaluate.lm_eval import by_model
from train.evaluate.measure import REFERENCE
from train.evaluate.report.charts import curves, interval
from train.evaluate.report.examples import comparisons, state
from train.evaluate.report.verdict import PLAIN, cards, loss_of, verdicts
from train.metrics import MEASURES, head_of
from train.metrics.word_differences import tidy

TEMPLATES = Path(__file__).parent / "templates"
LANGUAGES = {
    "it": "Italian", "vi": "Vietnamese", "en": "English", "fr": "French", "de": "German", "es": "Spanish",
    "pt": "Portuguese", "unknown": "unknown", "": "unknown",
}  # fmt: skip
#: Measures listed by language, below the loss.
BY_LANGUAGE = ("rougeL", "chrf", "unsupported", "right_language", "words")


def render(results: Mapping[str, Any]) -> str:
    """The page of what `train evaluate` found; every text is escaped by the template engine."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(
        whole=whole, figure=figure, difference=difference, language=language, tidy=tidy, state=state,
        comparisons=comparisons, sentence_case=lambda text: text[:1].upper() + text[1:],
    )  # fmt: skip
    loss = loss_of(results)
    measured = [name for name in MEASURES if any(name in model["measures"] for model in results["models"])]
    return environment.get_template("page.html.jinja").render(
        **results, MEASURES=MEASURES, REFERENCE=REFERENCE, PLAIN=PLAIN, version=__version__, cards=cards(results),
        by_language=(loss, *BY_LANGUAGE),
        style=Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),
        charts=[Markup(chart) for chart in curves(results["runs"])], interval=interval, Markup=Markup,
        by_quantity=by_quantity,
        compared=[model for model in results["models"] if model["kind"] != REFERENCE],
        shown=[name for name in measured if head_of(name, loss) == name],
        other_units=[name for name in measured if head_of(name, loss) != name],
        unmeasured=unmeasured(results["models"]), harness=harness(results), verdicts=verdicts(results),
    )  # fmt: skip


def whole(value: int | None) -> str:
    """1234567 -> 1,234,567; a dash for what is not known."""
    return "–" if value is None else f"{value:,}"


def figure(value: float | None, name: str = "", digits: int | None = None) -> str:
    """A measure's value, with its digits after the point; a dash for what is not known."""
    if value is None:
        return "–"
    places = MEASURES[name].digits if digits is None else digits
    if abs(value) >= 1e6:
        return f"{value:.3g}"
    # Adding 0.0 makes -0.0 of a rounded -0.001 plain 0.0.
    return f"{round(value, places) + 0.0:,.{places}f}"


def difference(value: float | None, name: str) -> str:
    """As `figure`, with its sign; the minus is the typographic one."""
    if value is None:
        return "–"
    text = figure(value, name)
    if not any(digit in "123456789" for digit in text):
        return text
    return text.replace("-", "−") if text.startswith("-") else f"+{text}"


def language(code: str) -> str:
    """The name of a language, else its code."""
    return LANGUAGES.get(code, code)


def unmeasured(models: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """[{titles, why, models}] of what has no value; measures of the same models and reason together."""
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for name, measure in MEASURES.items():
        whys: dict[str, list[str]] = {}
        for model in models:
            if name in model["missing"] and model["kind"] != REFERENCE:
                whys.setdefault(model["missing"][name], []).append(model["name"])
        for why, names in whys.items():
            groups.setdefault((why, tuple(names)), []).append(measure.title)
    return [{"titles": titles, "why": why, "models": list(names)} for (why, names), titles in groups.items()]


def by_quantity(measures: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    """(name, measure): those with a verdict of their own, each with the others of its quantity after it."""
    heads = [name for name, row in measures.items() if row["same_as"] not in measures]
    order = [name for head in heads for name in (head, *(n for n, row in measures.items() if row["same_as"] == head))]
    return [(name, measures[name]) for name in order]


def harness(results: Mapping[str, Any]) -> dict[str, Any] | None:
    """Rows of the table of lm-evaluation-harness, and why models are not in it."""
    scores = results["lm_eval"]
    if scores is None:
        return None
    reasons = {name: each["missing"] for name, each in scores.items() if each["missing"]}
    return {"rows": by_model(scores, list(scores)), "models": list(scores), "missing": reasons}
