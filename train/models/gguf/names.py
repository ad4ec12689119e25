"""What GGUF calls the weights, and in which order it keeps their rows: reading and writing use the same.

The names are the tables of the package `gguf`, which llama.cpp's own converter uses.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from train.errors import TrainError

if TYPE_CHECKING:
    import torch

#: transformers' model type -> llama.cpp's architecture.
ARCHITECTURES = {
    "llama": "llama", "qwen2": "qwen2", "qwen3": "qwen3", "gemma": "gemma", "gemma2": "gemma2", "gemma3_text": "gemma3",
}  # fmt: skip


@lru_cache(maxsize=8)
def _table(architecture: str, layers: int) -> Any:
    from gguf import MODEL_ARCH_NAMES, get_tensor_name_map

    number = next(number for number, name in MODEL_ARCH_NAMES.items() if name == architecture)
    return get_tensor_name_map(number, layers)


def gguf_name(name: str, model_type: str, layers: int) -> str:
    """GGUF's name of a weight of Hugging Face's, such as blk.0.attn_q.weight.

    Raises:
        TrainError: the architecture has no such weight.
    """
    stem, _, leaf = name.rpartition(".")
    short = _table(ARCHITECTURES[model_type], layers).get_name(stem) if leaf in ("weight", "bias") else None
    if short is None:
        raise TrainError(f"GGUF has no name for {name} in the architecture {ARCHITECTURES[model_type]}")
    return f"{short}.{leaf}"


def gguf_names(names: Iterable[str], model_type: str, layers: int) -> dict[str, str]:
    """Hugging Face's name -> GGUF's, of each weight."""
    return {name: gguf_name(name, model_type, layers) for name in names}


def as_stored(name: str, weight: torch.Tensor, config: Any) -> torch.Tensor:
    """A weight by its name in Hugging Face, as GGUF keeps it. config: transformers' configuration of the model.

    Gemma's norms multiply by one more than their weight says: GGUF keeps the sum. Of Llama's queries and keys, whose
    halves transformers turns against each other, GGUF turns neighbouring rows.
    """
    if config.model_type.startswith("gemma") and name.endswith("norm.weight"):
        return weight + 1
    heads = _turned_heads(name, config)
    return _reorder(weight, (heads, 2, -1)) if heads else weight


def as_computed(name: str, weight: torch.Tensor, config: Any) -> torch.Tensor:
    """`as_stored` undone: a weight of a GGUF file, as transformers has it under that name."""
    if config.model_type.startswith("gemma") and name.endswith("norm.weight"):
        return weight - 1
    heads = _turned_heads(name, config)
    return _reorder(weight, (heads, -1, 2)) if heads else weight


def _turned_heads(name: str, config: Any) -> int:
    """How many heads' rows of this weight stand in another order in GGUF; 0: none do."""
    if config.model_type != "llama":
        return 0
    kind = name.rpartition(".")[0].rpartition(".")[2]
    return int({"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}.get(kind, 0))


def _reorder(weight: torch.Tensor, rows: tuple[int, int, int]) -> torch.Tensor:
    """The rows of each head seen as a table of two columns or two rows, and turned."""
    return weight.reshape(*rows, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)
