"""Texts into another language by any engine: masked, cut, translated with their context, joined to the byte.

text -> masks for what is protected -> pieces that fit -> the engine -> masks lost? once more in smaller pieces
     -> pieces and white space joined -> what the masks stand for
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

from synth.llm import TooLongError
from synth.prompts.quoting import control_tokens
from synth.translation.engines import Engine, EngineSettings, Reply, Request, load_engine
from synth.translation.masks import MaskedText, lost_masks, mask
from synth.translation.pieces import Cutting, Piece, pieces_of
from synth.translation.protected import protected_spans

#: Nothing in the text is for a translator: no letters, or only what is protected.
NOTHING = "nothing_to_translate"
#: Refusals after which smaller pieces are tried.
_TOO_MUCH = frozenset({"truncated", "looping", "empty"})
#: Times that a text is cut anew because a server takes less than was thought.
_DIVISIONS = 5
#: What must fit a request, or nothing does.
_WORD = "translation"
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Translation:
    """What became of a text.

    Attributes:
        text: the translation; the text itself where there is none.
        refusal: "" for a translation, else the name of the reason why the text is as it was: `nothing_to_translate`,
            or one of `synth.translation.replies`.
        losses: what was protected and did not come back as often as it was there, not even in smaller pieces.
        calls: keys in the ledger, in the order of asking.
        paid: calls that were made and not answered by the ledger.
        pieces: requests that it took at the last try.
    """

    text: str
    refusal: str = ""
    losses: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    paid: int = 0
    pieces: int = 0


@dataclass
class _Work:
    """One text on its way."""

    source_language: str
    language: str
    masked: MaskedText
    before: Sequence[tuple[str, str]] = ()
    after: str = ""
    context: Sequence[str] = ()
    calls: list[str] = field(default_factory=list)
    paid: int = 0
    pieces: int = 0


class Refused(Exception):
    """A piece that has no translation; `reason` is its name."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Translator:
    """Translates texts by an engine; open as an async context manager while it works."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @property
    def name(self) -> str:
        """The engine, as samples record it."""
        return self.engine.name

    def prompt_id(self, language: str) -> str:
        """What the engine is asked with, as samples record it."""
        return self.engine.prompt_id(language)

    async def translate(
        self,
        texts: Sequence[str],
        source_language: str,
        language: str,
        *,
        context: Sequence[str] = (),
        keep: Sequence[str] = (),
    ) -> list[Translation]:
        """The translation of each text, in order.

        Args:
            texts: parts of one unit of meaning in their order, such as a question and its answer: each is translated
                with its neighbours as context, and with how they were translated.
            source_language: ISO 639-1 code; "" where it is unknown, which not every engine takes.
            language: ISO 639-1 code of the translation.
            context: other texts that they belong to, which are shown and not translated.
            keep: parts of the texts that stay as they are, wherever they stand.

        Raises:
            LLMError: no reply; what was answered before is in the ledger.
            NewsmillError: the engine does not know a language.
        """
        self.engine.check(source_language, language)
        if self.engine.by_sentence:
            # Such a model sees no context: nothing has to wait for its neighbour.
            works = [self._work(text, source_language, language, keep) for text in texts]
            return list(
                await asyncio.gather(*(self._translation(text, work) for text, work in zip(texts, works, strict=True)))
            )
        translations: list[Translation] = []
        for number, text in enumerate(texts):
            work = self._work(text, source_language, language, keep)
            work.before = [(source, part.text) for source, part in zip(texts, translations, strict=False)][-2:]
            work.after = texts[number + 1] if number + 1 < len(texts) else ""
            work.context = context
            translations.append(await self._translation(text, work))
        return translations

    def _work(self, text: str, source_language: str, language: str, keep: Sequence[str]) -> _Work:
        spans = [*protected_spans(text), *control_tokens(text), *_occurrences(keep, text)]
        return _Work(source_language, language, mask(text, spans, self.engine.reads))

    async def _translation(self, text: str, work: _Work) -> Translation:
        masked = work.masked
        if not masked.has_letters():
            return Translation(text, NOTHING)
        self._check_room(work.language)
        try:
            translated, numbers = await self._attempts(work)
        except Refused as problem:
            return Translation(text, problem.reason, (), tuple(work.calls), work.paid, work.pieces)
        losses = tuple(masked.originals[number - 1] for number in numbers if number <= len(masked.originals))
        return Translation(masked.restore(translated), "", losses, tuple(work.calls), work.paid, work.pieces)

    async def _attempts(self, work: _Work) -> tuple[str, list[int]]:
        """(translation with masks, numbers of those that are lost): in one piece where it fits, else in smaller ones.

        Raises:
            Refused: no piece, or not all of them, have a translation.
        """
        cutting = self._cutting(work)
        try:
            text, losses = await self._pieces(work, cutting, ())
        except Refused as problem:
            if problem.reason not in _TOO_MUCH or cutting.by_sentence:
                raise
            return await self._pieces(work, cutting.smaller(), ())
        if not losses:
            return text, losses
        try:
            return await self._pieces(work, cutting.smaller(), losses)
        except Refused:
            return text, losses

    def _cutting(self, work: _Work) -> Cutting:
        def fits(text: str) -> bool:
            return self.engine.fits(text, work.language)

        return Cutting(fits, work.source_language, self.engine.by_sentence, work.masked.pattern)

    async def _pieces(self, work: _Work, cutting: Cutting, reminder: Sequence[int]) -> tuple[str, list[int]]:
        """All pieces translated and joined, and the masks that are lost."""
        text = work.masked.text
        pieces = pieces_of(text, cutting)
        work.pieces = sum(_is_for_translation(piece, work.masked) for piece in pieces)
        if self.engine.by_sentence:
            parts = await asyncio.gather(*(self._piece(work, piece, pieces, reminder) for piece in pieces))
        else:
            parts = []
            for piece in pieces:
                parts.append(await self._piece(work, piece, pieces, reminder, parts))
        translation = "".join(parts)
        return translation, lost_masks(text, translation, work.masked.pattern)

    async def _piece(
        self, work: _Work, piece: Piece, pieces: Sequence[Piece], reminder: Sequence[int], parts: Sequence[str] = ()
    ) -> str:
        """A piece translated; what is no text for a translator as it is."""
        if not _is_for_translation(piece, work.masked):
            return piece.text
        before, after = self._context(work, pieces, parts)
        numbers = {int(number) for number in work.masked.pattern.findall(piece.text)}
        request = Request(
            piece.text, work.source_language, work.language, before, after, work.context,
            work.masked.form if numbers else "", sorted(numbers & set(reminder)),
        )  # fmt: skip
        return await self._asked(work, request, _DIVISIONS)

    def _context(self, work: _Work, pieces: Sequence[Piece], parts: Sequence[str]) -> tuple[list[tuple[str, str]], str]:
        """What stands before a piece, with its translation, and what stands behind it: in its own text first."""
        before, number = list(work.before), len(parts)
        source = work.masked.restore("".join(piece.text for piece in pieces[:number]))
        if source.strip():
            before.append((source, work.masked.restore("".join(parts))))
        rest = work.masked.restore("".join(piece.text for piece in pieces[number + 1 :]))
        return before, rest.strip() or work.after

    async def _asked(self, work: _Work, request: Request, divisions: int) -> str:
        """The reply to a request, in parts where a server finds it too long.

        Raises:
            Refused: there is none.
            LLMError: `too_long`: no division helps.
        """
        try:
            reply: Reply = await self.engine.translate(request)
        except TooLongError:
            self._check_room(work.language)
            # Another request may have met the same limit meanwhile.
            smaller = pieces_of(request.text, self._cutting(work))
            if not divisions or len(smaller) < 2:
                raise
            replies = [self._part(work, request, piece, divisions - 1) for piece in smaller]
            return "".join([await part for part in replies])
        if reply.call:
            work.calls.append(reply.call)
        work.paid += not reply.cached
        if reply.refusal:
            raise Refused(reply.refusal)
        return reply.text

    def _check_room(self, language: str) -> None:
        """
        Raises:
            TooLongError: a request holds no word of a text at all.
        """
        if not self.engine.fits(_WORD, language):
            raise TooLongError(
                f"{self.engine.name} takes so little that no text fits beside the prompt and its translation"
            )

    async def _part(self, work: _Work, request: Request, piece: Piece, divisions: int) -> str:
        if not _is_for_translation(piece, work.masked):
            return piece.text
        return await self._asked(work, replace(request, text=piece.text), divisions)

    async def __aenter__(self) -> Self:
        await self.engine.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.engine.__aexit__(kind, error, trace)


def _occurrences(parts: Sequence[str], text: str) -> list[tuple[int, int]]:
    """(start, end) of each place where one of the parts stands in the text."""
    return [match.span() for part in parts if part.strip() for match in re.finditer(re.escape(part.strip()), text)]


def _is_for_translation(piece: Piece, masked: MaskedText) -> bool:
    """Whether a piece has letters besides masks."""
    return piece.is_sent and bool(_LETTER.search(masked.pattern.sub("", piece.text)))


def load_translator(spec: str, settings: EngineSettings | None = None) -> Translator:
    """A translator by the engine of a spec, as `load_engine` names them.

    Raises:
        NewsmillError: there is no such engine, or it cannot be loaded.
    """
    return Translator(load_engine(spec, settings))
