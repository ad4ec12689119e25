"""`import_gguf`: a GGUF file as a folder in Hugging Face's form and LitGPT's, checked before anybody uses it."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.errors import TrainError
from train.models.gguf.read import GgufFolder, read_gguf

if TYPE_CHECKING:
    import torch

#: The record of an import, by which `train import-gguf` and `train get` know the folders that they wrote.
RECORD = "import.json"
FORMS = ("both", "huggingface", "litgpt")
#: Share of the loss of a guess among all tokens from which on a model has learnt little or is read wrongly.
_GUESSING = 0.8


@dataclass(frozen=True)
class ImportRequest:
    """What is asked for.

    file: the GGUF file, or one of its parts. form: both, huggingface or litgpt. name: LitGPT's for the model. dtype: of
    the weights; None: that of the file. pre: how the tokenizer cuts words, where the file does not say. shard: bytes of
    a file of weights, at most. checksum: whether the files' SHA-256 goes into the record.
    """

    file: Path
    form: str
    name: str
    dtype: str | None = None
    pre: str | None = None
    shard: int = 2 * 10**9
    checksum: bool = True


def import_gguf(request: ImportRequest, out: Path) -> dict[str, Any]:
    """Write the model into `out`, a folder that exists and is empty; the record of it.

    Raises:
        TrainError: the file cannot be read, or what was written is not what the file says.
    """
    began = time.monotonic()
    folder = read_gguf(request.file, out, dtype=request.dtype, pre=request.pre, shard=request.shard)
    _check_texts(folder, out)
    record = _record(request, folder) | {"loss": losses(out)}
    record["notes"] = _notes(folder, record["loss"])
    if request.form != "huggingface":
        record["logits"] = _add_litgpt(request, out)
    if request.form == "litgpt":
        for path in [*out.glob("*.safetensors"), *out.glob("*.safetensors.index.json")]:
            path.unlink()
    record["seconds"] = round(time.monotonic() - began, 2)
    (out / RECORD).write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return record


def _check_texts(folder: GgufFolder, out: Path) -> None:
    """Raises:
    TrainError: the tokenizer that was written does not give texts back.
    """
    from train.models.formats.equivalence import TEXTS
    from train.tokenizer import tokenizer_of

    tokens = tokenizer_of(out)
    for text in TEXTS:
        if (back := tokens.decode(tokens.encode(text))) != text and folder.tokenizer.kind == "SentencePiece":
            raise TrainError(f"{folder.model.paths[0]}: its tokenizer makes {back[:60]!r} of {text[:60]!r}")


def losses(folder: Path, texts: Sequence[str] | None = None) -> dict[str, Any]:
    """Loss a token of a page of news in three languages, with and without the begin token; tokens of the page.

    The same tokens both times: those after the first of each text. One pass through the weights.
    """
    from train.models.formats.equivalence import TEXTS
    from train.tokenizer import tokenizer_of

    tokens = tokenizer_of(folder)
    rows = [row for text in texts or TEXTS if len(row := tokens.encode(text)) > 1]
    count = sum(len(row) - 1 for row in rows)
    begins = [[], [tokens.bos_id]] if tokens.bos_id is not None else [[]]
    each = _token_losses(folder, [[*begin, *row] for begin in begins for row in rows], count)
    names = ("without_begin", "with_begin")
    means = {name: round(float(part.mean()), 4) for name, part in zip(names, each.split(count), strict=False)}
    return {"tokens": count, **means}


def _token_losses(folder: Path, rows: Sequence[Sequence[int]], count: int) -> torch.Tensor:
    """Of the rows' last tokens, `count` for each way of beginning them, and in their order."""
    import torch

    from train.models.formats.streamed import open_model

    ids = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.int64)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = torch.tensor(row)
    half = len(rows) // 2 if sum(len(row) - 1 for row in rows) > count else len(rows)
    at = [(number, column) for number, row in enumerate(rows) for column in range(int(number >= half), len(row) - 1)]
    columns = (torch.tensor([row for row, _ in at]), torch.tensor([column for _, column in at]))
    logits = open_model(folder).logits(ids, columns)
    return torch.nn.functional.cross_entropy(logits, ids[columns[0], columns[1] + 1], reduction="none")


def _notes(folder: GgufFolder, loss: dict[str, Any]) -> list[str]:
    best = min(value for name, value in loss.items() if name != "tokens")
    notes = []
    if not best < _GUESSING * math.log(folder.config["vocab_size"]):
        notes.append(
            f"it guesses a page of news at {best:.2f} a token, hardly better than by lot: "
            "it has learnt little of these languages, or the file is not read rightly"
        )
    if not folder.tokenizer.ends:
        notes.append("the file names no token at which a text ends: writing will not stop by itself")
    return notes


def _record(request: ImportRequest, folder: GgufFolder) -> dict[str, Any]:
    model = folder.model
    general = {
        key.removeprefix("general."): value for key, value in model.metadata.items() if key.startswith("general.")
    }
    described = ("name", "license", "license.name", "license.link", "url", "source.url", "base_model.0.repo_url")
    return {
        "made_by": "train import-gguf",
        "files": {path.name: _sha256(path) if request.checksum else None for path in model.paths},
        "architecture": model.architecture,
        "model_type": folder.config["model_type"],
        "parameters": sum(entry.count for entry in model.tensors.values()),
        "quantisations": model.quantisations,
        "dtype": folder.dtype,
        "tokenizer": {"kind": folder.tokenizer.kind, "tokens": len(folder.tokenizer.tokens), **folder.tokenizer.ids},
        "described": {key: general[key] for key in described if isinstance(general.get(key), str)},
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _add_litgpt(request: ImportRequest, out: Path) -> dict[str, Any]:
    """LitGPT's form beside the other, compared with it; what the comparison found.

    Raises:
        TrainError: LitGPT computes something else.
    """
    from train.models.checkpoint import huggingface_config
    from train.models.formats.conversion import RECORD as CONVERSION
    from train.models.formats.conversion import ConversionRequest
    from train.models.formats.families import litgpt_name
    from train.models.formats.folder import convert_folder

    name = litgpt_name(huggingface_config(out), request.name)
    inner = out / "litgpt"
    inner.mkdir()
    result = convert_folder(ConversionRequest(out, "litgpt", name=name), inner)
    if result.problems:
        raise TrainError(f"{request.file}: LitGPT's form differs from Hugging Face's: {'; '.join(result.problems)}")
    for path in inner.iterdir():
        if path.name != CONVERSION:
            path.replace(out / path.name)
    (inner / CONVERSION).unlink()
    inner.rmdir()
    return {key: result.record[key] for key in ("litgpt_name", "max_difference", "same_top1")}
