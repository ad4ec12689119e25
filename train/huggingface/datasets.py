"""Rows of the Hugging Face backend: token ids and labels kept in few arrays, padded by the batch, in a fixed order."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.data.conversations import unseen
from train.data.encode import (
    IGNORE,
    Conversation,
    Encoded,
    Pair,
    Tokens,
    adapt,
    divide,
    encode,
    read_pairs,
    tokenizer_of,
)
from train.data.packing import position_ids
from train.errors import TrainError
from train.huggingface.settings import TEXT, Settings

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from train.styles import Style

#: Optimizer steps whose rows are sorted by length together: long enough to fill batches of like rows, short enough
#: that an epoch is not one walk from long to short.
_SORTED_TOGETHER = 50


class Rows:
    """Sequences of tokens, as many to a row as `each` (1: a chat; 2: a pair, chosen and rejected).

    tokens: int32, all sequences one after the other: an id where it is learnt, its complement (~id) where not, as
    `train.data.token_cache` keeps them. offsets: int64, where each sequence begins, and the end.
    """

    def __init__(self, tokens: np.ndarray, offsets: np.ndarray, each: int = 1) -> None:
        import numpy as np

        self.tokens, self.offsets, self.each = tokens, offsets, each
        self.lengths: list[int] = np.diff(offsets).reshape(-1, each).max(axis=1, initial=0).tolist()

    @classmethod
    def of(cls, sequences: Iterable[Encoded], each: int = 1) -> Rows:
        import numpy as np

        parts = [np.empty(0, np.int32)]
        for row in sequences:
            ids = np.array(row.ids, np.int32)
            signed = ~ids
            for start, end in row.learnt:
                signed[start:end] = ids[start:end]
            parts.append(signed)
        return cls(np.concatenate(parts), np.cumsum([len(part) for part in parts], dtype=np.int64), each)

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: int) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
        """(ids, labels) of each sequence of a row, int32 arrays."""
        import numpy as np

        sequences = []
        for number in range(index * self.each, (index + 1) * self.each):
            signed = self.tokens[self.offsets[number] : self.offsets[number + 1]]
            sequences.append((np.where(signed < 0, ~signed, signed), np.where(signed < 0, IGNORE, signed)))
        return tuple(sequences)

    def map(self, *_words: Any, **_more: Any) -> Rows:
        """trl tokenises a `datasets.Dataset` by its map; these rows are tokenised."""
        return self

    def batches(self, size: int, most: int) -> list[list[int]]:
        """The first `most` batches' worth of rows, put together by length: the same whenever it is asked."""
        longest_first = sorted(range(min(len(self), size * most)), key=lambda index: -self.lengths[index])
        return [longest_first[first : first + size] for first in range(0, len(longest_first), size)]

    def digest(self) -> str:
        """sha256 of the rows, the first 16 digits."""
        whole = hashlib.sha256(self.offsets.tobytes())
        whole.update(self.tokens.tobytes())
        return whole.hexdigest()[:16]


def unit_of(micro_batch: int, global_batch: int) -> int:
    """Rows of like length that Order keeps together: 8 at most, a part of the step, whole micro-batches.

    It is the same for micro-batches of 1, 2, 4 and 8 rows, so that a step sees the same rows with each of them.
    """
    unit = math.gcd(global_batch, 8)
    return unit if unit % micro_batch == 0 else micro_batch


class Order:
    """A sampler: the order of rows in an epoch, from the seed and the epoch's number alone.

    Grouped, rows of like length stand together: rows are drawn, sorted by length within the rows of some steps, cut
    into units, and the units drawn again, so that no step sees only long ones. A short last unit stays last. The unit
    of the longest row is the first of all: memory that does not suffice shows at once, not after hours.

    step: rows of an optimizer step.
    """

    def __init__(self, lengths: Sequence[int], unit: int, step: int, seed: int, grouped: bool = True) -> None:
        self.lengths, self.unit, self.step, self.seed, self.grouped = lengths, unit, step, seed, grouped
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        import numpy as np

        draw = np.random.default_rng([self.seed, self.epoch])
        order: list[int] = draw.permutation(len(self.lengths)).tolist()
        if not self.grouped:
            return iter(order)
        span = self.step * _SORTED_TOGETHER
        whole = len(order) // self.unit * self.unit
        # The rows of the short unit are drawn too, not always the shortest.
        first, rest = order[:whole], order[whole:]
        runs = (sorted(first[at : at + span], key=lambda row: self.lengths[row]) for at in range(0, whole, span))
        ordered = [row for run in runs for row in run]
        units = [ordered[at : at + self.unit] for at in range(0, whole, self.unit)]
        shuffled = [units[number] for number in draw.permutation(len(units))]
        if self.epoch == 0 and shuffled:
            longest = max(range(len(shuffled)), key=lambda at: max(self.lengths[row] for row in shuffled[at]))
            shuffled.insert(0, shuffled.pop(longest))
        return iter([row for unit in shuffled for row in unit] + rest)


