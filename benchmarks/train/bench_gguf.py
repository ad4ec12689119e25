"""GGUF files that `train convert --to gguf` writes: do they hold the model, does llama.cpp compute the same from them?

Each model is written in each type and read by llama.cpp's own library, where one is installed (LLAMA_CPP_FOLDER, see
benchmarks/helpers/llama_cpp.py); beside it the limit, our own computation of the source in float32. Without models
given, tiny ones of every family.
Run: python benchmarks/train/bench_gguf.py [FOLDER …] [--types float16 q8_0]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

# The benchmarks belong to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.helpers.llama_cpp import LlamaCpp, library_folder
from train.models.formats.conversion import ConversionRequest
from train.models.formats.equivalence import TEXTS
from train.models.formats.streamed import open_model
from train.models.gguf.write import convert_to_gguf
from train.tokenizer import tokenizer_of

#: Tokens of the text whose logits are compared.
LENGTH = 120
COLUMNS = (
    "model", "type", "MB", "seconds of a processor", "largest difference read back", "texts cut alike",
    "largest difference in llama.cpp", "spread of the logits", "same likeliest token",
)  # fmt: skip


def row(source: Path, kind: str, name: str) -> tuple[str, ...]:
    """One line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        result = convert_to_gguf(ConversionRequest(source, "gguf", dtype=kind), Path(folder), name)
        took = time.process_time() - began
        path = next(Path(folder).glob("*.gguf"))
        check = result.checks["as written"]
        first = (name, kind, f"{path.stat().st_size / 1e6:.1f}", f"{took:.1f}", f"{check.max_difference:.2g}")
        return (*first, *in_llama_cpp(path, source))


def in_llama_cpp(path: Path, source: Path) -> tuple[str, str, str, str]:
    """What llama.cpp makes of the texts, beside the source computed here."""
    import torch

    if (folder := library_folder()) is None:
        return "-", "-", "-", "-"
    theirs, tokens = LlamaCpp(path, folder), tokenizer_of(source)
    alike = sum(theirs.encode(text) == list(tokens.encode(text)) for text in TEXTS)
    ids = list(tokens.encode(" ".join(TEXTS)))[:LENGTH]
    if tokens.adds_bos and tokens.bos_id is not None:
        ids = [tokens.bos_id, *ids]
    places = (torch.zeros(len(ids), dtype=torch.int64), torch.arange(len(ids)))
    ours: Any = open_model(source).logits(torch.tensor([ids]), places).numpy()
    logits = theirs.logits(ids)
    same = (ours.argmax(1) == logits.argmax(1)).mean()
    spread = ours.std(axis=1).mean()
    return f"{alike} of {len(TEXTS)}", f"{np.abs(ours - logits).max():.2g}", f"{spread:.2g}", f"{same:.1%}"


def models(folders: Sequence[Path], into: Path) -> Iterator[tuple[str, Path]]:
    """Name and folder of each model."""
    if folders:
        yield from ((folder.name, folder) for folder in folders)
        return
    from tests.train.convert_fixtures import NAMES, make_model

    yield from ((f"tiny {name}", make_model(name, into / name)) for name in NAMES)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, help="models, in either form")
    parser.add_argument("--types", nargs="+", default=["float32", "float16", "q8_0"])
    options = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |\n|---|---|{'---:|' * (len(COLUMNS) - 2)}", flush=True)
    with tempfile.TemporaryDirectory() as into:
        for name, source in models(options.folders, Path(into)):
            for kind in options.types:
                print(f"| {' | '.join(row(source, kind, name))} |", flush=True)


if __name__ == "__main__":
    main()
