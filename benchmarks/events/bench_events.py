"""Are the clusters events? Threshold, linkage and length of text chosen on labelled data, then measured on other data.

Chosen on: Italian pairs that were read and labelled (`labels/`), clustered within the whole archive they come from, and
half of the events of vi_vnmds (gold events, Vietnamese), clustered among all of them; the setting with the best mean of
both F, its neighbours in threshold and length counted. Reported: the other half of vi_vnmds, beside the floor: TF-IDF
with average linkage as scikit-learn has them, given the best threshold of the very set, or the true number of events.
First table: ours beside the default before November 2026, scikit-learn's HDBSCAN and plain TF-IDF with average linkage,
per language, with 95 % intervals over events, and with thresholds cross-validated over events. Sets that nothing was
chosen on come in by --ecb FOLDER (ECB+) and --clusters FILE (lines of single_documents: title, anchor_text, raw_text).
By --all: the best threshold of each length and linkage, what each language alone would choose, windows, archives of
other sizes, and BCubed and NMI of the partitions, with 95 % intervals over events.
Run: python benchmarks/events/bench_events.py [--ecb FOLDER] [--clusters FILE …] [--shared ../shared]
     python benchmarks/events/bench_events.py --all [--embedder news] [--window 3] [--curve]
     python benchmarks/events/bench_events.py --pairs PAIRS --articles ARTICLES: your own pairs (docs/clustering.md).
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

# The benchmarks belong to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.helpers import event_peers
from benchmarks.helpers.corpora import (
    ROOT,
    SEED,
    Corpus,
    Labels,
    document_clusters,
    ecb_plus,
    halves,
    italian_pairs,
    labelled_corpus,
    vietnamese_events,
)
from benchmarks.helpers.measures import Scores, nmi
from crawler.items import NewsmillError
from synth.cluster.linkage import LINKAGES, agglomerate
from synth.cluster.settings import Settings
from synth.embed import article_text, load_embedder

#: Sentences of the body that are compared; None: all.
LENGTHS: tuple[int | None, ...] = (3, 5, 8, 10, 12, 15, 20, None)
WINDOWS = (1, 2, 3, 5, 7, None)
#: Draws of whole events of which an archive of a size is made.
DRAWS = 8
#: The threshold of small archives.
STRICT = 0.75


class Setting(NamedTuple):
    sentences: int | None
    linkage: str
    threshold: float

    def __str__(self) -> str:
        return f"{self.linkage}, {self.threshold:.2f}, {self.sentences or 'all'} sentences"


class Clusterer:
    """One embedder over some corpora; what was computed is kept."""

    def __init__(self, embedder: str, window: float | None) -> None:
        self.embedder, self.window = embedder, window
        self._kept: list[Corpus] = []
        self._vectors: dict[tuple[int, int | None], Any] = {}

    def vectors(self, corpus: Corpus, sentences: int | None) -> Any:
        # Halves share the list of the whole.
        key = (id(corpus.rows), sentences)
        if key not in self._vectors:
            texts = [article_text(row, sentences) for row in corpus.rows]
            self._vectors[key] = load_embedder(self.embedder).encode(texts)
            # An id is only its own while its owner lives.
            self._kept.append(corpus)
        return self._vectors[key]

    def labels(self, corpus: Corpus, setting: Setting, window: float | None = -1) -> Labels:
        wide = self.window if window == -1 else window
        return agglomerate(
            self.vectors(corpus, setting.sentences), distance_threshold=setting.threshold, linkage=setting.linkage,
            days=corpus.days if wide else None, window=wide,
        )  # fmt: skip


def sweep(clusterer: Clusterer, corpora: Sequence[Corpus], thresholds: Sequence[float]) -> dict[Setting, list[Scores]]:
    """The scores of each corpus at every setting."""
    settings = [Setting(*each) for each in itertools.product(LENGTHS, LINKAGES, thresholds)]
    return {each: [corpus.score(clusterer.labels(corpus, each)) for corpus in corpora] for each in settings}


def choose(results: dict[Setting, list[Scores]], thresholds: Sequence[float]) -> Setting:
    """The best mean of the corpora's F, that of the neighbours counted: the middle of a plateau, not a lucky point."""

    def worth(setting: Setting) -> float:
        near = itertools.product(_around(LENGTHS, setting.sentences), _around(thresholds, setting.threshold))
        settings = [Setting(length, setting.linkage, threshold) for length, threshold in near]
        return float(np.mean([[score.f for score in results[each]] for each in settings]))

    return max(results, key=lambda setting: (round(worth(setting), 6), -setting.threshold))


def _around(values: Sequence[Any], value: Any) -> list[Any]:
    """A value and its two neighbours; at an end itself again, so that an end is no easier a plateau."""
    at = values.index(value)
    return [values[each] for each in (max(0, at - 1), at, min(len(values) - 1, at + 1))]


