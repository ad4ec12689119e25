"""A LitGPT data module for exported chats: `data: {class_path: train.data.Chat, init_args: {path: export, …}}`.

Beside LitGPT's own JSON module: chats of several turns with every answer learnt and nothing else, prompt styles with
system prompts in the sample's language, no answer cut off, batches of rows of like length, tokens made once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from litgpt.data import DataModule, get_sft_collate_fn
from litgpt.prompts import PromptStyle
from litgpt.tokenizer import Tokenizer
from torch.utils.data import DataLoader, Dataset

from train.data.batches import Batches
from train.data.encode import IGNORE, OVER_LENGTH
from train.data.litgpt_documents import attend_within_documents
from train.data.litgpt_patches import (
    keep_embeddings,
    keep_output_apart,
    one_line_errors,
    remember_folders,
    weigh_tokens,
)
from train.data.sets import Mixture, described_sets, digest_of_rows, pick, sets_of, tokenised_sets
from train.data.token_cache import Rows, Settings, TokenSet, tuned_style
from train.errors import TrainError
from train.litgpt.install import install
from train.styles import Request, Style, style_named, style_names

BATCHING = ("grouped", "even", "shuffled")
remember_folders()
keep_output_apart()


class TokenModule(DataModule):
    """What our modules for LitGPT have in common: rows of tokens, made once, in batches of like length.

    A subclass has the fields batching, seed, num_workers and ignore_index, and `load`.
    """

    batching: str
    seed: int
    num_workers: int
    ignore_index: int
    batch_size: int
    train_dataset: ChatRows | None
    test_dataset: ChatRows | None
    counts: dict[str, Any]
    tokens: TokenSet | None

    def load(self) -> TokenSet:
        """The tokens, from the cache or made."""
        raise NotImplementedError

    def prepare_data(self) -> None:
        """Make the tokens; LitGPT lets the first process do so before the others look."""
        self.load()
        if _rank() == 0:
            print(self.report(), flush=True)

    def setup(self, stage: str = "") -> None:  # noqa: ARG002 - LitGPT's signature
        tokens = self.load()
        self.train_dataset = ChatRows(tokens.splits["train"], ignore_index=self.ignore_index, mixture=tokens.mixture)
        self.test_dataset = ChatRows(tokens.splits["val"], tokens.examples, ignore_index=self.ignore_index)

    def report(self) -> str:
        """What became of the rows, a line a split."""
        lines = described(self.counts, self.tokens.folder if self.tokens else None)
        return "\n".join([*lines, *(described_sets(self.tokens) if self.tokens else ())])

    def train_dataloader(self) -> DataLoader[Any]:
        rows = self.train_dataset
        assert rows is not None, "setup comes first"
        mixture = rows.mixture
        if self.batching == "shuffled" and mixture is None:
            order = torch.Generator().manual_seed(self.seed)
            return DataLoader(
                rows, batch_size=self.batch_size, shuffle=True, generator=order,
                num_workers=self.num_workers, collate_fn=get_sft_collate_fn(ignore_index=self.ignore_index),
            )  # fmt: skip
        lengths = rows.rows.lengths.tolist() if self.batching != "shuffled" else [1] * len(rows)
        batches = Batches(
            lengths, self.batch_size, even=self.batching == "even", seed=self.seed, devices=_devices(), rank=_rank(),
            mixture=mixture,
        )  # fmt: skip
        return DataLoader(
            rows, batch_size=None, sampler=batches,
            num_workers=self.num_workers, collate_fn=get_sft_collate_fn(ignore_index=self.ignore_index),
        )  # fmt: skip

    def val_dataloader(self) -> DataLoader[Any]:
        """In the order of the file, as LitGPT's JSON: the first `eval.max_iters` batches are the same rows."""
        assert self.test_dataset is not None, "setup comes first"
        return self._in_order(self.test_dataset)

    def val_dataloaders(self) -> dict[str, DataLoader[Any]]:
        """The validation rows of each of several sets by its name; none where there is one set."""
        assert self.tokens is not None, "setup comes first"
        val = self.tokens.splits["val"]
        return {
            share.data_set.name: self._in_order(ChatRows(pick(val, share.val), ignore_index=self.ignore_index))
            for share in self.tokens.shares
        }

    def _in_order(self, rows: ChatRows) -> DataLoader[Any]:
        return DataLoader(
            rows, batch_size=self.batch_size, shuffle=False,
            num_workers=self.num_workers, collate_fn=get_sft_collate_fn(ignore_index=self.ignore_index),
        )  # fmt: skip


