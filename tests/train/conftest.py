"""A corpus, a tiny checkpoint and a runner of commands, made once for all tests of `train`."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import MadeOnce
from tests.fork_server import run_forked

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

SCRIPTS = Path(sys.executable).parent
ITALIAN = "Il consiglio di Ravenna ha approvato il piano per il lungofiume: dodici voti a favore, però sei contrari. "
VIETNAMESE = "Thành phố Đà Nẵng khởi công tuyến đường ven biển dài mười hai kilômét, dự kiến hoàn thành cuối năm sau. "


def rows(first: int, count: int) -> list[dict[str, str]]:
    return [
        {
            "instruction": "Riassumi gli articoli.",
            "input": f"Notizia {number}. {ITALIAN}{VIETNAMESE}",
            "output": f"Notizia {number}: {ITALIAN}",
        }
        for number in range(first, first + count)
    ]


@pytest.fixture(scope="session")
def workspace(made_once: MadeOnce) -> Path:
    """A folder with an export, as `synth export` leaves it, and a checkpoint made from its training rows."""
    # litdata empties the folders `data` and `chunks` of the system's temp directory.
    return made_once("training", _make_workspace)


def _make_workspace(folder: Path) -> None:
    (folder / "export/litgpt").mkdir(parents=True)
    train, val = rows(0, 8), rows(100, 2)
    (folder / "export/litgpt/train.json").write_text(json.dumps(train), encoding="utf-8")
    (folder / "export/litgpt/val.json").write_text(json.dumps(val), encoding="utf-8")
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in train + val)
    (folder / "export/alpaca.jsonl").write_text(lines, encoding="utf-8")
    assert tiny(folder / "export/litgpt/train.json", folder / "checkpoints/tiny") == 0


def tiny(corpus: Path, out: Path, *more: str) -> int:
    """`train tiny` in this process, with sizes that take a second."""
    from train.__main__ import main

    sizes = ["--vocab-size", "400", "--n-embd", "32", "--pretrain-steps", "3"]
    return main(["tiny", "--corpus", str(corpus), "--out", str(out), *sizes, *more])


@pytest.fixture(scope="session")
def tuned(workspace: Path, root: Path, made_once: MadeOnce) -> Path:
    """The output folder of two LoRA steps with the tiny recipe, run as a user runs it."""
    recipe = root / "train/recipes/tiny/news.yaml"

    def make(folder: Path) -> None:
        shutil.copytree(workspace, folder, dirs_exist_ok=True)
        words = ["finetune_lora", "--config", str(recipe), "--train.max_steps", "2"]
        done = run_forked("train", [str(SCRIPTS / "litgpt"), *words], folder, timeout=200)
        assert done.returncode == 0, done.stderr[-2000:]

    return Path(shutil.copytree(made_once("tuned", make) / "out/tiny-news", workspace / "out/tiny-news"))


@pytest.fixture
def train(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """`train …` in this process: (exit status, stdout, stderr)."""

    def run(*words: object) -> tuple[int, str, str]:
        from train.__main__ import main

        capsys.readouterr()
        code = main([str(word) for word in words])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run
