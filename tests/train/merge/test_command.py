"""`train merge` as a whole: steps, what is kept and what a kill leaves, the same bytes twice, one line for a fault.

Covers train.merge.silence, train.merge.smoke_test, train.merge.steps.

Covers train.merge.report, train.merge.sources.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.train.merge.conftest import make_model, models, tuned_from, weights_of, write_recipe
from tests.waiting import wait_until

Runner = Callable[..., tuple[int, str, str]]
Writer = Callable[..., Path]

__all__ = ["models", "write_recipe"]


def digest(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        found.update(path.read_bytes())
    return found.hexdigest()


def two_steps(models: Path, out: Path, seed: int = 7) -> str:
    return f"""
out_dir: {out}
base: {models}/base
seed: {seed}
steps:
  vietnamese:
    method: dare_ties
    models:
      muri: {{model: {models}/muri, density: 0.3, weight: 0.2}}
      alpaca: {{model: {models}/alpaca, density: 0.6, weight: 0.5}}
    parameters: {{normalize: true}}
  final:
    method: della_linear
    models:
      vietnamese: {{model: "step:vietnamese", density: 0.8, weight: 0.7, epsilon: 0.15}}
      lima: {{model: {models}/lima, density: 0.5, weight: 0.05, epsilon: 0.4}}
    parameters: {{normalize: true}}
"""


def test_two_steps_the_second_takes_the_first(
    models: Path, tmp_path: Path, write_recipe: Writer, train: Runner
) -> None:
    recipe = write_recipe(two_steps(models, tmp_path / "out"))
    code, out, err = train("merge", "--config", recipe, "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert [(step["name"], step["kept"]) for step in told["steps"]] == [("vietnamese", False), ("final", False)]
    assert all(step["text"] is not None and step["prompt"] for step in told["steps"])
    first, final = weights_of(tmp_path / "out.parts/steps/vietnamese"), weights_of(tmp_path / "out")
    base = weights_of(models / "base")
    # Tuning changed the projections alone; the rest is the base's, bit for bit, after both steps.
    for name, weight in final.items():
        assert weight.equal(base[name]) == ("proj" not in name), name
        assert first[name].equal(base[name]) == ("proj" not in name), name
    files = {path.name for path in (tmp_path / "out").iterdir()}
    assert files >= {"config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "README.md"}
    # What the base lacks comes from a model that was tuned to chat.
    assert "chat_template" in json.loads((tmp_path / "out/tokenizer_config.json").read_text())
    assert json.loads((tmp_path / "out/generation_config.json").read_text())["eos_token_id"] == [2, 0]
    assert str(tmp_path) not in (tmp_path / "out/README.md").read_text()


def test_the_sum_is_the_formula_on_every_tensor(
    models: Path, tmp_path: Path, write_recipe: Writer, train: Runner
) -> None:
    """TIES with all differences kept, computed here from the files by the paper's three steps."""
    import torch

    recipe = write_recipe(f"""
out_dir: {tmp_path / "out"}
method: ties
base: {models}/base
models:
  muri: {{model: {models}/muri, density: 0.4, weight: 1}}
  alpaca: {{model: {models}/alpaca, density: 0.7, weight: 0.5}}
""")
    assert train("merge", "--config", recipe)[0] == 0
    base, result = weights_of(models / "base"), weights_of(tmp_path / "out")
    tuned = {name: weights_of(models / name) for name in ("muri", "alpaca")}
    for name, start in base.items():
        votes = []
        for model, density, weight in (("muri", 0.4, 1.0), ("alpaca", 0.7, 0.5)):
            difference = tuned[model][name] - start
            kept = max(1, int(density * difference.numel()))
            least = difference.abs().flatten().sort(descending=True).values[kept - 1]
            votes.append((weight * torch.where(difference.abs() >= least, difference, 0.0), weight))
        elected = sum(vote for vote, _ in votes) >= 0
        total, weights = torch.zeros_like(start), torch.zeros_like(start)
        for vote, weight in votes:
            agrees = (vote != 0) & ((vote > 0) == elected)
            total, weights = total + vote * agrees, weights + weight * agrees
        wanted = start + total / weights.clamp(min=0.5)
        assert torch.allclose(result[name], wanted, atol=1e-6), name


