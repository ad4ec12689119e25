"""Counting tokens: never fewer than a tokenizer finds, beside tokenizers that are trained here."""

from __future__ import annotations

import hashlib
from pathlib import Path
from pydoc_data.topics import topics
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.items import NewsmillError
from synth.llm.token_counters import CHAT, MESSAGE, by_bytes, counter, estimate, name_of, of_messages

tokenizers = pytest.importorskip("tokenizers")


def trained(texts: list[str], size: int, **options: Any) -> Any:
    """A byte-level BPE as GPT-2, Llama 3 and Qwen have."""
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False, **options)
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


@pytest.fixture(scope="module")
def texts(sample_records: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Our articles, and the English prose that comes with Python."""
    prose = [part for topic in sorted(topics) for part in topics[topic].split("\n\n")]
    found: dict[str, list[str]] = {"en": prose}
    for row in sample_records:
        found.setdefault(row["language"], []).append(f"{row['title']}\n\n{row['content']}")
    return found


@pytest.fixture(scope="module", params=["en", "all"])
def tokenizer(request: pytest.FixtureRequest, texts: dict[str, list[str]]) -> Any:
    """One that never saw Italian or Vietnamese, and one that saw all three."""
    return trained([text for name in texts if request.param in (name, "all") for text in texts[name]], 16000)


def count_of(tokenizer: Any, text: str) -> int:
    return len(tokenizer.encode(text, add_special_tokens=False))


def test_news_cost_no_more_than_estimated(tokenizer: Any, texts: dict[str, list[str]]) -> None:
    for name in ("it", "vi"):
        for text in texts[name]:
            assert count_of(tokenizer, text) <= estimate(text) <= by_bytes(text)
    for text in texts["en"]:
        assert count_of(tokenizer, text) <= estimate(text) + 2


def test_the_estimate_is_not_wild(texts: dict[str, list[str]]) -> None:
    known = trained([text for some in texts.values() for text in some], 16000)
    for language, most in (("it", 3.0), ("vi", 4.2), ("en", 3.0)):
        true = sum(count_of(known, text) for text in texts[language])
        assert sum(map(estimate, texts[language])) < most * true


SCRIPTS = [
    "😀😃😄 🇮🇹 👩‍👩‍👧", "橋が開通した。中国新闻网", "한국 뉴스", "Привет, мир", "123456789.123,45", "!!!???…«»“”—",
    "x" * 3000, "é" * 500, "e\u0301" * 500, "QWxhZGRpbjpvcGVuIHNlc" * 40, "\x00\x01\t", "\n\n\n\n", "ﷺ",
]  # fmt: skip
HARD = [
    "",
    " ",
    "   spazi   ",
    "aB3" * 500,
    "https://www.ansa.it/2026/05/04/x_82af2452.html",
    "<|endoftext|>",
    "[INST] <s>",
]


@pytest.mark.parametrize("text", SCRIPTS + HARD, ids=range(len(SCRIPTS + HARD)))
def test_no_byte_level_tokenizer_has_more_tokens_than_bytes(tokenizer: Any, text: str) -> None:
    assert count_of(tokenizer, text) <= by_bytes(text)
    if text in SCRIPTS:
        # Other scripts, signs and long runs without spaces are taken by the byte.
        assert count_of(tokenizer, text) <= estimate(text)


@given(st.text(max_size=200))
def test_any_text_is_counted_and_never_above_its_bytes(text: str) -> None:
    assert 0 <= estimate(text) <= by_bytes(text)
    assert bool(text) == bool(estimate(text))


@given(st.text(max_size=60), st.text(max_size=60))
def test_more_text_never_costs_less(one: str, other: str) -> None:
    assert max(estimate(one), estimate(other)) <= estimate(one + other)


def test_half_a_surrogate_is_counted() -> None:
    assert estimate("\ud83d") == by_bytes("\ud83d") == 1


def test_a_models_own_tokenizer(tmp_path: Path, texts: dict[str, list[str]]) -> None:
    known = trained(texts["it"], 3000)
    known.enable_truncation(5)
    known.save(str(tmp_path / "tokenizer.json"))
    known.no_truncation()
    text = texts["it"][0]
    for count in (counter("openai:x", str(tmp_path)), counter("openai:x", str(tmp_path / "tokenizer.json")),
                  counter(f"openai:{tmp_path}")):  # fmt: skip
        # A tokenizer that was saved to cut texts off counts them whole.
        assert count(text) == count_of(known, text) > 5
        assert name_of(count).endswith("tokenizer.json")


def test_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    assert counter("openai:gpt-4o-mini") is estimate
    assert counter("openai:llama3:8b") is counter("extractive") is counter("x", "estimate") is estimate
    assert counter("openai:gpt-4o", "bytes") is by_bytes
    assert (name_of(estimate), name_of(by_bytes), name_of(len)) == ("estimate", "bytes", "custom")


@pytest.mark.parametrize("content", [None, "{}", "no json"])
def test_a_tokenizer_that_cannot_be_read_is_one_line(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(NewsmillError, match="--tokenizer") as caught:
        counter("openai:x", str(tmp_path))
    assert "\n" not in str(caught.value)
    with pytest.raises(NewsmillError, match="no such file or folder"):
        counter("openai:x", "nowhere")


def test_nothing_is_downloaded_for_tiktoken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its file is used where it lies in the cache, and only if the package is there."""
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    with pytest.raises(NewsmillError, match="tiktoken"):
        counter("openai:x", "o200k_base")
    address = "https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken"
    (tmp_path / hashlib.sha1(address.encode()).hexdigest()).write_text("")
    assert callable(counter("openai:gpt-4o"))


def test_messages_cost_what_is_put_around_them() -> None:
    messages = [{"role": "system", "content": "Sì"}, {"role": "user", "content": "Ciao"}]
    assert of_messages(messages, by_bytes) == CHAT + 2 * MESSAGE + 3 + 4
    assert of_messages([], by_bytes) == CHAT