@dataclass
class Chat(TokenModule):
    """Exported chats for supervised fine-tuning."""

    path: Path | list[str | dict[str, Any]]
    """A folder of `synth export` (its validation split is used), or a file: alpaca, sharegpt or openai rows as .json,
    .jsonl or .parquet; or several of them: [{path: export, weight: 2}, {path: lima.jsonl, language: en}]."""
    prompt_style: str | PromptStyle = "chatml"
    """chatml, llama3, gemma, alpaca, alpaca-it, alpaca-vi, alpaca-en or plain, as the base model was trained; own: in
    the chat template that it brings."""
    mask_prompt: bool = True
    """Learn the answers only. false: every token, as language modelling does."""
    over_length: str = "cut"
    """Of chats longer than max_seq_length: cut the user's material, split between turns, or drop; no answer is cut."""
    batching: str = "grouped"
    """grouped: batches of rows of like length; even: of about as many tokens each; shuffled: as LitGPT's JSON."""
    system: str | None = None
    """System prompt of chats without one; null: the style's, in the chat's language; "": none."""
    language: str | None = None
    """ISO 639-1 code of chats that do not say theirs."""
    val_share: float = 0.05
    """Share of rows for validation where the set has no such split: whole events, the newest where dates are known."""
    seed: int = 42
    """Of the order of the rows and of the division."""
    num_workers: int = 0
    """Reader processes; rows are tokens already, so none is fastest."""
    cache: Path | None = None
    """Folder of tokens made earlier; null: tokens in NEWSMILL_HOME, else .newsmill."""
    ignore_index: int = IGNORE
    """Label of what is not learnt. LitGPT's loss knows -100 only."""

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
            self.sets = sets_of(self.path)
            if isinstance(self.prompt_style, str):
                self.prompt_style = style_named(self.prompt_style).localised(self.language)
            if problems := problems_of(self):
                raise TrainError("; ".join(problems))

    def connect(
        self,
        tokenizer: Tokenizer | None = None,
        batch_size: int = 1,
        max_seq_length: int | None = None,
        **_: Any,
    ) -> None:
        self.tokenizer, self.batch_size = tokenizer, batch_size
        self.max_seq_length = max_seq_length if max_seq_length and max_seq_length > 0 else None
        with one_line_errors():
            self.prompt_style = style_for(self.prompt_style, tokenizer, self.system)
        weigh_tokens(ChatRows)
        attend_within_documents(None)
        if "litgpt.finetune.lora" in sys.modules:
            install(one_line_errors)
        if torch.cuda.is_available():
            # LitGPT quantises on CUDA only, and builds its model after this.
            keep_embeddings()

    def load(self) -> TokenSet:
        """The tokens, from the cache or made.

        Raises:
            TrainError: as `train.data.token_cache.tokenised`.
        """
        if self.tokens is None:
            style = self.prompt_style
            assert isinstance(style, Style)
            with one_line_errors():
                self.tokens = tokenised_sets(self.sets, style, self.tokenizer, self.settings(), self.cache)
            self.counts = self.tokens.counts
            # LitGPT saves the style beside the model: asked later on, it gets the system prompt it was tuned with.
            self.prompt_style = tuned_style(style, self.tokens, self.system)
        return self.tokens

    def settings(self) -> Settings:
        return Settings(
            self.max_seq_length,
            self.over_length,
            self.mask_prompt,
            self.system,
            self.language,
            self.val_share,
            self.seed,
        )


@dataclass
class Pairs:
    """Preference pairs, for ORPO in `train finetune`: settings as `Chat`'s."""

    path: Path | list[str | dict[str, Any]]
    prompt_style: str = "chatml"
    over_length: str = "cut"
    system: str | None = None
    language: str | None = None
    val_share: float = 0.05
    seed: int = 42
    num_workers: int = 0

    def __post_init__(self) -> None:
        self.sets = sets_of(self.path)
        problems = problems_of(self)
        if problems:
            raise TrainError("; ".join(problems))

    @property
    def style(self) -> Style:
        return style_named(self.prompt_style).localised(self.language)


def style_for(style: Any, tokenizer: Any, system: str | None) -> Style:
    """The style for the model that the tokenizer is of.

    Raises:
        TrainError: that model cannot be trained in it; says why.
    """
    assert isinstance(style, Style)
    folder = getattr(tokenizer, "checkpoint_dir", None)
    ready = style.of_model(folder) if folder else style
    ready.with_system(system).check()
    return ready


