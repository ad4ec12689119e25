"""Several sets in one recipe: who is seen how often, what is refused by name, what leaks from one into another.

Covers train.data.sets.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.train.data.chat_fixtures import ITALIAN, VIETNAMESE, tokens
from train.data.sets import Mixture, described_sets, in_turn, sets_of, tokenised_sets
from train.data.token_cache import Settings
from train.errors import TrainError
from train.styles import style_named


def row(name: str, number: int) -> dict[str, str]:
    return {"instruction": f"{name} {number}?", "input": ITALIAN, "output": f"{name} {number}: {VIETNAMESE}"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NEWSMILL_HOME", str(tmp_path / "home"))
    for name, count in (("news", 8), ("chats", 4)):
        (tmp_path / name).mkdir()
        train = [row(name, number) for number in range(count)]
        val = [row(name, number) for number in range(100, 103)]
        (tmp_path / name / "train.json").write_text(json.dumps(train), encoding="utf-8")
        (tmp_path / name / "val.json").write_text(json.dumps(val), encoding="utf-8")
    return tmp_path


def read(folder: Path, *entries: Any, **settings: Any) -> Any:
    style = style_named("chatml")
    return tokenised_sets(sets_of(list(entries)), style, tokens(), Settings(1000, **settings), folder / "cache")


# ---- who is seen how often


@given(
    st.lists(st.tuples(st.integers(1, 40), st.floats(0.01, 4)), min_size=1, max_size=4),
    st.integers(0, 3),
    st.integers(1, 9),
)
def test_no_row_is_seen_again_before_all_of_its_set_were(sets: list[tuple[int, float]], seed: int, passes: int) -> None:
    mixture = Mixture([size for size, _ in sets], [weight for _, weight in sets], seed)
    seen: Counter[int] = Counter()
    for epoch in range(passes):
        rows = mixture.rows(epoch).tolist()
        assert len(rows) == len(mixture)
        assert rows == mixture.rows(epoch).tolist()
        seen.update(rows)
        once = Counter(rows)
        start = 0
        for size, count in zip(mixture.sizes, mixture.counts, strict=True):
            own = [once[number] for number in range(start, start + size)]
            assert sum(own) == count
            assert max(own) <= math.ceil(count / size)
            assert min(own) >= count // size
            total = [seen[number] for number in range(start, start + size)]
            assert max(total) - min(total) <= 1
            start += size


def test_a_weight_of_two_is_twice_and_of_a_half_every_second_pass() -> None:
    mixture = Mixture([4, 6], [2, 0.5], seed=1)
    assert len(mixture) == 8 + 3
    first, second = Counter(mixture.rows(0).tolist()), Counter(mixture.rows(1).tolist())
    assert all(first[number] == second[number] == 2 for number in range(4))
    assert all(first[number] + second[number] == 1 for number in range(4, 10))
    assert Mixture([4, 6], [1, 1], 1).rows(3).tolist() == list(range(10))


def test_another_seed_draws_other_rows() -> None:
    drawn = [Mixture([50], [0.5], seed).rows(0).tolist() for seed in (1, 2)]
    assert sorted(drawn[0]) != sorted(drawn[1])


def test_every_beginning_of_the_validation_rows_holds_all_sets() -> None:
    order = in_turn([30, 3])
    assert {int(number) >= 30 for number in order[:8]} == {True, False}
    assert sorted(order.tolist()) == list(range(33))


@pytest.mark.parametrize("devices", [1, 2, 3])
def test_the_draw_does_not_depend_on_the_processes(devices: int) -> None:
    from train.data.batches import Batches

    mixture = Mixture([9, 12], [2, 0.25], seed=5)
    lengths = list(range(10, 31))
    plan = [
        row
        for rank in range(devices)
        for batch in list(Batches(lengths, 1, seed=5, devices=devices, rank=rank, mixture=mixture))
        for row in batch
    ]
    # The last step of all devices may take some once more.
    drawn = Counter(mixture.rows(0).tolist())
    assert all(plan.count(number) >= times for number, times in drawn.items())
    assert set(plan) == set(drawn)


# ---- several sets as tokens


def test_sets_are_joined_and_each_keeps_its_own_cache(folder: Path) -> None:
    joined = read(folder, {"path": str(folder / "news"), "weight": 0.5}, {"path": str(folder / "chats"), "weight": 2})
    assert (len(joined.splits["train"]), len(joined.splits["val"]), len(joined.mixture)) == (12, 6, 12)
    assert len(list((folder / "cache").iterdir())) == 2
    alone = read(folder, str(folder / "news"))
    assert alone.cached
    assert alone.mixture is None
    assert [joined.splits["train"][at].tolist() for at in range(8)] == [
        alone.splits["train"][at].tolist() for at in range(8)
    ]
    assert [len(share.val) for share in joined.shares] == [3, 3]
    first = [joined.splits["val"][int(number)].tolist() for number in joined.shares[0].val]
    assert sorted(first) == sorted(alone.splits["val"][at].tolist() for at in range(3))
    lines = list(described_sets(joined))
    assert lines[0].startswith(f"data: set news ({folder / 'news'}): 8 rows, weight 0.5: 4 a pass; 3 to validate")


def test_a_set_has_its_own_system_prompt(folder: Path) -> None:
    plain = read(folder, str(folder / "news"), str(folder / "chats"))
    own = read(folder, str(folder / "news"), {"path": str(folder / "chats"), "system": "Rispondi."})
    assert [row.tolist() for row in list(plain.splits["train"])[:8]] == [
        row.tolist() for row in list(own.splits["train"])[:8]
    ]
    assert len(own.splits["train"].tokens) != len(plain.splits["train"].tokens)


def test_a_row_that_one_set_learns_and_another_validates_is_named_and_left_out(folder: Path) -> None:
    rows = [row("news", 100), row("chats", 100)]
    (folder / "chats/val.json").write_text(json.dumps(rows), encoding="utf-8")
    (folder / "news/train.json").write_text(json.dumps([row("news", 0), row("chats", 100)]), encoding="utf-8")
    # Another system prompt does not make it another request.
    joined = read(folder, str(folder / "news"), {"path": str(folder / "chats"), "system": "Rispondi."})
    assert len(joined.shares[1].val) == 1
    line = f"1 val rows of chats left out: their request is in train of news ({folder / 'chats/val.json'}:2)"
    assert line in " ".join(described_sets(joined))
    (folder / "chats/val.json").write_text(json.dumps(rows[1:]), encoding="utf-8")
    with pytest.raises(TrainError, match="data set chats: no validation row is left: 1 val rows of chats left out"):
        read(folder, str(folder / "news"), str(folder / "chats"))


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([], "an empty list names no set"),
        ([3], "entry 1 is neither a path nor {path: …, weight: …}: 3"),
        ([{"weight": 2}], "entry 1 is neither"),
        ([{"path": "a", "weight": 0}], "data set a: weight must be a number above 0, not 0"),
        ([{"path": "a", "weight": "much"}], "data set a: weight must be a number above 0, not 'much'"),
        ([{"path": "a", "weight": True}], "data set a: weight must be a number above 0, not True"),
        ([{"path": "a/b.json", "wieght": 2}], "data set b: wieght is no setting of a set: did you mean weight?"),
        ([{"path": "a", "prompt_style": "gemma"}], "data set a: prompt_style is no setting of a set; one model has"),
        ([{"path": "a", "mask_prompt": "no"}], "data set a: mask_prompt must be true or false, not 'no'"),
        ([{"path": "a", "val_share": 2.0}], "data set a: val_share must be a number between 0 and 1, not 2.0"),
        (["a", "a"], "two sets are called a"),
    ],
)
def test_wrong_sets_are_refused_by_name(entries: list[Any], words: str) -> None:
    with pytest.raises(TrainError) as told:
        sets_of(entries)
    assert words in str(told.value)


def test_names_are_those_of_files_and_folders() -> None:
    assert [each.name for each in sets_of(["x/export", "y/export", {"path": "lima.jsonl", "name": "LIMA"}])] == [
        "x/export", "y/export", "LIMA",
    ]  # fmt: skip
    assert sets_of("export")[0].weight == 1


def test_a_set_without_rows_is_named(folder: Path) -> None:
    (folder / "chats/train.json").write_text(json.dumps([{"instruction": "?", "output": ""}]), encoding="utf-8")
    with pytest.raises(TrainError, match=r"data set chats: .*holds no row to learn from"):
        read(folder, str(folder / "news"), str(folder / "chats"))
