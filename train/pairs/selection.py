"""Preference pairs out of reference answers and a model's own texts: which make one, and why others do not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from train.atomic_files import write_whole
from train.data.conversations import Conversation
from train.data.export_files import read_rows
from train.errors import TrainError

#: Word overlap (F1) from which two answers say the same: nothing is to be preferred.
SAME = 0.9
#: Words of an answer below which it is none.
FEWEST = 3


def summary(outcome: dict[str, Any]) -> str:
    """What was made and what was left out, in one line."""
    sizes = ", ".join(f"{count:,} {split}" for split, count in outcome["pairs"].items())
    rejected = "".join(f"; {count:,} left out: {reason}" for reason, count in outcome["left_out"].items())
    return (
        f"{outcome['out']}: pairs: {sizes}{rejected}; chosen {outcome['chosen_words']:.0f} words, rejected "
        f"{outcome['rejected_words']:.0f} on average; next: train finetune --config bloom-7b1/orpo"
    )


def read_texts(paths: Iterable[Path]) -> dict[str, list[str]]:
    """Texts by what they answer: the row's id, and the request itself.

    Raises:
        TrainError: a file holds something else than texts of `train generate`.
    """
    texts: dict[str, list[str]] = {}
    for path in paths:
        for number, row in enumerate(read_rows(path), 1):
            if not isinstance(row.get("text"), str) or "id" not in row:
                raise TrainError(f"{path}:{number} is no text of `train generate`: it must hold id and text")
            for key in {f"id {row['id']}", f"asks {row.get('question') or row['id']}"}:
                texts.setdefault(key, []).append(row["text"].strip())
    return texts


def pairs_of(
    rows: Iterable[Conversation], texts: dict[str, list[str]], each: int, same: float, counts: Counter[str]
) -> Iterator[dict[str, Any]]:
    """Rows {messages, chosen, rejected, …}; `counts` says why the rest gave none."""
    for row in rows:
        *messages, last = row.messages
        request = f"asks {messages[-1]['content']}"
        own = texts.get(f"id {row.id}") or texts.get(request) or []
        if not own:
            counts["no text of the model"] += 1
        count = 0
        for text in dict.fromkeys(own):
            reason = _useless(text, last["content"], same) or ("more than --each" if count >= each else None)
            if reason:
                counts[reason] += 1
                continue
            count += 1
            details = {"id": row.id, "language": row.language, "event": row.group, "date": row.date}
            yield {"messages": messages, "chosen": last["content"], "rejected": text} | {
                key: value for key, value in details.items() if value
            }


def _useless(text: str, reference: str, same: float) -> str | None:
    if len(text.split()) < FEWEST:
        return "the model wrote next to nothing"
    if overlap(text, reference) >= same:
        return "as good as the reference itself"
    return None


def overlap(first: str, second: str) -> float:
    """F1 of the words two texts share, counted as often as they occur; case and order do not matter."""
    left_words, right_words = Counter(first.casefold().split()), Counter(second.casefold().split())
    shared = (left_words & right_words).total()
    return 2 * shared / max(1, left_words.total() + right_words.total())


def write(out: Path, pairs_by_split: dict[str, list[dict[str, Any]]], counts: Counter[str]) -> dict[str, Any]:
    """train.json and, where there are any, the other splits; what an earlier call left of them goes.

    Raises:
        TrainError: the folder cannot be written.
    """
    every = [pair for pairs in pairs_by_split.values() for pair in pairs]
    for split in ("train", "val", "test"):
        path = out / f"{split}.json"
        if pairs_by_split.get(split):
            write_whole(path, json.dumps(pairs_by_split[split], ensure_ascii=False, indent=1) + "\n")
        else:
            path.unlink(missing_ok=True)
    return {
        "out": str(out),
        "pairs": {split: len(pairs) for split, pairs in pairs_by_split.items() if pairs},
        "left_out": dict(counts),
        "chosen_words": _mean_words(pair["chosen"] for pair in every),
        "rejected_words": _mean_words(pair["rejected"] for pair in every),
    }


def _mean_words(texts: Iterable[str]) -> float:
    lengths = [len(text.split()) for text in texts]
    return round(sum(lengths) / max(1, len(lengths)), 1)
