"""The Makefile deletes no store unasked."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest


@pytest.fixture
def project(tmp_path: Path, root: Path) -> Path:
    """A folder with the Makefile and a store."""
    if not (root / "Makefile").exists() or not shutil.which("make"):
        pytest.skip("no Makefile here, or no make")
    shutil.copy(root / "Makefile", tmp_path)
    (tmp_path / ".newsmill/mongo/db").mkdir(parents=True)
    return tmp_path


def make(project: Path, target: str, answer: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a target; with an answer: typed at a terminal."""
    if answer is None:
        return subprocess.run(
            ["make", target], cwd=project, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    ours, theirs = os.openpty()
    os.write(ours, f"{answer}\n".encode())
    done = subprocess.run(["make", target], cwd=project, stdin=theirs, capture_output=True, text=True, check=False)
    os.close(ours)
    os.close(theirs)
    return done


def test_clean_leaves_the_store_alone(project: Path) -> None:
    (project / "build").mkdir()
    assert make(project, "clean").returncode == 0
    assert not (project / "build").exists()
    assert (project / ".newsmill/mongo/db").is_dir()


def test_clean_store_without_a_terminal_refuses(project: Path) -> None:
    done = make(project, "clean-store")
    assert done.returncode != 0
    assert "no terminal to ask at" in done.stderr
    assert (project / ".newsmill/mongo/db").is_dir()


@pytest.mark.parametrize(("answer", "stays"), [("", True), ("no", True), ("yes", False)])
def test_clean_store_deletes_after_a_yes(project: Path, answer: str, stays: bool) -> None:
    done = make(project, "clean-store", answer)
    assert (project / ".newsmill").exists() == stays
    assert (done.returncode != 0) == stays
