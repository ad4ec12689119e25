"""LitGPT's recipes with our loop: LitGPT's own numbers, the same after a kill at any write, the best weights.

Covers train.finetune.litgpt, train.litgpt.install, train.litgpt.state, train.litgpt.table.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.fork_server import run_forked
from tests.train.conftest import SCRIPTS
from tests.train.litgpt.litgpt_fixtures import recipe, table, write_data

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def folder(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("litgpt")
    shutil.copytree(workspace / "checkpoints/tiny", folder / "checkpoints/tiny")
    write_data(folder)
    return folder


@pytest.fixture(autouse=True)
def there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("NEWSMILL_HOME", str(folder / "home"))


def killed_at(folder: Path, number: int, *words: str) -> tuple[int, str]:
    """(exit status, stderr) of a command that is killed at its nth write."""
    line = [sys.executable, "-m", "tests.train.litgpt.killed_at", str(number), *words]
    done = run_forked("torch", line, folder, timeout=600)
    return done.returncode, done.stderr


def plain(path: Path) -> None:
    """`litgpt finetune_lora --config` in this process."""
    from litgpt.__main__ import main

    from train.finetune.litgpt import litgpt_words

    with litgpt_words(path):
        main()


@pytest.fixture(scope="module")
def whole(folder: Path) -> tuple[Path, int]:
    """(a run that nobody disturbs, its writes)."""
    code, told = killed_at(folder, 0, "train", "finetune", "--config", str(recipe(folder, "whole")))
    assert code == 0, told[-2000:]
    return folder / "whole", int(told.split()[-1])


def adapter(run: Path) -> bytes:
    return (run / "final/lit_model.pth.lora").read_bytes()


def numbers(row: list[str]) -> list[float]:
    return [float(cell or "nan") for cell in row]


def test_the_numbers_are_litgpts_own(
    folder: Path, whole: tuple[Path, int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import torch

    with monkeypatch.context() as patch:
        patch.setattr("train.data.modules.install", lambda *_: None)
        import litgpt.finetune.lora as script

        for name in ("fit", "merge_lora"):
            patch.setattr(script, name, getattr(getattr(script, name), "original", getattr(script, name)))
        plain(recipe(folder, "theirs"))
    capsys.readouterr()
    ours = table(whole[0])
    theirs = table(folder / "theirs")
    # Ours measures the last step, too: it may be the best.
    assert len(ours) == len(theirs) + 1
    expected = [pytest.approx(numbers(row), rel=1e-5, nan_ok=True) for row in theirs]
    # The last digits differ: logits are made of learned tokens alone.
    assert [numbers(row) for row in ours if numbers(row) in expected] == expected
    tensors = [torch.load(run / "step-000004/lit_model.pth.lora")["model"] for run in (whole[0], folder / "theirs")]
    assert all(torch.allclose(tensors[0][name], tensors[1][name], atol=1e-3) for name in tensors[1])


@pytest.mark.parametrize("at", [0.33, 0.62, 0.98])
def test_a_run_that_was_killed_goes_on_with_the_same_losses(folder: Path, whole: tuple[Path, int], at: float) -> None:
    """Through the table, a state, a checkpoint's name, the best weights, the final folder; and twice in a row."""
    run, writes = whole
    path, name = recipe(folder, f"killed-{at}"), folder / f"killed-{at}"
    words = ("train", "finetune", "--config", str(path))
    assert killed_at(folder, round(at * writes), *words)[0] == -9
    if at < 0.5:
        assert killed_at(folder, 9, *words)[0] == -9
    code, told = killed_at(folder, 0, *words)
    assert code == 0, told[-2000:]
    assert table(name) == table(run)
    assert adapter(name) == adapter(run)
    assert {path.name for path in name.iterdir()} == {path.name for path in run.iterdir()}
    assert len(list(name.glob("step-*"))) <= 2


