"""A data module for continued pretraining: `data: {class_path: train.data.Text, init_args: {path: export-text, …}}`.

For `litgpt finetune_lora`, `finetune_full` and the like, and for `train finetune`: documents are packed into rows of
`train.max_seq_length` tokens, nothing of one is read or learnt from another, and every token is there once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from litgpt.prompts import PromptStyle
from litgpt.tokenizer import Tokenizer

from train.data.encode import IGNORE
from train.data.litgpt_documents import attend_within_documents
from train.data.litgpt_patches import keep_embeddings, one_line_errors, weigh_tokens
from train.data.modules import BATCHING, ChatRows, TokenModule
from train.data.sets import DataSet
from train.data.texts import PACKING, TextSettings, check_length, sets_of_texts, tokenised_text_sets
from train.data.token_cache import TokenSet
from train.errors import TrainError
from train.styles import style_named
from train.tokenizer import adapt


@dataclass
class Text(TokenModule):
    """Plain texts, every token learnt but the first of a document."""

    path: Path | list[str | dict[str, Any]]
    """A folder of `synth export --format text` (its validation split is used), or a file of rows {"text"} as .json,
    .jsonl or .parquet; or several of them: [{path: export-text, weight: 2}, {path: wiki.jsonl, val_share: 0.01}]."""
    packing: str = "documents"
    """documents: several in a row, each for itself; none: a row for each, and much padding."""
    batching: str = "grouped"
    """grouped: batches of rows of like length; even: of about as many tokens each; shuffled: as LitGPT's JSON."""
    val_share: float = 0.05
    """Share of texts for validation where the set has no such split."""
    seed: int = 42
    """Of the packing, the order of the rows and the division."""
    num_workers: int = 0
    """Reader processes; rows are tokens already, so none is fastest."""
    cache: Path | None = None
    """Folder of tokens made earlier; null: tokens in NEWSMILL_HOME, else .newsmill."""
    ignore_index: int = IGNORE
    """Label of what is not learnt. LitGPT's loss knows -100 only."""

    prompt_style: PromptStyle = field(default_factory=lambda: style_named("plain"), init=False, repr=False)
    tokenizer: Tokenizer | None = field(default=None, init=False, repr=False)
    batch_size: int = field(default=1, init=False, repr=False)
    max_seq_length: int | None = field(default=None, init=False, repr=False)
    train_dataset: ChatRows | None = field(default=None, init=False, repr=False)
    test_dataset: ChatRows | None = field(default=None, init=False, repr=False)
    counts: dict[str, Any] = field(default_factory=dict, init=False, repr=False)
    tokens: TokenSet | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        super().__init__()
        with one_line_errors():
            self.sets = sets_of_texts(self.path)
            if problems := list(problems_of_texts(self.sets, self.packing, self.val_share)):
                raise TrainError("; ".join(problems))
            if self.batching not in BATCHING:
                raise TrainError(f"data.batching: {self.batching!r} is none of {', '.join(BATCHING)}")

    def connect(
        self, tokenizer: Tokenizer | None = None, batch_size: int = 1, max_seq_length: int | None = None, **_: Any
    ) -> None:
        self.tokenizer, self.batch_size = tokenizer, batch_size
        self.max_seq_length = max_seq_length
        with one_line_errors():
            check_length(max_seq_length)
        weigh_tokens(ChatRows)
        attend_within_documents(adapt(tokenizer).eos_id)
        if torch.cuda.is_available():
            keep_embeddings()

    def load(self) -> TokenSet:
        """The tokens, from the cache or made.

        Raises:
            TrainError: as `train.data.texts.tokenised_text_sets`.
        """
        if self.tokens is None:
            with one_line_errors():
                settings = TextSettings(check_length(self.max_seq_length), self.packing, self.val_share, self.seed)
                self.tokens = tokenised_text_sets(self.sets, self.tokenizer, settings, self.cache)
            self.counts = self.tokens.counts
        return self.tokens


def problems_of_texts(sets: Sequence[DataSet], packing: str, val_share: float) -> Iterator[str]:
    """What is wrong with the settings."""
    for each in sets:
        if not each.path.exists():
            at = "data.path" if len(sets) == 1 else f"data set {each.name}"
            make = f"`synth export --format text --out {each.path}` makes it, or give a file"
            yield f"{at}: {each.path} does not exist: {make}"
    if packing not in PACKING:
        yield f"data.packing: {packing!r} is none of {', '.join(PACKING)}"
    if not 0 < val_share < 1:
        yield f"data.val_share: {val_share} is not between 0 and 1"