def floor(corpus: Corpus, thresholds: Sequence[float]) -> Iterator[tuple[str, Labels]]:
    """scikit-learn's TF-IDF (words and pairs, sublinear) and average linkage, with what nobody knows beforehand."""
    from sklearn.cluster import AgglomerativeClustering
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [article_text(row) for row in corpus.rows]
    for name, rare in (("all terms", 1), ("terms of 2 texts", 2)):
        rows = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=rare).fit_transform(texts)
        far = _distances(rows)

        def fitted(far: np.ndarray = far, **options: Any) -> Labels:
            return AgglomerativeClustering(metric="precomputed", linkage="average", **options).fit_predict(far)

        tries = [(fitted(n_clusters=None, distance_threshold=each), each) for each in thresholds]
        best, at = max(tries, key=lambda each: corpus.score(each[0]).f)
        yield f"floor ({name}): best threshold of this set, {at:.2f}", best
        yield f"floor ({name}): true number of events", fitted(n_clusters=len(set(corpus.true.tolist())))


def peer(clusterer: Clusterer, corpus: Corpus, setting: Setting) -> Labels:
    """scikit-learn's partition of our vectors, the same setting, no window."""
    from sklearn.cluster import AgglomerativeClustering

    far = _distances(clusterer.vectors(corpus, setting.sentences))
    return AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage=setting.linkage, distance_threshold=setting.threshold
    ).fit_predict(far)


def _distances(rows: Any) -> np.ndarray:
    far = 1.0 - np.asarray((rows @ rows.T).todense() if hasattr(rows, "todense") else rows @ rows.T)
    np.fill_diagonal(far, 0.0)
    return np.clip(far, 0.0, 2.0)


# ---- the tables


def print_curve(results: dict[Setting, list[Scores]], corpora: Sequence[Corpus], lengths: Sequence[int | None]) -> None:
    names = [f"{corpus.name}: {part}" for corpus in corpora for part in ("P", "R", "F")]
    print(f"| sentences | linkage | threshold | {' | '.join(names)} |\n|---:|---|---:|{'---:|' * len(names)}")
    for setting, corpus_scores in results.items():
        if setting.sentences in lengths and round(setting.threshold * 100) % 5 == 0:
            values = " | ".join(f"{value:.3f}" for score in corpus_scores for value in score)
            print(f"| {setting.sentences or 'all'} | {setting.linkage} | {setting.threshold:.2f} | {values} |")


def print_best(results: dict[Setting, list[Scores]], corpora: Sequence[Corpus]) -> None:
    """The best threshold of each linkage and length, for each corpus alone: (F at its threshold)."""
    names = " | ".join(corpus.name for corpus in corpora)
    print(f"| sentences | linkage | {names} |\n|---:|---|{'---|' * len(corpora)}")
    for length, linkage in itertools.product(LENGTHS, LINKAGES):
        mine = [setting for setting in results if setting[:2] == (length, linkage)]
        cells = []
        for number in range(len(corpora)):
            f, threshold = max((results[setting][number].f, setting.threshold) for setting in mine)
            cells.append(f"{f:.3f} at {threshold:.2f}")
        print(f"| {length or 'all'} | {linkage} | {' | '.join(cells)} |")


def print_windows(clusterer: Clusterer, corpora: Sequence[Corpus], setting: Setting) -> None:
    names = " | ".join(f"{corpus.name}: F" for corpus in corpora)
    print(f"| window (days) | {names} |\n|---:|{'---:|' * len(corpora)}")
    for window in WINDOWS:
        values = [corpus.score(clusterer.labels(corpus, setting, window)).f for corpus in corpora]
        print(f"| {window or 'none'} | {' | '.join(f'{value:.3f}' for value in values)} |")


def print_sizes(clusterer: Clusterer, corpus: Corpus, setting: Setting, thresholds: Sequence[float]) -> None:
    """Whether the threshold hangs on how many articles there are, which TF-IDF weights do; means of draws of events."""
    strict = setting._replace(threshold=STRICT)
    columns = ("articles", "best threshold", "F there", f"F at {STRICT}", "F at the chosen one",
               f"unrelated joined at {STRICT}", "at the chosen one")  # fmt: skip
    print(f"| {' | '.join(columns)} |\n|{'---:|' * len(columns)}")
    for share in (40, 20, 10, 6, 4, 2, 1):
        parts = [_some_events(corpus, share, draw) for draw in range(1 if share == 1 else DRAWS)]
        tries = [(_mean_f(clusterer, parts, setting._replace(threshold=each)), each) for each in thresholds]
        values = [max(tries)[0], _mean_f(clusterer, parts, strict), _mean_f(clusterer, parts, setting)]
        alone = [_joined(clusterer, parts, each) for each in (strict, setting)]
        cells = [f"{sum(len(part.rows) for part in parts) / len(parts):.0f}", f"{max(tries)[1]:.2f}"]
        cells += [*(f"{value:.3f}" for value in values), *(f"{share:.0%}" for share in alone)]
        print(f"| {' | '.join(cells)} |")


