"""`train blind --read` and `train blind --plan`: their options, and what they print and write."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from train.atomic_files import write_whole
from train.blind.sheets import SCALES
from train.blind.statistics.power import POINTS, RATERS, SHARES, power_table, required_prompts
from train.blind.statistics.two_way import FEW_RATERS, Components
from train.data.export_files import read_text
from train.errors import TrainError


@dataclass(frozen=True)
class Effect:
    """What is to be seen. size: points of a mark, or a share less a half. share: whether it is one of choices."""

    size: float
    share: bool


#: The page, beside the key.
_PAGE = "results.html"


def configure_reading(parser: argparse.ArgumentParser) -> None:
    """The options that read sheets, and those that plan how many are needed."""
    reading = parser.add_argument_group("reading ratings")
    reading.add_argument(
        "--read", type=Path, nargs="+", default=[], metavar="SHEET",
        help="filled sheets, CSV or JSON lines, or their folder",
    )  # fmt: skip
    reading.add_argument("--key", type=Path, help="the key of the sheets (key.json beside the first of them)")
    reading.add_argument("--html", type=Path, metavar="FILE", help=f"the page of the results ({_PAGE} beside the key)")
    planning = parser.add_argument_group("planning: how many texts and raters")
    planning.add_argument("--plan", action="store_true", help="print with what probability a difference is seen")
    planning.add_argument(
        "--effect", metavar="SIZE", help="the difference to see: points from 1 to 5 (0.3), or a share of choices (58%%)"
    )
    planning.add_argument("--power", type=_probability, default=0.8, help="the probability to see it: .8 or 80%% (.8)")
    planning.add_argument(
        "--from", dest="source", type=Path, metavar="FILE",
        help="variances of an earlier `--read --json`, in place of published ones",
    )  # fmt: skip


def key_of(options: argparse.Namespace) -> Path:
    """The key file: `--key`, else the one beside the first sheet.

    Raises:
        TrainError: there is none.
    """
    if options.key is not None:
        key = Path(options.key)
        return key / "key.json" if key.is_dir() else key
    first = options.read[0]
    beside: Path = (first if first.is_dir() else first.parent) / "key.json"
    if beside.exists():
        return beside
    raise TrainError("--read needs --key, the file that was written with the sheets")


def read(options: argparse.Namespace) -> int:
    """Print what sheets say, and write the page of it."""
    from train.blind.report import render
    from train.blind.report.terminal import table
    from train.blind.results import read_sheets

    key = key_of(options)
    results = read_sheets(options.read, key, options.seed)
    page = options.html or key.parent / _PAGE
    complaint = _write(page, render(results), explicit=options.html is not None)
    print(json.dumps(results, ensure_ascii=False) if options.json else table(results))
    if complaint:
        print(f"blind: {complaint}", file=sys.stderr)
    elif not options.json:
        print(f"\nopen {page}")
    return 0


def _write(page: Path, text: str, *, explicit: bool) -> str:
    """Write the page; why it could not be, where it was not asked for.

    Raises:
        TrainError: it was.
    """
    try:
        write_whole(page, text)
    except (OSError, TrainError) as error:
        reason = f"no page: cannot write {page}: {getattr(error, 'strerror', None) or error}; give --html FILE"
        if explicit:
            raise TrainError(reason) from error
        return reason
    return ""


def check_plan(options: argparse.Namespace) -> None:
    """Raises:
    TrainError: the effect or the power is missing or out of range.
    """
    if options.effect is None:
        raise TrainError("--plan needs --effect: points of the marks, as 0.3, or a share of choices, as 58%")
    effect_of(options.effect)
    if not 0.05 < options.power < 1:
        raise TrainError("--power is a probability between .05 and 1")


def _probability(text: str) -> float:
    """`.8` or `80%`, as argparse reads it: what is neither is its error."""
    return float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)


def effect_of(text: str) -> Effect:
    """A difference as it was typed: `0.3` or `0,3` points, or `58%` of the choices.

    Raises:
        TrainError: it is neither, or none at all.
    """
    match = re.fullmatch(r"[+-]?(\d*[.,]?\d+)\s*(%?)", text.strip())
    size = float(match[1].replace(",", ".")) if match else 0.0
    if match and match[2] and 0 < size < 100 and size != 50:
        return Effect(abs(size / 100 - 0.5), share=True)
    if match and not match[2] and 0 < size <= 4:
        return Effect(size, share=False)
    raise TrainError(f"--effect {text!r}: give points of the marks up to 4, as 0.3, or a share of choices, as 58%")


def plan(options: argparse.Namespace) -> int:
    """Print with what probability numbers of texts and raters show the effect."""
    effect = effect_of(options.effect)
    parts, source = SHARES if effect.share else POINTS, "published ratings (docs/ratings.md)"
    if options.source is not None:
        parts, source = components_of(options.source, effect), str(options.source)
    table = power_table(effect.size, parts)
    enough = {raters: required_prompts(effect.size, parts, raters, options.power) for raters in RATERS}
    outcome = {
        "effect": effect.size, "share": effect.share, "power": options.power, "components": vars(parts),
        "source": source,
        "table": [{"prompts": prompts, "raters": raters, "power": value}
                  for prompts, row in table.items() for raters, value in row.items()],
        "needed": {str(raters): prompts for raters, prompts in enough.items()},
    }  # fmt: skip
    print(json.dumps(outcome) if options.json else "\n".join(_plan_lines(outcome, table, enough)))
    return 0


def components_of(path: Path, effect: Effect) -> Components:
    """Variances in the results of earlier sheets: means over their pairs of authors.

    Raises:
        TrainError: it is no such file, is of the other kind, or has fewer raters than say how they differ.
    """
    try:
        results = json.loads(read_text(path))
        kind = results["kind"]
        rows = results["shares"] if kind == "pairs" else _differences(results)
        parts = [row["components"] for row in rows if row and row["components"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrainError(f"{path} is no result of `train blind --read --json`") from error
    if (kind == "pairs") != effect.share:
        kind_words = (
            "choices: give --effect as a share, as 58%" if kind == "pairs" else "marks: give --effect in points, as 0.3"
        )
        raise TrainError(f"{path} holds {kind_words}")
    if not parts:
        raise TrainError(f"{path} does not say how raters differ: that takes {FEW_RATERS} raters and 10 prompts")
    return Components(*(fmean(part[name] for part in parts) for name in ("prompt", "rater", "rest")))


def _differences(results: Mapping[str, Any]) -> list[Any]:
    return [row for scale in SCALES for row in results[scale]["differences"].values()]


def _plan_lines(
    outcome: Mapping[str, Any], table: Mapping[int, Mapping[int, float]], enough: Mapping[int, int | None]
) -> Iterator[str]:
    size = outcome["effect"]
    what = f"{50 + 100 * size:g} % of the choices" if outcome["share"] else f"a difference of {size:g} points"
    unit = "prompts" if outcome["share"] else "texts"
    counts = ["–" if count is None else count for count in enough.values()]
    yield f"Probability (%) that {what} is seen, by {unit} of each author and raters who mark all of them"
    yield ""
    yield _plan_row(unit, [f"{raters}*" if raters < FEW_RATERS else raters for raters in RATERS]) + "  raters"
    for prompts, row in table.items():
        yield _plan_row(prompts, [f"{100 * value:.0f}" for value in row.values()])
    yield _plan_row("enough", counts)
    yield ""
    yield f"enough: {unit} for {100 * outcome['power']:g} %; –: no number is enough, so much do raters differ"
    yield "*: says something of these raters alone, and nothing of others"
    parts = ", ".join(f"{name} {value:.3g}" for name, value in outcome["components"].items())
    yield f"variances: {parts}, from {outcome['source']}"


def _plan_row(head: object, cells: Sequence[object]) -> str:
    return f"{head!s:>8}" + "".join(f"{cell!s:>6}" for cell in cells)
