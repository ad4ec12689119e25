"""What the language models cost: calls, tokens and US dollars by stage and model, out of the ledger.

The ledger knows each call that was paid, and not what for: that, the samples know, which name their calls, and the
fragments for which instructions were written. A call that none of them names brought nothing that was kept: a reply
that was cut off or refused, or one whose sample is gone.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pymongo.database import Database

#: task of a sample -> the stage that asks for it.
_STAGES = {"news_summary": "summarize", "translation": "translate", "reverse_instruction": "reverse"}
_JUDGE, _NO_SAMPLE = "judge", "no sample"
_FIELDS = {"_id": 0, "hash": 1, "llm": 1, "prompt_tokens": 1, "completion_tokens": 1, "cost": 1}


def collect_costs(database: Database[dict[str, Any]]) -> dict[str, Any] | None:
    """{calls, prompt_tokens, completion_tokens, cost, unpriced, uncounted, stages}; None where nothing was asked.

    `stages` rows have the same numbers by stage and model. `cost`: US dollars of the calls whose price is known;
    `unpriced`: how many have none; `uncounted`: how many have no count of tokens.
    """
    if database.llm_calls.find_one({}, {"_id": 1}) is None:
        return None
    stage_of = _Stages(database)
    rows: dict[tuple[str, str], dict[str, Any]] = defaultdict(_nothing)
    for call in database.llm_calls.find({}, _FIELDS):
        _add(rows[(stage_of(call["hash"]), str(call.get("llm") or ""))], call)
    stages = [{"stage": stage, "model": model, **_rounded(row)} for (stage, model), row in rows.items()]
    order = [*_STAGES.values(), _JUDGE]
    stages.sort(key=lambda row: (order.index(row["stage"]) if row["stage"] in order else 9, row["stage"], row["model"]))
    total = _nothing()
    for row in rows.values():
        for name, value in row.items():
            total[name] += value
    return {**_rounded(total), "stages": stages}


def _nothing() -> dict[str, Any]:
    return {"calls": 0, "prompt_tokens": 0, "completion_tokens": 0, "cost": 0.0, "unpriced": 0, "uncounted": 0}


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    """Without a single known price the cost is unknown, not nothing."""
    has_price = row["unpriced"] < row["calls"]
    return {**row, "cost": round(row["cost"], 6) if has_price else None}


def _add(row: dict[str, Any], call: dict[str, Any]) -> None:
    row["calls"] += 1
    row["prompt_tokens"] += call.get("prompt_tokens") or 0
    row["completion_tokens"] += call.get("completion_tokens") or 0
    row["cost"] += call.get("cost") or 0.0
    row["unpriced"] += call.get("cost") is None
    row["uncounted"] += call.get("prompt_tokens") is None or call.get("completion_tokens") is None


class _Stages:
    """Call -> stage: ten bytes a call, so that a ledger of millions fits."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        import numpy as np

        self.names: list[str] = []
        hashes, stages = array("Q"), array("H")
        for stage, key in _named_calls(database):
            if stage not in self.names:
                self.names.append(stage)
            hashes.append(_short(key))
            stages.append(self.names.index(stage))
        order = np.argsort(np.array(hashes, dtype=np.uint64), kind="stable")
        self.hashes = np.array(hashes, dtype=np.uint64)[order]
        self.stages = np.array(stages, dtype=np.uint16)[order]

    def __call__(self, key: str) -> str:
        short = _short(key)
        i = int(self.hashes.searchsorted(self.hashes.dtype.type(short)))
        if i < len(self.hashes) and int(self.hashes[i]) == short:
            return str(self.names[self.stages[i]])
        return _NO_SAMPLE


def _named_calls(database: Database[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """(stage, call) of every sample, superseded and rejected ones included, and of every fragment, kept or not: their
    calls were paid as well.
    """
    for row in database.fragments.find({"calls": {"$exists": True}}, {"_id": 0, "calls": 1}):
        yield from ((_STAGES["reverse_instruction"], str(key)) for keys in row["calls"].values() for key in keys)
    fields = {"_id": 0, "task": 1, "provenance.calls": 1, "judge.calls": 1}
    query = {"$or": [{"provenance.calls.0": {"$exists": True}}, {"judge.calls.0": {"$exists": True}}]}
    for row in database.samples.find(query, fields):
        task = str(row.get("task") or "")
        for key in (row.get("provenance") or {}).get("calls") or []:
            yield _STAGES.get(task, task), str(key)
        for key in (row.get("judge") or {}).get("calls") or []:
            yield _JUDGE, str(key)


def _short(key: str) -> int:
    """The first 64 bits of a hash."""
    try:
        return int(key[:16], 16)
    except ValueError:
        return 0
