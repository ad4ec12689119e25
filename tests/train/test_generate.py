"""`train generate`: reproducible, resumed after a kill without a doubled or torn row, and clear about mistakes."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.train.conftest import SCRIPTS

Run = Callable[..., tuple[int, str, str]]


def written(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def words(workspace: Path) -> list[object]:
    prompts = workspace / "export/litgpt/train.json"
    return ["--checkpoint", workspace / "checkpoints/tiny", "--prompts", prompts, "--max-new-tokens", "12"]


def test_the_seed_decides_and_the_order_does_not(words: list[object], tmp_path: Path, train: Run) -> None:
    for name, seed, limit in (("a", 0, 3), ("b", 0, 2), ("c", 1, 3)):
        assert train("generate", *words, "--out", tmp_path / name, "--seed", seed, "--limit", limit)[0] == 0
    first, second, other = (written(tmp_path / name) for name in "abc")
    assert first[:2] == second
    assert [row["text"] for row in first] != [row["text"] for row in other]
    assert set(first[0]) == {"id", "prompt", "text", "model", "seed", "stage", "settings"}


def test_base_and_tuned_model_name_their_stage(workspace: Path, tuned: Path, tmp_path: Path, train: Run) -> None:
    prompts = ["--prompts", workspace / "export/litgpt/val.json", "--max-new-tokens", "5"]
    for stage, folder in (("before", workspace / "checkpoints/tiny"), ("after", tuned / "final")):
        out = tmp_path / f"{stage}.jsonl"
        assert train("generate", "--checkpoint", folder, *prompts, "--out", out, "--stage", stage)[0] == 0
    before, after = written(tmp_path / "before.jsonl"), written(tmp_path / "after.jsonl")
    assert [row["id"] for row in before] == [row["id"] for row in after]
    assert {row["stage"] for row in before} == {"before"}
    assert {row["stage"] for row in after} == {"after"}
    assert before[0]["model"] == "checkpoints/tiny"
    assert after[0]["model"] == "tiny-news/final"


def test_a_torn_line_is_cut_off_and_written_again(words: list[object], tmp_path: Path, train: Run) -> None:
    out = tmp_path / "texts.jsonl"
    train("generate", *words, "--out", out, "--limit", 3)
    whole = out.read_bytes()
    for cut in (len(whole) - 1, len(whole) - 20, 5, 0):
        out.write_bytes(whole[:cut])
        assert train("generate", *words, "--out", out, "--limit", 3)[0] == 0
        assert out.read_bytes() == whole


def test_killed_and_started_again_it_ends_the_same(words: list[object], tmp_path: Path, train: Run) -> None:
    out, calm = tmp_path / "killed.jsonl", tmp_path / "calm.jsonl"
    longer = [*words[:-1], "150"]
    line = [str(SCRIPTS / "train"), "generate", *map(str, longer), "--out", str(out)]
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 100
    while not (out.exists() and out.stat().st_size) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.kill()
    process.wait()
    assert 0 < out.read_bytes().count(b"\n") < 8, "it was not killed at work: the test shows nothing"
    code, told, _ = train("generate", *longer, "--out", out, "--json")
    assert code == 0
    assert json.loads(told)["kept"] > 0
    train("generate", *longer, "--out", calm)
    assert out.read_bytes() == calm.read_bytes()


def test_a_request_met_twice_is_answered_once(words: list[object], tmp_path: Path, train: Run) -> None:
    prompts = tmp_path / "prompts.jsonl"
    prompts.write_text('{"prompt": "Ciao"}\n' * 2 + '{"prompt": "Notizia"}\n')
    words[3] = prompts
    assert train("generate", *words, "--out", tmp_path / "texts.jsonl")[0] == 0
    assert len(written(tmp_path / "texts.jsonl")) == 2


def test_a_prompt_too_long_is_shortened_and_counted(words: list[object], tmp_path: Path, train: Run) -> None:
    prompts = tmp_path / "prompts.jsonl"
    rows = [{"instruction": "Riassumi.", "input": "notizie xyz " * 3000}, {"instruction": "notizie xyz " * 3000}]
    prompts.write_text("".join(json.dumps(row) + "\n" for row in rows))
    words[3] = prompts
    code, told, _ = train("generate", *words, "--out", tmp_path / "texts.jsonl", "--json")
    assert code == 0
    assert json.loads(told)["shortened"] == 2


def test_texts_of_other_settings_are_not_mixed(words: list[object], tmp_path: Path, train: Run) -> None:
    out = tmp_path / "texts.jsonl"
    train("generate", *words, "--out", out, "--limit", 1, "--stage", "before")
    before = out.read_bytes()
    for more in (["--seed", 5, "--stage", "before"], ["--stage", "after"], ["--temperature", 0, "--stage", "before"]):
        code, _, err = train("generate", *words, "--out", out, "--limit", 1, *more)
        assert code == 2
        assert "--out" in err
    assert out.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "where"),
    [("", "no prompts"), ('{"input": "x"}\n', "row 1"), ('{"prompt": "a"}\n{"prompt"\n', "prompts.jsonl:2")],
)
def test_bad_prompts_are_one_line(content: str, where: str, words: list[object], tmp_path: Path, train: Run) -> None:
    words[3] = tmp_path / "prompts.jsonl"
    (tmp_path / "prompts.jsonl").write_text(content)
    code, _, err = train("generate", *words, "--out", tmp_path / "texts.jsonl")
    assert code == 2
    assert err.count("\n") == 1
    assert where in err


def test_a_foreign_file_is_left_alone(words: list[object], tmp_path: Path, train: Run) -> None:
    out = tmp_path / "notes.txt"
    out.write_text("my notes\nmore\n")
    code, _, err = train("generate", *words, "--out", out)
    assert code == 2
    assert "notes.txt" in err
    assert out.read_text() == "my notes\nmore\n"


def test_a_folder_that_is_no_checkpoint_is_named(words: list[object], tmp_path: Path, train: Run) -> None:
    words[1] = tmp_path / "nowhere"
    code, _, err = train("generate", *words, "--out", tmp_path / "texts.jsonl")
    assert code == 2
    assert "nowhere" in err
    assert err.count("\n") == 1
