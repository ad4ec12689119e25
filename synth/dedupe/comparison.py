"""Samples compared with one another by the options of `synth dedupe`, and what is printed of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synth.dedupe import COMMAND
from synth.dedupe.greedy import near_in_meaning
from synth.dedupe.store import MARKS, Samples, marks_of, read_samples
from synth.stages.progress import print_counts

if TYPE_CHECKING:
    from pymongo.database import Database

#: Examples that a dry run shows.
_SHOWN = 10


@dataclass(frozen=True)
class Settings:
    """What counts as a duplicate."""

    threshold: float = 0.7
    shingle: int = 3
    by: str = "answer"
    semantic: str | None = None
    semantic_threshold: float | None = None


def find_duplicates(
    database: Database[dict[str, Any]], settings: Settings, where: Mapping[str, Any]
) -> tuple[Samples, dict[int, tuple[str, str, float]]]:
    """(the current samples that the filter names, number -> (key kept, kind, score) of the duplicates among them)."""
    samples = read_samples(database, where, settings.threshold, settings.shingle, settings.by)
    semantic = None
    if settings.semantic and settings.semantic_threshold and len(samples.near) > 1:
        vectors = _vectors(database, samples, settings.semantic, settings.by)
        semantic = near_in_meaning(vectors, settings.semantic_threshold)
    return samples, marks_of(samples, semantic)


def _vectors(database: Database[dict[str, Any]], samples: Samples, name: str, by: str) -> Any:
    """A row for each text in order of preference; those of a model are kept in the store (synth.embed.cache)."""
    from synth.embed import counts_words, load_embedder
    from synth.embed.cache import StoredEmbedder

    texts = list(samples.texts(database, by))
    if counts_words(name):
        return load_embedder(name).encode(texts)
    return StoredEmbedder(database, name, lambda: load_embedder(name)).encode(texts)


def count_marks(samples: Samples, marks: Mapping[int, tuple[str, str, float]]) -> Counter[str]:
    """Samples, those that are kept, and the others by kind of duplicate."""
    kinds = Counter(kind for _, kind, _ in marks.values())
    return Counter(samples=len(samples.keys), kept=len(samples.keys) - len(marks), **kinds)


def print_outcome(counts: Mapping[str, int], checker: Any, as_json: bool) -> None:
    """Print the counts of a run, those of each evaluation set as well where JSON is asked for."""
    if as_json and checker:
        print(json.dumps({**counts, "sets": checker.set_counts}, ensure_ascii=False))
        return
    print_counts("dedupe", counts, as_json, COMMAND.following)


def show(
    database: Database[dict[str, Any]], settings: Settings, where: Mapping[str, Any], checker: Any, as_json: bool
) -> int:
    """Print what a run would mark, with some examples; the exit status."""
    samples, marks = find_duplicates(database, settings, where)
    counts = count_marks(samples, marks)
    examples = list(_examples(database, samples, marks))
    if checker:
        counts.update(checker.count(database, where))
    if as_json:
        sets = {"sets": checker.set_counts} if checker else {}
        print(json.dumps({**counts, **sets, "examples": examples}, ensure_ascii=False))
        return 0
    print_counts("dedupe, dry run", counts, False)
    for row in examples:
        print(f"  {row['duplicate_kind']} {row['duplicate_score']:.2f}: {row['key'][:12]} {row['answer']}")
        print(f"  {'kept:':>{len(row['duplicate_kind']) + 6}} {row['duplicate_of'][:12]} {row['kept']}")
    for row in checker.examples[:_SHOWN] if checker else ():
        print(f"  contaminated: {row['key'][:12]} has {row['overlap']:.0%} of row {row['row']} of {row['set']}")
    return 0


def _examples(
    database: Database[dict[str, Any]], samples: Samples, marks: Mapping[int, tuple[str, str, float]]
) -> Iterator[dict[str, Any]]:
    examples = [(samples.keys[number], *marks[number]) for number in sorted(marks)[:_SHOWN]]
    condition = {"key": {"$in": [key for row in examples for key in row[:2]]}}
    answers = {row["key"]: row["answer"] for row in database.samples.find(condition, {"key": 1, "answer": 1})}
    for key, *mark in examples:
        yield {
            "key": key, **dict(zip(MARKS, mark, strict=True)),
            "answer": _beginning(answers[key]), "kept": _beginning(answers[str(mark[0])]),
        }  # fmt: skip


def _beginning(text: str) -> str:
    folded = " ".join(text.split())
    return folded if len(folded) <= 80 else folded[:79] + "…"
