"""Runs `synth`, `train` or `scrapy` and kills it (SIGKILL) right after its nth write to the store, or of a whole file.

python -m tests.killed_at_write N COLLECTION,… -- PROGRAM WORDS

With 0 for N it is not killed; its last line on stderr then says how many writes it made.
"""

from __future__ import annotations

import atexit
import itertools
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from pymongo.collection import Collection

WRITES = ("bulk_write", "insert_many", "insert_one", "update_one", "update_many", "delete_many", "delete_one",
          "find_one_and_update", "replace_one")  # fmt: skip


def kill_after(last: int, collections: Sequence[str] = ()) -> None:
    """End this process right after its nth acknowledged write to these collections; where none are named, after its nth
    to any or of a file under its own name.
    """
    numbers = itertools.count(1)
    names = set(filter(None, collections))

    def hooked(method: Any) -> Any:
        def write(self: Any, *arguments: Any, **options: Any) -> Any:
            result = method(self, *arguments, **options)
            if (not names or getattr(self, "name", "") in names) and next(numbers) == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return write

    for name in WRITES:
        setattr(Collection, name, hooked(getattr(Collection, name)))
    if not names:
        os.replace = hooked(os.replace)
    if not last:
        atexit.register(lambda: print("writes", next(numbers) - 1, file=sys.stderr, flush=True))


def run(program: str, words: list[str]) -> int:
    """The program's exit status; scrapy ends the process itself."""
    if program == "scrapy":
        from scrapy.cmdline import execute

        execute(["scrapy", *words])
        return 0
    if program == "train":
        from train.__main__ import main as train

        return train(words)
    from synth.__main__ import main

    return main(words)


if __name__ == "__main__":
    number, names, _, program, *words = sys.argv[1:]
    kill_after(int(number), names.split(","))
    sys.exit(run(program, words))
