"""`--config FILE` of commands with options: the same as the options, with the lines of mistakes.

Covers train.errors.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from train.errors import TrainError
from train.options import Parser, expanded


def parser() -> Parser:
    made = Parser()
    made.add_argument("--config", type=Path)
    made.add_argument("--out", required=True)
    made.add_argument("--max-new-tokens", type=int, default=1)
    made.add_argument("--model", action="append", default=[])
    made.add_argument("--texts", nargs="+", default=[])
    made.add_argument("--blind", action="store_true")
    return made


def asked(folder: Path, text: str, *words: str) -> argparse.Namespace:
    path = folder / "options.yaml"
    path.write_text(text, encoding="utf-8")
    return parser().parse_args(expanded(parser(), ["--config", str(path), *words]))


def test_a_file_says_what_options_say(tmp_path: Path) -> None:
    models = "model: {before: checkpoints/a, after: out/b}\n"
    found = asked(tmp_path, f"out: o\nmax_new_tokens: 7\n{models}texts: [a.jsonl, b.jsonl]\nblind: true\n")
    assert (found.out, found.max_new_tokens, found.blind) == ("o", 7, True)
    assert found.model == ["before=checkpoints/a", "after=out/b"]
    assert found.texts == ["a.jsonl", "b.jsonl"]


def test_the_command_line_wins_and_null_is_not_given(tmp_path: Path) -> None:
    found = asked(tmp_path, "out: o\nmax-new-tokens: 7\nblind: false\ntexts: null\n", "--max-new-tokens", "9")
    assert (found.out, found.max_new_tokens, found.blind, found.texts) == ("o", 9, False, [])


def test_all_mistakes_are_told_with_their_lines(tmp_path: Path) -> None:
    with pytest.raises(TrainError) as error:
        asked(tmp_path, "out: [a, b]\nmax_new_token: 7\nblind: perhaps\ntexts: [[a]]\nconfig: other.yaml\n")
    told = str(error.value)
    for line, what in enumerate(("out takes one value", "did you mean max-new-tokens?", "true or false", "plain"), 1):
        assert f"options.yaml:{line}: " in told
        assert what in told
    assert "options.yaml:5: no option config" in told


# argparse of Python 3.11 takes `--out=--` for no value.
@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=12).filter(lambda text: text != "--"))
def test_any_text_comes_through(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    folder = tmp_path_factory.mktemp("options")
    found = asked(folder, yaml.safe_dump({"out": value, "model": {"a": value}}, allow_unicode=True))
    assert (found.out, found.model) == (value, [f"a={value}"])


def test_a_command_runs_from_a_file(
    workspace: Path, tmp_path: Path, train: Callable[..., tuple[int, str, str]]
) -> None:
    path = tmp_path / "generate.yaml"
    settings = {
        "checkpoint": str(workspace / "checkpoints/tiny"), "prompts": str(workspace / "export/litgpt/val.json"),
        "out": str(tmp_path / "texts.jsonl"), "max-new-tokens": 4, "json": True,
    }  # fmt: skip
    path.write_text(yaml.safe_dump(settings))
    code, told, _ = train("generate", "--config", path, "--limit", 1)
    assert code == 0
    assert json.loads(told)["written"] == 1
    path.write_text(yaml.safe_dump(settings | {"max-tokens": 4}))
    code, _, told = train("generate", "--config", path)
    assert code == 2
    assert told.startswith(f"generate: {path}:")
    assert "no option max-tokens" in told
    assert told.count("\n") == 1
