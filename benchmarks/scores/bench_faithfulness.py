"""Whether the one score of faithfulness agrees with people, and which sentences made false it finds.

People: the two sets of QAGS (three votes a sentence, in lower case; the development set: the weights of the score and
nothing else was chosen on it). Given with --held-out, JSON files of {document, claim, label} rows (those of FRANK,
FactCC, XSumFaith and AggreFact have this form) are measured untouched. A summary is faithful where all its sentences
are. Beside the score: ROUGE-1 and ROUGE-2 precision against the source, the share of words that the source has, and the
facts that are absent, alone. Balanced accuracy has its threshold from the other documents (five folds by document;
intervals by bootstrap over documents).

Sentences made false (benchmarks/helpers/reversals.py): every second event or document, the half that nothing was chosen
on. "False alarms" are sentences as they were of which something is said to contradict a source; people's summaries are
true, extractive sentences by construction. Found: something new is named that the true sentence did not have.
Run: python benchmarks/scores/bench_faithfulness.py [--held-out FILE ...] [--limit N] [--half report|tuning]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

# The benchmarks belong to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from benchmarks.helpers.reversals import KINDS, reversals
from benchmarks.scores.bench_faithful import italian, vietnamese
from synth.language.segmentation import sentences, words
from synth.scorers.faithful.answer import Answer
from synth.scorers.faithful.evidence import Evidence
from synth.scorers.faithful.judgement import judge

ROOT = Path(__file__).resolve().parents[2]
HALVES = {"tuning": slice(0, None, 2), "report": slice(1, None, 2)}
TURNED = frozenset({"opposite", "negation", "attachment", "roles"})
#: Balanced accuracy of SummaC (Laban et al., 2022, table 2) on the whole sets: zero-shot, Conv.
PUBLISHED = {"FRANK": (0.790, 0.816), "FactCC": (0.838, 0.895), "XSumFaith": (0.584, 0.664), "all six": (0.721, 0.744)}


class Row(NamedTuple):
    """A claim, what it is held against, and whether people found it faithful."""

    document: str
    claim: str
    faithful: bool


# ---- agreement with people


def qags(path: Path) -> tuple[list[Row], list[Row]]:
    """(its sentences, its summaries)."""
    by_sentence, by_summary = [], []
    for row in map(json.loads, path.open(encoding="utf-8")):
        votes = [[each["response"] == "yes" for each in part["responses"]] for part in row["summary_sentences"]]
        verdicts = [2 * sum(each) > len(each) for each in votes]
        texts = [part["sentence"] for part in row["summary_sentences"]]
        by_sentence += [Row(row["article"], *pair) for pair in zip(texts, verdicts, strict=True)]
        by_summary.append(Row(row["article"], " ".join(texts), all(verdicts)))
    return by_sentence, by_summary


def held_out(path: Path) -> list[Row]:
    """Rows of a file of {document, claim, label}."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    return [Row(row["document"], row["claim"], str(row["label"]) == "1") for row in rows if row["claim"].strip()]


def _runs(text: str, size: int) -> list[tuple[str, ...]]:
    tokens = [word.lower() for word in words(text)]
    return list(zip(*(tokens[at:] for at in range(size)), strict=False))


def _precision(row: Row, size: int) -> float:
    """ROUGE's precision against the source: the share of the claim's n-grams, each as often as the source has it."""
    mine, theirs = _runs(row.claim, size), _runs(row.document, size)
    counts: dict[tuple[str, ...], int] = defaultdict(int)
    for each in theirs:
        counts[each] += 1
    hits = 0
    for each in mine:
        hits += counts[each] > 0
        counts[each] -= 1
    return hits / len(mine) if mine else 1.0


def _overlap(row: Row) -> float:
    mine = {word.lower() for word in words(row.claim)}
    return len(mine & {word.lower() for word in words(row.document)}) / len(mine) if mine else 1.0


MEASURES: dict[str, Callable[[Row], float]] = {
    "faithfulness": lambda row: judge(row.claim, [row.document], "en").faithfulness,
    "ROUGE-1 precision": lambda row: _precision(row, 1),
    "ROUGE-2 precision": lambda row: _precision(row, 2),
    "word overlap": _overlap,
    "absent facts alone": lambda row: -sum(not f.supported for f in Evidence([row.document]).facts(row.claim, "en")),
}


