"""`read_gguf`: a model in GGUF as a folder in Hugging Face's form, and what was found on the way."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.errors import TrainError
from train.models.gguf.file import GgufModel, open_gguf
from train.models.gguf.names import as_computed, gguf_names
from train.models.gguf.settings import config_of
from train.models.gguf.tokenizer_files import GgufTokenizer, tokenizer_from, write_tokenizer

if TYPE_CHECKING:
    import torch

    from train.models.checkpoint import Weights

#: Tensors that nothing is lost without: their content is in config.json.
_COMPUTED = ("rope_freqs.weight",)
#: What the tokenizer and the settings take, at most.
_MARGIN = 50 * 10**6


@dataclass(frozen=True)
class GgufFolder:
    """A folder that was written, and the model and tokenizer it was written from."""

    model: GgufModel
    tokenizer: GgufTokenizer
    config: dict[str, Any]
    dtype: str


def read_gguf(path: Path, out: Path, *, dtype: str | None = None, pre: str | None = None, shard: int) -> GgufFolder:
    """Write the model into `out`, a folder that exists and is empty.

    dtype: of the weights; None: that of the file, bfloat16 where it is quantised. pre: how the tokenizer cuts words,
    where the file does not say. shard: bytes of a file of weights at most.

    Raises:
        TrainError: the file cannot be read; names what is not known or not there.
    """
    import torch

    from train.models.formats.write import write_json, write_shards

    model = open_gguf(path)
    stored = dtype or _dtype(model)
    config = config_of(model, stored)
    tokenizer = tokenizer_from(model, pre)
    weights = weights_of(model, config, getattr(torch, stored))
    _check_room(model, out, getattr(torch, stored))
    write_tokenizer(tokenizer, out, config["max_position_embeddings"])
    try:
        write_shards(weights, out, tied=config["tie_word_embeddings"], dtype=None, shard=shard)
    except OSError as error:
        raise TrainError(f"cannot write into {out.parent}: {error.strerror or error}") from error
    write_json(out / "config.json", config)
    return GgufFolder(model, tokenizer, config, stored)


def _dtype(model: GgufModel) -> str:
    most = next(iter(model.quantisations))
    return {"F32": "float32", "F16": "float16", "F64": "float32"}.get(most, "bfloat16")


def weights_of(model: GgufModel, config: dict[str, Any], dtype: torch.dtype) -> Weights:
    """The weights by Hugging Face's names, each made when it is asked for.

    Raises:
        TrainError: one is missing, has another shape than the metadata say, or has no name in the architecture.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    from train.models.checkpoint import Lazy

    settings = AutoConfig.for_model(**config)
    with torch.device("meta"):
        expected = {name: tuple(weight.shape) for name, weight in _parameters(AutoModelForCausalLM, settings)}
    names = gguf_names(expected, config["model_type"], config["num_hidden_layers"])
    _check(model, {names[name]: shape for name, shape in expected.items()})

    def weight(pair: tuple[str, str]) -> torch.Tensor:
        ours, theirs = pair
        # What is turned or subtracted is so in float32.
        exact = ours.endswith("norm.weight")
        return as_computed(ours, model.tensor(theirs, None if exact else dtype), settings).to(dtype).contiguous()

    return Lazy({name: (name, theirs) for name, theirs in names.items()}, weight)


def _parameters(kind: Any, settings: Any) -> list[tuple[str, torch.Tensor]]:
    """What is written of a model; a head that is tied to the embeddings is not."""
    return list(kind.from_config(settings).named_parameters())


def _check_room(model: GgufModel, folder: Path, dtype: torch.dtype) -> None:
    """Raises:
    TrainError: the disk has less room than the weights take.
    """
    size = sum(entry.count for entry in model.tensors.values()) * dtype.itemsize
    free = shutil.disk_usage(folder).free
    if free < size + _MARGIN:
        raise TrainError(f"{folder.parent} has {free / 1e9:.2f} GB free, the folder will take {size / 1e9:.2f} GB")


def _check(model: GgufModel, expected: dict[str, tuple[int, ...]]) -> None:
    path, count = model.paths[0], len(expected)
    if absent := [name for name in expected if name not in model.tensors]:
        raise TrainError(f"{path} lacks {absent[0]}, and {len(absent) - 1} more of the {count} tensors of its kind")
    extra = [name for name in model.tensors if name not in expected and name not in _COMPUTED]
    if extra:
        raise TrainError(
            f"{path} has {extra[0]} and {len(extra) - 1} more tensors that {model.architecture} is not known to have: "
            "a trait that is not read"
        )
    for name, shape in expected.items():
        if model.tensors[name].shape != shape:
            raise TrainError(f"{path}: {name} is {model.tensors[name].shape} where its metadata say {shape}")
