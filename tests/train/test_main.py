"""`train --help` answers at once: nothing heavy is loaded before a command needs it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from train.__main__ import COMMANDS

HEAVY = {"torch", "litgpt", "lightning", "transformers", "tokenizers", "numpy"}


@pytest.mark.parametrize("words", [["--help"], *([name, "--help"] for name in COMMANDS)], ids=" ".join)
def test_help_shows_an_example_and_loads_nothing_heavy(words: list[str]) -> None:
    code = (
        "import sys\nfrom train.__main__ import main\n"
        f"try: main({words!r})\nexcept SystemExit: pass\n"
        f"print('loaded:', *sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "example" in done.stdout
    assert done.stdout.rstrip().endswith("loaded:")