def print_agreement(name: str, rows: Sequence[Row]) -> None:
    labels = np.array([row.faithful for row in rows])
    documents = {document: number for number, document in enumerate(dict.fromkeys(row.document for row in rows))}
    groups = np.array([documents[row.document] for row in rows])
    print(f"\n{name}: {len(rows)}, {labels.mean():.0%} faithful, {len(documents)} documents\n")
    print("| | AUC | interval | balanced accuracy | interval |\n|---|---:|---:|---:|---:|")
    for measure, function in MEASURES.items():
        values = np.array([function(row) for row in rows])
        correct = _by_folds(values, labels, groups)
        area, accuracy = _area(values, labels), _balanced(correct, labels)
        low, high = _interval(lambda at, v=values: _area(v[at], labels[at]), groups)  # type: ignore[misc]
        least, most = _interval(lambda at, c=correct: _balanced(c[at], labels[at]), groups)  # type: ignore[misc]
        print(f"| {measure} | {area:.3f} | {low:.3f}-{high:.3f} | {accuracy:.3f} | {least:.3f}-{most:.3f} |")


def _area(values: np.ndarray, labels: np.ndarray) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(labels, values)) if 0 < labels.sum() < len(labels) else float("nan")


def _balanced(correct: np.ndarray, labels: np.ndarray) -> float:
    return float((correct[labels].mean() + correct[~labels].mean()) / 2)


def _by_folds(values: np.ndarray, labels: np.ndarray, groups: np.ndarray, folds: int = 5) -> np.ndarray:
    """Whether each row is judged rightly, with the best threshold of the other folds' documents."""
    correct = np.zeros(len(values), dtype=bool)
    for fold in range(folds):
        here = groups % folds == fold
        options = np.unique(np.quantile(values[~here], np.linspace(0, 1, 101)))
        best = max(options, key=lambda cut: _balanced((values[~here] >= cut) == labels[~here], labels[~here]))
        correct[here] = (values[here] >= best) == labels[here]
    return correct


def _interval(measure: Callable[[np.ndarray], float], groups: np.ndarray, draws: int = 300) -> tuple[float, float]:
    """95 % by bootstrap over documents."""
    rng = np.random.default_rng(5)
    rows_of = [np.flatnonzero(groups == group) for group in range(groups.max() + 1)]
    values = [
        measure(np.concatenate([rows_of[at] for at in rng.integers(len(rows_of), size=len(rows_of))]))
        for _ in range(draws)
    ]
    return float(np.nanquantile(values, 0.025)), float(np.nanquantile(values, 0.975))


# ---- sentences made false


class Base(NamedTuple):
    """A true sentence and its sources."""

    sentence: str
    sources: tuple[str, ...]


def bases(data: Path, half: slice, limit: int) -> Iterator[tuple[str, str, list[Base]]]:
    """(name, language, true sentences) of each set."""
    every = list(vietnamese(data / "vi_vnmds"))
    chosen = set(list(dict.fromkeys(case.key for case in every))[half])
    cases = [case for case in every if case.key in chosen]
    texts = {case.key: tuple(f"{each['title']}\n\n{each['content']}" for each in case.sources) for case in cases}
    human = [Base(each, texts[case.key]) for case in cases for each in sentences(case.answer, "vi")]
    yield "vi, people's summaries", "vi", human[:limit]
    first = {key: sources[0] for key, sources in texts.items()}
    yield "vi, extractive", "vi", [Base(each, (text,)) for text in first.values() for each in _body(text, "vi")][:limit]
    rows = [json.loads(line) for line in (data / "it_news_2024/articles.jsonl").open(encoding="utf-8")]
    articles = [f"{row['title']}\n\n{row['content']}" for row in rows if len(row["content"] or "") > 600][half]
    yield "it, extractive", "it", [Base(each, (text,)) for text in articles for each in _body(text, "it")][:limit]
    written = [
        Base(each, tuple(f"{source['title']}\n\n{source['content']}" for source in case.sources))
        for case in list(italian(data / "it_news_2024"))[half] for each in sentences(case.answer, "it")
    ]  # fmt: skip
    yield "it, Mixtral's (not checked)", "it", written[:limit]
    for name in ("cnndm", "xsum"):
        lines = (data / f"faithful/qags_{name}.jsonl").read_text(encoding="utf-8").splitlines()[half]
        yield f"en, QAGS {name} (3 of 3 votes, lower case)", "en", list(_agreed(lines))
    documents: dict[str, list[str]] = defaultdict(list)
    for row in map(json.loads, (data / "pairs/wmt24pp/en-fr_FR.jsonl").open(encoding="utf-8")):
        if not row["is_bad_source"] and row["domain"] == "news":
            documents[row["document_id"]].append(row["source"])
    parts = list(documents.values())[half]
    yield "en, extractive", "en", [Base(each, ("\n\n".join(text),)) for text in parts for each in text]


