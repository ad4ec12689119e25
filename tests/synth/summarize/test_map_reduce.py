"""Divide and conquer: whatever the texts, the window and the way of counting, each call fits and nothing is lost."""

from __future__ import annotations

import asyncio
import functools
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from crawler.items import NewsmillError
from synth.llm.token_counters import by_bytes, estimate, of_messages
from synth.prompts import load_prompt
from synth.summarize.map_reduce import (
    ContextWindow,
    SummaryPrompts,
    Text,
    best_cut,
    divide,
    halves,
    part_answer,
    shortened,
    summarise,
)

START = datetime(2026, 5, 1, 8, tzinfo=UTC)
BARE = {"title": "", "content": "", "link": "", "source_site": "Ansa", "date": START, "part": 9999, "parts": 9999}
LANGUAGES = ("it", "vi", "en", "es", "fr", "de", "nl")


def every_third(text: str) -> int:
    return (len(text) + 2) // 3


def by_words(text: str) -> int:
    return len(re.findall(r"\w+|\S", text))


@functools.cache
def bpe() -> Callable[[str], int]:
    """A byte-level BPE of 600 tokens: adding letters may lower its count."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=600, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(["Il ponte sul Po riapre dopo i lavori. Cây cầu mở lại sau khi sửa."] * 9, trainer)
    # Each event is summarised twice.
    return functools.lru_cache(10_000)(lambda text: len(tokenizer.encode(text, add_special_tokens=False)))


COUNTERS: dict[str, Callable[[], Callable[[str], int]]] = {
    "bytes": lambda: by_bytes, "estimate": lambda: estimate, "thirds": lambda: every_third, "words": lambda: by_words,
    "bpe": bpe,
}  # fmt: skip

LETTERS = "abcdeàèỉữ"
WORDS = ["Roma", "Hà Nội", "1.200", "😀", "橋が開通した", "x" * 90]


def a_sentence(chance: random.Random) -> str:
    words = [
        chance.choice(WORDS) if chance.random() < 0.5 else "".join(chance.choices(LETTERS, k=chance.randint(1, 9)))
        for _ in range(min(chance.randint(1, 15), chance.randint(1, 15)))
    ]
    return " ".join(words).capitalize() + "."


def a_body(lengths: list[int], seed: int) -> str:
    """Paragraphs of so many sentences each."""
    chance = random.Random(seed)
    return "\n\n".join(" ".join(a_sentence(chance) for _ in range(length)) for length in lengths)


# The words come of a seed: drawn one by one they take most of the test's time, and tell nothing where it fails.
seed = st.integers(0, 2**32)
sentence = seed.map(lambda number: a_sentence(random.Random(number)))
body = st.builds(a_body, st.lists(st.integers(1, 6), min_size=1, max_size=8), seed)


@st.composite
def events(draw: st.DrawFn) -> list[dict[str, Any]]:
    contents = draw(st.lists(body, min_size=2, max_size=12))
    rows = []
    for number, content in enumerate(contents):
        # Each paragraph is told by a mark of its own, so that it can be looked for.
        marked = "\n\n".join(f"§{number}.{place}§ {part}" for place, part in enumerate(content.split("\n\n")))
        rows.append({
            "title": draw(sentence), "content": marked, "link": f"https://x/{number}", "source_site": "Ansa",
            "date": START + timedelta(hours=draw(st.integers(0, 200))) if draw(st.booleans()) else None,
        })  # fmt: skip
    return rows


class Model:
    """Answers with its question's marks, at any length; keeps what it was asked."""

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.asked: list[tuple[list[dict[str, str]], int, str]] = []

    async def ask(self, messages: list[dict[str, str]], max_tokens: int, kind: str) -> str:
        self.asked.append((messages, max_tokens, kind))
        return self.answer


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    sources=events(), name=st.sampled_from(sorted(COUNTERS)), language=st.sampled_from(LANGUAGES),
    room=st.integers(0, 1500), answer=st.integers(20, 400), told=body, limit=st.sampled_from([None, 1, 5]),
)  # fmt: skip
def test_every_call_fits_and_every_paragraph_is_read_once(
    sources: list[dict[str, Any]], name: str, language: str, room: int, answer: int, told: str, limit: int | None
) -> None:
    count = COUNTERS[name]()
    prompts = SummaryPrompts(load_prompt("news_summary").in_language(language), language, limit)
    # From twice what the request alone takes, a context is never too small.
    context = 2 * of_messages(prompts.part([BARE], 9999), count) + answer + 100 + room
    window = ContextWindow(context, answer, count)
    model = Model(told)
    assert asyncio.run(summarise(sources, prompts, window, model.ask)) == told
    event("in one call" if len(model.asked) == 1 else "divided")
    for messages, max_tokens, _ in model.asked:
        assert of_messages(messages, count) + max_tokens <= context
    read = [messages[-1]["content"] for messages, _, kind in model.asked if kind in ("whole", "part")]
    for source in sources:
        for paragraph in source["content"].split("\n\n"):
            whole = [text for text in read if paragraph in text]
            if whole:
                assert (len(whole), whole[0].count(paragraph)) == (1, 1)
            else:
                # Larger than a call of its own: only then it was cut, and every letter of it was read.
                _is_in_pieces(paragraph, read)
    again = Model(told)
    asyncio.run(summarise(sources, prompts, window, again.ask))
    assert again.asked == model.asked
    assert [kind for *_, kind in model.asked if kind in ("whole", "final")] in (["whole"], ["final"])


