"""How well form alone tells a newspaper's text from a machine's (or from a summary), before and after `train blind`.

A classifier sees what no reader reads: lengths, kinds of punctuation and quotation marks, digits, capitals, line ends,
markup, how a text begins and ends. It is trained and tested on different events (cross-validation by event). AUC .5:
form tells nothing. Rules were chosen by figures of the even events, and by reading some sixty texts of all; what is
reported are the odd ones.

    python benchmarks/train/bench_blind_forms.py SHARED/data
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from train.blind.texts.forms import neutral, paragraphs
from train.blind.texts.lengths import equal

MOST_WORDS = 150
SIGNS = tuple(",.;:!?-–—…\"“”«»'’()[]%/€&+=*#`_<>|•@©\xa0")
#: (language, a text of the first kind, one of the second) of an event.
Pair = tuple[str, str, str]


def lines_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


def italian(folder: Path, generator: random.Random) -> Iterator[Pair]:
    """An article behind each sample, and the sample: what Mixtral 8x7B wrote."""
    articles = lines_of(folder / "it_news_2024/articles.jsonl")
    for sample in lines_of(folder / "it_news_2024/reference_samples.jsonl"):
        texts = [str(articles[number]["content"] or "") for number in sample["sources"]]  # type: ignore[attr-defined]
        if long := [text for text in texts if len(text.split()) >= 40]:
            yield "it", generator.choice(long), str(sample["answer"])


def vietnamese(folder: Path, generator: random.Random) -> Iterator[Pair]:
    """An article of each event, and a summary of it by a person."""
    by_event: dict[object, list[str]] = {}
    for row in lines_of(folder / "vi_vnmds/docs.jsonl"):
        by_event.setdefault(row["cluster"], []).append(str(row["text"]))
    for row in lines_of(folder / "vi_vnmds/refs.jsonl"):
        if long := [text for text in by_event.get(row["cluster"], []) if len(text.split()) >= 40]:
            yield "vi", generator.choice(long), str(row["ref1"])


def two_articles(folder: Path, generator: random.Random) -> Iterator[Pair]:
    """Two articles of one event, in random order: nothing can tell them, which is the zero of this scale."""
    by_event: dict[object, list[str]] = {}
    for row in lines_of(folder / "vi_vnmds/docs.jsonl"):
        if len(str(row["text"]).split()) >= 40:
            by_event.setdefault(row["cluster"], []).append(str(row["text"]))
    for texts in by_event.values():
        if len(texts) > 1:
            first, second = generator.sample(texts, 2)
            yield "vi", first, second


def features(text: str) -> list[float]:
    """What a text looks like, without its words."""
    words = text.split() or [""]
    count = len(words)
    sentences = [len(part.split()) for part in re.split(r"(?<=[.!?…])\s+", text) if part.strip()] or [0]
    rates = [100 * text.count(sign) / count for sign in SIGNS]
    return [
        count, sum(map(len, words)) / count, len(sentences), float(np.mean(sentences)), float(np.std(sentences)),
        text.count("\n"), len(re.findall(r"\n\s*\n", text)), len(re.findall(r"[^\S\n]{2,}", text)),
        float(text != text.strip()), 100 * sum(map(str.isdigit, text)) / count,
        100 * sum(word.isupper() and len(word) > 1 for word in words) / count,
        100 * sum(word[:1].isupper() for word in words) / count,
        float(bool(re.search(r"[.!?][\"'”’»)]*\s*$", text))), float(text.lstrip()[:1] in "(-“\"'#*"),
        float("\r" in text or "\t" in text), *rates,
    ]  # fmt: skip


NAMES = (
    "words", "letters a word", "sentences", "words a sentence", "spread of sentences", "line ends", "blank lines",
    "runs of blanks", "blanks around", "digits", "words in capitals", "words with a capital", "ends a sentence",
    "begins with a sign", "returns, tabs", *(f"sign {sign!r}" for sign in SIGNS),
)  # fmt: skip


def form(pair: Pair) -> list[str]:
    return [neutral(text, pair[0]) for text in pair[1:]]


def sheet(pair: Pair) -> list[str]:
    return [paragraphs(text, pair[0]) for text in equal(form(pair), pair[0], MOST_WORDS)]


WAYS: dict[str, Callable[[Pair], list[str]]] = {
    "as written": lambda pair: list(pair[1:]),
    "length alone": lambda pair: equal(pair[1:], pair[0], MOST_WORDS),
    "form alone": form,
    "as on the sheet": sheet,
}


def scores(pairs: Sequence[Sequence[str]], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(probability that each text is of the second kind, by a model that has not seen its event; coefficients)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    table = np.array([features(text) for pair in pairs for text in pair])
    kinds = np.tile([0, 1], len(pairs))
    events = np.repeat(np.arange(len(pairs)), 2)
    chances = np.zeros(len(kinds))
    folds = GroupKFold(10, shuffle=True, random_state=seed)
    for train, test in folds.split(table, kinds, events):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))
        chances[test] = model.fit(table[train], kinds[train]).predict_proba(table[test])[:, 1]
    whole = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000)).fit(table, kinds)
    return chances.reshape(-1, 2), whole[-1].coef_[0]


def area(chances: np.ndarray) -> float:
    """AUC: how often a text of the second kind is taken for such rather than one of the first."""
    difference = chances[:, None, 1] - chances[None, :, 0]
    return float((difference > 0).mean() + (difference == 0).mean() / 2)


def interval(chances: np.ndarray, draws: int = 1000) -> tuple[float, float]:
    """95 % of the AUC, events drawn with replacement."""
    generator = np.random.default_rng(0)
    drawn = [area(chances[generator.integers(0, len(chances), len(chances))]) for _ in range(draws)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--half", type=int, default=1, choices=(0, 1), help="even (0) or odd (1) events")
    options = parser.parse_args()
    table = Table("texts", "events", "way", "AUC", "95 %", "right", "what tells most")
    sets = {
        "Italian articles, Mixtral's samples": italian,
        "Vietnamese articles, summaries": vietnamese,
        "two articles of one event": two_articles,
    }
    for name, read in sets.items():
        pairs = list(read(options.data, random.Random(0)))[options.half :: 2]
        for way, give in WAYS.items():
            chances, weights = scores([give(pair) for pair in pairs], 0)
            low, high = interval(chances)
            strongest = np.argsort(-np.abs(weights))[:3]
            tells = ", ".join(f"{NAMES[place]} {weights[place]:+.1f}" for place in strongest)
            right = ((chances > 0.5) == [False, True]).mean()
            table.add_row(
                name, str(len(pairs)), way, f"{area(chances):.2f}", f"{low:.2f} to {high:.2f}", f"{right:.0%}", tells
            )
    Console(width=170).print(table)


if __name__ == "__main__":
    main()
