"""`train loss`: the table of a run, and what it says where there is nothing to show.

Covers train.loss.curve, train.loss.display, train.run_folder.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from train.loss.curve import seconds_per_step
from train.loss.display import sparkline
from train.run_folder import read_curve

Run = Callable[..., tuple[int, str, str]]
HEAD = "step,loss,iter_time,val_loss\n"


def test_a_run_is_shown_beside_the_base_model(tuned: Path, train: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tuned.parents[1])
    code, told, _ = train("loss", "--run", "out/tiny-news")
    assert code == 0
    assert "validation" in told
    assert "2 steps" in told
    code, told, _ = train("loss", "--run", "out/tiny-news", "--json")
    numbers = json.loads(told)
    assert numbers["steps"] == 2
    assert numbers["last_val_loss"] < numbers["first_val_loss"], "the loss on rows it has not seen did not fall"
    assert 0 < numbers["seconds_per_step"] < 60
    saved = json.loads((tuned / "loss.json").read_text())
    assert [row["step"] for row in saved["curve"] if "val_loss" in row][-1] == 2


def test_batches_are_gathered_into_steps(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_text(HEAD + "1,4.0,0.5,\n2,3.0,0.5,\n2,,,3.5\n3,2.5,1.0,\n4,2.0,1.0,\n,,,2.75\n")
    curve = read_curve(path, batches=2)
    assert [(row["step"], row["val_loss"]) for row in curve if "val_loss" in row] == [(1, 3.5), (2, 2.75)]
    assert [row["step"] for row in curve if "loss" in row] == [1, 1, 2, 2]
    assert seconds_per_step(curve) == 1.5


@pytest.mark.parametrize(
    ("content", "said"), [(None, "no metrics.csv"), (HEAD, "no losses"), (HEAD + "1,abc,1,\n", "metrics.csv:2")]
)
def test_nothing_to_show_is_one_line(content: str | None, said: str, tmp_path: Path, train: Run) -> None:
    if content is not None:
        (tmp_path / "metrics.csv").write_text(content)
    code, _, err = train("loss", "--run", tmp_path)
    assert code == 2
    assert said in err
    assert err.count("\n") == 1


def test_a_loss_that_is_no_number_is_named(tmp_path: Path, train: Run) -> None:
    (tmp_path / "metrics.csv").write_text(HEAD + "1,4.0,0.5,\n2,nan,0.5,\n2,,,nan\n")
    code, told, err = train("loss", "--run", tmp_path, "--json")
    assert code == 0
    assert json.loads(told, parse_constant=pytest.fail)["last_val_loss"] is None
    assert "2 losses" in err
    assert "NaN" in err
    json.loads((tmp_path / "loss.json").read_text(), parse_constant=pytest.fail)


def test_a_sparkline_spans_low_to_high() -> None:
    assert sparkline([3.0, 1.0, 2.0, math.nan])[:2] == "█▁"
    assert sparkline([math.nan]) == ""
    assert len(sparkline([float(number) for number in range(1000)])) <= 60
