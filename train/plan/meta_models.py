"""Models without contents, as LitGPT and the Hugging Face backend build and run them for a step of fine-tuning.

Both follow the code that trains: LitGPT's finetune/lora.py with Fabric's conversions, and train.huggingface.model with
the loss of train.huggingface.trainer. `measure` runs micro-batches of the longest row, an optimizer step and a
validation batch.
"""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Iterator
from typing import Any
from unittest import mock

import torch

from train.huggingface.orpo import orpo_loss
from train.huggingface.settings import TEXT
from train.litgpt.learned_tokens import head_at, token_losses
from train.models.quick_imports import import_libraries
from train.plan.memory import Footprint, Job, Work
from train.plan.meta_step import Autocast, Meter, as_on, backward, constants, quantise

DTYPES = {"bf16": torch.bfloat16, "16": torch.float16, "32": torch.float32}
#: bitsandbytes keeps states of tensors below this many elements in 32 bits, and does not page those below 100,000.
_MIN_8BIT, _MIN_PAGED = 4096, 100_000


def measure(job: Job) -> Footprint:
    """What a step of this job holds and computes, from the libraries' own code. Takes about a second."""
    meter = Meter(job.device)
    model = _LitGPT(job, meter) if job.backend == "litgpt" else _HuggingFace(job, meter)
    with as_on(job.device, meter):
        return _steps(job, model, meter)


def parameters(job: Job) -> tuple[int, int]:
    """(all, trainable) parameters of the model with its adapter; much faster than `measure`."""
    model = _LitGPT(job, Meter(job.device)) if job.backend == "litgpt" else _HuggingFace(job, Meter(job.device))
    return model.total, model.trainable


def _steps(job: Job, model: _LitGPT | _HuggingFace, meter: Meter) -> Footprint:
    trained = [parameter for parameter in model.module.parameters() if parameter.requires_grad]
    for parameter in trained:
        parameter.register_post_accumulate_grad_hook(lambda weight: meter.hold("gradients", [weight.grad]))
    adapter = [parameter for parameter in trained if id(parameter) not in model.untrained]
    states, paged = _optimizer(job, adapter, meter)
    meter.restart()
    _micro_batch(job, model, meter)
    work, meter.work = meter.work, Work()
    if job.accumulation > 1:
        _micro_batch(job, model, meter)
    peak, parts = meter.peak, dict(meter.at_peak)
    for parameter in adapter:
        parameter.grad = None
    meter.restart()
    if job.validates:
        meter.phase = "working"
        with torch.no_grad(), model.mixed():
            model.validate()
    del states
    return Footprint(model.total, model.trainable, parts, peak, meter.peak, paged, work, meter.work)


def _micro_batch(job: Job, model: _LitGPT | _HuggingFace, meter: Meter) -> None:
    # What is recomputed in the backward pass is computed in the forward pass's precision.
    with model.mixed():
        meter.phase = "activations"
        loss = model.loss()
        meter.phase = "working"
        backward(loss / job.accumulation)


def _optimizer(job: Job, trained: list[Any], meter: Meter) -> tuple[list[torch.Tensor], int]:
    """(tensors of the optimizer's state, bytes of those that live in paged memory, outside of the allocator)."""
    sizes, paged = state_bytes(job.optimizer, [(item.numel(), item.element_size()) for item in trained])
    states = [torch.empty(size, dtype=torch.uint8, device="meta") for size in sizes]
    meter.hold("optimizer", states)
    return states, paged


def state_bytes(optimizer: str, tensors: list[tuple[int, int]]) -> tuple[list[int], int]:
    """(bytes of an optimizer's state for each tensor, bytes in paged memory).

    tensors: (elements, bytes an element). Sources: torch/optim/adamw.py (two tensors like the parameter),
    bitsandbytes/optim/optimizer.py (32 bits, or 8 bits and a 32-bit scale for 256 elements).
    """
    module, _, name = optimizer.rpartition(".")
    moments = 0 if name in ("SGD",) else 1 if name.endswith(("Lion", "Lion8bit", "Adagrad", "RMSprop")) else 2
    sizes: list[int] = []
    outside = 0
    for elements, width in tensors:
        if not module.startswith("bitsandbytes"):
            size = moments * elements * width
        elif name.endswith("8bit") and elements >= _MIN_8BIT:
            size = moments * (elements + 4 * math.ceil(elements / 256))
        else:
            size = moments * 4 * elements
        if name.startswith("Paged") and elements >= _MIN_PAGED:
            outside += size
        else:
            sizes.append(size)
    return sizes, outside


