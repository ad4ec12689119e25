"""Runs `train` or `litgpt` and kills it (SIGKILL) at its nth write: of a table, of a state, of a name that a file gets.

python -m tests.train.litgpt.killed_at N PROGRAM WORDS

A state is written by half before the kill, all others are whole. With 0 for N the process is not killed; its last line
on stderr then says how many writes it made.
"""

from __future__ import annotations

import atexit
import io
import itertools
import os
import signal
import sys
from pathlib import Path
from typing import Any


def kill_at(last: int) -> None:
    """End this process at its nth write."""
    import torch
    from lightning.fabric.loggers import csv_logs

    numbers = itertools.count(1)
    save = torch.save

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def hooked(function: Any) -> Any:
        def write(*words: Any, **more: Any) -> Any:
            result = function(*words, **more)
            if next(numbers) == last:
                die()
            return result

        return write

    def torn(value: Any, path: Any, *words: Any, **more: Any) -> None:
        if next(numbers) == last:
            whole = io.BytesIO()
            save(value, whole)
            Path(path).write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
            die()
        save(value, path, *words, **more)

    torch.save = torn
    os.replace, os.rename = hooked(os.replace), hooked(os.rename)
    writer: Any = csv_logs._ExperimentWriter  # noqa: SLF001  Lightning's writer has no public name
    writer.save = hooked(writer.save)
    if not last:
        atexit.register(lambda: print("writes", next(numbers) - 1, file=sys.stderr, flush=True))


def run(program: str, words: list[str]) -> int:
    """The program's exit status."""
    if program == "litgpt":
        from litgpt.__main__ import main as litgpt

        sys.argv = [str(Path(sys.executable).parent / "litgpt"), *words]
        litgpt()
        return 0
    from train.__main__ import main

    return main(words)


if __name__ == "__main__":
    number, program, *words = sys.argv[1:]
    kill_at(int(number))
    sys.exit(run(program, words))