def _body(text: str, language: str) -> list[str]:
    return sentences(text.partition("\n\n")[2], language)[:8]


def _agreed(lines: Sequence[str]) -> Iterator[Base]:
    for row in map(json.loads, lines):
        for part in row["summary_sentences"]:
            if all(each["response"] == "yes" for each in part["responses"]):
                yield Base(part["sentence"], (row["article"],))


def _alarms(base: Base, sentence: str, language: str) -> set[tuple[str, str]]:
    """(text, kind) of what is named."""
    judgement = judge(sentence, base.sources, language)
    return {(fact.text, fact.kind) for fact in judgement.facts if not fact.supported}


def print_reversals(data: Path, half: slice, limit: int) -> None:
    print("\n| true sentences | | false alarms | " + " | ".join(KINDS) + " | absent facts alone finds |")
    print("|---|---:|---:|" + "---:|" * (len(KINDS) + 1))
    for name, language, rows in bases(data, half, limit):
        before = [_alarms(base, base.sentence, language) for base in rows]
        false = np.mean([any(kind in TURNED for _, kind in alarms) for alarms in before])
        cells, naive = [], []
        for kind in KINDS:
            made = reversals([base.sentence for base in rows], kind, language)
            hits = [_alarms(rows[at], text, language) - before[at] for at, text in made]
            cells.append(f"{np.mean([bool(each) for each in hits]):.2f} of {len(made)}" if made else "-")
            naive += [any(kind not in TURNED for _, kind in each) for each in hits]
        print(f"| {name} | {len(rows)} | {false:.3f} | " + " | ".join(cells) + f" | {np.mean(naive):.2f} |", flush=True)


def print_cost(data: Path) -> None:
    """Processor milliseconds of a summary whose sources were read before, and of reading a source."""
    from synth.scorers.faithful.reading import SourceReading

    cases = list(vietnamese(data / "vi_vnmds"))[:120]
    texts = [f"{each['title']}\n\n{each['content']}" for case in cases[::2] for each in case.sources]
    started = time.process_time()
    for text in texts:
        SourceReading(text)
    reading = 1000 * (time.process_time() - started) / len(texts)
    for case in cases:
        Evidence(case.sources)
    started = time.process_time()
    for case in cases:
        judge(case.answer, case.sources, "vi")
    each = 1000 * (time.process_time() - started) / len(cases)
    size = np.mean([len(Answer(case.answer, "vi").sentences) for case in cases])
    print(
        f"\nprocessor time: {reading:.1f} ms a source, once; {each:.1f} ms a summary of {size:.1f} sentences after that"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=ROOT / "../shared", help="the folder of real data")
    parser.add_argument("--held-out", type=Path, nargs="*", default=[], help="files of {document, claim, label} rows")
    parser.add_argument("--half", choices=HALVES, default="report", help="which documents are made false (report)")
    parser.add_argument("--limit", type=int, default=800, help="true sentences of each set, at most (800)")
    options = parser.parse_args()
    data = options.shared / "data"
    if data.is_dir():
        for name in ("cnndm", "xsum"):
            by_sentence, by_summary = qags(data / f"faithful/qags_{name}.jsonl")
            print_agreement(f"QAGS {name}, sentences", by_sentence)
            if len(by_summary) < len(by_sentence):
                print_agreement(f"QAGS {name}, summaries", by_summary)
    for path in options.held_out:
        print_agreement(f"held out: {path.stem}", held_out(path))
    print("\nSummaC, published balanced accuracy (zero-shot, Conv): " + str(PUBLISHED))
    if not data.is_dir():
        print(f"no data: {data} is not there; give --shared", file=sys.stderr)
        return
    print_reversals(data, HALVES[options.half], options.limit)
    print_cost(data)


if __name__ == "__main__":
    main()