def problems_of(data: Chat | Pairs) -> list[str]:
    """What is wrong with the settings, all of it."""
    problems = []
    command = "train pairs" if isinstance(data, Pairs) else "synth export"
    for each in data.sets:
        if not each.path.exists():
            at = "data.path" if len(data.sets) == 1 else f"data set {each.name}"
            problems.append(f"{at}: {each.path} does not exist: `{command} --out {each.path}` makes it, or give a file")
    if data.over_length not in OVER_LENGTH:
        problems.append(f"data.over_length: {data.over_length!r} is none of {', '.join(OVER_LENGTH)}")
    if not 0 < data.val_share < 1:
        problems.append(f"data.val_share: {data.val_share} is not between 0 and 1")
    if isinstance(data, Pairs):
        return problems
    if not isinstance(data.prompt_style, Style):
        problems.append(f"data.prompt_style: {type(data.prompt_style).__name__} is none of {', '.join(style_names())}")
    if data.batching == "packed":
        problems.append(
            "data.batching: packed rows would read each other, LitGPT's attention has no mask for it; grouped"
        )
    elif data.batching not in BATCHING:
        problems.append(f"data.batching: {data.batching!r} is none of {', '.join(BATCHING)}")
    if data.ignore_index >= 0:
        problems.append(f"data.ignore_index: {data.ignore_index} is a token's number; LitGPT's loss leaves out -100")
    return problems


class ChatRows(Dataset[Any]):
    """Rows as LitGPT's loops want them; `data[i]["instruction"]` is the request of a validation row, to show."""

    def __init__(
        self,
        rows: Rows,
        examples: Sequence[dict[str, Any]] = (),
        ignore_index: int = IGNORE,
        mixture: Mixture | None = None,
    ) -> None:
        self.rows, self.ignore_index, self.mixture = rows, ignore_index, mixture
        # None of train: a row seen in training is never an example.
        self.data = [{"instruction": Request(each["messages"], each["language"])} for each in examples]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int | list[int]) -> Any:
        """The row {input_ids, labels: int64 [tokens], token_counts}, or a list of rows."""
        if isinstance(index, list):
            return [self[each] for each in index]
        return Item(self.rows[index], self.ignore_index)

    def digest(self) -> str:
        """sha256 of the rows, the first 16 digits."""
        return digest_of_rows(self.rows, self.mixture)


class Item(dict[str, Any]):
    """A row as LitGPT reads it, each part made when asked for: at each start LitGPT asks all rows how long they are."""

    def __init__(self, signed: Any, ignore_index: int) -> None:
        super().__init__()
        self.signed, self.ignore_index = signed, ignore_index

    def __missing__(self, key: str) -> Any:
        signed = self.signed
        if key == "input_ids":
            # ~id where it is negative.
            return torch.from_numpy((signed ^ (signed >> 31)).astype("int64"))
        if key == "labels":
            labels = torch.from_numpy(signed.astype("int64"))
            return labels.masked_fill(labels < 0, self.ignore_index)
        if key == "token_counts":
            # The style is part of what is read: both of LitGPT's counts are the same.
            return {"raw": len(signed), "raw_plus_prompt_template": len(signed)}
        raise KeyError(key)


def described(counts: dict[str, Any], folder: Path | None) -> list[str]:
    """Lines for people: rows used, and every reason why others were not, or not whole."""
    lines = []
    for split in ("train", "val"):
        reasons = dict(counts.get(split, {}))
        used_rows, tokens, labels, longest = (reasons.pop(name, 0) for name in ("used", "tokens", "labels", "longest"))
        all_rows = reasons.pop("rows", 0)
        for name in ("whole", "parts"):
            reasons.pop(name, None)
        more = "".join(f"; {reason}: {number:,}" for reason, number in sorted(reasons.items()) if number)
        share = f"{tokens:,} tokens, {labels:,} of them learnt, at most {longest:,} a row"
        lines.append(f"data: {split}: {used_rows:,} of {all_rows:,} rows, {share}{more}")
    skipped = "".join(f"; {number:,} rows skipped: {reason}" for reason, number in counts.get("skipped", {}).items())
    repeated = counts.get("val rows left out: their request is in train", 0)
    skipped += f"; {repeated:,} val rows left out: their request is in train" if repeated else ""
    lines.append(
        f"data: validation: {counts.get('validation')}; languages: {json.dumps(counts.get('languages'))}{skipped}"
    )
    lines += [f"data: warning: {warning}" for warning in counts.get("warnings", ())]
    return [*lines, f"data: tokens in {folder}"] if folder else lines


def _devices() -> int:
    ready = torch.distributed.is_available() and torch.distributed.is_initialized()
    return torch.distributed.get_world_size() if ready else 1


def _rank() -> int:
    ready = torch.distributed.is_available() and torch.distributed.is_initialized()
    return torch.distributed.get_rank() if ready else 0
