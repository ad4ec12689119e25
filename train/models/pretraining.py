"""A tokenizer and a model trained from nothing on a corpus: what tiny checkpoints are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from train.errors import TrainError
from train.progress import progress

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer


PAD, BOS, EOS = "<|pad|>", "<|begin|>", "<|end|>"


def train_tokenizer(texts: list[str], vocab_size: int, special: Sequence[str] = (PAD, BOS, EOS)) -> Tokenizer:
    """A byte-level BPE: every text of every language can be written in it, nothing is unknown."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE())
    # Vietnamese is written in two Unicode forms; one of them must win.
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(special),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def encode(tokenizer: Tokenizer, texts: list[str], eos: str = EOS) -> torch.Tensor:
    """All texts as one stream of token ids, int64 [tokens], each closed by the end token."""
    import torch

    end = tokenizer.token_to_id(eos)
    stream: list[int] = []
    for text in texts:
        stream += [*tokenizer.encode(text).ids, end]
    return torch.tensor(stream, dtype=torch.int64)


def pretrain(model: Any, stream: torch.Tensor, steps: int, seed: int, length: int = 256, rows: int = 4) -> float | None:
    """Plain next-token training on random windows of the corpus; the mean loss of the last steps, None without any."""
    import torch

    if not steps:
        return None
    length = min(length, len(stream) - 1)
    if length < 2:
        raise TrainError("the corpus is too short to learn from: a few hundred words at least")
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.1, betas=(0.9, 0.95))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=steps, pct_start=0.1)
    if hasattr(model, "max_seq_length"):
        model.max_seq_length = length
    losses: list[float] = []
    for _ in progress(range(steps), "tiny"):
        starts = torch.randint(0, len(stream) - length, (rows,), generator=generator).tolist()
        windows = torch.stack([stream[start : start + length + 1] for start in starts])
        logits = model(windows[:, :-1])
        # A model of transformers answers with more than the numbers.
        logits = getattr(logits, "logits", logits)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    last = losses[-10:]
    return sum(last) / len(last)
