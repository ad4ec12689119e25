"""Chats to token ids and labels: what both backends train on, and what generation asks with.

A text is tokenised in as few parts as there are changes of speaker. The first part, up to the first answer, is one
part in generation too, so the ids before an answer are the same in training and in use. In a model's own template the
whole text is tokenised, as `apply_chat_template` does; a row is left out where a token then goes across the border
between prompt and answer, since in use the prompt would end in another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from train.data.conversations import (
    Conversation,
    Pair,
    Splits,
    check_turns,
    conversation_of,
    divide,
    pair_of,
    read_pairs,
    read_splits,
)
from train.data.rows import RowError
from train.errors import TrainError
from train.tokenizer import PieceTokens, Tokens, adapt, tokenizer_of

if TYPE_CHECKING:
    from train.styles import Message, Segment, Style

__all__ = [
    "IGNORE", "OVER_LENGTH", "Conversation", "Encoded", "Pair", "RowError", "Splits", "Tokens", "adapt", "check_turns",
    "conversation_of", "divide", "encode", "encode_all", "encode_prompt", "pair_of", "read_pairs", "read_splits",
    "tokenizer_of",
]  # fmt: skip

#: Label of a token that is not learnt.
IGNORE = -100
#: (text, whether it is learnt, whether the end token follows).
Run = tuple[str, bool, bool]
OVER_LENGTH = ("drop", "split", "cut")
#: Why a row in a model's own template is left out.
CROSSED = "dropped: a token goes across the border of prompt and answer"
#: Conversations whose segments go to the tokenizer in one call.
_BATCH = 1000
#: Left where material was cut, so that neither reader nor model takes the rest for the whole.
ELLIPSIS = " […]"
#: Share of the material that cutting must leave: an answer about what is gone teaches inventing.
LEAST_LEFT = 0.5


@dataclass
class Encoded:
    """Token ids of a chat. learnt: (start, end) of what is to be learnt of them; index: the row it comes from.

    ignored: (start, end) of answers whose weight is 0, in their order.
    """

    ids: list[int]
    learnt: list[tuple[int, int]]
    index: int = 0
    ignored: list[tuple[int, int]] = field(default_factory=list)

    @property
    def all_but_ignored(self) -> list[tuple[int, int]]:
        """(start, end) of all tokens but those of ignored answers: what is learnt where requests are learnt, too."""
        starts = [0, *(end for _, end in self.ignored)]
        ends = [*(start for start, _ in self.ignored), len(self.ids)]
        return [(start, end) for start, end in zip(starts, ends, strict=True) if start < end]

    @property
    def labels(self) -> list[int]:
        """As long as `ids`; IGNORE where nothing is learnt."""
        labels = [IGNORE] * len(self.ids)
        for start, end in self.learnt:
            labels[start:end] = self.ids[start:end]
        return labels


def encode(
    conversation: Conversation,
    style: Style,
    tokenizer: Any,
    *,
    max_seq_length: int | None = None,
    over_length: str = "drop",
    counts: Counter[str] | None = None,
) -> list[Encoded]:
    """The chat as ids and labels: none where it was dropped, several where it was split.

    Args:
        tokenizer: what `adapt` takes.
        max_seq_length: tokens at most; None for no bound.
        over_length: of longer ones, `drop` the row, `split` it between turns, or `cut` the user's material; an answer
            is never cut.
        counts: outcomes are added to it: rows, whole, dropped: REASON, split, cut, parts.
    """
    return list(
        encode_all(
            [conversation], style, tokenizer, max_seq_length=max_seq_length, over_length=over_length, counts=counts
        )
    )


def encode_prompt(messages: Sequence[Message], style: Style, tokenizer: Any, language: str = "") -> list[int]:
    """Ids up to where the answer begins, tokenised as in training, the begin token included."""
    encoder = Encoder(style, adapt(tokenizer), 0, "drop", Counter())
    return encoder.join([_runs(style.prompt_segments(messages, language))])[0].ids


def encode_all(
    conversations: Iterable[Conversation],
    style: Style,
    tokenizer: Any,
    *,
    max_seq_length: int | None = None,
    over_length: str = "drop",
    counts: Counter[str] | None = None,
) -> Iterator[Encoded]:
    """As `encode`, of many in their order, with few calls of the tokenizer.

    Raises:
        TrainError: `over_length` is none of OVER_LENGTH.
    """
    if over_length not in OVER_LENGTH:
        raise TrainError(f"over_length: {over_length!r} is none of {', '.join(OVER_LENGTH)}")
    tokens = adapt(tokenizer)
    encoder = Encoder(style, tokens, max_seq_length or 0, over_length, Counter() if counts is None else counts)
    batch: list[Conversation] = []
    first = 0
    for conversation in conversations:
        batch.append(conversation)
        if len(batch) == _BATCH:
            yield from encoder.encode(batch, first)
            first, batch = first + len(batch), []
    yield from encoder.encode(batch, first)


class Encoder:
    """The settings of an encoding and the counts of its outcomes."""

    def __init__(self, style: Style, tokens: Tokens, longest: int, over_length: str, counts: Counter[str]) -> None:
        if style.exact and isinstance(tokens, PieceTokens):
            raise TrainError(
                f"prompt style {style.name} needs tokenizer.json, here is tokenizer.model alone: "
                "AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER) writes it"
            )
        if tokens.eos_id is None and not style.end_of_turn:
            raise TrainError(f"prompt style {style.name} ends answers with the end token, which the tokenizer lacks")
        self.style, self.tokens, self.longest, self.over_length, self.counts = (
            style,
            tokens,
            longest,
            over_length,
            counts,
        )
        self.begin = _begin(style, tokens)

    def encode(self, conversations: Sequence[Conversation], first: int) -> Iterator[Encoded]:
        for number, (conversation, whole) in enumerate(
            zip(conversations, self.tokenise([self.segments(each) for each in conversations]), strict=True), first
        ):
            self.counts["rows"] += 1
            if not whole.ids:
                continue  # Counted under its reason.
            if self.forged(conversation, whole):
                self.counts["dropped: holds the style's own marks"] += 1
                continue
            self.count_earlier(conversation, whole)
            whole = weighed(whole, conversation.messages)
            parts = [whole] if self.fits(whole) else self.shorter(conversation)
            self.counts["whole"] += parts == [whole]
            for part in filter(lambda part: part.ids, parts):
                part.index = number
                self.counts["parts"] += 1
                yield part

    def segments(self, conversation: Conversation) -> list[Segment]:
        """Those of the style; none where it refuses the chat, which is counted."""
        try:
            return self.style.segments(conversation.messages, conversation.language)
        except TrainError as error:
            self.counts[f"dropped: {error}"] += 1
            return []

    def count_earlier(self, conversation: Conversation, whole: Encoded) -> None:
        answers = sum(message["role"] == "assistant" for message in conversation.messages)
        if len(whole.learnt) < answers:
            self.counts["earlier answers not learnt: a longer chat has them otherwise"] += answers - len(whole.learnt)

    def forged(self, conversation: Conversation, whole: Encoded) -> bool:
        """Whether a text holds a mark that the tokenizer would take for the end of a turn."""
        ends = whole.ids[len(self.begin) :].count(self.tokens.eos_id or 0)
        if not self.style.end_of_turn and not self.style.exact and ends != len(whole.learnt):
            return True
        return any(mark in message["content"] for message in conversation.messages for mark in self.style.marks)

    def fits(self, encoded: Encoded) -> bool:
        return not self.longest or len(encoded.ids) <= self.longest

    def tokenise(self, chats: Sequence[list[Segment]]) -> list[Encoded]:
        """Every chat's ids and labels, as long as they are, from one call of the tokenizer."""
        runs = [_runs(segments) for segments in chats]
        if self.style.exact:
            return self.tokenise_whole(runs)
        # What follows the last learnt token teaches nothing.
        return self.join([chat[:-1] if chat and not chat[-1][1] else chat for chat in runs])

    def tokenise_whole(self, chats: Sequence[list[Run]]) -> list[Encoded]:
        """As `tokenise`, each chat's ids those of its whole text; none where what is learnt begins within a token."""
        wholes = self.tokens.encode_batch(["".join(text for text, _, _ in chat) for chat in chats])
        encoded = []
        for chat, ids, parts in zip(chats, wholes, self.join(chats), strict=True):
            eos = self.tokens.eos_id if chat and chat[-1][2] else None
            whole = ids if eos is None else [*ids, eos]
            fitting = parts if parts.ids == whole else self._aligned(chat, whole)
            if chat and not fitting.ids:
                self.counts[CROSSED] += 1
            encoded.append(fitting)
        return encoded

    def _aligned(self, chat: Sequence[Run], ids: list[int]) -> Encoded:
        """The ids of a whole text, what is learnt found by the ids of its beginnings; nothing where they do not fit."""
        text, places = "", [0]
        for part, _, _ in chat:
            text += part
            beginning = self.tokens.encode(text)
            places.append(len(beginning) if beginning == ids[: len(beginning)] else -1)
        # The end token stands after the text.
        places[-1] = len(ids) if places[-1] >= 0 else -1
        borders = list(zip(places, places[1:], chat, strict=False))
        learnt = [(start, end) for start, end, (_, learn, _) in borders if learn]
        return Encoded(ids, learnt) if all(start >= 0 <= end for start, end in learnt) else Encoded([], [])

    def join(self, chats: Sequence[list[Run]]) -> list[Encoded]:
        texts = [text for chat in chats for text, _, _ in chat]
        after = [number > 0 for chat in chats for number in range(len(chat))]
        ids = iter(self.tokens.encode_batch(texts, after))
        return [self._labelled([(next(ids), learn, eos) for _, learn, eos in chat]) for chat in chats]

    def _labelled(self, runs: list[tuple[list[int], bool, bool]]) -> Encoded:
        ids, learnt = list(self.begin), []
        for numbers, learn, eos in runs:
            start = len(ids)
            ids += numbers
            if eos and self.tokens.eos_id is not None:
                ids.append(self.tokens.eos_id)
            if learn:
                learnt.append((start, len(ids)))
        # Where the style's first mark is itself the begin token, it is there once.
        if ids[:2] == [self.tokens.bos_id] * 2:
            return Encoded(ids[1:], [(start - 1, end - 1) for start, end in learnt])
        return Encoded(ids, learnt)

    def encode_one(self, conversation: Conversation) -> Encoded:
        return weighed(self.tokenise([self.segments(conversation)])[0], conversation.messages)

    def shorter(self, conversation: Conversation) -> list[Encoded]:
        """What is made of a chat that is too long: nothing, its parts, or it with less material."""
        if self.over_length == "drop":
            self.counts["dropped: longer than max_seq_length"] += 1
            return []
        if self.over_length == "split":
            return self.split(conversation)
        shortened = self.cut(conversation)
        self.counts["cut" if shortened else "dropped: less than half of the material would be left"] += 1
        return [shortened] if shortened else []

    def split(self, conversation: Conversation) -> list[Encoded]:
        """Runs of whole exchanges, each as long as fits, every answer in one of them; the system prompt in all."""
        system = [message for message in conversation.messages[:1] if message["role"] == "system"]
        turns = conversation.messages[len(system) :]
        exchanges = [turns[at : at + 2] for at in range(0, len(turns), 2)]
        parts: list[Encoded] = []
        current: list[dict[str, str]] = []
        last: Encoded | None = None
        for exchange in exchanges:
            tried = self.encode_one(_with(conversation, [*system, *current, *exchange]))
            if self.fits(tried):
                current, last = [*current, *exchange], tried
                continue
            parts += [last] if last else []
            alone = self.encode_one(_with(conversation, [*system, *exchange]))
            current, last = (list(exchange), alone) if self.fits(alone) else ([], None)
            self.counts["exchanges left out: longer than max_seq_length"] += last is None
        parts += [last] if last else []
        self.counts["split" if parts else "dropped: no exchange fits max_seq_length"] += 1
        return parts

    def cut(self, conversation: Conversation) -> Encoded | None:
        """The chat with its longest material shortened until it fits; None where too little of it would be left."""
        messages = [dict(message) for message in conversation.messages]
        users = [message for message in messages if message["role"] == "user"]
        least = LEAST_LEFT * sum(len(_material(user)) for user in users)
        while (over := len((encoded := self.encode_one(_with(conversation, messages))).ids) - self.longest) > 0:
            longest = max(users, key=lambda user: len(_material(user)))
            if not _shorten(longest, over, self.tokens) or sum(len(_material(user)) for user in users) < least:
                return None
        return encoded


