"""Near copies: found when a text was lightly edited, not invented where texts only share phrases."""

from __future__ import annotations

import random
from typing import Any

from synth.near_duplicates.bottom_k import Copies, likeness, sketch_of


def text(seed: int, length: int = 200) -> list[str]:
    generator = random.Random(seed)
    return [f"parola{generator.randrange(10_000)}" for _ in range(length)]


def test_an_edited_text_is_a_copy_and_another_is_none() -> None:
    copies = Copies()
    original = text(1)
    name = copies.name(" ".join(original))
    assert name
    assert copies.name(" ".join(["AGGIORNAMENTO:", *original[:150], "e", "poi", *original[160:]]).upper()) == name
    assert copies.name(" ".join(text(2))) != name


def test_a_shared_paragraph_makes_no_copy() -> None:
    copies = Copies()
    background = text(0, 60)
    names = [copies.name(" ".join([*text(seed), *background])) for seed in range(1, 30)]
    assert len(set(names)) == len(names)


def test_short_texts_have_no_name() -> None:
    copies = Copies()
    assert copies.name("") == copies.name("Il testo è breve.") == ""


def test_the_estimate_is_near_the_truth() -> None:
    for seed in range(20):
        base = text(seed, 400)
        cut = 20 * seed
        other = base[:cut] + text(seed + 1000, 400 - cut)
        one, two = ({" ".join(t[i : i + 5]) for i in range(len(t) - 4)} for t in (base, other))
        truth = len(one & two) / len(one | two)
        assert abs(likeness(sketch_of(" ".join(base)), sketch_of(" ".join(other))) - truth) < 0.3


def test_the_sample_articles_near_copies_are_within_their_events(sample_records: list[dict[str, Any]]) -> None:
    copies = Copies()
    events: dict[str, set[str]] = {}
    sizes: dict[str, int] = {}
    for row in sample_records:
        name = copies.name(row["content"])
        events.setdefault(name, set()).add(row.get("event") or row["link"])
        sizes[name] = sizes.get(name, 0) + 1
    assert all(len(group) == 1 for group in events.values())
    assert any(size > 1 for size in sizes.values())
