"""Runs `synth translate` in children, each of which is killed (SIGKILL) right after its nth write to the store.

    python -m tests.synth.translate.killed_at_write FIRST LAST -- synth's words

A child for each n from FIRST to LAST; before and after each step it prints a line and waits for one, so that the store
can be filled and looked at. After each kill the command is run once more, to its end.
"""

from __future__ import annotations

import os
import signal
import sys

# The parent has loaded everything and opened nothing: a child begins at once.
import tests.synth.translate.conftest as rows
from synth.__main__ import main
from synth.language import detect
from synth.translation.checks import doubts
from synth.translation.language_bound import classify
from tests.killed_at_write import kill_after


def child(number: int, words: list[str]) -> int:
    """The wait status of a run that is killed after its nth write; 0 for number: not at all."""
    pid = os.fork()
    if not pid:
        status = 99
        try:
            if number:
                kill_after(number)
            status = main(words)
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def say(*parts: object) -> str:
    """A line on the real stdout, and the line that comes back."""
    print("STEP", *parts, flush=True)
    return sys.stdin.readline()


if __name__ == "__main__":
    # What is read at its first use, tables and the models of the languages, is there for every child.
    for own in (rows.ROWS[0], rows.ROWS[1]):
        texts = (own["question"], own["answer"])
        pair = [dict(zip(("instruction", "output"), each, strict=True)) for each in (texts, map(rows.italian, texts))]
        doubts(*pair, "en", "it")
        classify(pair[0], "en")
        detect(texts[1])
    first, last = int(sys.argv[1]), int(sys.argv[2])
    for count in range(first, last + 1):
        say("fill", count)
        code = child(count, sys.argv[4:])
        say("killed", count, code)
        say("finished", count, child(0, sys.argv[4:]) if code else 0)
        if code != -signal.SIGKILL:
            break