def test_same_bytes_twice_and_others_with_another_seed(
    models: Path, tmp_path: Path, write_recipe: Writer, train: Runner
) -> None:
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        assert train("merge", "--config", write_recipe(two_steps(models, tmp_path / name, seed)))[0] == 0
    assert digest(tmp_path / "a") == digest(tmp_path / "b") != digest(tmp_path / "c")


def test_done_steps_are_kept_until_something_changes(
    models: Path, tmp_path: Path, write_recipe: Writer, train: Runner
) -> None:
    own = tmp_path / "models"
    for name in ("base", "muri", "alpaca", "lima"):
        own.mkdir(exist_ok=True)
        subprocess.run(["cp", "-r", str(models / name), str(own / name)], check=True)
    recipe = write_recipe(two_steps(own, tmp_path / "out"))

    def kept() -> list[bool]:
        return [step["kept"] for step in json.loads(train("merge", "--config", recipe, "--json")[1])["steps"]]

    assert kept() == [False, False]
    before = digest(tmp_path / "out")
    assert kept() == [True, True]
    # A model of the second step alone.
    (own / "lima/model.safetensors").touch()
    assert kept() == [True, False]
    assert digest(tmp_path / "out") == before
    # One of the first: both are done again, and the folder is replaced.
    (own / "muri/model.safetensors").write_bytes((own / "lima/model.safetensors").read_bytes())
    assert kept() == [False, False]
    assert digest(tmp_path / "out") != before
    write_recipe(two_steps(own, tmp_path / "out", seed=9))
    assert kept() == [False, False]


