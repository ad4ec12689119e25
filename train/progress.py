"""What a person sees of work that goes on: a progress bar, and the losses of a training run, on stderr."""

from __future__ import annotations

import sys
import time
from typing import Any

#: Lines of a whole run where there is no terminal.
LINES = 20


def progress(steps: Any, title: str) -> Any:
    """The steps, with a bar on stderr where that is a terminal."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return track(steps, description=title, console=console, transient=True) if console.is_terminal else steps


class LiveLoss:
    """The losses of a run while it goes on: one line that is drawn anew on a terminal, else a line each n steps.

    steps: of the whole run; done: those of an earlier process. title: what begins each line.
    """

    def __init__(self, steps: int, done: int = 0, title: str = "finetune") -> None:
        from rich.console import Console

        self._steps, self._done, self._title = steps, done, title
        self._loss = self._val = ""
        self._tokens = 0.0
        self._began = time.monotonic()
        console = Console(stderr=True)
        self._every = max(1, steps // LINES)
        self._bar = self._drawn(console) if console.is_terminal else None

    def _drawn(self, console: Any) -> Any:
        from rich.progress import BarColumn, Progress, TextColumn

        text = TextColumn("{task.fields[text]}")
        bar = Progress(TextColumn(self._title), BarColumn(bar_width=20), text, console=console, transient=True)
        self._task = bar.add_task("", total=self._steps, completed=self._done, text=f"step {self._done}/{self._steps}")
        bar.start()
        return bar

    def step(self, step: int, loss: float, tokens: float) -> None:
        """An optimizer step is over. tokens: those it read."""
        self._loss = f"loss {loss:.3f}"
        self._tokens += tokens
        if self._bar is not None:
            self._bar.update(self._task, completed=step, text=self._text(step, f"step {step}/{self._steps}"))
        elif step % self._every == 0 or step == self._steps or step == self._done + 1:
            self._line(self._text(step, f"step {step} of {self._steps}"))

    def validation(self, loss: float) -> None:
        """The validation rows were measured."""
        self._val = f"validation {loss:.3f}"
        if self._bar is None:
            self._line(f"validation loss {loss:.3f}")

    def end(self) -> None:
        """Take the line off the terminal."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _text(self, step: int, head: str) -> str:
        seconds = max(time.monotonic() - self._began, 1e-9)
        speed = f"{self._tokens / seconds:,.0f} tokens a second"
        rest = clock((self._steps - step) * seconds / max(step - self._done, 1))
        return ", ".join(filter(None, (head, self._loss, self._val if self._bar else "", speed, f"{rest} left")))

    def _line(self, text: str) -> None:
        print(f"{self._title}: {text}", file=sys.stderr, flush=True)


def clock(seconds: float) -> str:
    """Seconds as 0:05, 12:30 or 3:07:00."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
