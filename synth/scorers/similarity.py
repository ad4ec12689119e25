"""How near an answer is to each of its sources, whatever their length.

A text's vector is the sum of its sentences' vectors. An answer is compared with every passage of a source (sentences in
a row, PASSAGE words at least, up to the whole), and its nearest passage counts. So what a source says besides cannot
lower the score: the passages it had are still there. Each sentence is read once, and whole, by models too that read
only the beginning of a text.

That is the measure `cosine`. `angular` is that of the Milan group's data set of Italian news (a
filter at .7): whole texts, 1 - arccos(cosine) / pi, so that .7 is a cosine of .588.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from synth.language.segmentation import sentences
from synth.samples.field import Field, Heading
from synth.scorers import Batch, Options, Scorer, Scores

if TYPE_CHECKING:
    import numpy as np

    from synth.embed import Embedder

FIELDS = (
    Field("similarity", "float64", "the answer to each source, by `similarity_measure`", many=True, unit="-1 to 1",
          card="merged"),
    Field("min_similarity", "float64", "smallest of `similarity`", unit="-1 to 1", card="merged", distribution=1,
          table=Heading(80, "min")),
    Field("mean_similarity", "float64", "mean of `similarity`", unit="-1 to 1", card="merged", distribution=2),
    Field("similarity_std", "float64", "standard deviation of `similarity`", unit="0 to 1", card="hidden"),
    Field("similarity_embedder", "string", "what measured it", card="merged"),
    Field("similarity_measure", "string", "how: cosine of the nearest passage (where it lacks, too), or angular of "
          "whole texts", values=("cosine", "angular"), optional=True, card="hidden"),
)  # fmt: skip
MEASURES = ("cosine", "angular")
#: Words of the shortest passage: of fewer, one is soon found that happens to share a few with any answer.
PASSAGE = 40
#: Words of a sentence that is read alone; shorter ones join the next, longer ones are cut. The smallest usual sentence
#: encoders read 128 tokens, some 90 words of news.
SHORTEST, LONGEST = 8, 80
#: Segments of one text at most: passages are as many as pairs of them.
_SEGMENTS = 1000


class _Text(NamedTuple):
    """A text's segments, their rows in the matrix of all, and their words."""

    segments: list[str]
    rows: list[int]
    words: list[int]


def similarities(answer: str, sources: Sequence[str], embedder: Embedder) -> list[float]:
    """Cosine of the answer to the nearest passage of each source, in [-1, 1]; [] without sources.

    An empty text is near nothing: 0. Texts of one sentence are compared as they are. With `tfidf` the weights are those
    the embedder was fitted on; an embedder that was not is fitted on these texts.
    """
    return batch_similarities([(answer, sources)], embedder)[0]


def batch_similarities(pairs: Sequence[tuple[str, Sequence[str]]], embedder: Embedder) -> list[list[float]]:
    """The similarities of many answers; each sentence is read once, and all in one call of the embedder.

    Where rows are sparse (words, not meanings) the passages found are read once more as they stand: in the sum of
    sentences a word that each of them has counts for more than in the text.
    """
    texts = dict.fromkeys(text for answer, sources in pairs if sources for text in (answer, *sources))
    if not texts:
        return [[] for _ in pairs]
    rows, split = _encode(texts, embedder)
    matches = [[_nearest(rows, split[answer], split[source]) for source in sources] for answer, sources in pairs]
    if not hasattr(rows, "tocsr"):
        return [[_bounded(value) for value, _ in each] for each in matches]
    answers = dict.fromkeys(answer for answer, _ in pairs)
    passages = dict.fromkeys(passage for each in matches for _, passage in each) | answers
    row_of = {text: row for row, text in enumerate(passages)}
    rows = embedder.encode(list(passages))
    left = [row_of[passage] for each in matches for _, passage in each]
    right = [row_of[answer] for (answer, _), each in zip(pairs, matches, strict=True) for _ in each]
    cosines = iter(rows[left].multiply(rows[right]).sum(axis=1).ravel().tolist()[0] if left else ())
    return [[_bounded(next(cosines)) for _ in each] for each in matches]


def angular_similarities(pairs: Sequence[tuple[str, Sequence[str]]], embedder: Embedder) -> list[list[float]]:
    """1 - arccos(cosine) / pi of each whole answer to each whole source: 0 opposite, 0.5 unrelated, 1 the same.

    An empty text is near nothing: 0.5. Each text is read once.
    """
    import numpy as np

    row_of: dict[str, int] = {}
    for text in dict.fromkeys(text for answer, sources in pairs if sources for text in (answer, *sources)):
        row_of[text] = len(row_of)
    rows = embedder.encode(list(row_of))
    # The row of a text and of itself make no 1 in float32.
    return [
        [
            1.0 if source == answer and source.strip()
            else round(float(1 - np.arccos(_bounded(rows[row_of[source]] @ rows[row_of[answer]].T)) / np.pi), 6)
            for source in sources
        ]
        for answer, sources in pairs
    ]  # fmt: skip


def _encode(texts: Iterable[str], embedder: Embedder) -> tuple[Any, dict[str, _Text]]:
    segments_of = {text: segments(text) for text in texts}
    distinct = dict.fromkeys(part for parts in segments_of.values() for part in parts)
    row_of = {part: row for row, part in enumerate(distinct)}
    split = {
        text: _Text(parts, [row_of[part] for part in parts], [_length(part) for part in parts])
        for text, parts in segments_of.items()
    }
    return embedder.encode(list(distinct)), split