def _some_events(corpus: Corpus, share: int, draw: int) -> Corpus:
    events = sorted(set(corpus.true.tolist()))
    random.Random(SEED + draw).shuffle(events)
    return _part(corpus, np.flatnonzero(np.isin(corpus.true, events[: len(events) // share])))


def _part(corpus: Corpus, keep: np.ndarray) -> Corpus:
    return Corpus(corpus.name, [corpus.rows[i] for i in keep], corpus.days[keep], corpus.true[keep])


def _mean_f(clusterer: Clusterer, parts: Sequence[Corpus], setting: Setting) -> float:
    return float(np.mean([part.score(clusterer.labels(part, setting)).f for part in parts]))


def _joined(clusterer: Clusterer, parts: Sequence[Corpus], setting: Setting) -> float:
    """Share of articles in clusters where there is one article of each event, all of one day: each is a mistake."""
    shares = []
    for part in parts:
        lone = _part(part, np.unique(part.true, return_index=True)[1])
        labels = clusterer.labels(lone, setting, None)
        shares.append(float((np.bincount(labels)[labels] > 1).mean()))
    return float(np.mean(shares))


def print_choices(
    clusterer: Clusterer,
    results: dict[Setting, list[Scores]],
    parts: Sequence[Corpus],
    holdout: Corpus,
    thresholds: Sequence[float],
) -> None:
    """What each language alone would have chosen, and what that is worth in both."""
    both = choose(results, thresholds)
    alone = [choose({each: [scores[at]] for each, scores in results.items()}, thresholds) for at in range(len(parts))]
    choices = [("both", both), *((part.name, setting) for part, setting in zip(parts, alone, strict=True))]
    if clusterer.embedder == Settings.embedder:
        choices.append(("`synth cluster` as it is", as_it_is(parts[0])))
    print(f"| chosen on | setting | {parts[0].name}: P | R | F | {holdout.name}: P | R | F |\n|---|---|{'---:|' * 6}")
    for name, setting in choices:
        language_scores = [corpus.score(clusterer.labels(corpus, setting)) for corpus in (parts[0], holdout)]
        print(f"| {name} | {setting} | {' | '.join(f'{value:.3f}' for score in language_scores for value in score)} |")


def as_it_is(corpus: Corpus) -> Setting:
    """What `synth cluster` takes for such an archive without options."""
    now = Settings().with_threshold(len(corpus.rows))
    return Setting(now.sentences, now.linkage, now.threshold or 0.0)


def print_report(corpus: Corpus, rows: Iterator[tuple[str, Labels]]) -> None:
    for name, labels in rows:
        precision, recall, f = corpus.score(labels)
        low, high = event_peers.interval(corpus, labels)
        mutual = nmi(labels[corpus.scored_rows], corpus.true[corpus.scored_rows])
        print(
            f"| {corpus.name} ({len(corpus.scored_rows)}) | {name} | {precision:.3f} | {recall:.3f} | {f:.3f} "
            f"({low:.3f}-{high:.3f}) | {mutual:.3f} |"
        )


def ours(clusterer: Clusterer, corpus: Corpus, setting: Setting) -> Iterator[tuple[str, Labels]]:
    today = as_it_is(corpus)
    if clusterer.embedder == Settings.embedder:
        wide = f"window {Settings.window:g}"
        yield f"`synth cluster`: {today}, {wide}", clusterer.labels(corpus, today, Settings.window)
    wide = f"window {clusterer.window:g}" if clusterer.window else "no window"
    yield f"chosen elsewhere: {setting}, {wide}", clusterer.labels(corpus, setting)
    alone = clusterer.labels(corpus, setting, None)
    yield f"chosen elsewhere: {setting}, no window", alone
    peer_labels = peer(clusterer, corpus, setting)
    same = (
        len(set(zip(alone.tolist(), peer_labels.tolist(), strict=True)))
        == len(set(alone.tolist()))
        == len(set(peer_labels))
    )
    yield f"scikit-learn on our vectors, no window: {'the same' if same else 'ANOTHER'} partition", peer_labels


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--embedder", default=Settings.embedder, help="news, tfidf, use or st:MODEL")
    parser.add_argument("--all", action="store_true", help="the tables by length, threshold, window and size as well")
    parser.add_argument("--ecb", type=Path, help="folder of ECB_*_corpus.txt, read only")
    parser.add_argument("--clusters", type=Path, nargs="*", default=[], help="JSON lines of clusters, read only")
    parser.add_argument("--window", type=float, default=3.0, help="days; 0: none (3)")
    parser.add_argument("--thresholds", default="0.5:0.95", help="first:last cosine distance that is tried, by .01")
    parser.add_argument("--curve", action="store_true", help="print every fifth threshold, not the best ones alone")
    parser.add_argument("--shared", type=Path, default=ROOT / "../shared", help="the folder of real articles")
    parser.add_argument("--pairs", type=Path, help="choose for your own labelled pairs instead; needs --articles")
    parser.add_argument("--articles", type=Path, help="JSON lines of the archive that --pairs names articles of")
    options = parser.parse_args()
    if bool(options.pairs) != bool(options.articles):
        parser.error("--pairs and --articles go together")
    if not options.pairs and not (options.shared / "data").is_dir():
        print(f"no data: {options.shared}/data is not there; give --shared", file=sys.stderr)
        return
    first, last = (round(float(part) * 100) for part in options.thresholds.split(":"))
    thresholds = [number / 100 for number in range(first, last + 1)]
    clusterer = Clusterer(options.embedder, options.window or None)
    try:
        if options.pairs:
            recommend(clusterer, thresholds, labelled_corpus("pairs", options.articles, options.pairs), options.curve)
        else:
            held = [document_clusters(path) for path in options.clusters]
            print_peers([italian_pairs(options.shared), vietnamese_events(options.shared), *held,
                         *([ecb_plus(options.ecb)] if options.ecb else [])])  # fmt: skip
        if not options.pairs and options.all:
            report(clusterer, thresholds, options.shared, options.curve)
    except NewsmillError as error:
        raise SystemExit(f"bench_events: {error}") from error


def print_peers(corpora: Sequence[Corpus]) -> None:
    """One table: each way on each set; then thresholds that were chosen on other events of the set."""
    print("| set (articles) | way | P | R | F (95 %) |\n|---|---|---:|---:|---:|", flush=True)
    for corpus in corpora:
        for name, labels in event_peers.ways(corpus):
            precision, recall, f = corpus.score(labels)
            low, high = event_peers.interval(corpus, labels)
            row = f"{precision:.3f} | {recall:.3f} | {f:.3f} ({low:.3f}-{high:.3f})"
            print(f"| {corpus.name} ({len(corpus.rows)}) | {name} | {row} |", flush=True)
    print("\n| set | embedder, linkage | F, threshold cross-validated over events |\n|---|---|---:|", flush=True)
    for corpus in corpora:
        for embedder, linkage in (("news", "average"), ("news", "complete"), ("tfidf", "average")):
            if corpus.gold is not None:
                f = event_peers.cross_validated(corpus, embedder, linkage).f
                print(f"| {corpus.name} | {embedder}, {linkage} | {f:.3f} |", flush=True)


def recommend(clusterer: Clusterer, thresholds: list[float], corpus: Corpus, curve: bool) -> None:
    """The setting for pairs of the user's own."""
    results = sweep(clusterer, [corpus], thresholds)
    setting = choose(results, thresholds)
    print(f"Embedder {clusterer.embedder}, {len(corpus.pairs)} pairs within {len(corpus.rows)} articles.\n")
    print_best(results, [corpus])
    if curve:
        print()
        print_curve(results, [corpus], sorted({None, setting.sentences}, key=str))
    print(f"\nChosen: {setting}.\n")
    print_windows(clusterer, [corpus], setting)


def report(clusterer: Clusterer, thresholds: list[float], shared: Path, curve: bool) -> None:
    italian, whole = italian_pairs(shared), vietnamese_events(shared)
    tuning, holdout = halves(whole)
    results = sweep(clusterer, [italian, tuning], thresholds)
    setting = choose(results, thresholds)
    print(f"Embedder {clusterer.embedder}, {len(italian.pairs)} Italian pairs within {len(italian.rows)} articles.\n")
    print_best(results, [italian, tuning])
    if curve:
        print()
        print_curve(results, [italian, tuning], sorted({None, setting.sentences}, key=str))
    print(f"\nChosen: {setting}.\n")
    print_choices(clusterer, results, [italian, tuning], holdout, thresholds)
    print()
    print_windows(clusterer, [italian, tuning], setting)
    print()
    print_sizes(clusterer, whole, setting, thresholds)
    print("\n| corpus (articles) | partition | BCubed P | R | F (95 %) | NMI |\n|---|---|---:|---:|---:|---:|")
    for corpus in (holdout, whole):
        print_report(corpus, itertools.chain(ours(clusterer, corpus, setting), floor(corpus, thresholds)))


if __name__ == "__main__":
    main()
