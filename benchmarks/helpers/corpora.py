"""Labelled articles to cluster: the Italian pairs, the events of vi_vnmds, or an archive of the user's own."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.helpers.measures import Scores, bcubed_shares, pair_scores, scores
from crawler.items import NewsmillError, RecordError, article_from_record

ROOT = Path(__file__).resolve().parents[2]
LABELS = ROOT / "benchmarks/labels" / "it_pairs.jsonl"
SEED = 4
Labels = np.ndarray


@dataclass
class Corpus:
    """Articles that are clustered together, and what is known of their events."""

    name: str
    rows: list[dict[str, Any]]
    days: np.ndarray
    #: [n] gold event, or none
    gold: np.ndarray | None = None
    pairs: Sequence[tuple[int, int, bool]] = ()
    #: [n] whether an article counts in the scores; the others are clustered with it all the same.
    counts: np.ndarray | None = None

    def score(self, labels: Labels) -> Scores:
        if self.gold is None:
            return pair_scores(labels, self.pairs)
        return scores(*(float(part.mean()) for part in self.shares(labels)))

    def shares(self, labels: Labels) -> tuple[np.ndarray, np.ndarray]:
        """BCubed precision and recall of each article that counts."""
        precision, recall = bcubed_shares(labels, self.true)
        return precision[self.scored_rows], recall[self.scored_rows]

    @property
    def true(self) -> np.ndarray:
        if self.gold is None:
            raise ValueError(f"{self.name} has no gold events")
        return self.gold

    @property
    def scored_rows(self) -> np.ndarray:
        """Rows of the articles that count."""
        return np.arange(len(self.rows)) if self.counts is None else np.flatnonzero(self.counts)


def articles_of(path: Path) -> Corpus:
    """Articles of a JSON-lines file that have a text and a date, by date; one row a link."""
    by_link: dict[str, dict[str, Any]] = {}
    for line in path.open(encoding="utf-8"):
        try:
            row = asdict(article_from_record(json.loads(line)))
        except RecordError:
            continue
        # ANSA's English edition: another language, which `synth cluster` keeps apart.
        if row["date"] is not None and "/english/" not in row["link"]:
            by_link.setdefault(row["link"], row)
    rows = sorted(by_link.values(), key=lambda row: (row["date"], row["link"]))
    return Corpus(path.stem, rows, _days([row["date"] for row in rows]))


def labelled_corpus(name: str, articles: Path, pairs: Path) -> Corpus:
    """An archive with the labelled pairs in it.

    Raises:
        NewsmillError: a pair without a label, or with a link that the archive lacks.
    """
    corpus = articles_of(articles)
    row_of = {row["link"]: number for number, row in enumerate(corpus.rows)}
    labels = [json.loads(line) for line in pairs.open(encoding="utf-8")]
    for number, pair in enumerate(labels, 1):
        if not isinstance(pair["same"], bool) or not {pair["a"], pair["b"]} <= row_of.keys():
            raise NewsmillError(f"{pairs}, line {number}: needs same: true or false, and two links of {articles}")
    return replace(corpus, name=name, pairs=[(row_of[pair["a"]], row_of[pair["b"]], pair["same"]) for pair in labels])


def italian_pairs(shared: Path) -> Corpus:
    """The archive of it_news_2024 with the labelled pairs."""
    return labelled_corpus("Italian pairs", shared / "data/it_news_2024/articles.jsonl", LABELS)


def vietnamese_events(shared: Path) -> Corpus:
    """vi_vnmds whole; its leads come with underscores in compound words, which are taken out."""
    raw = [json.loads(line) for line in (shared / "data/vi_vnmds/docs.jsonl").open(encoding="utf-8")]
    names = {name: number for number, name in enumerate(sorted({row["cluster"] for row in raw}))}
    dates = [datetime.strptime(row["time"], "%d/%m/%Y %H:%M").replace(tzinfo=UTC) for row in raw]
    rows = [
        {"title": row["title"], "description": row["lead_seg"].replace("_", " "), "content": row["text"]} for row in raw
    ]
    return Corpus("vi_vnmds", rows, _days(dates), np.array([names[row["cluster"]] for row in raw]))


def ecb_plus(folder: Path) -> Corpus:
    """ECB+: 976 English texts of 43 topics with two events each; of each the sentences that were labelled (1 to 8)."""
    sentences: dict[str, dict[str, list[str]]] = {}
    for path in sorted(folder.glob("ECB_*_corpus.txt")):
        for line in path.open(encoding="utf-8"):
            if len(cells := line.rstrip("\n").split("\t")) == 5:
                sentences.setdefault(cells[0], {}).setdefault(cells[1], []).append(cells[3])
    if not sentences:
        raise NewsmillError(f"{folder} holds no ECB_*_corpus.txt")
    # 36_1ecb and 36_2ecb report one event, 36_1ecbplus another one of its kind.
    events = [f"{name.split('_')[0]}{name.lstrip('0123456789_')}" for name in sentences]
    number = {event: place for place, event in enumerate(sorted(set(events)))}
    texts = [[" ".join(words) for words in parts.values()] for parts in sentences.values()]
    rows = [{"title": first, "content": " ".join(rest)} for first, *rest in texts]
    return Corpus("ECB+", rows, np.zeros(len(rows)), np.array([number[event] for event in events]))


def document_clusters(path: Path) -> Corpus:
    """Undated clusters for summaries, one a line: {"single_documents": [{title, anchor_text, raw_text}]}."""
    clusters = [json.loads(line)["single_documents"] for line in path.open(encoding="utf-8") if line.strip()]
    rows = [
        {"title": row["title"], "description": row["anchor_text"], "content": row["raw_text"]}
        for cluster in clusters for row in cluster
    ]  # fmt: skip
    gold = np.array([number for number, cluster in enumerate(clusters) for _ in cluster])
    return Corpus(path.stem, rows, np.zeros(len(rows)), gold)


def halves(corpus: Corpus) -> tuple[Corpus, Corpus]:
    """Half of the events each, drawn with a seed. All articles stay: alone, half of them would be easier to part."""
    events = sorted(set(corpus.true.tolist()))
    random.Random(SEED).shuffle(events)
    first = np.isin(corpus.true, events[: len(events) // 2])
    return replace(corpus, name="vi, tuning half", counts=first), replace(corpus, name="vi, other half", counts=~first)


def _days(dates: Sequence[datetime]) -> np.ndarray:
    return np.array([date.timestamp() / 86400 for date in dates])
