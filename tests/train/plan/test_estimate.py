"""The figures of a plan for one GPU, worked by hand: what fits, tokens a second, hours, energy and cost.

Covers train.plan.estimate, train.plan.gpus.
"""

from __future__ import annotations

import io
import sys
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from train.plan import estimate
from train.plan.advice import Advice
from train.plan.dataset_size import Assumed, Rows, Steps
from train.plan.estimate import length_of, mean_footprint, memory_of, on_gpu, plan_of
from train.plan.gpus import GIB, Gpu, Overhead, Reach, Table
from train.plan.memory import PARTS, Footprint, Work

#: 10^12 products a second, 10^9 bytes a second: a second each for the work below.
CARD = Gpu("Card 1", memory=2, tflops=1, tflops_32=0.5, bandwidth=1, watts=100, bf16=False, source="made up")
TABLE = Table({"Card 1": CARD}, Reach(1, 1, 0), Reach(0.5, 0.5, 0), Overhead(context=0.5, workspace=0, fragmentation=0))
WORK = Work(1e12, 0, 0, [(1e12, 0)])
STEP = Footprint(10, 2, {"weights": GIB}, GIB, 0, 7, WORK, Work(5e11, 0, 0, [(5e11, 0)]))
ROWS = Rows(100, 10, 4000, 1000, 8000, 300, 40, "a file")
STEPS = Steps(20, 40, 6)


def run_of(**settings: Any) -> Any:
    plain = {"method": "sft", "micro_batch": 2, "max_seq_length": 512, "precision": "16-true", "processes": 1}
    return SimpleNamespace(**plain | settings)


def figures(
    run: Any = None, rows: Rows = ROWS, steps: Steps = STEPS, gpu: Gpu = CARD, step: Footprint = STEP,
    prices: dict[str, float] | None = None,
) -> dict[str, Any]:  # fmt: skip
    return on_gpu(gpu, run or run_of(), rows, steps, step, step, TABLE, prices or {})


@pytest.mark.parametrize(("longest", "expected"), [(300, 300), (600, 512), (2, 2), (1, 2), (0, 2)])
def test_the_longest_row_is_cut_and_has_two_tokens_at_least(longest: int, expected: int) -> None:
    assert length_of(run_of(), replace(ROWS, longest=longest)) == expected


@pytest.mark.parametrize(
    ("method", "padded", "expected"), [("sft", 8000, 100), ("orpo", 8000, 50), ("orpo", 100, 2), ("sft", None, None)]
)
def test_the_mean_row_decides_the_time(
    method: str, padded: int | None, expected: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int | None] = []

    def measured(run: Any, rows: Rows, length: int | None = None) -> Footprint:
        asked.append(length)
        return replace(STEP, total=11)

    monkeypatch.setattr(estimate, "measured", measured)
    mean = mean_footprint(run_of(method=method), replace(ROWS, padded=padded), STEP)
    assert (asked, mean.total) == (([expected], 11) if expected else ([], 10))