def test_the_plain_command_goes_on_too(folder: Path, whole: tuple[Path, int]) -> None:
    run, writes = whole
    words = ("litgpt", "finetune_lora", "--config", str(recipe(folder, "plain")))
    assert killed_at(folder, writes // 2, *words)[0] == -9
    code, told = killed_at(folder, 0, *words)
    assert code == 0, told[-2000:]
    assert table(folder / "plain") == table(run)
    assert adapter(folder / "plain") == adapter(run)


def test_a_finished_run_says_so_and_is_kept(folder: Path, whole: tuple[Path, int], train: Run) -> None:
    before = adapter(whole[0])
    code, out, _ = train("finetune", "--config", folder / "whole.yaml")
    assert code == 0
    assert "this run was finished before (5 steps, validation loss" in out
    assert adapter(whole[0]) == before
    assert not list((whole[0]).glob("step-000005"))
    json_out = json.loads(train("finetune", "--config", folder / "whole.yaml", "--json")[1])
    assert json_out["kept"] is True


def test_what_changes_the_losses_is_refused_by_name(folder: Path, whole: tuple[Path, int], train: Run) -> None:
    for changes, words in (
        ({"optimizer": {"init_args": {"lr": 0.5}}}, "optimizer.init_args.lr was 0.02, now 0.5"),
        ({"train": {"max_steps": 8}}, "train.max_steps was 5, now 8"),
    ):
        code, _, told = train("finetune", "--config", recipe(folder, "whole", **changes))
        assert code == 2
        assert words in told
        assert "Give another out_dir, or remove it" in told
    assert adapter(whole[0])


@contextmanager
def changed(path: Path, text: bytes) -> Iterator[None]:
    before = path.read_bytes()
    path.write_bytes(text)
    try:
        yield
    finally:
        path.write_bytes(before)


def test_other_data_or_another_model_are_refused_by_name(folder: Path, whole: tuple[Path, int], train: Run) -> None:
    path = recipe(folder, "whole")
    for file, old, new, word in (
        (folder / "data/train.json", b"Notizia 3", b"Novelle 3", "data was"),
        (folder / "checkpoints/tiny/model_config.yaml", b"hf_config", b"hf_config ", "model was"),
    ):
        with changed(file, file.read_bytes().replace(old, new)):
            code, _, told = train("finetune", "--config", path)
        assert code == 2
        assert word in told


@pytest.fixture
def losses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The validation losses that are measured, in their order; the last one again and again."""
    import torch

    values = [9.0]
    numbers = iter(range(10**6))

    def measured(*_: Any) -> torch.Tensor:
        return torch.tensor(values[min(next(numbers), len(values) - 1)])

    monkeypatch.setattr("train.data.litgpt_patches._loss_of_tokens", measured)
    return values


def test_the_best_weights_are_taken_and_the_run_ends_early(folder: Path, train: Run, losses: list[float]) -> None:
    import torch

    # The first is LitGPT's check of its settings.
    losses[:] = [9.0, 3.0, 2.0, float("nan"), 2.0]
    path = recipe(folder, "early", early_stopping={"patience": 2}, eval={"interval": 1}, train={"save_interval": 1})
    code, out, told = train("finetune", "--config", path, "--json")
    assert code == 0
    outcome = json.loads(out)
    assert (outcome["steps"], outcome["weights_of_step"]) == (4, 2)
    assert outcome["best"] == {"step": 2, "val_loss": 2.0}
    assert "stopped early after step 4: the validation loss did not fall below 2.0000 (step 2)" in told
    # What it says last is a folder that is there.
    assert "early/final/lit_model.pth" in told
    assert "early/.final" not in told
    run = folder / "early"
    assert json.loads((run / "final/finished.json").read_text())["weights_of_step"] == 2
    final, best, last = (
        torch.load(path / "lit_model.pth.lora")["model"] for path in (run / "final", run / "best", run / "step-000004")
    )
    assert all(torch.equal(final[name], best[name]) for name in best)
    assert not all(torch.equal(final[name], last[name]) for name in last)
    curve = json.loads(train("loss", "--run", run, "--json")[1])
    assert curve["best_val_loss"] == 2.0


def test_the_last_weights_where_they_are_asked_for(folder: Path, train: Run, losses: list[float]) -> None:
    losses[:] = [9.0, 2.0, 3.0]
    path = recipe(folder, "last", load_best_model_at_end=False, eval={"interval": 1}, train={"max_steps": 2})
    code, out, told = train("finetune", "--config", path, "--json")
    assert code == 0
    assert json.loads(out)["weights_of_step"] == 2
    assert "(load_best_model_at_end: false)" in told
    assert not (folder / "last/best").exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"early_stopping": {"patience": 0}}, "early_stopping.patience must be 1 at least, not 0"),
        ({"early_stopping": {"min_delta": 0.1}}, "has no effect without early_stopping.patience"),
        ({"early_stopping": {"patient": 3}}, "early_stopping.patient is no setting: patience, min_delta"),
        ({"load_best_model_at_end": "yes"}, "load_best_model_at_end must be true or false"),
    ],
)
def test_wrong_settings_are_named_with_their_line(
    folder: Path, train: Run, changes: dict[str, Any], words: str
) -> None:
    code, _, told = train("finetune", "--config", recipe(folder, "wrong", **changes))
    assert code == 2
    assert words in told
    assert "wrong.yaml:" in told


def test_two_processes_go_on_with_the_same_losses(folder: Path) -> None:
    """As killed after the first checkpoint: each process has a state of its own."""
    path = recipe(folder, "two", devices=2, train={"micro_batch_size": 1, "max_steps": 4}, eval={"interval": 2})
    command = [str(SCRIPTS / "train"), "finetune", "--config", str(path), "--json"]
    runs = []
    for _ in range(2):
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=600, env=environment, cwd=folder
        )
        assert done.returncode == 0, done.stderr[-2000:]
        # The second process writes to standard output, too.
        runs.append(
            (json.loads(done.stdout.splitlines()[-1])["resumed_at"], table(folder / "two"), adapter(folder / "two"))
        )
        for name in ("final", "step-000004"):
            shutil.rmtree(folder / "two" / name)
    assert {path.name for path in (folder / "two/step-000002").glob("state-*")} == {"state-0.pt", "state-1.pt"}
    assert [run[0] for run in runs] == [0, 2]
    assert runs[0][1:] == runs[1][1:]