def test_what_fails_leaves_no_folder_and_goes_on(
    models: Path, tmp_path: Path, write_recipe: Writer, train: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    from train.merge import mergekit_run

    recipe = write_recipe(two_steps(models, tmp_path / "out"))
    real = mergekit_run.run

    def stopped(checked: Any, *given: Any) -> list[str]:
        if checked.step.name == "final":
            raise KeyboardInterrupt
        return real(checked, *given)

    with monkeypatch.context() as patched:
        patched.setattr(mergekit_run, "run", stopped)
        code, _, err = train("merge", "--config", recipe)
    assert code == 130
    assert "run the same command to go on" in err
    assert not (tmp_path / "out").exists()
    assert list(tmp_path.glob(".*")) == []
    # A process that was killed by force leaves its half: a number that no process has.
    (tmp_path / ".out.4194999.new").mkdir()
    steps = json.loads(train("merge", "--config", recipe, "--json")[1])["steps"]
    assert [step["kept"] for step in steps] == [True, False]
    assert list(tmp_path.glob(".*")) == []


def test_a_full_disk_is_one_line(
    models: Path, tmp_path: Path, write_recipe: Writer, train: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    from train.merge import mergekit_run

    recipe = write_recipe(two_steps(models, tmp_path / "out"))

    def full(*_: Any) -> list[str]:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(mergekit_run, "run", full)
        code, _, err = train("merge", "--config", recipe)
    assert (code, len(err.splitlines())) == (2, 1)
    assert "No space left" in err
    assert not (tmp_path / "out").exists()
    monkeypatch.setattr("train.merge.compatibility.free_space", lambda _: 10)
    code, _, err = train("merge", "--config", recipe)
    assert code == 2
    assert "will be written" in err


def test_a_dry_run_writes_nothing(models: Path, tmp_path: Path, write_recipe: Writer, train: Runner) -> None:
    recipe = write_recipe(two_steps(models, tmp_path / "out"))
    before = sorted(tmp_path.rglob("*"))
    code, out, err = train("merge", "--config", recipe, "--dry-run")
    assert (code, err) == (0, "")
    assert "step:vietnamese" in out
    assert "nothing was written" in out
    assert sorted(tmp_path.rglob("*")) == before
    steps = json.loads(train("merge", "--config", recipe, "--dry-run", "--json")[1])["steps"]
    size = sum(weight.numel() * 4 for weight in weights_of(models / "base").values())
    assert [step["bytes"] for step in steps] == [size, size]
    assert steps[1]["reads"] == {
        "vietnamese": "step:vietnamese", "lima": f"{models}/lima", "base": f"{models}/base",
    }  # fmt: skip


def test_an_override_names_other_folders(models: Path, tmp_path: Path, write_recipe: Writer, train: Runner) -> None:
    recipe = write_recipe(two_steps(models, tmp_path / "out"))
    override = write_recipe(f"steps: {{final: {{models: {{lima: {{model: {models}/muri}}}}}}}}\n", "mine.yaml")
    words = ["merge", "--config", recipe, "--config", override, "--out", tmp_path / "elsewhere", "--dry-run", "--json"]
    steps = json.loads(train(*words)[1])["steps"]
    assert steps[1]["reads"]["lima"] == f"{models}/muri"
    assert steps[1]["writes"] == str(tmp_path / "elsewhere")


def test_a_foreign_folder_is_not_replaced(models: Path, tmp_path: Path, write_recipe: Writer, train: Runner) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/thesis.txt").write_text("mine")
    code, _, err = train("merge", "--config", write_recipe(two_steps(models, tmp_path / "out")))
    assert code == 2
    assert "did not write" in err
    assert (tmp_path / "out/thesis.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("method", "models_of", "rest", "equal"),
    [
        ("linear", "muri: {model: M/muri, weight: 3}, lima: {model: M/lima, weight: 0}", "", "muri"),
        ("slerp", "muri: M/muri, lima: M/lima", "base: muri\nparameters: {t: 0}", "muri"),
        ("slerp", "muri: M/muri, lima: M/lima", "base: muri\nparameters: {t: 1.0}", "lima"),
        ("passthrough", "lima: M/lima", "", "lima"),
        ("dare_ties", "muri: {model: M/muri, density: 0.5, weight: 0}", "base: M/base", "base"),
        ("linear", "muri: {model: M/muri, weight: 1}, lima: {model: M/lima, weight: 1}", "", None),
    ],
)
def test_equalities_are_tried(
    models: Path, tmp_path: Path, write_recipe: Writer, train: Runner,
    method: str, models_of: str, rest: str, equal: str | None,
) -> None:  # fmt: skip
    text = f"out_dir: {tmp_path / 'out'}\nmethod: {method}\nmodels: {{{models_of}}}\n{rest}\n"
    code, out, err = train("merge", "--config", write_recipe(text.replace("M/", f"{models}/")), "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)["steps"][0].get("equal")
    assert (found["to"] if found else None) == equal
    if found:
        assert found["max_difference"] < 1e-6


def test_the_gate_holds_back_what_is_wrong(
    models: Path, tmp_path: Path, write_recipe: Writer, train: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    from train.merge import mergekit_run

    text = (
        f"out_dir: {tmp_path / 'out'}\nmethod: slerp\nbase: a\nparameters: {{t: 0}}\nmodels: {{a: M/muri, b: M/lima}}\n"
    )
    recipe = write_recipe(text.replace("M/", f"{models}/"))
    real = mergekit_run.mergekit_settings
    with monkeypatch.context() as patched:
        patched.setattr(mergekit_run, "mergekit_settings", lambda *given: real(*given) | {"parameters": {"t": 0.3}})
        code, _, err = train("merge", "--config", recipe)
    assert (code, len(err.splitlines())) == (2, 1)
    assert "the merged model is not a" in err
    assert not (tmp_path / "out").exists()
    # Weights that overflow in the stored format: nothing to be written as numbers.
    broken = tuned_from(models / "base", tmp_path / "broken", 1)
    _scaled(broken, 1e30)
    recipe = write_recipe(
        f"out_dir: {tmp_path / 'out'}\nmethod: linear\ndtype: float16\nmodels:\n"
        f"  a: {{model: {broken}, weight: 1}}\n  b: {{model: {models}/muri, weight: 1}}\n"
    )
    code, _, err = train("merge", "--config", recipe)
    assert (code, len(err.splitlines())) == (2, 1)
    assert "no finite numbers" in err


def test_a_model_larger_than_memory_is_looked_at_block_by_block(
    models: Path, tmp_path: Path, write_recipe: Writer, train: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    from train.merge import smoke_test

    assert smoke_test.available_memory() > 0
    monkeypatch.setattr(smoke_test, "available_memory", lambda: 1000.0)
    text = f"out_dir: {tmp_path / 'out'}\nmethod: linear\nmodels:\n  a: {{model: M/muri, weight: 1}}\n"
    code, out, err = train("merge", "--config", write_recipe(text.replace("M/", f"{models}/")))
    assert (code, err) == (0, "")
    assert "not tried: memory does not hold it" in out
    broken = tuned_from(models / "base", tmp_path / "broken", 1)
    _scaled(broken, 1e30)
    code, _, err = train("merge", "--config", write_recipe(text.replace("M/muri", str(broken)) + "dtype: float16\n"))
    assert code == 2
    assert "logits" in err


def _scaled(folder: Path, factor: float) -> None:
    from safetensors.torch import save_file

    weights = {name: weight * factor for name, weight in weights_of(folder).items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def test_other_processes_and_a_kill_give_the_same_bytes(
    models: Path, tmp_path: Path, write_recipe: Writer, train: Runner
) -> None:
    """mergekit goes through sets of models, whose order is another in each process; and kill -9 in the middle."""
    recipe = write_recipe(two_steps(models, tmp_path / "out"))
    words = [sys.executable, "-m", "train", "merge", "--config", str(recipe)]
    environment = os.environ | {"PYTHONHASHSEED": "4"}
    running = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    first = tmp_path / "out.parts/steps/vietnamese"
    wait_until(first.exists, 200, every=0.005, process=running)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert (first / "merge.json").is_file()
    assert not (tmp_path / "out").exists()
    steps = json.loads(train("merge", "--config", recipe, "--json")[1])["steps"]
    assert [step["kept"] for step in steps] == [True, False]
    assert list(tmp_path.glob(".out*")) == []
    assert train("merge", "--config", write_recipe(two_steps(models, tmp_path / "again")))[0] == 0
    assert digest(first) == digest(tmp_path / "again.parts/steps/vietnamese")
    assert digest(tmp_path / "out") == digest(tmp_path / "again")


def test_the_terminal_stays_clean(models: Path, tmp_path: Path, write_recipe: Writer, train: Runner) -> None:
    """No bars, no log lines, nothing of libraries: what was done, and what to run next."""
    make_model(tmp_path / "x+y@1", seed=0)
    recipe = write_recipe(
        f"out_dir: {tmp_path / 'out'}\nmethod: linear\nmodels:\n  a: {{model: {tmp_path}/x+y@1, weight: 1}}\n"
        f"  b: {{model: {models}/muri, weight: 1}}\n"
    )
    code, out, err = train("merge", "--config", recipe)
    assert (code, err) == (0, "")
    assert out.splitlines()[0].startswith("merge: linear, float32, ")
    assert "next: " in out.splitlines()[-1]
    assert len(out.splitlines()) <= 3


def test_a_missing_mergekit_is_one_line_with_the_pip_command(
    models: Path, tmp_path: Path, write_recipe: Writer, train: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("mergekit", "mergekit.merge_methods"):
        monkeypatch.setitem(sys.modules, name, None)
    recipe = write_recipe(two_steps(models, tmp_path / "out"))
    for dry in ([], ["--dry-run"]):
        code, _, error = train("merge", "--config", recipe, *dry)
        assert (code, error) == (2, "merge: mergekit is not installed: pip install 'newsmill[merge]'\n")
    assert not (tmp_path / "out").exists()
