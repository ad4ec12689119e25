"""LoRA adapters in one form, and the one way in which they are added to the weights of their base.

Every merge of this project is `Delta.added_to`: W + scaling * B A in 32 bits (of DoRA: brought to its lengths), rounded
once. `litgpt_adapters` and `peft_adapters` read and write the two forms of adapters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from train.errors import TrainError
from train.models.checkpoint import Lazy, Weights

if TYPE_CHECKING:
    import torch

_HEAD = "lm_head.weight"
#: What a head may be tied to; the last two are BLOOM's.
_EMBEDDINGS = ("model.embed_tokens.weight", "transformer.word_embeddings.weight", "word_embeddings.weight")


@dataclass(frozen=True)
class Delta:
    """What is added to one layer's weights: `scaling * b @ a`; a: [r, in], b: [out, r].

    magnitude: [out], of DoRA: the length that each row of the sum is brought to.
    """

    a: torch.Tensor
    b: torch.Tensor
    scaling: float
    magnitude: torch.Tensor | None = None

    def added_to(self, weight: torch.Tensor) -> torch.Tensor:
        """The merged weights in float32."""
        summed = weight.float() + self.scaling * (self.b.float() @ self.a.float())
        if self.magnitude is not None:
            summed *= (self.magnitude.float() / summed.norm(dim=1))[:, None]
        return summed


@dataclass(frozen=True)
class Lora:
    """An adapter.

    modules: name of a layer in Hugging Face's form, such as model.layers.0.self_attn.q_proj -> Delta. copied: weights
    of the base model that lie beside it, by name: peft keeps those of an adapted head, and the embeddings.
    """

    rank: int
    alpha: float
    dropout: float
    modules: dict[str, Delta] = field(repr=False)
    copied: Weights = field(default_factory=dict, repr=False)

    @property
    def is_dora(self) -> bool:
        return any(delta.magnitude is not None for delta in self.modules.values())


def merged(weights: Weights, lora: Lora, where: Path, *, exact: bool = False) -> Weights:
    """The weights (by Hugging Face's names) with the adapter added, each when it is asked for.

    They are added in float32 and rounded once, to the weights' own type; exact: not even that.

    Raises:
        TrainError: the adapter is for layers that are not there, or of another size.
    """
    check_fits(weights, lora, where)

    def tensor(name: str) -> torch.Tensor:
        weight = _weight(weights, name)
        delta = lora.modules.get(name.removesuffix(".weight"))
        if delta is None:
            return weight
        return delta.added_to(weight) if exact else delta.added_to(weight).to(weight.dtype)

    # A head that is tied to the embeddings is one of its own once something was added to it.
    names = dict.fromkeys([*weights, *(f"{module}.weight" for module in lora.modules)])
    return Lazy(dict(zip(names, names, strict=True)), tensor)


def _check_copied(weights: Weights, copied: Weights, where: Path) -> None:
    import torch

    for name in copied:
        ours, theirs = (_weight(weights, name) if name in weights or name == _HEAD else None), copied[name]
        if ours is None or ours.shape != theirs.shape or not torch.equal(ours, theirs.to(ours.dtype)):
            raise TrainError(
                f"the adapter brings its own {name}, which {where} has not: it is not its base model, or tokens were "
                "added to it"
            )


def _weight(weights: Weights, name: str) -> torch.Tensor:
    if name == _HEAD and name not in weights:
        name = next(embedding for embedding in _EMBEDDINGS if embedding in weights)
    return weights[name]


def check_fits(weights: Weights, lora: Lora, where: Path) -> None:
    """Raises:
    TrainError: a layer of the adapter is not in the base model, or has another size there.
    """
    for module, delta in lora.modules.items():
        name = f"{module}.weight"
        if name not in weights and module != "lm_head":
            raise TrainError(f"{where} has no {module}, which the adapter changes: this is not its base model")
        shape, adapted = tuple(_weight(weights, name).shape), (delta.b.shape[0], delta.a.shape[1])
        if shape != adapted:
            raise TrainError(f"{where}: {module} is {shape}, the adapter's {adapted}: this is not its base model")
    _check_copied(weights, lora.copied, where)
