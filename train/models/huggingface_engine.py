"""Hugging Face folders and PEFT adapters as an engine of `language_model`: left padding, transformers' own cache."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.errors import TrainError, one_line
from train.litgpt.learned_tokens import head_at

if TYPE_CHECKING:
    import torch


class HuggingFaceEngine:
    """A transformers causal model that scores padded batches and writes token by token.

    Padding stands on the left while writing: BLOOM counts its positions along the mask, and sliding windows count
    slots, so a row's tokens must lie side by side.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        config = model.config.get_text_config()
        self.vocabulary = int(config.vocab_size)
        self.block_size = context_of(config)
        self.device = next(model.parameters()).device
        self._positions_taken = "position_ids" in inspect.signature(model.forward).parameters
        self._mask: torch.Tensor
        self._cache: Any = None

    def logits_at(self, ids: torch.Tensor, lengths: torch.Tensor, where: tuple[torch.Tensor, torch.Tensor]) -> Any:
        """Logits [places, vocabulary] at (rows, columns) of right-padded ids [rows, length]; no cache."""
        import torch

        mask = (torch.arange(ids.shape[1], device=ids.device) < lengths.unsqueeze(1)).long()
        with head_at(self.model.get_output_embeddings(), where):
            return self.model(input_ids=ids, attention_mask=mask, use_cache=False).logits

    def begin(self, prompts: Sequence[Sequence[int]], room: int) -> torch.Tensor:  # noqa: ARG002
        """Read the prompts; logits after each, [rows, vocabulary]. The cache grows as it is needed, whatever `room`."""
        import torch
        from transformers import DynamicCache

        longest = max(map(len, prompts))
        ids = torch.zeros(len(prompts), longest, dtype=torch.int64)
        self._mask = torch.zeros(len(prompts), longest, dtype=torch.int64)
        for row, prompt in enumerate(prompts):
            ids[row, longest - len(prompt) :] = torch.tensor(prompt)
            self._mask[row, longest - len(prompt) :] = 1
        self._mask = self._mask.to(self.device)
        self._cache = DynamicCache(config=self.model.config)
        return self._forward(ids.to(self.device))

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        """One more token [rows] for each row; the logits after it, [rows, vocabulary]."""
        import torch

        self._mask = torch.cat([self._mask, self._mask.new_ones(len(self._mask), 1)], dim=1)
        return self._forward(tokens.to(self.device).unsqueeze(1))

    def keep(self, rows: torch.Tensor) -> None:
        """Go on with these rows only."""
        rows = rows.to(self.device)
        self._mask = self._mask[rows]
        self._cache.batch_select_indices(rows)

    def end(self) -> None:
        self._cache = None

    def _forward(self, ids: torch.Tensor) -> torch.Tensor:
        more: dict[str, Any] = {"use_cache": True, "logits_to_keep": 1}
        if self._positions_taken:
            positions = (self._mask.cumsum(dim=1) - 1).clamp(min=0)
            more["position_ids"] = positions[:, -ids.shape[1] :]
        out = self.model(input_ids=ids, attention_mask=self._mask, past_key_values=self._cache, **more)
        self._cache = out.past_key_values
        return out.logits[:, -1]


def context_of(config: Any) -> int:
    """Longest text the model takes, tokens; BLOOM's positions have no end, so its training length counts."""
    for name in ("max_position_embeddings", "n_positions", "seq_length", "max_sequence_length"):
        value = getattr(config, name, None)
        if isinstance(value, int) and value > 0:
            return value
    return 2048


def load_huggingface(
    folder: Path, device: str, dtype: torch.dtype, quantize: str | None, base: Path | None
) -> HuggingFaceEngine:
    """The model of a Hugging Face folder, or the PEFT adapter in `folder` on `base`.

    An adapter is merged where the base is not quantised. Only local files are read.

    Raises:
        TrainError: transformers or peft cannot load the folder.
    """
    from train.models.checkpoint import huggingface_weights
    from train.models.quantization import bitsandbytes_config, keep_packing
    from train.models.quick_imports import import_libraries

    import_libraries()
    from transformers import AutoModelForCausalLM
    from transformers.utils.logging import disable_progress_bar

    # Opened first for its clear words about what is torn or missing; nothing is read.
    huggingface_weights(base or folder)
    if base is not None:
        huggingface_weights(folder, "adapter_model")
    if not sys.stderr.isatty():
        disable_progress_bar()
    more: dict[str, Any] = {}
    if quantize:
        more["quantization_config"] = bitsandbytes_config(quantize, dtype)
        more["device_map"] = {"": device}
    try:
        model: Any = AutoModelForCausalLM.from_pretrained(base or folder, dtype=dtype, local_files_only=True, **more)
        if base is not None:
            model = _with_adapter(model, folder, base, merge=not quantize)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        line = one_line(error)
        raise TrainError(f"cannot load the model in {folder}: {line}") from error
    if quantize:
        keep_packing(model)
    return HuggingFaceEngine(model.eval() if quantize else model.to(device).eval())


def _with_adapter(model: Any, adapter: Path, base: Path, *, merge: bool) -> Any:
    from train.models.formats.peft_adapters import beside, merge_adapter

    # Of peft's model the one inside, which has transformers' own signature; its layers keep the adapter.
    return merge_adapter(model, adapter, base) if merge else beside(model, adapter, base).base_model.model