def _is_in_pieces(paragraph: str, read: list[str]) -> None:
    flat = "".join("".join(text.split()) for text in read)
    rest, place = "".join(paragraph.split()), 0
    mark = rest[: rest.index("§", 1) + 1] if len(rest) > 1 and "§" in rest[1:] else rest[:1]
    assert flat.count(mark) <= 1 or len(mark) < 4
    while place < len(rest):
        size = next((n for n in (len(rest) - place, 64, 16, 4, 1) if rest[place : place + n] in flat), 0)
        assert size, f"{rest[place : place + 20]!r} was never read"
        place += size


def prompts(language: str = "it") -> SummaryPrompts:
    return SummaryPrompts(load_prompt("news_summary").in_language(language), language)


def article(text: str, day: float = 0, number: int = 0) -> dict[str, Any]:
    return {"title": f"Titolo {number}", "content": text, "link": f"https://x/{number}", "source_site": "Open",
            "date": START + timedelta(days=day)}  # fmt: skip


def test_what_fits_is_one_call() -> None:
    model = Model("ok")
    sources = [article("Uno."), article("Due.", number=1)]
    asyncio.run(summarise(sources, prompts(), ContextWindow(1000, 100, by_bytes), model.ask))
    assert [(tokens, kind) for _, tokens, kind in model.asked] == [(100, "whole")]
    assert model.asked[0][0] == prompts().whole(sources)


def test_a_large_event_is_a_tree() -> None:
    model = Model("Una frase di riassunto che dice poco.")
    sources = [article(f"Paragrafo {n}. " * 60, n, n) for n in range(12)]
    window = ContextWindow(3000, 300, by_bytes)
    asyncio.run(summarise(sources, prompts(), window, model.ask))
    kinds = [kind for *_, kind in model.asked]
    assert kinds.count("part") >= 4
    assert kinds[-1] == "final"
    # Nearly as few calls as the texts need: none is left half empty without a reason.
    parts = divide(sources, prompts(), window)
    sizes = [of_messages(prompts().part(part, 90), by_bytes) for part in parts]
    assert sum(sizes) / len(sizes) > 1500
    # Parts are contiguous in time.
    assert [source["link"] for part in parts for source in part] == [source["link"] for source in sources]


def test_summaries_are_summarised_again_where_they_are_too_many() -> None:
    model = Model("Riassunto di una parte. " * 12)
    sources = [article(f"Paragrafo {n}. " * 90, n, n) for n in range(40)]
    asyncio.run(summarise(sources, prompts(), ContextWindow(3000, 300, by_bytes), model.ask))
    kinds = [kind for *_, kind in model.asked]
    assert kinds.count("combine") >= 3
    assert kinds.count("final") == 1


def test_a_cut_lies_between_unlike_articles_and_days() -> None:
    quake = "La scossa di terremoto nel Maceratese ha lesionato case e scuole."
    trial = "Il processo per il crollo comincia davanti al tribunale con trenta imputati."
    rows = [
        article(text, day, n)
        for n, (text, day) in enumerate([(quake, 0), (quake, 0), (quake, 0), (trial, 0), (trial, 0)])
    ]
    assert best_cut(rows, 0.5) == 3
    later = [article(quake, day, n) for n, day in enumerate([0, 0, 0, 9, 9])]
    assert best_cut(later, 0.5) == 3


