"""llama.cpp itself reads what was written: the same token ids and logits as here, where its library is installed.

Covers train.models.gguf.write.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.helpers.llama_cpp import LlamaCpp, library_folder
from tests.train.convert_fixtures import NAMES, make_model
from train.models.formats.equivalence import TEXTS
from train.models.formats.streamed import open_model
from train.tokenizer import tokenizer_of

FOLDER = library_folder()
pytestmark = pytest.mark.skipif(FOLDER is None, reason="no llama.cpp: LLAMA_CPP_FOLDER names the folder of its library")


@pytest.mark.parametrize("name", NAMES)
def test_ids_and_logits(train: Callable[..., tuple[int, str, str]], tmp_path: Path, name: str) -> None:
    import torch

    source, out = make_model(name, tmp_path / "model"), tmp_path / "out"
    assert train("convert", "--checkpoint", source, "--out", out, "--to", "gguf")[0] == 0
    (path,) = out.glob("*.gguf")
    assert FOLDER is not None
    theirs, tokens = LlamaCpp(path, FOLDER), tokenizer_of(source)
    for text in TEXTS:
        assert theirs.encode(text) == list(tokens.encode(text))
    # Longer than the window of local attention.
    ids = list(tokens.encode(" ".join(TEXTS)))[:120]
    places = (torch.zeros(len(ids), dtype=torch.int64), torch.arange(len(ids)))
    ours = open_model(source).logits(torch.tensor([ids]), places).numpy()
    logits = theirs.logits(ids)
    # llama.cpp keeps keys and values in float16.
    assert np.abs(ours - logits).max() < 0.01 * ours.std(axis=1).mean()
    assert (ours.argmax(1) == logits.argmax(1)).all()
