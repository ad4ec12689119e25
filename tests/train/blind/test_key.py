"""Keys: those of today, those of before, and what is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.train.blind.sheet_files import write_pair_key, write_text_key
from train.blind.key import read_key
from train.errors import TrainError


def test_a_key_of_texts(tmp_path: Path) -> None:
    key = read_key(write_text_key(tmp_path, 2, ["small", "people"], ["people"]))
    assert (key.kind, key.authors, key.human) == ("texts", ("small", "people"), {"people"})
    assert key.items["T003"].prompt == "p1"
    assert key.items["T003"].authors == ("people",)
    assert key.items["T003"].words == (2,)


def test_a_key_of_pairs(tmp_path: Path) -> None:
    key = read_key(write_pair_key(tmp_path, [("p", "x", "y")] * 3))
    assert (key.kind, key.authors, len(key.items)) == ("pairs", ("x", "y"), 3)
    assert key.items["P000"].words == (10, 20)


def test_a_key_of_before_has_texts_and_its_reference_is_human(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    items = {"T1": {"id": "p", "author": "m"}, "T2": {"id": "p", "author": "reference"}}
    path.write_text(json.dumps({"seed": 0, "scales": ["style"], "authors": ["m", "reference"], "items": items}))
    key = read_key(path)
    assert (key.kind, key.human, key.items["T1"].words) == ("texts", {"reference"}, None)


@pytest.mark.parametrize("label", ["2", "rater-2", "Rater 02", "rater-2 (1)", "r2"])
def test_a_rater_is_known_by_his_number(label: str, tmp_path: Path) -> None:
    assert read_key(write_pair_key(tmp_path, [("p", "x", "y")])).number_of(label) == "2"


def test_a_rater_of_another_name_is_known_by_the_file(tmp_path: Path) -> None:
    key = read_key(write_pair_key(tmp_path, [("p", "x", "y")]))
    assert key.number_of("Anna", "rater-3") == "3"
    assert key.number_of("Anna", "sheet") is None
    assert key.number_of("rater-9") is None


@pytest.mark.parametrize(
    "content",
    [
        "", "[]", "null", '{"items": 3}', "no json", '{"authors": [], "items": {}}', '{"version": "x", "items": {}}',
        '{"authors": ["a"], "items": {"T1": {"id": 1, "author": "b"}}}',
        '{"kind": "pairs", "authors": ["a"], "items": {"T1": {"id": 1, "authors": ["a"]}}}',
        '{"kind": "triples", "authors": ["a"], "items": {"T1": {"id": 1, "author": "a"}}}',
    ],
)  # fmt: skip
def test_what_is_no_key_is_one_line(content: str, tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    path.write_text(content)
    with pytest.raises(TrainError, match="no key") as error:
        read_key(path)
    assert "\n" not in str(error.value)


def test_a_key_of_a_later_version_says_so(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="version 3"):
        read_key(write_text_key(tmp_path, 1, ["a"], version=3))