def test_an_article_longer_than_the_window_is_cut_between_paragraphs() -> None:
    text = "\n\n".join(f"Paragrafo numero {n}, " + "con molte parole. " * 12 for n in range(20))
    parts = divide([article(text.strip()), article("Breve.", 1, 1)], prompts(), ContextWindow(2500, 300, by_bytes))
    pieces = [source for part in parts for source in part if source["link"] == "https://x/0"]
    assert "\n\n".join(piece["content"] for piece in pieces) == text.strip()
    assert [piece["part"] for piece in pieces] == list(range(1, len(pieces) + 1))
    assert {piece["parts"] for piece in pieces} == {len(pieces)}
    # Named so in the prompt.
    assert f"parte 2 di {len(pieces)}" in str([prompts().part(part, 50) for part in parts])


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("Uno.\n\nDue.\n\nTre.", ("Uno.", "Due.\n\nTre.")),
        ("Uno due tre. Quattro cinque sei.", ("Uno due tre.", "Quattro cinque sei.")),
        ("uno due tre sei", ("uno due", "tre sei")),
        ("橋が開通した", ("橋が開", "通した")),
        ("ab", ("a", "b")),
    ],
)
def test_texts_are_cut_where_it_hurts_least(text: str, cut: tuple[str, str]) -> None:
    assert halves(text) == cut


def test_a_letter_cannot_be_cut() -> None:
    with pytest.raises(NewsmillError, match="raise --context"):
        halves("a")


def test_a_headline_that_would_fill_the_window_is_cut() -> None:
    rows = [article("Testo. " * 50, n, n) | {"title": "parola " * 400} for n in range(3)]
    window = ContextWindow(1500, 100, by_bytes)
    parts = divide(rows, prompts(), window)
    assert all(window.holds(prompts().part(part, 60), part_answer(prompts(), window)) for part in parts)
    assert len(parts) >= 3


def test_models_that_write_more_than_they_may_are_cut_short() -> None:
    model = Model("Questa frase è lunga. " * 500)
    sources = [article(f"Paragrafo {n}. " * 60, n, n) for n in range(6)]
    asyncio.run(summarise(sources, prompts(), ContextWindow(3000, 300, by_bytes), model.ask))
    last = model.asked[-1][0][-1]["content"]
    assert last.count("Riassunto ") == 2
    assert last.rpartition("\n</quote-")[0].endswith("lunga.")


def test_a_context_too_small_says_what_is_needed() -> None:
    with pytest.raises(NewsmillError, match=r"--context \d+ is the least, or lower --max-new-tokens"):
        asyncio.run(summarise([article("Parola. " * 400)], prompts(), ContextWindow(900, 800, by_bytes), Model("").ask))


def test_shortened_texts_end_where_a_sentence_does() -> None:
    assert shortened("Uno due. Tre quattro.", 12, by_bytes) == "Uno due."
    assert shortened("unoduetrequattro", 5, by_bytes) == "unodu"
    assert shortened("uno due tre", 9, by_bytes) == "uno due"
    assert shortened("breve", 9, by_bytes) == "breve"
    assert shortened("è", 1, by_bytes) == ""


def test_summaries_carry_their_days() -> None:
    sources = [article("Parola. " * 300, n, n) for n in range(4)]
    model = Model("Riassunto.")
    asyncio.run(summarise(sources, prompts(), ContextWindow(2800, 200, by_bytes), model.ask))
    last = model.asked[-1][0][-1]["content"]
    assert "(1º maggio 2026" in last
    assert "4 maggio 2026)" in last
    assert prompts().combine([Text("x")])[-1]["content"].rpartition("\n</quote-")[0].endswith("Riassunto 1:\nx")


def test_a_failure_ends_the_other_calls() -> None:
    begun: list[str] = []

    async def ask(messages: list[dict[str, str]], max_tokens: int, kind: str) -> str:
        begun.append(kind)
        if len(begun) == 1:
            raise ValueError("no")
        await asyncio.sleep(60)
        return ""

    sources = [article("Parola. " * 300, n, n) for n in range(4)]
    with pytest.raises(ValueError, match="no"):
        asyncio.run(summarise(sources, prompts(), ContextWindow(2800, 200, by_bytes), ask))
    assert set(begun) == {"part"}
