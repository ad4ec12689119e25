"""`train generate`: reproducible, resumed after a kill without a doubled or torn row, and clear about mistakes.

Covers train.generate.texts.
"""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fork_server import start_forked
from tests.train.conftest import ITALIAN, SCRIPTS, VIETNAMESE
from tests.waiting import wait_until

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
    known = {"id", "question", "prompt", "text", "model", "seed", "stage", "settings", "reference"}
    assert set(first[0]) == known
    assert first[0]["reference"].startswith("Notizia 0")


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
    # Two rows at once, so that there are batches to be killed between.
    longer = [*words[:-1], "150", "--batch-size", "1000"]
    line = [str(SCRIPTS / "train"), "generate", *map(str, longer), "--out", str(out)]
    process = start_forked("train", line)
    wait_until(lambda: out.exists() and out.stat().st_size, 100, every=0.002, process=process)
    process.kill()
    process.wait()
    assert 0 < out.read_bytes().count(b"\n") < 8, "it was not killed at work: the test shows nothing"
    code, told, _ = train("generate", *longer, "--out", out, "--json")
    assert code == 0
    assert json.loads(told)["kept"] > 0
    train("generate", *longer[:-2], "--out", calm)
    assert out.read_bytes() == calm.read_bytes()


def test_the_batch_size_changes_nothing(words: list[object], tmp_path: Path, train: Run) -> None:
    texts = []
    for tokens in (1, 900, 100_000):
        out = tmp_path / f"{tokens}.jsonl"
        assert train("generate", *words, "--out", out, "--batch-size", tokens)[0] == 0
        texts.append(out.read_bytes())
    assert texts[0] == texts[1] == texts[2]
    assert [row["reference"][:9] for row in written(out)] == [f"Notizia {number}" for number in range(8)]


def test_a_full_disk_is_one_line_and_the_rest_follows(
    words: list[object], tmp_path: Path, train: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, calm = tmp_path / "texts.jsonl", tmp_path / "calm.jsonl"
    train("generate", *words, "--out", calm)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        code, _, err = train("generate", *words, "--out", out, "--batch-size", 1000)
    assert (code, err.count("\n")) == (2, 1)
    assert "No space left" in err
    assert train("generate", *words, "--out", out)[0] == 0
    assert out.read_bytes() == calm.read_bytes()


def test_an_export_folder_is_asked_by_its_split(
    workspace: Path, words: list[object], tmp_path: Path, train: Run
) -> None:
    words[3] = workspace / "export"
    assert train("generate", *words, "--out", tmp_path / "val.jsonl")[0] == 0
    assert [row["reference"][:11] for row in written(tmp_path / "val.jsonl")] == ["Notizia 100", "Notizia 101"]
    assert train("generate", *words, "--split", "train", "--out", tmp_path / "train.jsonl")[0] == 0
    assert len(written(tmp_path / "train.jsonl")) == 8
    assert train("generate", *words, "--split", "all", "--out", tmp_path / "all.jsonl")[0] == 0
    assert len(written(tmp_path / "all.jsonl")) == 10
    code, _, err = train("generate", *words, "--split", "test", "--out", tmp_path / "test.jsonl")
    assert code == 2
    assert "--split train, val or all" in err


def test_articles_are_written_from_headline_and_lead(words: list[object], tmp_path: Path, train: Run) -> None:
    articles = tmp_path / "articles.jsonl"
    rows = [
        {
            "title": "Piano approvato",
            "description": "Il voto",
            "content": ITALIAN,
            "language": "it",
            "link": "https://a/1",
        },
        {
            "title": "Khởi công đường",
            "description": "Sau lễ",
            "content": VIETNAMESE,
            "language": "vi",
            "link": "https://b/2",
        },
    ]
    articles.write_text("".join(json.dumps(row) + "\n" for row in rows))
    words[3] = articles
    assert train("generate", *words, "--task", "article", "--out", tmp_path / "texts.jsonl")[0] == 0
    first, second = written(tmp_path / "texts.jsonl")
    assert "Titolo: Piano approvato" in first["prompt"]
    assert "Tiêu đề: Khởi công đường" in second["prompt"]
    assert (first["language"], first["reference"], first["sources"]) == ("it", ITALIAN.strip(), ["https://a/1"])
    assert "Il consiglio" not in first["prompt"], "the reference is given away"


def test_style_and_stop_are_taken(words: list[object], tmp_path: Path, train: Run) -> None:
    for name, more in (("own", []), ("vi", ["--style", "alpaca-vi"]), ("stop", ["--stop", "i"])):
        assert train("generate", *words, *more, "--out", tmp_path / name, "--limit", 2)[0] == 0
    assert "### Instruction:" in written(tmp_path / "own")[0]["prompt"]
    assert "### Hướng dẫn:" in written(tmp_path / "vi")[0]["prompt"]
    assert all("i" not in row["text"] for row in written(tmp_path / "stop"))
    code, _, err = train("generate", *words, "--style", "esperanto", "--out", tmp_path / "none")
    assert code == 2
    assert "esperanto" in err


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


def test_texts_of_a_model_trained_anew_in_its_folder_are_not_mixed(
    words: list[object], workspace: Path, tmp_path: Path, train: Run
) -> None:
    import torch

    folder = tmp_path / "model"
    shutil.copytree(workspace / "checkpoints/tiny", folder)
    words[1] = folder
    out = tmp_path / "texts.jsonl"
    assert train("generate", *words, "--out", out, "--limit", 1)[0] == 0
    weights = torch.load(folder / "lit_model.pth", weights_only=True)
    torch.save({name: weight * 1.5 for name, weight in weights.items()}, folder / "lit_model.pth")
    code, _, err = train("generate", *words, "--out", out, "--limit", 1)
    assert code == 2
    assert "holds texts of another model" in err


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


def test_the_page_names_every_key(workspace: Path, words: list[object], root: Path, tmp_path: Path, train: Run) -> None:
    page = (root / "docs/generating.md").read_text(encoding="utf-8")
    told = json.loads(page.partition("```json\n")[2].partition("```")[0])
    rows = tmp_path / "rows.jsonl"
    rows.write_text(
        json.dumps({"instruction": "A", "output": "B", "language": "it", "sources": [{"link": "https://a"}]})
    )
    words[3] = rows
    assert train("generate", *words, "--out", tmp_path / "texts.jsonl")[0] == 0
    assert list(written(tmp_path / "texts.jsonl")[0]) == list(told)


def test_the_lines_of_python_on_the_page_run(
    workspace: Path, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (root / "docs/generating.md").read_text(encoding="utf-8")
    monkeypatch.chdir(workspace)
    exec(compile(page.partition("```python\n")[2].partition("```")[0], "generating.md", "exec"), {})
    assert "Scored(nll=" in capsys.readouterr().out