def order_of(settings: Settings, lengths: Sequence[int]) -> Order:
    """The order in which a recipe's rows are trained on."""
    unit = unit_of(settings.micro_batch_size, settings.global_batch_size)
    return Order(lengths, unit, settings.global_batch_size, settings.data_seed, settings.batching == "grouped")


def collate(rows: Sequence[tuple[tuple[Any, Any], ...]], pad: int = 0, packed: bool = False) -> dict[str, Tensor]:
    """Chats as input_ids, attention_mask and labels, int64 [rows, longest]; pairs under chosen_… and rejected_….

    packed: rows hold several documents; instead of a mask they get position_ids, which begin anew with each: by them
    transformers lets a document read itself alone.
    """
    names = ("",) if len(rows[0]) == 1 else ("chosen_", "rejected_")
    batch: dict[str, Tensor] = {}
    for number, name in enumerate(names):
        batch |= {name + key: value for key, value in _padded([row[number] for row in rows], pad).items()}
    if packed:
        del batch["attention_mask"]
        batch["position_ids"] = position_ids(batch["labels"], IGNORE)
    return batch


def _padded(sequences: Sequence[tuple[Any, Any]], pad: int) -> dict[str, Tensor]:
    import torch

    shape = len(sequences), max(len(ids) for ids, _ in sequences)
    ids, labels = torch.full(shape, pad), torch.full(shape, IGNORE)
    mask = torch.zeros(shape, dtype=torch.int64)
    for row, (numbers, targets) in enumerate(sequences):
        ids[row, : len(numbers)] = torch.from_numpy(numbers)
        labels[row, : len(targets)] = torch.from_numpy(targets)
        mask[row, : len(numbers)] = 1
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


def load_tokens(checkpoint: str) -> Tokens:
    """The tokenizer of a local folder or, failing that, of the hub.

    Raises:
        TrainError: there is none.
    """
    if Path(checkpoint).is_dir():
        return tokenizer_of(Path(checkpoint))
    from transformers import AutoTokenizer

    try:
        return adapt(AutoTokenizer.from_pretrained(checkpoint))
    except (OSError, ValueError) as error:
        raise TrainError(f"cannot load the tokenizer of {checkpoint}: {str(error).splitlines()[0]}") from error


def load_chats(settings: Settings, tokens: Tokens, style: Style, longest: int) -> tuple[Rows, Rows, Style, list[str]]:
    """(training rows, validation rows, style, what became of the rows), as LitGPT's recipes read them: `token_cache`.

    longest: tokens of a row at most. style: that of the rows' language where they have one.
    """
    from train.data import described
    from train.data import token_cache as kept

    token_settings = kept.Settings(
        longest, settings.over_length, settings.mask_prompt, settings.system, settings.language, settings.val_share,
        settings.data_seed,
    )  # fmt: skip
    token_set = kept.tokenised(settings.data_path, style, tokens, token_settings, settings.cache)
    rows = {split: Rows(part.tokens, part.offsets) for split, part in token_set.splits.items()}
    style = kept.tuned_style(style, token_set, settings.system)
    return rows["train"], rows["val"], style, described(token_set.counts, token_set.folder)


def load_texts(settings: Settings, tokens: Tokens, style: Style, longest: int) -> tuple[Rows, Rows, Style, list[str]]:
    """As `load_chats`, of plain texts: `train.data.texts`."""
    from train.data import described
    from train.data.texts import TextSettings, check_length, tokenised_texts

    text_settings = TextSettings(check_length(longest), packing_of(settings), settings.val_share, settings.data_seed)
    token_set = tokenised_texts(settings.data_path, tokens, text_settings, settings.cache)
    report = described(token_set.counts, token_set.folder)
    if text_settings.packing != settings.packing:
        report.append("data: the model has no positions by which documents of a row are told apart: a row for each")
    rows = [Rows(token_set.splits[split].tokens, token_set.splits[split].offsets) for split in ("train", "val")]
    return rows[0], rows[1], style, report


def packing_of(settings: Settings) -> str:
    """The recipe's packing; none for a model that takes no positions (BLOOM), whose documents would read each other."""
    import inspect

    from transformers import AutoModelForCausalLM

    from train.huggingface.model import config_of

    try:
        model: Any = AutoModelForCausalLM._model_mapping[type(config_of(settings.checkpoint_dir))]  # noqa: SLF001
    except KeyError:
        return "none"
    return settings.packing if "position_ids" in inspect.signature(model.forward).parameters else "none"


def load_pairs(settings: Settings, tokens: Tokens, style: Style, longest: int) -> tuple[Rows, Rows, Style, list[str]]:
    """As `load_chats`, of preference pairs.

    Raises:
        TrainError: the data cannot be read, or no pair of it fits.
    """
    splits = read_pairs(settings.data_path)
    train, val, how = splits["train"], splits.get("val", []), "as exported"
    if not val:
        train, val, how = divide(train, settings.val_share, settings.data_seed)
    fresh = unseen(val, train)
    rows, report = [], []
    for name, part in (("train", train), ("val", fresh)):
        counts: Counter[str] = Counter()
        rows.append(_pairs(part, settings, tokens, style, longest, counts))
        reasons = "".join(f"; {reason}: {count:,}" for reason, count in counts.items() if reason != "whole")
        report.append(f"data: {name}: {len(rows[-1]):,} of {len(part):,} pairs{reasons}")
        if not len(rows[-1]):
            raise TrainError(f"{settings.data_path}: no pair of {name} can be used{reasons}")
    skipped = "".join(f"; {len(places):,} rows skipped: {reason}" for reason, places in splits.skipped.items())
    left_out = len(val) - len(fresh)
    skipped += f"; {left_out:,} val rows left out: their request is in train" if left_out else ""
    return rows[0], rows[1], style.with_system(settings.system), [*report, f"data: validation: {how}{skipped}"]


