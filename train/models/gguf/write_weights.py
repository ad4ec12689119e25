"""Weights into a GGUF file, one tensor in memory at a time, and back out of it to compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from train.errors import TrainError
from train.models.checkpoint import Lazy, Weights
from train.models.gguf.header import TensorPlace, read_header
from train.models.gguf.names import as_computed, as_stored, gguf_names

if TYPE_CHECKING:
    import numpy as np
    import torch
    from gguf import GGMLQuantizationType, GGUFWriter

#: What a weight is written as -> gguf's name of the type, and of the file.
TYPES = {
    "float32": ("F32", "ALL_F32"), "float16": ("F16", "MOSTLY_F16"), "bfloat16": ("BF16", "MOSTLY_BF16"),
    "q8_0": ("Q8_0", "MOSTLY_Q8_0"),
}  # fmt: skip
#: Numbers of a block of Q8_0, which has one scale.
BLOCK = 32
#: Rows that are rounded at a time.
_ROWS = 8192


def storage(name: str, shape: tuple[int, ...], kind: str) -> GGMLQuantizationType:
    """As what a tensor is stored: norms and biases in full, as llama.cpp has them; rows of no whole blocks in F16."""
    from gguf import GGMLQuantizationType

    if len(shape) == 1 or name.endswith("norm.weight"):
        return GGMLQuantizationType.F32
    if kind == "q8_0" and shape[-1] % BLOCK:
        return GGMLQuantizationType.F16
    return GGMLQuantizationType[TYPES[kind][0]]


class StoredTensors:
    """The weights as the file has them: names, types, and their bytes when they are asked for.

    weights: by Hugging Face's names. settings: config.json. kind: of TYPES.
    """

    def __init__(self, weights: Weights, settings: Mapping[str, Any], kind: str, *, tied: bool) -> None:
        self.weights, self.kind, self.config = weights, kind, SimpleNamespace(**settings)
        names = [name for name in weights if not (tied and name == "lm_head.weight")]
        self.names = gguf_names(names, settings["model_type"], settings["num_hidden_layers"])

    def declare(self, writer: GGUFWriter) -> None:
        """Tell the writer what will come, in this order."""
        import numpy as np
        from gguf import GGMLQuantizationType
        from gguf.quants import quant_shape_to_byte_shape

        for name, stored in self.names.items():
            shape = tuple(self.weights[name].shape)
            kind = storage(name, shape, self.kind)
            if kind == GGMLQuantizationType.F32:
                writer.add_tensor_info(stored, shape, np.dtype(np.float32), 4 * int(np.prod(shape)))
                continue
            size = quant_shape_to_byte_shape(shape, kind)
            writer.add_tensor_info(stored, size, np.dtype(np.uint8), int(np.prod(size)), raw_dtype=kind)

    def __iter__(self) -> Iterator[np.ndarray]:
        """Bytes, or float32, of each tensor in that order.

        Raises:
            TrainError: a number is too large for the type.
        """
        for name in self.names:
            yield self._bytes(name)

    def _bytes(self, name: str) -> np.ndarray:
        import numpy as np
        from gguf import GGMLQuantizationType
        from gguf.quants import quant_shape_to_byte_shape

        weight = self.weights[name]
        kind = storage(name, tuple(weight.shape), self.kind)
        if kind == GGMLQuantizationType.F32:
            numbers: np.ndarray = as_stored(name, weight.float(), self.config).contiguous().numpy()
            return numbers
        stored = as_stored(name, weight, self.config)
        out = np.empty(quant_shape_to_byte_shape(tuple(stored.shape), kind), dtype=np.uint8)
        for start in range(0, len(stored), _ROWS):
            out[start : start + _ROWS] = self._rounded(name, stored[start : start + _ROWS], kind)
        return out

    def _rounded(self, name: str, rows: torch.Tensor, kind: GGMLQuantizationType) -> np.ndarray:
        import numpy as np
        import torch
        from gguf import GGMLQuantizationType, quantize

        if kind == GGMLQuantizationType.BF16:
            whole: np.ndarray = rows.to(torch.bfloat16).contiguous().view(torch.uint8).numpy()
            return whole
        if kind == GGMLQuantizationType.F16:
            half = rows.half()
            if not bool(half.isfinite().all()):
                raise TrainError(f"GGUF: {name} has numbers beyond what float16 holds: take --dtype bfloat16")
            return half.contiguous().view(torch.uint8).numpy()
        return np.asarray(quantize(rows.float().contiguous().numpy(), kind))


def written_weights(path: Path, tensors: StoredTensors) -> Weights:
    """The weights of the file, by Hugging Face's names, in float32.

    Raises:
        TrainError: the file lacks one, or is damaged.
    """
    import torch
    from gguf import GGMLQuantizationType, dequantize

    places = read_header(path).tensors

    def make(name: str) -> torch.Tensor:
        import numpy as np

        tensor = places[tensors.names[name]]
        raw = np.memmap(path, np.uint8, "r", tensor.start, byte_size(tensor))
        numbers = dequantize(
            raw.reshape(*tensor.shape[:-1], -1) if len(tensor.shape) > 1 else raw,
            GGMLQuantizationType(tensor.quantisation),
        )
        return as_computed(name, torch.from_numpy(np.array(numbers, dtype=np.float32)), tensors.config)

    if absent := [stored for stored in tensors.names.values() if stored not in places]:
        raise TrainError(f"{path} lacks {absent[0]}")
    return Lazy({name: name for name in tensors.names}, make)


def byte_size(tensor: TensorPlace) -> int:
    """Bytes that a tensor takes in its file."""
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    numbers, size = GGML_QUANT_SIZES[GGMLQuantizationType(tensor.quantisation)]
    return tensor.count // numbers * size


def differences(path: Path, tensors: StoredTensors) -> Iterator[str]:
    """Weights of the file that are further from the source's than their type explains."""
    file_weights = written_weights(path, tensors)
    for name in tensors.names:
        ours = tensors.weights[name]
        allowed = _allowed(ours, storage(name, tuple(ours.shape), tensors.kind).name)
        if not bool(((file_weights[name] - ours.float()).abs() <= allowed).all()):
            yield f"{path.name}: {tensors.names[name]} is not {name} of the source"


def _allowed(weight: torch.Tensor, kind: str) -> torch.Tensor:
    """How far a number may lie from the source's: half a step of its type, and a little for the sums."""
    import torch

    numbers = weight.float()
    if kind == "Q8_0":
        blocks = numbers.reshape(-1, BLOCK).abs().amax(1, keepdim=True)
        # Half a step of a 127th of the largest; that step is rounded to float16 itself.
        return (blocks * (0.5 / 127 + 2**-10)).expand(-1, BLOCK).reshape(numbers.shape)
    step = {"F32": 2.0**-23, "F16": 2.0**-11, "BF16": 2.0**-8}[kind]
    # Of norms that are kept with one more, the sum is rounded.
    least = 2.0**-23 if kind == "F32" else 2.0**-24
    return torch.clamp(numbers.abs() * step, min=least)