def test_memory_is_told_by_part() -> None:
    memory = memory_of(STEP, TABLE)
    assert list(memory["parts"]) == list(PARTS)
    assert memory["parts"]["weights"] == GIB
    assert memory["parts"]["logits"] == 0
    assert (memory["allocated"], memory["paged"], memory["needed"]) == (GIB, 7, GIB * 3 // 2)


@pytest.mark.parametrize(("bytes_more", "fits"), [(0, True), (GIB // 2, True), (GIB // 2 + 1, False)])
def test_what_fits_to_the_last_byte(bytes_more: int, fits: bool) -> None:
    told = figures(step=replace(STEP, training=GIB + bytes_more))
    assert (told["fits"], told["free"]) == (fits, GIB // 2 - bytes_more)


@pytest.mark.parametrize(
    ("has", "precision", "usable"), [(False, "bf16-true", False), (False, "32-true", True), (True, "bf16-true", True)]
)
def test_bfloat16_needs_a_gpu_that_has_it(has: bool, precision: str, usable: bool) -> None:
    assert figures(run_of(precision=precision), gpu=replace(CARD, bf16=has))["bf16"] is usable


def test_time_and_tokens_a_second() -> None:
    told = figures()
    assert told["micro_batch_seconds"] == [1, 2]
    # 8,000 positions in 40 micro-batches are 200 a batch: the slow figure first.
    assert told["tokens_a_second"] == [100, 200]
    # 40 micro-batches of 1 or 2 s, 6 of validation of half that.
    assert told["seconds"] == [43, 86]
    assert told["kwh"] == pytest.approx([43 * 100 / 3.6e6, 86 * 100 / 3.6e6])
    assert told["cost"] is None
    assert figures(run_of(precision="32-true"))["micro_batch_seconds"] == [2, 4]


def test_without_lengths_every_row_is_the_longest() -> None:
    rows = replace(ROWS, padded=None)
    assert figures(rows=rows)["tokens_a_second"] == [300, 600]
    assert figures(run_of(method="orpo"), rows=rows)["tokens_a_second"] == [600, 1200]
    assert figures(run_of(processes=4), rows=rows)["tokens_a_second"] == [1200, 2400]


def test_without_a_number_of_steps_there_is_no_time() -> None:
    told = figures(steps=Steps(None, None, 6))
    assert (told["seconds"], told["kwh"], told["cost"]) == (None, None, None)
    assert told["tokens_a_second"] == [100, 200]


def test_cost_by_the_hour_or_by_energy() -> None:
    hourly = figures(prices={"card1": 36.0, "kwh": 9.0})
    assert hourly["cost"] == pytest.approx([0.43, 0.86])
    assert figures(run_of(processes=2), prices={"card1": 36.0})["cost"] == pytest.approx([0.86, 1.72])
    by_energy = figures(run_of(processes=2), prices={"kwh": 3.6e6})
    assert by_energy["kwh"] == pytest.approx([43 * 200 / 3.6e6, 86 * 200 / 3.6e6])
    assert by_energy["cost"] == pytest.approx([8600, 17200])


@pytest.mark.parametrize(("terminal", "shown"), [(True, "\r\x1b[Kplan: counting …\r\x1b[K"), (False, "")])
def test_the_line_of_what_is_being_done_goes_again(terminal: bool, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: terminal)
    monkeypatch.setattr(sys, "stderr", stream)
    line = estimate._StatusLine()  # noqa: SLF001
    line.say("counting")
    line.end()
    assert stream.getvalue() == shown


def test_a_plan_is_of_the_recipe_with_all_that_is_laid_over_it(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[Any] = []

    def load(path: str, overrides: list[str]) -> Any:
        loaded.append((path, overrides))
        raise ValueError("far enough")

    monkeypatch.setattr(estimate, "load", load)
    with pytest.raises(ValueError, match="far enough"):
        estimate.plan_of(SimpleNamespace(config=["a", "b", "c"]), TABLE, [CARD], {})  # type: ignore[arg-type]
    assert loaded == [("a", ["b", "c"])]


# ---- the whole plan, of parts that are known

RECIPE = {
    "backend": "litgpt", "checkpoint": Path("models/tiny"), "shape_from": "config", "quantize": None,
    "optimizer": "adamw", "accumulation": 4, "recompute": False, "stable_embedding": True,
}  # fmt: skip


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A run whose rows, steps, memory and advice are given; what each was asked is in `job.asked`."""
    run = run_of(**RECIPE, job=lambda length, share: (length, share))
    asked: dict[str, Any] = {}

    def answer(name: str, value: Any) -> Any:
        def function(*arguments: Any) -> Any:
            asked[name] = arguments
            return value

        return function

    monkeypatch.setattr(estimate, "load", answer("load", "recipe"))
    monkeypatch.setattr(estimate, "rows_of", answer("rows", ROWS))
    monkeypatch.setattr(estimate, "steps_of", answer("steps", STEPS))
    monkeypatch.setattr("train.plan.job.planned_run", answer("run", run))
    monkeypatch.setattr("train.plan.meta_models.measure", answer("measure", STEP))
    monkeypatch.setattr("train.plan.advice.advise", answer("advice", Advice((), False)))
    return SimpleNamespace(run=run, asked=asked)


def options(**settings: Any) -> Any:
    plain = {"config": ["a", "b"], "rows": 5, "tokens": 6, "chars_per_token": 7.0, "no_advice": False, "gpu": []}
    return SimpleNamespace(**plain | settings)


def test_a_plan_holds_what_its_parts_say(job: Any) -> None:
    plan = plan_of(options(), TABLE, [CARD, replace(CARD, name="Card 2")], {"kwh": 1.0})
    assert job.asked["load"] == ("a", ["b"])
    assert job.asked["run"] == ("recipe",)
    assert job.asked["rows"] == (job.run, Assumed(5, 6, 7.0))
    assert job.asked["steps"] == (job.run, ROWS)
    # The last step measured is that of a mean batch of 200 positions, two rows.
    assert job.asked["measure"] == ((100, ROWS.learned_share),)
    assert [plan[name] for name in ("backend", "method", "model", "sizes_from", "precision")] == [
        "litgpt", "sft", "tiny", "config", "16-true",
    ]  # fmt: skip
    assert (plan["parameters"], plan["trainable"], plan["rows_a_step"], plan["length"]) == (8, 2, 8, 300)
    assert plan["data"] == asdict(ROWS) | {"learned_share": ROWS.learned_share}
    assert plan["steps"] == asdict(STEPS)
    assert plan["memory"] == memory_of(STEP, TABLE)
    assert plan["gpus"] == [figures(prices={"kwh": 1.0}) | {"name": name} for name in ("Card 1", "Card 2")]
    assert plan["advice"] is None
    assert "advice" not in job.asked


@pytest.mark.parametrize(
    ("gpu", "names", "memories", "advised"),
    [
        ([], ["Card 1"], [1], "L4"),
        (["x"], ["Card 1", "Card 2"], [1.25, 1], "Card 2"),
        (["x"], ["Card 1"], [1.5], None),
    ],
)  # fmt: skip
def test_advice_is_for_the_smallest_card_asked_for_or_the_usual_one(
    job: Any, gpu: list[str], names: list[str], memories: list[float], advised: str | None
) -> None:
    cards = [replace(CARD, name=name, memory=memory) for name, memory in zip(names, memories, strict=True)]
    table = replace(TABLE, gpus={"L4": replace(CARD, name="L4", memory=1.25)})
    advice = plan_of(options(gpu=gpu), table, cards, {})["advice"]
    if advised is None:
        assert advice is None
        return
    memory = 1.25 if advised == "L4" else 1
    assert advice == {"gpu": advised, "memory": memory, "steps": (), "fits": False}
    run, need, room, measure = job.asked["advice"]
    assert (run, need, room) == (job.run, GIB * 3 // 2, int(memory * GIB))
    assert measure(job.run) == (STEP, GIB * 3 // 2)
    assert job.asked["measure"] == ((300, ROWS.learned_share),)
    assert plan_of(options(gpu=gpu, no_advice=True), table, cards, {})["advice"] is None
