"""`synth dedupe`: mark samples that repeat another sample, and samples that repeat rows of evaluation sets.

Compared are answers, which are what a model learns; a short one ("Sì.") together with its question. Of duplicates the
sample is kept that a person accepted or edited, then the one of higher accuracy, then of higher mean_similarity, then
the older one, then the one whose key comes first. The others get `duplicate_of`, `duplicate_kind`, `duplicate_score`;
nothing is deleted, and every run marks anew: where a kept sample is gone, rejected, superseded or changed, its
duplicates are free again. Samples without mark: synth query '{"duplicate_of": null}'.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from crawler.mongo import connect, run_of
from synth.dedupe.greedy import near_in_meaning
from synth.dedupe.store import MARKS, Samples, marks_of, read_samples, write_marks
from synth.filters.read import read_filter
from synth.stages.options import positive
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


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.description = __doc__
    parser.epilog = """examples:
  synth dedupe --dry-run
  synth dedupe --semantic st:intfloat/multilingual-e5-small --semantic-threshold 0.95
  synth dedupe --against evaluation.jsonl mmlu_it.csv

There is no --limit: whether a sample is a duplicate hangs on all the others. With --where those that it does not name
are not compared, and keep their marks, unless what they were marked for is no longer kept."""
    group = parser.add_argument_group("duplicates")
    group.add_argument(
        "--threshold", type=float, default=Settings.threshold, metavar="J",
        help="Jaccard similarity of the runs of words from which two texts are near (0.7)",
    )  # fmt: skip
    group.add_argument("--shingle", type=positive, default=Settings.shingle, metavar="N", help="words of a run (3)")
    group.add_argument(
        "--by", choices=("answer", "both"), default=Settings.by, help="compare answers, or questions with answers"
    )
    group.add_argument("--semantic", metavar="EMBEDDER", help="also by meaning: tfidf, use or st:MODEL (off)")
    group.add_argument(
        "--semantic-threshold", type=float, metavar="C",
        help="cosine from which two texts mean the same; embedders differ: look at a --dry-run first",
    )  # fmt: skip
    group = parser.add_argument_group("evaluation sets")
    group.add_argument(
        "--against", nargs="+", type=Path, metavar="FILE",
        help="sets whose rows no sample should repeat: .jsonl, .json, .csv, .tsv, or text, a row a line",
    )  # fmt: skip
    group.add_argument("--against-fields", metavar="NAMES", help="their fields, where they are not recognised: a,b")
    group.add_argument(
        "--ngram", type=positive, metavar="N",
        help="words in a row that a repeated row shares (the 5th percentile of a set's lengths, 8 to 13, as for GPT-3)",
    )  # fmt: skip
    group = parser.add_argument_group("stage")
    group.add_argument(
        "--where", metavar="FILTER", help="only samples that this MongoDB filter (extended JSON, or @FILE) names"
    )
    group.add_argument("--dry-run", action="store_true", help="show what would be marked, change nothing")


def check(options: argparse.Namespace) -> Settings:
    """What counts as a duplicate.

    Raises:
        NewsmillError: a number makes no sense, or a file is not there.
    """
    if not 0.2 <= options.threshold <= 1:
        raise NewsmillError(f"--threshold {options.threshold} is no Jaccard similarity to tell copies by: 0.2 to 1")
    if options.semantic and options.semantic_threshold is None:
        raise NewsmillError(f"no threshold was measured for embedder {options.semantic}: give --semantic-threshold")
    if options.semantic_threshold is not None and not 0.1 <= options.semantic_threshold <= 1:
        raise NewsmillError(f"--semantic-threshold {options.semantic_threshold} is no cosine to go by: 0.1 to 1")
    if options.against_fields and not options.against:
        raise NewsmillError("--against-fields names fields of the files of --against: give some")
    for path in options.against or ():
        if not path.is_file():
            raise NewsmillError(f"cannot read {path}: no such file")
    return Settings(
        options.threshold, options.shingle, options.by, options.semantic or None, options.semantic_threshold
    )


def main(options: argparse.Namespace) -> int:
    """Mark duplicates, and what evaluation sets have as well."""
    settings = check(options)
    checker = _checker(options)
    database = connect(options.uri)
    where = read_filter(options.where, database)
    if options.dry_run:
        return _show(database, settings, where, checker, options.json)
    settings_row = asdict(settings) | {"where": options.where, "against": [str(path) for path in options.against or ()]}
    with run_of(database, "dedupe", settings_row) as run:
        samples, marks = find(database, settings, where)
        run.counts.update(_counts(samples, marks))
        run.counts.update(write_marks(database, samples, marks))
        if checker:
            run.counts.update(checker.mark(database, where))
            run.notes["sets"] = checker.told
    _print(run.counts, checker, options.json)
    return 0


def _checker(options: argparse.Namespace) -> Any:
    """What checks samples against the evaluation sets; None without any. Their files are read here: first of all."""
    if not options.against:
        return None
    from synth.dedupe.contamination import Checker

    names = [name.strip() for name in (options.against_fields or "").split(",") if name.strip()]
    return Checker(options.against, names, options.ngram)


def find(
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
    from synth.embed import load_embedder
    from synth.embed.cache import StoredEmbedder

    texts = list(samples.texts(database, by))
    if name.partition(":")[0] == "tfidf":
        return load_embedder(name).encode(texts)
    return StoredEmbedder(database, name, lambda: load_embedder(name)).encode(texts)


def _counts(samples: Samples, marks: Mapping[int, tuple[str, str, float]]) -> Counter[str]:
    kinds = Counter(kind for _, kind, _ in marks.values())
    return Counter(samples=len(samples.keys), kept=len(samples.keys) - len(marks), **kinds)


def _print(counts: Mapping[str, int], checker: Any, as_json: bool) -> None:
    if as_json and checker:
        print(json.dumps({**counts, "sets": checker.told}, ensure_ascii=False))
        return
    print_counts("dedupe", counts, as_json, "synth export --filter '{\"duplicate_of\": null}' --out export")


# ---- dry run


def _show(
    database: Database[dict[str, Any]], settings: Settings, where: Mapping[str, Any], checker: Any, as_json: bool
) -> int:
    samples, marks = find(database, settings, where)
    counts = _counts(samples, marks)
    examples = list(_examples(database, samples, marks))
    if checker:
        counts.update(checker.count(database, where))
    if as_json:
        sets = {"sets": checker.told} if checker else {}
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


__all__ = ["Settings", "check", "configure", "find", "main"]