def _said(messages: Sequence[dict[str, str]], language: str, settings: Settings) -> Conversation:
    """A chat with the recipe's system prompt and language where it has none of its own."""
    chat = list(messages)
    if settings.system is not None and chat[0]["role"] != "system":
        chat.insert(0, {"role": "system", "content": settings.system})
    return Conversation(chat, language or settings.language or "")


def _pairs(
    rows: Sequence[Pair], settings: Settings, tokens: Tokens, style: Style, longest: int, counts: Counter[str]
) -> Rows:
    """Chosen and rejected of each pair in turn, after the same prompt."""
    sequences: list[Encoded] = []
    for row in rows:
        chats = [_said([*row.messages, {"role": "assistant", "content": answer}], row.language, settings)
                 for answer in (row.chosen, row.rejected)]  # fmt: skip
        pair = encode_pair(chats, style, tokens, longest, settings.over_length, counts)
        sequences += pair or ()
    return Rows.of(sequences, each=2)


def encode_pair(
    chats: Sequence[Conversation], style: Style, tokens: Tokens, longest: int, over_length: str, counts: Counter[str]
) -> tuple[Encoded, Encoded] | None:
    """Two chats that differ in their last answer, that answer learnt; None where they do not fit.

    Where the prompt must be cut, it is cut to leave room for the longer answer, and both follow the same prompt: ORPO
    compares the odds of two answers to one question.
    """
    free = [encode(chat, style, tokens) for chat in chats]
    if not all(free):
        counts["dropped: holds the style's own marks"] += 1
        return None
    # An answer is tokenised apart from what is before it: its ids do not change with the prompt.
    answers = [row.ids[slice(*row.learnt[-1])] for (row,) in free]
    longer = max(range(2), key=lambda number: len(answers[number]))
    whole = len(free[longer][0].ids) <= longest
    fitting = free[longer] if whole else encode(
        chats[longer], style, tokens, max_seq_length=longest, over_length=over_length
    )  # fmt: skip
    counts["whole" if whole else "cut" if fitting else "dropped: longer than max_seq_length"] += 1
    if not fitting:
        return None
    prompt = fitting[0].ids[: fitting[0].learnt[-1][0]]
    first, second = (Encoded([*prompt, *ids], [(len(prompt), len(prompt) + len(ids))]) for ids in answers)
    return first, second


@dataclass
class Data:
    """Rows of a run, with what encoded them. template: the style as a chat template. pad: a token's id."""

    train: Rows
    val: Rows
    report: list[str]
    style: Style
    template: str
    pad: int
    packed: bool = False


def load_data(settings: Settings) -> Data:
    """Read and encode the rows of a recipe.

    Raises:
        TrainError: the data, tokenizer or style cannot be read, or no length is known.
    """
    from train.huggingface.model import config_of, context_length
    from train.styles import style_named

    of_texts = settings.data_class == TEXT
    name = "plain" if of_texts else settings.prompt_style
    style = style_named(name).of_model(settings.checkpoint_dir).localised(settings.language)
    style.with_system(settings.system).check()
    tokens = load_tokens(settings.checkpoint_dir)
    longest = settings.max_seq_length or context_length(config_of(settings.checkpoint_dir))
    if longest is None:
        raise TrainError(f"train.max_seq_length is missing, and {settings.checkpoint_dir} states no length of its own")
    load_rows = load_pairs if settings.method == "orpo" else load_texts if of_texts else load_chats
    train, val, style, report = load_rows(settings, tokens, style, longest)
    check_vocabulary(settings.checkpoint_dir, train, val)
    begins = bool(tokens.adds_bos if style.bos is None else style.bos)
    packed = of_texts and packing_of(settings) == "documents"
    return Data(train, val, report, style, style.template(begins), tokens.eos_id or 0, packed)


def check_vocabulary(checkpoint: str, *splits: Rows) -> None:
    """Raises:
    TrainError: a row holds a token that the model's embeddings have no row for.
    """
    from train.huggingface.model import config_of

    size = config_of(checkpoint).get_text_config().vocab_size
    # A complement where it is not learnt.
    highest = max((int((rows.tokens ^ (rows.tokens >> 31)).max()) for rows in splits if len(rows.tokens)), default=0)
    if highest >= size:
        raise TrainError(
            f"the rows hold token {highest:,}, the model in {checkpoint} has {size:,} rows of embeddings: "
            "its tokenizer is another model's, or tokens were added to it"
        )
