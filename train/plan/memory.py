"""What is asked of a dry step, and what it tells. Plain values: nothing heavy is imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

#: Order in which parts of memory are listed, and what they are.
PARTS = {
    "weights": "weights of the base model",
    "constants": "quantisation constants",
    "adapters": "adapters",
    "gradients": "gradients",
    "optimizer": "optimizer",
    "activations": "activations",
    "logits": "logits and loss",
    "working": "working memory",
}


@dataclass(frozen=True)
class Job:
    """One step of fine-tuning.

    config: litgpt.lora.Config with the adapter's settings, or a transformers configuration. settings: the Settings
    of a Hugging Face recipe. precision: LitGPT's word. quantize: nf4, nf4-dq, fp4, fp4-dq or None. length: tokens of
    the longest row. learned: positions of a micro-batch whose token is learnt (Hugging Face: only their logits go into
    the loss in 32 bits). device: "cuda" or "cpu", whose kernels decide what is kept for the backward pass.
    own_loss: whether a run of LitGPT makes the logits of learnt tokens alone, as our loop does.
    """

    backend: Literal["litgpt", "huggingface"]
    config: Any
    precision: str
    quantize: str | None
    micro_batch: int
    length: int
    accumulation: int
    optimizer: str
    learned: int
    method: str = "sft"
    recompute: bool = False
    validates: bool = True
    device: str = "cuda"
    settings: Any = None
    stable_embedding: bool = True
    own_loss: bool = False


@dataclass
class Work:
    """What operations compute and move. products: (FLOP, bytes) of each matrix product; kernels: launches."""

    flop: float = 0.0
    #: bytes read and written by operations that are no matrix products.
    moved: float = 0.0
    kernels: int = 0
    products: list[tuple[float, float]] = field(default_factory=list)

    def seconds(self, flop_per_second: float, bytes_per_second: float, launch: float) -> float:
        """A product takes what bounds it, arithmetic or memory; all else is bound by memory; and where the host is no
        faster than the device, each kernel waits for its launch, which is most of a small model's time.
        """
        products = sum(max(flop / flop_per_second, moved / bytes_per_second) for flop, moved in self.products)
        return products + self.moved / bytes_per_second + self.kernels * launch


@dataclass(frozen=True)
class Footprint:
    """What a step needs.

    total, trainable: parameters. parts: bytes by PARTS when training holds most. training, validation: bytes at most,
    as torch.cuda.max_memory_allocated would tell. paged: bytes of optimizer state in memory that moves between GPU and
    host. work, validation_work: of one micro-batch, forward and backward, or forward alone.
    """

    total: int
    trainable: int
    parts: Mapping[str, int]
    training: int
    validation: int
    paged: int
    work: Work
    validation_work: Work

    @property
    def allocated(self) -> int:
        return max(self.training, self.validation)
