"""Every number about fragments and their instructions, way by way, for `synth reverse --report` and the HTML report.

A way is how instructions were written: by detour or natively, with one task prompt or the pool, by which models. Ways
are compared on the fragments that both have.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synth.filters.read import read_filter
from synth.fragments.diversity import diversity

if TYPE_CHECKING:
    from pymongo.database import Database

    Store = Database[dict[str, Any]]
    Row = dict[str, Any]

#: What makes a way; rows of one language are counted apart.
WAY = ("language", "method", "single_prompt", "llm", "judge_llm", "translator")
#: States of fragments that have an instruction and a score.
SCORED = ("judged", "kept", "below_lambda")
LAMBDAS = (0, 1, 2, 3, 4, 5)
_CHUNK = 1000
_FIELDS = (
    *WAY,
    "fragment",
    "task_prompt",
    "kind",
    "genre",
    "state",
    "reason",
    "score",
    "instruction",
    "calls",
    "words",
)


def collect_fragments(database: Store, language: str = "", where: str | None = None) -> dict[str, Any]:
    """{ways, comparisons}: [] where there are no fragments.

    Args:
        language: only fragments of this language; "": all.
        where: a filter of `fragments`, as text.
    """
    query: dict[str, Any] = {
        "$and": [{"language": language} if language else {}, read_filter(where, database, "fragments")]
    }
    rows = list(database.fragments.find(query, {"_id": 0, **dict.fromkeys(_FIELDS, 1)}))
    by_way: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        by_way[tuple(str(row.get(name) or "") for name in WAY)].append(row)
    bills = _bills(database, rows)
    return {
        "ways": [_way(way, members, bills) for way, members in sorted(by_way.items())],
        "comparisons": list(_comparisons(by_way, bills)),
    }


def _way(way: Sequence[str], rows: Sequence[Row], bills: Mapping[str, Row]) -> dict[str, Any]:
    states = Counter(row["state"] for row in rows)
    instructed = sum(bool(row.get("instruction")) for row in rows)
    scored = [row for row in rows if row["state"] in SCORED]
    return {
        **dict(zip(WAY, way, strict=True)),
        "steps": {
            "drawn": len(rows), "waiting": states["drawn"], "instructed": instructed,
            "scored": len(scored), "kept": states["kept"],
        },
        "losses": [{"reason": name, "fragments": count} for name, count in _losses(rows)],
        "kinds": dict(sorted(Counter(row["kind"] for row in rows).items())),
        "scores": {f"{score:g}": count for score, count in sorted(Counter(row["score"] for row in scored).items())},
        "bill": _bill(rows, bills),
        "lambdas": _lambdas(rows, bills),
        "task_prompts": [_task_prompt(name, members) for name, members in _by_task(rows)],
        "diversity": diversity([row["instruction"] for row in scored]),
    }  # fmt: skip


def _losses(rows: Iterable[Row]) -> list[tuple[str, int]]:
    reasons = Counter(row["reason"] for row in rows if row.get("reason"))
    return sorted(reasons.items(), key=lambda item: (-item[1], item[0]))


def _by_task(rows: Iterable[Row]) -> list[tuple[str, list[Row]]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["task_prompt"]].append(row)
    return sorted(groups.items())


def _task_prompt(name: str, rows: Sequence[Row]) -> dict[str, Any]:
    scored = [row for row in rows if row["state"] in SCORED]
    return {
        "task_prompt": name, "fragments": len(rows), "kept": sum(row["state"] == "kept" for row in rows),
        "mean_score": _mean(row["score"] for row in scored), **diversity([row["instruction"] for row in scored]),
    }  # fmt: skip


def _mean(values: Iterable[float]) -> float | None:
    numbers = list(values)
    return round(sum(numbers) / len(numbers), 3) if numbers else None


# ---- what it cost


def _calls(row: Mapping[str, Any]) -> Iterator[str]:
    return (call for keys in (row.get("calls") or {}).values() for call in keys)


def _bills(database: Store, rows: Iterable[Row]) -> dict[str, Row]:
    """Call -> {cost, tokens} of the ledger."""
    keys = sorted({call for row in rows for call in _calls(row)})
    fields = {"hash": 1, "cost": 1, "prompt_tokens": 1, "completion_tokens": 1}
    bills = {}
    for start in range(0, len(keys), _CHUNK):
        for row in database.llm_calls.find({"hash": {"$in": keys[start : start + _CHUNK]}}, fields):
            tokens = (row.get("prompt_tokens") or 0) + (row.get("completion_tokens") or 0)
            bills[row["hash"]] = {"cost": row.get("cost"), "tokens": tokens}
    return bills


def _bill(rows: Iterable[Row], bills: Mapping[str, Row]) -> dict[str, Any]:
    """{calls, cost, tokens, unpriced} of some rows; a call that two rows share is paid once; `cost` None: unknown."""
    calls = {call for row in rows for call in _calls(row)}
    paid = [bills[call] for call in calls if call in bills]
    prices = [bill["cost"] for bill in paid if bill["cost"] is not None]
    return {
        "calls": len(calls), "cost": round(sum(prices), 6) if prices else None,
        "tokens": sum(bill["tokens"] for bill in paid), "unpriced": len(calls) - len(prices),
    }  # fmt: skip


def _lambdas(rows: Sequence[Row], bills: Mapping[str, Row]) -> list[dict[str, Any]]:
    """For each lambda: what would be kept of what has a score, and what each kept row costs: all calls were paid."""
    bill = _bill(rows, bills)
    finished = sum(row["state"] != "drawn" for row in rows)
    scores = [row["score"] for row in rows if row["state"] in SCORED]
    table = []
    for threshold in LAMBDAS:
        count = sum(score >= threshold for score in scores)
        table.append({
            "lambda": threshold, "kept": count, "yield": round(count / finished, 4) if finished else None,
            "cost": round(bill["cost"] / count, 6) if count and bill["cost"] is not None else None,
            "tokens": round(bill["tokens"] / count) if count else None,
        })  # fmt: skip
    return table


# ---- ways beside each other


def _comparisons(by_way: Mapping[tuple[str, ...], Sequence[Row]], bills: Mapping[str, Row]) -> Iterator[dict[str, Any]]:
    """The pool beside one task prompt, and native beside detour, on the fragments that both have finished."""
    for way, rows in sorted(by_way.items()):
        setup = dict(zip(WAY, way, strict=True))
        for second_way, second_rows in sorted(by_way.items()):
            second = dict(zip(WAY, second_way, strict=True))
            if name := _compared(setup, second):
                yield from _comparison(name, (setup, rows), (second, second_rows), bills)


def _compared(first: Mapping[str, str], second: Mapping[str, str]) -> str:
    """What two ways are compared for, "" for nothing; each pair once."""
    differing = {name for name in WAY if first[name] != second[name]}
    if differing == {"single_prompt"} and not first["single_prompt"]:
        return "pool and one task prompt"
    if differing == {"method", "translator"} and first["method"] == "detour":
        return "detour and native"
    return ""


def _comparison(
    name: str, first: tuple[Mapping[str, str], Sequence[Row]], second: tuple[Mapping[str, str], Sequence[Row]],
    bills: Mapping[str, Row],
) -> Iterator[dict[str, Any]]:  # fmt: skip
    finished = [{row["fragment"]: row for row in rows if row["state"] != "drawn"} for _, rows in (first, second)]
    shared = finished[0].keys() & finished[1].keys()
    if not shared:
        return
    sides = [
        {**_label(setup), **_side([rows[key] for key in sorted(shared)], bills)}
        for (setup, _), rows in zip((first, second), finished, strict=True)
    ]
    yield {"compared": name, "language": first[0]["language"], "fragments": len(shared), "sides": sides}


def _label(setup: Mapping[str, str]) -> dict[str, str]:
    return {"method": setup["method"], "prompts": setup["single_prompt"] or "pool", "llm": setup["llm"]}


def _side(rows: Sequence[Row], bills: Mapping[str, Row]) -> dict[str, Any]:
    scored = [row for row in rows if row["state"] in SCORED]
    return {
        "scored": len(scored), "mean_score": _mean(row["score"] for row in scored),
        "lambdas": _lambdas(rows, bills), **diversity([row["instruction"] for row in scored]),
    }  # fmt: skip
