"""The losses of a run while it goes on: a line each n steps, or one that is drawn anew on a terminal."""

from __future__ import annotations

from typing import Any

import pytest

from train import progress
from train.progress import LiveLoss, clock


def lines(steps: int, done: int, capsys: pytest.CaptureFixture[str]) -> list[str]:
    live = LiveLoss(steps, done)
    for step in range(done + 1, steps + 1):
        live.step(step, 3 - step / steps, 100)
    live.validation(1.25)
    live.end()
    return capsys.readouterr().err.splitlines()


def test_without_a_terminal_there_are_as_many_lines_whatever_the_steps(capsys: pytest.CaptureFixture[str]) -> None:
    for steps in (400, 4000):
        assert len(lines(steps, 0, capsys)) == progress.LINES + 2, "the first step and the validation"


def test_a_line_says_step_loss_speed_and_what_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    first, *_, last, validation = lines(8, 0, capsys)
    assert first.startswith("finetune: step 1 of 8, loss 2.875, ")
    assert first.endswith(" left")
    assert " tokens a second, " in first
    assert last.startswith("finetune: step 8 of 8, loss 2.000, ")
    assert last.endswith("0:00 left")
    assert validation == "finetune: validation loss 1.250"


def test_a_run_that_goes_on_counts_its_own_steps(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([0.0, 10.0, 20.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(times))
    live = LiveLoss(100, 90)
    live.step(91, 1.0, 50)
    live.step(92, 1.0, 150)
    assert capsys.readouterr().err == "finetune: step 91 of 100, loss 1.000, 5 tokens a second, 1:30 left\n"


def test_on_a_terminal_one_line_is_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    from rich import console

    screen = io.StringIO()
    wide: Any = console.Console
    monkeypatch.setattr(
        "rich.console.Console", lambda **_: wide(file=screen, force_terminal=True, width=160, color_system=None)
    )
    live = LiveLoss(20)
    live.step(1, 2.5, 100)
    live.validation(1.5)
    live.step(2, 2.25, 100)
    live.end()
    live.end()
    assert "step 2/20, loss 2.250, validation 1.500, " in screen.getvalue()
    assert "\n\n" not in screen.getvalue()


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (5.4, "0:05"), (59.6, "1:00"), (750, "12:30"), (11220, "3:07:00")]
)
def test_seconds_are_read_at_a_glance(seconds: float, text: str) -> None:
    assert clock(seconds) == text
