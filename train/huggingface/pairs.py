"""Preference pairs as rows: chosen and rejected in turn, after the same prompt, of one set or several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from train.data.conversations import unseen
from train.data.encode import Conversation, Encoded, Pair, Tokens, divide, encode, read_pairs
from train.data.sets import DataSet, Mixture, Share, in_turn, sets_of, shared_requests
from train.data.token_cache import request_mark
from train.errors import TrainError
from train.huggingface.rows import Loaded, Rows
from train.huggingface.settings import Settings
from train.styles import Style


def load_pairs(settings: Settings, tokens: Tokens, style: Style, longest: int) -> Loaded:
    """As `load_chats`, of preference pairs.

    Raises:
        TrainError: the data cannot be read, or no pair of it fits.
    """
    sets = sets_of(settings.data_path)
    parts = []
    for each in sets:
        own = replace(settings, **{name: value for name, value in each.options.items() if name != "mask_prompt"})
        try:
            parts.append(_pairs_of(each, own, tokens, style, longest))
        except TrainError as error:
            raise TrainError(f"data set {each.name}: {error}" if len(sets) > 1 else str(error)) from error
    report = [line for part in parts for line in part.report]
    style = style.with_system(settings.system)
    if len(parts) == 1 and sets[0].weight == 1:
        return Loaded(parts[0].train, parts[0].val, style, report, [])
    names = [each.name for each in sets]
    marks = [[part.marks[split] for part in parts] for split in ("train", "val", "places")]
    numbers, leaks = shared_requests(names, [set(each) for each in marks[0]], marks[1], marks[2])
    order = in_turn([len(each) for each in numbers])
    val = [part.val.pick(rows) for part, rows in zip(parts, numbers, strict=True)]
    mixture = Mixture([len(part.train) for part in parts], [each.weight for each in sets], settings.data_seed)
    ends = [sum(map(len, val[:number])) for number in range(len(val) + 1)]
    shares = [
        Share(each, mixture.sizes[at], mixture.counts[at], ((order >= ends[at]) & (order < ends[at + 1])).nonzero()[0])
        for at, each in enumerate(sets)
    ]
    lines = [f"data: {line}" for line in leaks]
    train = Rows.joined([part.train for part in parts])
    return Loaded(train, Rows.joined(val).pick(order.tolist()), style, [*report, *lines], shares, mixture)


@dataclass
class _Pairs:
    """Pairs of a set. marks: of what its rows ask, and where the validation rows are, for `shared_requests`."""

    train: Rows
    val: Rows
    report: list[str]
    marks: dict[str, list[str]]


def _pairs_of(data_set: DataSet, settings: Settings, tokens: Tokens, style: Style, longest: int) -> _Pairs:
    splits = read_pairs(data_set.path)
    train, val, how = splits["train"], splits.get("val", []), "as exported"
    if not val:
        train, val, how = divide(train, settings.val_share, settings.data_seed)
    fresh = unseen(val, train)
    rows, report, marks = [], [], {}
    for name, part in (("train", train), ("val", fresh)):
        counts: Counter[str] = Counter()
        encoded, numbers = _pairs(part, settings, tokens, style, longest, counts)
        rows.append(encoded)
        marks[name] = [request_mark(part[number].messages) for number in numbers]
        marks["places"] = [part[number].where for number in numbers]
        reasons = "".join(f"; {reason}: {count:,}" for reason, count in counts.items() if reason != "whole")
        report.append(f"data: {name}: {len(rows[-1]):,} of {len(part):,} pairs{reasons}")
        if not len(rows[-1]):
            raise TrainError(f"{data_set.path}: no pair of {name} can be used{reasons}")
    skipped = "".join(f"; {len(places):,} rows skipped: {reason}" for reason, places in splits.skipped.items())
    left_out = len(val) - len(fresh)
    skipped += f"; {left_out:,} val rows left out: their request is in train" if left_out else ""
    return _Pairs(rows[0], rows[1], [*report, f"data: validation: {how}{skipped}"], marks)


def _said(messages: Sequence[dict[str, str]], language: str, settings: Settings) -> Conversation:
    """A chat with the recipe's system prompt and language where it has none of its own."""
    chat = list(messages)
    if settings.system is not None and chat[0]["role"] != "system":
        chat.insert(0, {"role": "system", "content": settings.system})
    return Conversation(chat, language or settings.language or "")


def _pairs(
    rows: Sequence[Pair], settings: Settings, tokens: Tokens, style: Style, longest: int, counts: Counter[str]
) -> tuple[Rows, list[int]]:
    """(chosen and rejected of each pair in turn, after the same prompt; the numbers of the pairs that fit)."""
    sequences: list[Encoded] = []
    numbers = []
    for number, row in enumerate(rows):
        chats = [_said([*row.messages, {"role": "assistant", "content": answer}], row.language, settings)
                 for answer in (row.chosen, row.rejected)]  # fmt: skip
        pair = encode_pair(chats, style, tokens, longest, settings.over_length, counts)
        sequences += pair or ()
        numbers += [number] if pair else []
    return Rows.of(sequences, each=2), numbers


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
