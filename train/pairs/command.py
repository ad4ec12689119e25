"""`train pairs`: preference pairs for ORPO from what is there already: the reference answer, and the model's own.

The reference is chosen, the text a model wrote to the same request is rejected. Splits stay as exported: a validation
row never becomes a training pair.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from train.data.conversations import Conversation, read_splits
from train.data.export_files import read_rows
from train.errors import TrainError

#: Word overlap (F1) from which two answers say the same: nothing is to be preferred.
SAME = 0.9
#: Words of an answer below which it is none.
FEWEST = 3


def configure(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = (
        "example:\n"
        "  train generate --checkpoint out/bloom-7b1-news/final --prompts export --out own.jsonl\n"
        "  train pairs --set export --texts own.jsonl --out pairs/huggingface\n"
        "  train finetune --config train/recipes/bloom-7b1/orpo.yaml"
    )
    parser.add_argument("--set", type=Path, required=True, help="folder of `synth export`, or a file of rows")
    parser.add_argument("--texts", type=Path, nargs="+", required=True, help="what `train generate` wrote")
    parser.add_argument("--out", type=Path, required=True, help="folder for train.json and val.json")
    parser.add_argument("--each", type=int, default=1, help="pairs of one request, at most (1)")
    parser.add_argument("--same", type=float, default=SAME, help=f"word overlap that makes answers alike ({SAME})")


def main(options: argparse.Namespace) -> int:
    if options.each < 1 or not 0 < options.same <= 1:
        raise TrainError("--each must be 1 at least, --same above 0 and 1 at most")
    texts = read_texts(options.texts)
    counts: Counter[str] = Counter()
    made = {
        split: list(pairs_of(rows, texts, options.each, options.same, counts))
        for split, rows in read_splits(options.set).items()
    }
    if not made.get("train"):
        told = ", ".join(f"{count} {reason}" for reason, count in counts.items()) or "no texts"
        raise TrainError(f"no training pairs from {options.set}: {told}; were the texts written from this set?")
    outcome = write(options.out, made, counts)
    print(json.dumps(outcome) if options.json else _told(outcome))
    return 0


def _told(outcome: dict[str, Any]) -> str:
    sizes = ", ".join(f"{count:,} {split}" for split, count in outcome["pairs"].items())
    left = "".join(f"; {count:,} left out: {reason}" for reason, count in outcome["left_out"].items())
    return (
        f"{outcome['out']}: pairs: {sizes}{left}; chosen {outcome['chosen_words']:.0f} words, rejected "
        f"{outcome['rejected_words']:.0f} on average; next: train finetune --config train/recipes/bloom-7b1/orpo.yaml"
    )


def read_texts(paths: Iterable[Path]) -> dict[str, list[str]]:
    """Texts by what they answer: the row's id, and the request itself.

    Raises:
        TrainError: a file holds something else than texts of `train generate`.
    """
    found: dict[str, list[str]] = {}
    for path in paths:
        for number, row in enumerate(read_rows(path), 1):
            if not isinstance(row.get("text"), str) or "id" not in row:
                raise TrainError(f"{path}:{number} is no text of `train generate`: it must hold id and text")
            for key in {f"id {row['id']}", f"asks {row.get('question') or row['id']}"}:
                found.setdefault(key, []).append(row["text"].strip())
    return found


def pairs_of(
    rows: Iterable[Conversation], texts: dict[str, list[str]], each: int, same: float, counts: Counter[str]
) -> Iterator[dict[str, Any]]:
    """Rows {messages, chosen, rejected, …}; `counts` tells why others are none."""
    for row in rows:
        *messages, last = row.messages
        asked = f"asks {messages[-1]['content']}"
        own = texts.get(f"id {row.id}") or texts.get(asked) or []
        if not own:
            counts["no text of the model"] += 1
        kept = 0
        for text in dict.fromkeys(own):
            reason = _useless(text, last["content"], same) or ("more than --each" if kept >= each else None)
            if reason:
                counts[reason] += 1
                continue
            kept += 1
            known = {"id": row.id, "language": row.language, "event": row.group, "date": row.date}
            yield {"messages": messages, "chosen": last["content"], "rejected": text} | {
                key: value for key, value in known.items() if value
            }


def _useless(text: str, reference: str, same: float) -> str | None:
    if len(text.split()) < FEWEST:
        return "the model wrote next to nothing"
    if overlap(text, reference) >= same:
        return "as good as the reference itself"
    return None


def overlap(first: str, second: str) -> float:
    """F1 of the words two texts share, counted as often as they occur; case and order do not matter."""
    one, other = Counter(first.casefold().split()), Counter(second.casefold().split())
    shared = (one & other).total()
    return 2 * shared / max(1, one.total() + other.total())


def write(out: Path, made: dict[str, list[dict[str, Any]]], counts: Counter[str]) -> dict[str, Any]:
    """train.json and, where there are any, the other splits; what an earlier call left of them goes.

    Raises:
        TrainError: the folder cannot be written.
    """
    from train.atomic_files import write_whole

    every = [pair for pairs in made.values() for pair in pairs]
    for split in ("train", "val", "test"):
        path = out / f"{split}.json"
        if made.get(split):
            write_whole(path, json.dumps(made[split], ensure_ascii=False, indent=1) + "\n")
        else:
            path.unlink(missing_ok=True)
    return {
        "out": str(out),
        "pairs": {split: len(pairs) for split, pairs in made.items() if pairs},
        "left_out": dict(counts),
        "chosen_words": _mean_words(pair["chosen"] for pair in every),
        "rejected_words": _mean_words(pair["rejected"] for pair in every),
    }


def _mean_words(texts: Iterable[str]) -> float:
    lengths = [len(text.split()) for text in texts]
    return round(sum(lengths) / max(1, len(lengths)), 1)
