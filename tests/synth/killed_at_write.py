"""Runs `synth` and kills it (SIGKILL) right after its nth write to collections of the store.

python -m tests.synth.killed_at_write N COLLECTION,… -- synth's words
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from pymongo.collection import Collection

from synth.__main__ import main

WRITES = ("bulk_write", "insert_many", "insert_one", "update_one", "update_many", "delete_many", "delete_one")


def kill_after(last: int, collections: Sequence[str] = ()) -> None:
    """End this process right after its nth acknowledged write to these collections; to any where there are none."""
    numbers = itertools.count(1)

    def hooked(method: Any) -> Any:
        def write(self: Any, *arguments: Any, **options: Any) -> Any:
            result = method(self, *arguments, **options)
            if (not collections or self.name in collections) and next(numbers) == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return write

    for name in WRITES:
        setattr(Collection, name, hooked(getattr(Collection, name)))


if __name__ == "__main__":
    number, names, _, *words = sys.argv[1:]
    kill_after(int(number), names.split(","))
    sys.exit(main(words))
