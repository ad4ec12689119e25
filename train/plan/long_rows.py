"""Rows longer than max_seq_length: how many, which share of the tokens is lost, and what each change would cost."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from train.plan.job import PlannedRun
from train.plan.memory import Footprint

#: What all but one in twenty rows fit into.
_QUANTILE = 0.95
#: Lengths are told in steps of so many tokens.
_STEP = 64


#: (recipe, tokens of its longest row) -> (footprint, bytes needed).
Measure = Callable[[PlannedRun, int], tuple[Footprint, int]]


@dataclass(frozen=True)
class LongRows:
    """rows: longer than the limit; of: all; lost: share of all tokens that is cut or left out; limit, longest: tokens.

    changes: {change, cost, length, needed (bytes), time (times now)}.
    """

    rows: int
    of: int
    lost: float
    limit: int
    longest: int
    changes: tuple[dict[str, Any], ...] = ()


def long_rows(
    run: PlannedRun, lengths: Sequence[int], used_tokens: int, measure: Measure, longest_allowed: int | None = None,
) -> LongRows | None:  # fmt: skip
    """What becomes of long rows; None where there are none.

    Args:
        lengths: tokens of each training row, as long as it is.
        used_tokens: tokens that are trained on as the recipe is.
        measure: what a recipe needs with rows of that length.
        longest_allowed: tokens that the model reads at most; None: not known.
    """
    limit = run.max_seq_length
    over = [length for length in lengths if length > limit]
    if not over:
        return None
    every = sum(lengths)
    lost = max(0.0, 1 - used_tokens / every)
    raised = _raised(lengths, limit, longest_allowed)
    changes = []
    if raised > limit:
        longer = dataclasses.replace(run, max_seq_length=raised)
        _, needed = measure(longer, raised)
        time = sum(min(length, raised) for length in lengths) / max(used_tokens, 1)
        still = sum(length > raised for length in lengths)
        changes.append(_change(f"train.max_seq_length: {raised}", raised, needed, time, f"{still:,} rows stay longer"))
    _, now = measure(run, limit)
    if run.recipe.get("data", "class_path") == "train.data.Chat":
        if run.recipe.get("data", "init_args", "over_length") != "split":
            time = every / max(used_tokens, 1)
            cost = "chats of several turns are kept whole, in several rows; a long single turn is left out"
            changes.append(_change("data.init_args.over_length: split", limit, now, time, cost))
        cost = "rows of summaries get short: the model reads beginnings alone; export and plan again"
        changes.append(
            _change("sources by their beginnings: synth summarize --source-sentences 2", limit, now, 1.0, cost)
        )
    return LongRows(len(over), len(lengths), lost, limit, max(lengths), tuple(changes))


def _change(change: str, length: int, needed: int, time: float, cost: str) -> dict[str, Any]:
    return {"change": change, "length": length, "needed": needed, "time": time, "cost": cost}


def _raised(lengths: Sequence[int], limit: int, most: int | None) -> int:
    """The length that 95 % of the rows fit into, in whole steps, as far as the model reads."""
    ordered = sorted(lengths)
    quantile = ordered[max(0, math.ceil(_QUANTILE * len(ordered)) - 1)]
    raised = max(limit, math.ceil(quantile / _STEP) * _STEP)
    if raised == limit:
        # Less than one in twenty is longer: then all of them.
        raised = math.ceil(ordered[-1] / _STEP) * _STEP
    return min(raised, most) if most else raised


def whole_lengths(run: PlannedRun) -> list[int] | None:
    """Tokens of each training row before anything is cut or left out; None where they cannot be known.

    The tokens are made once and stay in the cache, as those of the recipe do.
    """
    from pathlib import Path

    from train.data.token_cache import Settings, tokenised
    from train.huggingface.datasets import load_tokens
    from train.styles import style_named

    if run.recipe.get("data", "class_path") != "train.data.Chat" or run.method != "sft":
        return None
    arguments = run.recipe.get("data", "init_args", default={}) or {}
    if isinstance(arguments.get("path"), list):
        # Several sets: each would change in its own way.
        return None
    style = style_named(str(arguments.get("prompt_style", "chatml"))).of_model(run.checkpoint)
    style = style.localised(arguments.get("language"))
    settings = Settings(
        None, "drop", bool(arguments.get("mask_prompt", True)), arguments.get("system"), arguments.get("language"),
        float(arguments.get("val_share", 0.05)), int(arguments.get("seed", 42)),
    )  # fmt: skip
    cache = Path(arguments["cache"]) if arguments.get("cache") else None
    token_set = tokenised(Path(str(arguments["path"])), style, load_tokens(str(run.checkpoint)), settings, cache)
    return [int(length) for length in token_set.splits["train"].lengths]