def weighed(encoded: Encoded, messages: Sequence[Message]) -> Encoded:
    """The chat without the answers whose weight is 0 among what is learnt."""
    answers = [message for message in messages if message["role"] == "assistant"]
    # Of some chats in a model's own template the last answer alone is learnt.
    answers = answers[len(answers) - len(encoded.learnt) :] if len(encoded.learnt) < len(answers) else answers
    if all(answer.get("weight") != "0" for answer in answers) or len(answers) != len(encoded.learnt):
        return encoded
    marked = list(zip(encoded.learnt, answers, strict=True))
    learnt = [part for part, answer in marked if answer.get("weight") != "0"]
    ignored = [part for part, answer in marked if answer.get("weight") == "0"]
    return Encoded(encoded.ids, learnt, encoded.index, ignored)


def _begin(style: Style, tokens: Tokens) -> list[int]:
    begins = tokens.adds_bos if style.bos is None else style.bos
    return [tokens.bos_id] if begins and tokens.bos_id is not None else []


def _runs(segments: Iterable[Segment]) -> list[Run]:
    """(text, learn, eos) of neighbouring segments that are learnt alike, joined: each run is tokenised as a whole."""
    runs: list[Run] = []
    for segment in segments:
        if runs and runs[-1][1] == segment.learn and not runs[-1][2]:
            text, learn, _ = runs.pop()
            runs.append((text + segment.text, learn, segment.eos))
        else:
            runs.append((segment.text, segment.learn, segment.eos))
    return runs


def _with(conversation: Conversation, messages: list[dict[str, str]]) -> Conversation:
    return Conversation(messages, conversation.language, conversation.id, where=conversation.where)


def _material(message: Message) -> str:
    """What of a user's turn may be cut: its `input`, else what comes after its first line, which is the request."""
    content = message["content"]
    return (message.get("input") or content[content.find("\n") + 1 or len(content) :]).removesuffix(ELLIPSIS)


def _shorten(message: dict[str, str], over: int, tokens: Tokens) -> bool:
    """Take some `over` tokens from the end of the material, at the end of a word; whether anything is left of it."""
    material = _material(message)
    before = message["content"].removesuffix(ELLIPSIS).removesuffix(material)
    length = len(tokens.encode(material))
    length_left = length - over - len(tokens.encode(ELLIPSIS))
    # Less each time, by a few characters at least: it ends.
    beginning = material[: max(0, min(len(material) * length_left // max(length, 1), len(material) - 8))]
    beginning = beginning[: beginning.rindex(" ")] if " " in beginning[len(beginning) // 2 :] else beginning
    beginning = beginning.rstrip()
    message["content"] = before + beginning + ELLIPSIS
    if "input" in message:
        message["input"] = beginning + ELLIPSIS
    return bool(beginning)
