"""`train --help` answers at once: nothing heavy is loaded before a command needs it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from train.__main__ import missing_extra, verbs

HEAVY = {"torch", "litgpt", "lightning", "transformers", "tokenizers", "numpy"}


@pytest.mark.parametrize("words", [["--help"], *([name, "--help"] for name in verbs())], ids=" ".join)
def test_help_shows_an_example_and_loads_nothing_heavy(words: list[str]) -> None:
    code = (
        "import sys\nfrom train.__main__ import main\n"
        f"try: main({words!r})\nexcept SystemExit: pass\n"
        f"print('loaded:', *sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "example" in done.stdout
    assert done.stdout.rstrip().endswith("loaded:")


def test_a_missing_library_is_one_line_with_the_pip_command(
    train: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "text.txt").write_text("Il consiglio ha approvato il piano.")
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    code, _, error = train("tiny", "--corpus", tmp_path / "text.txt", "--out", tmp_path / "tiny")
    assert (code, error) == (2, "tiny: tokenizers is not installed: pip install 'newsmill[train]'\n")
    assert "newsmill[merge]" in str(missing_extra(ModuleNotFoundError(name="mergekit.plan")))
    assert missing_extra(ModuleNotFoundError(name="train.nothing")) is None
