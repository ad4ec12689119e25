"""What the demo with a real model says at its end: measures with intervals, what they mean, and the texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

Results = Mapping[str, Any]

#: Measure of `train evaluate` -> (what it is called here, whether more is better; None: neither).
MEASURES: dict[str, tuple[str, bool | None]] = {
    "loss": ("loss a token of the held-out summaries", False),
    "rouge1": ("ROUGE-1 beside the extracted summary", True),
    "rougeL": ("ROUGE-L beside the extracted summary", True),
    "unsupported": ("names and numbers that no article has, a text", False),
    "right_language": ("share of texts in the right language", True),
    "repeated": ("share of repeated 4-grams", False),
    "covered_sources": ("share of a text that stands in an article word for word", None),
    "words": ("words of a text", None),
}
LIMITS = """\
- It is no summariser to rely on: a base model of 270 million parameters that saw a few dozen rows. It joins what it
  read with what it makes up; read every name and number against the articles.
- Its examples are sentences picked from the articles (`--llm extractive`), not people's summaries. ROUGE says here
  how well it learnt to pick and to join them, and so does the share that it copies.
- It read the first two sentences of each article; what stands further down it cannot know.
- It follows no instructions and judges nothing: only this one request was learnt. `synth judge` and `synth translate`
  refuse nearly all that it replies.
"""


def write_report(path: Path, results: Results) -> str:
    """The page as Markdown, which is written to `path` too."""
    page = "\n".join([*_heading(results), *_table(results), "", *_meaning(results), "", *_texts(results)])
    path.write_text(page, encoding="utf-8")
    return page


def _heading(results: Results) -> Iterator[str]:
    yield "# Gemma 3 270M before and after"
    yield ""
    held_out, dates = results["rows"], results["dates"]
    yield (
        f"{held_out['measured']} rows of {results['events']['count']} events that were never trained on; "
        f"{held_out['training']} rows were. {dates['summary'][:1].upper()}{dates['summary'][1:]}."
    )
    yield ""


def _table(results: Results) -> Iterator[str]:
    # The reference stands behind them.
    before, after = (model["measures"] for model in results["models"][:2])
    differences = results["differences"][0]["measures"]
    yield "| | before | after | difference | 95 % interval | |"
    yield "|---|---|---|---|---|---|"
    for name, (title, _) in MEASURES.items():
        values = [before.get(name), after.get(name)]
        difference = differences.get(name)
        if None in values or difference is None:
            continue
        cells = [f"{value['value']:.3f}" for value in values] + [f"{difference['difference']:+.3f}"]
        yield f"| {title} | {' | '.join(cells)} | {interval(difference)} | {verdict(name, difference)} |"


def interval(difference: Mapping[str, Any]) -> str:
    """The bounds, as in -0.190 to -0.071, or why there are none."""
    if difference["low"] is None:
        return "; ".join(difference["cautions"]) or "none"
    return f"{difference['low']:+.3f} to {difference['high']:+.3f}"


def verdict(name: str, difference: Mapping[str, Any]) -> str:
    """One word: what the interval allows to say. An interval that holds zero decides nothing."""
    if difference["low"] is None or not difference["excludes_zero"]:
        return "undecided"
    more_is_better = MEASURES[name][1]
    if more_is_better is None:
        return "more" if difference["difference"] > 0 else "less"
    return "better" if (difference["difference"] > 0) == more_is_better else "worse"


def _meaning(results: Results) -> Iterator[str]:
    yield "## What it cannot do"
    yield ""
    yield from _doubts(results)
    yield LIMITS.rstrip("\n")


def _doubts(results: Results) -> Iterator[str]:
    differences = results["differences"][0]["measures"]
    undecided = [
        title for name, (title, _) in MEASURES.items()
        if name in differences and verdict(name, differences[name]) == "undecided"
    ]  # fmt: skip
    if undecided:
        yield f"- Undecided with {results['events']['count']} events: {'; '.join(undecided)}."
    after = results["models"][1]
    invented = after["measures"].get("unsupported")
    if invented and invented["value"] > 0:
        yield f"- It invents: {invented['value']:.1f} names or numbers a text that no article has, in the mean."
    if after["cut"]:
        yield f"- {after['cut']} of its {results['rows']['measured']} texts had no end and were cut off."


def _texts(results: Results) -> Iterator[str]:
    yield "## Texts"
    for example in results["examples"]:
        yield ""
        yield f"### {example['gist'].strip()}"
        for text in _in_order(example["texts"]):
            yield ""
            yield f"**{text['model']}:** {_paragraph(text['text'])}"
    yield ""


def _in_order(texts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(texts, key=lambda text: text["model"] in ("before", "after"))


def _paragraph(text: str) -> str:
    return " ".join(text.split()) or "(nothing)"