@contextlib.contextmanager
def _default(dtype: torch.dtype) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _entering(head: torch.nn.Module, meter: Meter) -> None:
    """From the output head on, memory is that of logits and loss."""

    def enter(*_: Any) -> None:
        if meter.phase == "activations":
            meter.phase = "logits"

    head.register_forward_pre_hook(enter)


def _places(job: Job, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Places of the learned tokens: how many they are is known, not where."""
    learned = min(job.learned * len(tokens) // job.micro_batch, tokens[:, 1:].numel())
    return (torch.zeros(learned, dtype=torch.int64, device="meta"),) * 2


class _LitGPT:
    """`litgpt finetune_lora`: finetune/lora.py, main() and fit()."""

    def __init__(self, job: Job, meter: Meter) -> None:
        from litgpt.lora import GPT, mark_only_lora_as_trainable

        self.job, self.meter = job, meter
        self.low = DTYPES[job.precision.split("-")[0]]
        self.true = not job.precision.endswith("mixed")
        self.untrained: set[int] = set()
        with _default(self.low if self.true else torch.float32), torch.device("meta"):
            self.module = GPT(job.config)
        mark_only_lora_as_trainable(self.module)
        self.total = sum(item.numel() for item in self.module.parameters())
        self.trainable = sum(item.numel() for item in self.module.parameters() if item.requires_grad)
        adapter = [item for item in self.module.parameters() if item.requires_grad]
        if job.quantize:
            quantise(self.module, job.quantize, torch.float16, self.low)
        elif self.true:
            self.module.to(self.low)
        self.module.max_seq_length = job.length
        if job.recompute:
            self._recompute()
        meter.hold("constants", constants(self.module))
        meter.hold("adapters", adapter)
        meter.hold("weights", [*self.module.parameters(), *self.module.buffers()])
        meter.hold("adapters", adapter)
        if job.quantize:
            self._second_embedding()
        _entering(self.module.lm_head, meter)

    def mixed(self) -> contextlib.AbstractContextManager[Any]:
        return contextlib.nullcontext() if self.true else Autocast(self.low)

    def _second_embedding(self) -> None:
        # LitGPT puts an embedding in the model's own after it chose what to train, and main() keeps the old one alive
        # until the run ends. bitsandbytes' gets a gradient that no optimizer reads or clears; ours is frozen.
        from bitsandbytes.nn.modules import StableEmbedding

        self._old = self.module.transformer.wte
        kind = StableEmbedding if self.job.stable_embedding else torch.nn.Embedding
        with torch.device("meta"):
            new = kind(self._old.num_embeddings, self._old.embedding_dim).to(self._old.weight.dtype)
        new.requires_grad_(self.job.stable_embedding)
        self.module.transformer.wte = new
        self.untrained = {id(item) for item in new.parameters()}
        self.meter.hold("weights", new.parameters())

    def _recompute(self) -> None:
        # finetune/lora.py does so on several GPUs only.
        from torch.distributed.algorithms._checkpoint.checkpoint_wrapper import checkpoint_wrapper

        blocks = [checkpoint_wrapper(block, preserve_rng_state=False) for block in self.module.transformer.h]
        self.module.transformer.h = torch.nn.ModuleList(blocks)

    def _tokens(self) -> torch.Tensor:
        return torch.zeros(self.job.micro_batch, self.job.length, dtype=torch.int64, device="meta")

    def _forward(self, tokens: torch.Tensor, **options: Any) -> Any:
        with _default(self.low if self.true else torch.float32):
            logits = self.module(tokens, **options)
        # Fabric hands outputs on in 32 bits.
        return [item.to(torch.float32) for item in logits] if isinstance(logits, list) else logits.to(torch.float32)

    def loss(self) -> torch.Tensor:
        from litgpt.utils import chunked_cross_entropy

        tokens = self._tokens()
        if self.job.own_loss:
            return self._learned_losses(tokens).sum()
        # A variable of fit(): the logits of a batch live until those of the next are there, through validation too.
        self._logits = self._forward(tokens, lm_head_chunk_size=128)
        self._logits[-1] = self._logits[-1][..., :-1, :]
        return chunked_cross_entropy(self._logits, tokens[..., 1:])

    def _learned_losses(self, tokens: torch.Tensor) -> torch.Tensor:
        """Our loop's: the head at learned tokens alone."""
        places = _places(self.job, tokens)
        with head_at(self.module.lm_head, places):
            logits = self._forward(tokens)
        return token_losses(logits, tokens[:, 1:][places])

    def validate(self) -> None:
        from litgpt.utils import chunked_cross_entropy

        self.module.eval()
        tokens = self._tokens()
        if self.job.own_loss:
            self._learned_losses(tokens)
            return
        chunked_cross_entropy(self._forward(tokens)[..., :-1, :], tokens[..., 1:], chunk_size=0)


class _HuggingFace:
    """`train finetune`: train.huggingface.model and the loss of its loop."""

    def __init__(self, job: Job, meter: Meter) -> None:
        import_libraries()
        from transformers import AutoModelForCausalLM

        from train.huggingface.model import prepare, with_adapters

        self.job, self.meter = job, meter
        self.low = DTYPES[job.precision.split("-")[0]]
        self.true = not job.precision.endswith("mixed")
        # transformers' Trainer computes in mixed precision whatever the weights' type: adapters are in 32 bits.
        self.autocast = job.precision != "32-true"
        self.untrained: set[int] = set()
        with torch.device("meta"):
            base = AutoModelForCausalLM.from_config(job.config, dtype=self.low if self.true else torch.float32)
        base.config.use_cache = False
        own = sum(item.numel() for item in base.parameters())
        if job.quantize:
            source = torch.float32 if not self.true else self.low
            quantise(base, job.quantize, source, self.low, skip=("lm_head", "embed_out"))
            base.is_loaded_in_4bit = True
        base = prepare(base, job.settings)
        with torch.device("meta"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.module, _ = with_adapters(base, job.settings)
        if job.recompute and not base.is_gradient_checkpointing:
            base.gradient_checkpointing_enable({"use_reentrant": False})
        self.module.train()
        adapter = [item for item in self.module.parameters() if item.requires_grad]
        self.trainable = sum(item.numel() for item in adapter)
        self.total = own + self.trainable
        meter.hold("constants", constants(self.module))
        meter.hold("weights", [*self.module.parameters(), *self.module.buffers()])
        meter.hold("adapters", adapter)
        _entering(base.get_output_embeddings(), meter)

    def mixed(self) -> contextlib.AbstractContextManager[Any]:
        return Autocast(self.low) if self.autocast else contextlib.nullcontext()

    def _masked(self) -> bool:
        # Rows of a batch differ in length; one row alone is not padded, and transformers then needs no mask.
        # Packed documents always need one.
        packed = self.job.settings.data_class == TEXT and self.job.settings.packing == "documents"
        return self.job.micro_batch > 1 or self.job.method == "orpo" or packed

    def _logits(self) -> tuple[torch.Tensor, torch.Tensor]:
        rows = self.job.micro_batch * (2 if self.job.method == "orpo" else 1)
        tokens = torch.zeros(rows, self.job.length, dtype=torch.int64, device="meta")
        with self._masks(), head_at(self.module.get_output_embeddings(), _places(self.job, tokens)):
            logits = self.module(input_ids=tokens, attention_mask=torch.ones_like(tokens), use_cache=False).logits
        # Accelerate hands outputs of mixed precision on in 32 bits.
        return (logits.float() if self.autocast else logits), tokens

    @contextlib.contextmanager
    def _masks(self) -> Iterator[None]:
        """Whether a mask can be left out is read from its contents, which meta tensors lack."""

        def ignored(_mask: Any, _query: int, keys: int, _offset: int, window: int | None = None) -> bool:
            return not self._masked() and (window is None or keys < window)

        with mock.patch("transformers.masking_utils._ignore_causal_mask_sdpa", ignored):
            yield

    def loss(self) -> torch.Tensor:
        logits, tokens = self._logits()
        scores = self._scores(logits, tokens)
        if self.job.method == "sft":
            return scores.sum()
        rows = torch.zeros(len(scores), dtype=torch.int64, device="meta")
        means = torch.zeros(len(tokens), device="meta").index_add(0, rows, -scores)
        chosen, rejected = means.chunk(2)
        return orpo_loss(chosen, rejected, 0.1).mean()

    def _scores(self, logits: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        """Losses of the learned tokens, whose logits alone there are."""
        return token_losses(logits, tokens[:, 1:][_places(self.job, tokens)])

    def validate(self) -> None:
        self.module.eval()
        self._scores(*self._logits())
