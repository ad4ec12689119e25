"""LitGPT checkpoints as an engine of `language_model`: batches of unlike lengths, padded on the left, with a KV cache.

LitGPT 0.5.13 itself writes one prompt at a time, or prompts of one length. Its cache for sliding windows refuses
prompts longer than the window, and its soft-capped attention adds the boolean mask instead of hiding by it; so the
masks are made here, one for each kind of layer, and LitGPT's blocks do the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.data.litgpt_documents import whole_rows
from train.errors import TrainError, one_line
from train.litgpt.learned_tokens import head_at

if TYPE_CHECKING:
    import torch


class LitEngine:
    """A litgpt.GPT that scores padded batches and writes token by token."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.block_size = int(model.config.block_size)
        self.vocabulary = int(model.config.padded_vocab_size)
        self.device = next(model.parameters()).device
        self._starts: torch.Tensor
        self._used = 0
        self._room = 0

    def logits_at(self, ids: torch.Tensor, lengths: torch.Tensor, where: tuple[torch.Tensor, torch.Tensor]) -> Any:
        """Logits [places, vocabulary] at (rows, columns) of right-padded ids [rows, length]; no cache."""
        # The causal mask hides what follows a token, padding included.
        del lengths
        with whole_rows(), head_at(self.model.lm_head, where):
            return self.model(ids)

    def begin(self, prompts: Sequence[Sequence[int]], room: int) -> torch.Tensor:
        """Read the prompts, with a cache for `room` more tokens; logits after each prompt, [rows, vocabulary]."""
        import torch

        longest = max(map(len, prompts))
        ids = torch.zeros(len(prompts), longest, dtype=torch.int64)
        for row, prompt in enumerate(prompts):
            ids[row, longest - len(prompt) :] = torch.tensor(prompt)
        self._starts = torch.tensor([longest - len(prompt) for prompt in prompts], device=self.device)
        self._used, self._room = 0, longest + room
        for block in self.model.transformer.h:
            block.attn.kv_cache = self._cache(block.attn, len(prompts))
        return self._forward(ids.to(self.device))

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        """One more token [rows] for each row; the logits after it, [rows, vocabulary]."""
        return self._forward(tokens.to(self.device).unsqueeze(1))

    def keep(self, rows: torch.Tensor) -> None:
        """Go on with these rows only."""
        rows = rows.to(self.device)
        self._starts = self._starts[rows]
        for block in self.model.transformer.h:
            cache = block.attn.kv_cache
            cache.k, cache.v = cache.k[rows], cache.v[rows]

    def end(self) -> None:
        self.model.clear_kv_cache()

    def _cache(self, attention: Any, rows: int) -> Any:
        from litgpt.model import KVCache

        dtype = self.model.transformer.wte.weight.dtype
        if getattr(attention, "apply_sliding_window_attention", False):
            # The whole length: LitGPT's ring of one window cannot take a longer prompt.
            config = self.model.config
            shape = (rows, config.n_query_groups, self._room, config.head_size)
            return KVCache(shape, shape, device=self.device, dtype=dtype)
        length = self.model.rope_cache_length()
        return attention.build_kv_cache(rows, self._room, length, self.device, dtype)

    def _forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Logits [rows, vocabulary] of the last column of left-padded ids [rows, length]; LitGPT's GPT.forward, but a
        row's positions begin at its first real token while all rows share the cache's slots.
        """
        import torch

        model, config = self.model, self.model.config
        slots = torch.arange(self._used, self._used + ids.shape[1], device=self.device)
        self._used += ids.shape[1]
        positions = (slots - self._starts.unsqueeze(1)).clamp(min=0)
        cos, sin = model.cos[positions], model.sin[positions]
        masks = self._masks(slots)
        x = model.transformer.wte(ids)
        if config.scale_embeddings:
            x = x * torch.tensor(config.n_embd**0.5, dtype=x.dtype)
        for number, block in enumerate(model.transformer.h):
            turn = (
                (cos, sin) if config.rope_indices is None
                else (cos[..., config.rope_indices[number]], sin[..., config.rope_indices[number]])
            )  # fmt: skip
            mask = masks[getattr(block.attn, "apply_sliding_window_attention", False)]
            x = block(x, *turn, mask, slots, self._used)
        logits = model.lm_head(model.transformer.ln_f(x[:, -1:]))[:, 0]
        cap = config.final_logit_softcapping
        return logits if cap is None else torch.tanh(logits / cap) * cap

    def _masks(self, slots: torch.Tensor) -> dict[bool, torch.Tensor]:
        """Which slots each query sees, [rows, 1, queries, slots]; key True: within the sliding window."""
        import torch

        keys = torch.arange(self._used, device=self.device)
        query = slots.view(1, -1, 1)
        visible = (keys <= query) & (keys >= self._starts.view(-1, 1, 1))
        # Padding sees itself: a query that sees nothing would be NaN, and NaN spreads.
        itself = keys == query
        window = self.model.config.sliding_window_size
        masks = {False: visible | itself}
        masks[True] = masks[False] if window is None else (visible & (keys > query - window)) | itself
        return {key: self._for_attention(mask.unsqueeze(1)) for key, mask in masks.items()}

    def _for_attention(self, mask: torch.Tensor) -> torch.Tensor:
        import torch

        if self.model.config.attention_logit_softcapping is None:
            return mask
        # Soft-capped attention adds the mask.
        dtype = self.model.transformer.wte.weight.dtype
        return torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill(~mask, torch.finfo(dtype).min)


def load_litgpt(folder: Path, device: str, dtype: torch.dtype, quantize: str | None, base: Path | None) -> LitEngine:
    """The model of a LitGPT checkpoint folder, or of an adapter's folder merged in memory into `base`.

    quantize: "nf4", "fp4", or either with "-dq", on any device; the head stays whole, as in transformers.

    Raises:
        TrainError: the weights cannot be read, or are not those of the folder's model_config.yaml.
    """
    import torch
    from litgpt import GPT

    from train.models.checkpoint import litgpt_config, read_pickle
    from train.models.formats.litgpt_adapters import merged_litgpt
    from train.models.quantization import replace_linears

    weights = read_pickle(folder / "lit_model.pth") if base is None else dict(merged_litgpt(folder, base))
    config = litgpt_config(folder)
    with torch.device("meta"):
        model = GPT(config)
    try:
        model.load_state_dict(weights, assign=True)
    except RuntimeError as error:
        line = one_line(error)
        raise TrainError(f"{folder}: the weights are not those of its model_config.yaml: {line}") from error
    model = model.to(dtype=dtype)
    if quantize == "int8":
        raise TrainError("LitGPT's checkpoints load in 4 bits, not in 8: --quantize bnb.nf4, or `train convert` first")
    if quantize:
        replace_linears(model.transformer, quantize, dtype)
    # What is computed, not learned, is not in the checkpoint; its precision stays 32 bits.
    model.max_seq_length = config.block_size
    model.cos, model.sin = model.rope_cache(device=torch.device("cpu"))
    return LitEngine(model.to(device).eval())
