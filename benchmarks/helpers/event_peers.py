"""What finds events beside `synth cluster`: its former default, scikit-learn's HDBSCAN, plain TF-IDF; and how sure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from benchmarks.helpers.corpora import SEED, Corpus, Labels
from benchmarks.helpers.measures import Scores, pair_scores, scores
from synth.cluster.linkage import agglomerate
from synth.cluster.settings import Settings, default_sentences
from synth.cluster.stream import tightened
from synth.embed import article_text, load_embedder

WINDOW = 3.0
FOLDS = 5
ROUNDS = 1000
SPREAD = 0.82
THRESHOLDS = [number / 100 for number in range(60, 91)]


def vectors_of(corpus: Corpus, embedder: str) -> Any:
    sentences = default_sentences(embedder)
    return load_embedder(embedder).encode([article_text(row, sentences) for row in corpus.rows])


def labels_of(corpus: Corpus, vectors: Any, threshold: float, linkage: str = "average") -> Labels:
    """The partition of `agglomerate`; sets without dates have no window."""
    dated = np.ptp(corpus.days) > 0
    return agglomerate(
        vectors, distance_threshold=threshold, linkage=linkage,
        days=corpus.days if dated else None, window=WINDOW if dated else None,
    )  # fmt: skip


def ways(corpus: Corpus) -> Iterator[tuple[str, Labels]]:
    """(what, partition) of ours, of what it replaces, and of its peers."""
    size = len(corpus.rows)
    ours, former = vectors_of(corpus, "news"), vectors_of(corpus, "tfidf")
    now = Settings().with_threshold(size).threshold or 0.0
    labels = labels_of(corpus, ours, now)
    yield f"ours: news, average, {now:g}", labels
    yield f"ours with --spread {SPREAD:g} (a second look)", tightened(ours, labels, SPREAD)
    complete = Settings(linkage="complete").with_threshold(size).threshold or 0.0
    yield f"ours with --linkage complete, {complete:g}", labels_of(corpus, ours, complete, "complete")
    before = Settings(embedder="tfidf").with_threshold(size).threshold or 0.0
    yield f"the default before: tfidf, 10 sentences, average, {before:g}", labels_of(corpus, former, before)
    yield from plain(corpus)


def plain(corpus: Corpus) -> Iterator[tuple[str, Labels]]:
    """scikit-learn alone, with the setting that is best on the very set: more than anybody knows beforehand."""
    from sklearn.cluster import HDBSCAN, AgglomerativeClustering
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [article_text(row) for row in corpus.rows]
    rows = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2).fit_transform(texts)
    far = np.clip(1.0 - (rows @ rows.T).toarray(), 0.0, 2.0)
    np.fill_diagonal(far, 0.0)

    def average(threshold: float) -> Labels:
        model = AgglomerativeClustering(None, metric="precomputed", linkage="average", distance_threshold=threshold)
        return np.asarray(model.fit_predict(far))

    def hdbscan(method: str) -> Labels:
        # With cluster_selection_epsilon scikit-learn 1.9 fails (NumPy 2).
        model = HDBSCAN(2, min_samples=1, metric="precomputed", cluster_selection_method=method, copy=True)
        return alone(np.asarray(model.fit_predict(far)))

    tries = [threshold for threshold in THRESHOLDS if round(threshold * 100) % 3 == 0]
    yield "TF-IDF, average (scikit-learn), its best threshold here", best(corpus, average, tries)
    yield "TF-IDF, HDBSCAN (scikit-learn), its better method here", best(corpus, hdbscan, ["eom", "leaf"])


def best(corpus: Corpus, way: Callable[[Any], Labels], tries: Sequence[Any]) -> Labels:
    return max((way(each) for each in tries), key=lambda labels: corpus.score(labels).f)


def alone(labels: Labels) -> Labels:
    """Noise, -1, as clusters of one."""
    noise = labels < 0
    return np.where(noise, labels.max(initial=0) + 1 + np.cumsum(noise), labels)


def interval(corpus: Corpus, labels: Labels, rounds: int = ROUNDS) -> tuple[float, float]:
    """95 % of F when the events (of pairs: the first articles) are drawn again and again."""
    rng = np.random.default_rng(SEED)
    if corpus.gold is None:
        firsts = sorted({first for first, _, _ in corpus.pairs})
        groups = [[pair for pair in corpus.pairs if pair[0] == first] for first in firsts]
        draws = (rng.integers(len(groups), size=len(groups)) for _ in range(rounds))
        found = [pair_scores(labels, [pair for i in draw for pair in groups[i]]).f for draw in draws]
    else:
        precision, recall = corpus.shares(labels)
        gold = corpus.true[corpus.scored_rows]
        events = [np.flatnonzero(gold == event) for event in np.unique(gold)]
        found = []
        for _ in range(rounds):
            rows = np.concatenate([events[i] for i in rng.integers(len(events), size=len(events))])
            found.append(scores(float(precision[rows].mean()), float(recall[rows].mean())).f)
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def cross_validated(corpus: Corpus, embedder: str, linkage: str = "average") -> Scores:
    """The threshold chosen on four fifths of the events, measured on the fifth, five times; all cluster together.

    Mean of BCubed precision and recall over the articles.
    """
    vectors = vectors_of(corpus, embedder)
    found = [labels_of(corpus, vectors, threshold, linkage) for threshold in THRESHOLDS]
    shares = [corpus.shares(labels) for labels in found]
    events = np.unique(corpus.true)
    np.random.default_rng(SEED).shuffle(events)
    precision, recall = np.zeros(len(corpus.rows)), np.zeros(len(corpus.rows))
    for fold in range(FOLDS):
        inside = np.isin(corpus.true, events[fold::FOLDS])
        at = max(range(len(found)), key=lambda i: scores(shares[i][0][~inside].mean(), shares[i][1][~inside].mean()).f)
        precision[inside], recall[inside] = shares[at][0][inside], shares[at][1][inside]
    return scores(float(precision.mean()), float(recall.mean()))
