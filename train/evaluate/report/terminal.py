"""The comparison as tables in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from train.evaluate.measure import REFERENCE
from train.evaluate.report import difference, figure, harness, unmeasured
from train.evaluate.report.verdict import judged, loss_of, no_verdict
from train.metrics import MEASURES, head_of

_BETTER = {"higher": "↑", "lower": "↓", "": ""}
_MARK = {"better": " ●", "worse": " ○", "": ""}


def show(results: Mapping[str, Any], out: Path) -> None:
    """Levels, differences, what was left out and not measured, and where everything lies."""
    from rich.console import Console

    console = Console(highlight=False)
    console.print(_levels(results))
    for table in _differences(results):
        console.print(table)
    if any(pair["measures"] for pair in results["differences"]):
        console.print("● better, ○ worse, * differs: the 95 % interval excludes 0", style="dim")
    for line in lines(results):
        console.print(line, markup=False)
    if harness(results) is not None:
        console.print(_harness(results))
    for line in (f"{out}/report.html, results.json, rows.jsonl; open {out}/report.html", *verdicts(results)):
        console.print(line, markup=False, soft_wrap=True)


def _levels(results: Mapping[str, Any]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=f"{results['rows']['measured']:,} rows of the {results['split']} split")
    table.add_column("measure")
    for model in results["models"]:
        short = model.get("without_text")
        rows = f"\n{results['rows']['measured'] - short:,} rows" if short else ""
        table.add_column(Text(model["name"] + rows), justify="right")
    loss = loss_of(results)
    for name, measure in MEASURES.items():
        # One loss: its other units are on the page and in results.json.
        if head_of(name, loss) == loss != name:
            continue
        values = [model["measures"].get(name) for model in results["models"]]
        if any(values):
            cells = [figure(value["value"], name) if value else "–" for value in values]
            table.add_row(f"{measure.title} {_BETTER[measure.better]}".strip(), *cells)
    return table


def _differences(results: Mapping[str, Any]) -> list[Any]:
    from rich.table import Table
    from rich.text import Text

    tables = []
    for pair in results["differences"]:
        table = Table(title=Text(f"{pair['second']} − {pair['first']}"))
        for name, how in (("measure", "left"), ("difference", "right"), ("95 % interval", "right"), ("rows", "right"),
                          ("events", "right")):  # fmt: skip
            table.add_column(name, justify=how)  # type: ignore[arg-type]
        for name, measure in pair["measures"].items():
            if measure["same_as"] in pair["measures"]:
                continue
            mark = _MARK[measure["verdict"]] or (" *" if measure["excludes_zero"] else "")
            span = (
                (measure["cautions"] or ["–"])[0]
                if measure["low"] is None
                else f"{difference(measure['low'], name)} … {difference(measure['high'], name)}"
            )
            cell = difference(measure["difference"], name) + mark
            table.add_row(MEASURES[name].title, cell, span, f"{measure['rows']:,}", f"{measure['events']:,}")
        tables.append(table)
    return tables


def verdicts(results: Mapping[str, Any]) -> list[str]:
    """A line for each pair of models: in what the second is better and worse, and what came of the loss."""
    rows = []
    for pair in results["differences"]:
        line = f"{pair['second']} beside {pair['first']}: {_verdict(pair['measures'])}"
        if loss := pair["measures"].get("loss"):
            line += f"; loss per token {difference(loss['difference'], 'loss')} on the answers"
        rows.append(line)
    return rows


def _verdict(measures: Mapping[str, Mapping[str, Any]]) -> str:
    """One measure a quantity: what is better and worse by name, or why there is no verdict at all."""
    if reason := no_verdict(measures):
        return f"no verdict ({reason})"
    titles = judged(measures)
    parts = [
        f"{word} in {len(titles[word])}" + (f" ({', '.join(titles[word])})" if titles[word] else "")
        for word in ("better", "worse")
    ]
    return f"{', '.join(parts)}, undecided in {len(titles['undecided'])} quantities"


def lines(results: Mapping[str, Any]) -> list[str]:
    """What was left out, what is uncertain, and what was not measured, one line each."""
    rows = results["rows"]
    texts = []
    if excluded := sum(rows["seen_in_training"].values()):
        why = ", ".join(f"{count} {reason}" for reason, count in rows["seen_in_training"].items())
        texts.append(f"left out: {excluded} of {rows['held_out']} rows were seen in training ({why})")
    if rows["unreadable"]:
        why = ", ".join(f"{count} ({reason})" for reason, count in rows["unreadable"].items())
        texts.append(f"left out: rows that cannot be read: {why}")
    texts.append(f"later than training: {results['dates']['summary']}")
    for model in results["models"]:
        texts += _troubles(model, rows["measured"])
    texts += [f"intervals: {caution}" for caution in results["bootstrap"]["cautions"]]
    for row in unmeasured(results["models"]):
        texts.append(f"not measured: {', '.join(row['titles'])} of {', '.join(row['models'])}: {row['why']}")
    texts += [f"{run['run']}: {run['missing']}" for run in results["runs"] if run["missing"]]
    return texts


def _troubles(model: Mapping[str, Any], rows: int) -> list[str]:
    """What went wrong with a model's rows, counted."""
    if model["kind"] == REFERENCE:
        return []
    problems = [f"{count} of {rows} losses: {why}" for why, count in model["unscored"].items()]
    if model["empty"]:
        problems.append(f"{model['empty']} of {rows} answers are empty")
    if model.get("cut"):
        problems.append(f"{model['cut']} of {rows} answers were cut off at --max-new-tokens, or by a full context")
    if model["prompts_shortened"]:
        problems.append(f"{model['prompts_shortened']} of {rows} prompts shortened to fit the context")
    if model.get("without_text"):
        problems.append(f"{model['without_text']} of {rows} rows have no text in {model['file']}")
    return [f"{model['name']}: {line}" for line in problems]


def _harness(results: Mapping[str, Any]) -> Any:
    from rich.table import Table
    from rich.text import Text

    content = harness(results) or {"rows": [], "models": [], "missing": {}}
    table = Table(title="lm-evaluation-harness")
    table.add_column("task")
    table.add_column("metric")
    for name in content["models"]:
        table.add_column(Text(name), justify="right")
    for row in content["rows"]:
        scores = [row["scores"][name] for name in content["models"]]
        table.add_row(Text(row["task"]), row["metric"], *[_score(score) for score in scores])
    for name, why in content["missing"].items():
        table.add_row(Text(f"{name}: {why}"))
    return table


def _score(score: Mapping[str, Any] | None) -> str:
    if score is None or score["value"] is None:
        return "–"
    error = "" if score["stderr"] is None else f" ± {score['stderr']:.4f}"
    return f"{score['value']:.4f}{error}"