def _bounded(value: Any) -> float:
    value = value.toarray()[0, 0] if hasattr(value, "toarray") else value
    return round(min(1.0, max(-1.0, float(value))), 6)


def segments(text: str) -> list[str]:
    """The text in whole sentences of SHORTEST to LONGEST words, as far as there are; never none."""
    total = _length(text)
    if total <= SHORTEST:
        return [text]
    enough = max(SHORTEST, -(-2 * total // _SEGMENTS))
    result: list[str] = []
    length = enough
    for sentence in _short_enough(sentences(text), max(LONGEST, enough)):
        if length >= enough:
            result.append(sentence)
            length = 0
        else:
            result[-1] += " " + sentence
        length += _length(sentence)
    return result


def _short_enough(texts: Sequence[str], words: int) -> list[str]:
    parts = [text.split() for text in texts]
    return [" ".join(part[at : at + words]) for part in parts for at in range(0, len(part), words)]


def _length(text: str) -> int:
    return len(text.split())


def _nearest(rows: Any, answer: _Text, source: _Text) -> tuple[float, str]:
    """The largest cosine of the sum of the answer's rows to the sum of a passage's, and that passage."""
    import numpy as np

    products, size = _products(rows, source, answer), len(source.rows)
    within_source, within_answer, between = products[:size, :size], products[size:, size:], products[:size, size:]
    length = np.sqrt(max(0.0, float(within_answer.sum())))
    lengths = np.sqrt(np.maximum(_passages(within_source), 0.0))
    dots, words = _sums(between.sum(axis=1)), _sums(np.array(source.words, dtype=np.float64))
    cosines = np.where(lengths > 1e-9, dots / np.maximum(lengths * length, 1e-12), 0.0)
    least = min(PASSAGE, sum(source.words), sum(answer.words))
    cosines[(words < least) | (words <= 0)] = -2.0
    first, after = np.unravel_index(int(cosines.argmax()), cosines.shape)
    return max(-1.0, float(cosines[first, after])) if length > 0 else 0.0, " ".join(source.segments[first:after])


def _sums(values: np.ndarray) -> np.ndarray:
    """[n + 1, n + 1] sums of the values from the first index up to the second."""
    import numpy as np

    whole = np.concatenate([[0.0], np.cumsum(values)])
    return whole[None, :] - whole[:, None]


def _products(rows: Any, left: _Text, right: _Text) -> np.ndarray:
    """[segments of both, segments of both] products, each row weighed by the root of its words.

    Rows are of unit length whatever they hold; the root is how the length of a TF-IDF row grows before that.
    """
    import numpy as np

    both = rows[[*left.rows, *right.rows]]
    product = both @ both.T
    dense = product.toarray() if hasattr(product, "toarray") else np.asarray(product, dtype=np.float64)
    words = [*left.words, *right.words]
    return dense * np.sqrt(np.outer(words, words))


def _passages(products: np.ndarray) -> np.ndarray:
    """[n + 1, n + 1] squared length of the sum of the rows from the first index up to the second."""
    import numpy as np

    corner = np.zeros((len(products) + 1, len(products) + 1))
    corner[1:, 1:] = np.cumsum(np.cumsum(products, axis=0), axis=1)
    whole = corner.diagonal()
    return whole[None, :] + whole[:, None] - corner - corner.T


# ---- what is stored


def _score(batch: Batch) -> list[Scores]:
    from synth.embed import article_text

    rows = zip(batch.samples, batch.sources, strict=True)
    pairs = [(sample["answer"], [article_text(source) for source in sources]) for sample, sources in rows]
    measure, embedder = batch.context.options.get("similarity", "cosine"), batch.context.embedder
    measured = angular_similarities if measure == "angular" else batch_similarities
    return [similarity_fields(values, embedder.name, measure) for values in measured(pairs, embedder)]


def similarity_fields(values: list[float], embedder: str, measure: str = "cosine") -> Scores:
    """`similarity_std` is the population's, 0 for one source."""
    return {
        "similarity": values,
        "min_similarity": min(values, default=None),
        "mean_similarity": round(statistics.fmean(values), 6) if values else None,
        "similarity_std": round(statistics.pstdev(values), 6) if values else None,
        "similarity_embedder": embedder,
        "similarity_measure": measure,
    }


def name_of_similarity(sample: Mapping[str, Any]) -> str:
    """What measured a sample's similarity, and how where it was not by cosines: `use, angular`; "" for none."""
    embedder = str(sample.get("similarity_embedder") or "")
    return f"{embedder}, angular" if embedder and sample.get("similarity_measure") == "angular" else embedder


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--similarity", choices=MEASURES, default="cosine",
        help="cosine of the nearest passage, or angular: of whole texts, 1 - arccos(cosine) / pi, as in the Milan "
        "group's data (cosine)",
    )  # fmt: skip


def _settings(options: Options) -> dict[str, tuple[str | None, ...]]:
    """Samples of an older version do not say how they were measured; it was by cosines."""
    measure = options.get("similarity", "cosine")
    measures = (measure, None) if measure == "cosine" else (measure,)
    return {"similarity_embedder": (options.get("embedder", "tfidf"),), "similarity_measure": measures}


SCORER = Scorer(
    FIELDS, _score, add_arguments=_add_arguments, optional=frozenset({"similarity_measure"}), version=3,
    settings=_settings,
)  # fmt: skip
