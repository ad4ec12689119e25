"""A model in GGUF: one file, or the parts that llama.cpp split it into."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.errors import TrainError
from train.models.gguf.header import Header, TensorPlace, read_header

if TYPE_CHECKING:
    import numpy as np
    import torch

_PART = re.compile(r"(?P<stem>.*)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf$")
#: Numbers that are made from their quantised form at a time: 64 MB as float32.
_AT_A_TIME = 16_000_000


@dataclass(frozen=True)
class GgufModel:
    """Metadata (the first part's) and tensors of all parts."""

    paths: tuple[Path, ...]
    metadata: dict[str, Any]
    tensors: dict[str, TensorPlace]

    @cached_property
    def architecture(self) -> str:
        """llama.cpp's name of it, such as gemma3.

        Raises:
            TrainError: the file does not say.
        """
        value = self.metadata.get("general.architecture")
        if not isinstance(value, str) or not value:
            raise TrainError(f"{self.paths[0]} does not say its architecture (general.architecture)")
        return value

    @cached_property
    def quantisations(self) -> dict[str, int]:
        """Name of a quantisation -> how many numbers are kept in it, the most first."""
        counts: dict[str, int] = {}
        for entry in self.tensors.values():
            name = quantisation_name(entry)
            counts[name] = counts.get(name, 0) + entry.count
        return dict(sorted(counts.items(), key=lambda each: -each[1]))

    def tensor(self, name: str, dtype: torch.dtype | None = None) -> torch.Tensor:
        """A tensor's numbers, in float32 or another type.

        Raises:
            TrainError: they are quantised in a way that is not read, or one is no number.
        """
        import torch

        entry = self.tensors[name]
        parts = [_cast(entry, numbers, dtype) for numbers in _dequantised(entry)]
        return (parts[0] if len(parts) == 1 else torch.cat(parts)).reshape(entry.shape)


def quantisation_name(entry: TensorPlace) -> str:
    """ggml's name of the tensor's quantisation, such as Q4_K.

    Raises:
        TrainError: it is none that the package gguf knows.
    """
    from gguf import GGMLQuantizationType

    try:
        return GGMLQuantizationType(entry.quantisation).name
    except ValueError as error:
        raise TrainError(f"{entry.path}: {entry.name} has the unknown quantisation {entry.quantisation}") from error


def _row_bytes(entry: TensorPlace) -> int:
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    quantisation_name(entry)
    block, size = GGML_QUANT_SIZES[GGMLQuantizationType(entry.quantisation)]
    if entry.shape[-1] % block:
        raise TrainError(f"{entry.path} is damaged: {entry.name} has rows of {entry.shape[-1]}, blocks of {block}")
    return int(entry.shape[-1] // block * size)


def _dequantised(entry: TensorPlace) -> Iterator[np.ndarray[Any, Any]]:
    """The numbers, some rows at a time."""
    import numpy as np
    from gguf import GGMLQuantizationType, dequantize

    width, rows = _row_bytes(entry), entry.count // entry.shape[-1]
    raw = np.memmap(entry.path, np.uint8, "r", entry.start, (rows, width))
    step = max(1, _AT_A_TIME // entry.shape[-1])
    kind = GGMLQuantizationType(entry.quantisation)
    for first in range(0, rows, step):
        some = np.ascontiguousarray(raw[first : first + step])
        if kind == GGMLQuantizationType.F64:
            yield some.view(np.float64).astype(np.float32)
            continue
        try:
            yield dequantize(some, kind)
        except NotImplementedError as error:
            raise TrainError(f"{entry.path}: {entry.name} is in {kind.name}, which is not read") from error


def _cast(entry: TensorPlace, numbers: np.ndarray[Any, Any], dtype: torch.dtype | None) -> torch.Tensor:
    import torch

    weight = torch.from_numpy(numbers.copy() if not numbers.flags.writeable else numbers).to(dtype or torch.float32)
    if not torch.isfinite(weight).all():
        raise TrainError(f"{entry.path}: {entry.name} holds what is no number (NaN or infinity): get the file again")
    return weight


def open_gguf(path: Path) -> GgufModel:
    """The model of a file, or of all parts where the file is one of several.

    Raises:
        TrainError: a part is missing or damaged; what it says there is is not in it.
    """
    headers = [read_header(part) for part in _parts(path)]
    _check_order(headers)
    tensors = {name: entry for header in headers for name, entry in header.tensors.items()}
    if len(tensors) < sum(len(header.tensors) for header in headers):
        raise TrainError(f"{path}: two of its parts hold the same tensor")
    if not tensors:
        raise TrainError(f"{path} holds no tensors: it is a vocabulary alone")
    for entry in tensors.values():
        end, size = entry.start + _row_bytes(entry) * (entry.count // entry.shape[-1]), entry.path.stat().st_size
        if end > size:
            raise TrainError(
                f"{entry.path} is cut off: {entry.name} ends at byte {end:,} of {size:,} that are there; get it again"
            )
    return GgufModel(tuple(header.path for header in headers), headers[0].metadata, tensors)


def _parts(path: Path) -> list[Path]:
    """All parts of the model that this file is one of, in order."""
    match = _PART.match(path.name)
    if match is None:
        return [path]
    count = int(match["count"])
    parts = [path.with_name(f"{match['stem']}-{number:05}-of-{count:05}.gguf") for number in range(1, count + 1)]
    if absent := [part for part in parts if not part.is_file()]:
        more = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
        raise TrainError(f"{path} is one of {count} parts, and {absent[0]}{more} is not there")
    return parts


def _check_order(headers: Sequence[Header]) -> None:
    """The files say themselves which part each is."""
    for number, header in enumerate(headers):
        count = header.metadata.get("split.count", 1)
        if count != len(headers) or (count > 1 and header.metadata.get("split.no") != number):
            ours = f"part {number + 1} of {len(headers)}"
            theirs = f"part {header.metadata.get('split.no', 0) + 1} of {count}"
            hint = ": give it the name that llama.cpp gave it, NAME-00001-of-0000N.gguf" if len(headers) == 1 else ""
            raise TrainError(f"{header.path} is {theirs} by its metadata and {ours} by its name{hint}")
    expected = headers[0].metadata.get("split.tensors.count")
    tensors = sum(len(header.tensors) for header in headers)
    if expected is not None and expected != tensors:
        raise TrainError(f"{headers[0].path} says that its parts hold {expected} tensors, they hold {tensors}")
