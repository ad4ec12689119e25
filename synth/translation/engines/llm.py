"""`llm:MODEL`: any model behind an OpenAI-compatible server, asked text by text, each with what belongs to it.

A question and its answer are two requests, each with the other as context, and not one request for both: what comes
back is then the translation and nothing else. One reply for both would have to be taken apart by signs that a model may
drop or translate; where it does, both are lost, and nobody sees which words belong to which. The price is that the
context is read twice; what is written, the dearer part, is the same.
"""

from __future__ import annotations

import functools
import math
from dataclasses import replace

from crawler.items import NewsmillError
from synth.llm import LLM, TooLongError, load_llm
from synth.llm.calls import CallRecorder, LLMUser, parameters_suffix
from synth.llm.token_counters import of_messages
from synth.prompts import Prompt, load_prompt
from synth.prompts.quoting import defused, marks_of
from synth.translation.engines import EngineSettings, Reply, Request
from synth.translation.language_codes import codes_of
from synth.translation.masks import mask_pattern
from synth.translation.replies import translation_of

LICENCE = ""
#: How much longer than a text its translation may be, in tokens: Vietnamese is written with half as many more.
_GROWTH = 1.5
#: A reply has one part of so many of a model's window.
_SHARES = 3
#: Characters of a text that is shown as context: its beginning, and its end.
_BEGINNING, _END = 1500, 500


def load(model: str, settings: EngineSettings) -> ChatTranslator:
    """
    Raises:
        NewsmillError: no model is named, or it cannot be asked.
    """
    if not model:
        raise NewsmillError("--engine llm names no model: write llm:MODEL, such as llm:gpt-4o-mini")
    name = model if model.startswith("openai:") else f"openai:{model}"
    if settings.llm is not None:
        return (PlannedTranslator if settings.planned else ChatTranslator)(settings.llm, settings)
    return ChatTranslator(load_llm(name, settings.ledger, limits=settings.limits, models=settings.models), settings)


class ChatTranslator(LLMUser):
    """Translates by a chat model."""

    licence = LICENCE
    by_sentence = False

    def __init__(self, llm: LLM, settings: EngineSettings) -> None:
        super().__init__(llm)
        self.settings = settings
        self.name = llm.name
        self.width = 3 * settings.limits.concurrency
        self.prompts = load_prompt("translation")
        #: tokens of a text that the server turned out to take where it names no size.
        self.learnt_text: float = math.inf

    def prompt_id(self, language: str) -> str:
        temperature = self.settings.temperature
        return self._prompt(language).id + ("" if temperature == 0 else parameters_suffix(temperature=temperature))

    def check(self, source_language: str, language: str) -> None:  # noqa: ARG002  others read the source's
        if self._prompt(language).language != language:
            codes_of(language)

    def fits(self, text: str, language: str) -> bool:
        if self.settings.count(text) > min(self.longest / _GROWTH, self.learnt_text):
            return False
        return self._holds(self._messages(Request(text, "", language)))

    def reads(self, form: str) -> bool:  # noqa: ARG002  chat models read all
        return True

    async def translate(self, request: Request) -> Reply:
        calls = CallRecorder(self.llm, self.settings.temperature)
        messages = self._within_window(request)
        longest = self.longest
        try:
            reply = await calls.ask(messages, longest)
        except TooLongError as error:
            self._learn(error, messages, request, longest)
            raise
        cleaned = translation_of(reply, request.text, marks_of(defused(request.text)))
        return Reply(cleaned.text, cleaned.refusal, reply.call, reply.cached)

    def _learn(self, error: TooLongError, messages: list[dict[str, str]], request: Request, longest: int) -> None:
        """Take less from now on: the window that the server names, or half of a text where that does not help."""
        if error.context:
            self.learn(error, of_messages(messages, self.settings.count), longest)
        if self.fits(request.text, request.language):
            self.learnt_text = min(self.settings.count(request.text) / 2, self.learnt_text)

    def _prompt(self, language: str) -> Prompt:
        return self.prompts.in_language(language)

    @property
    def context(self) -> float:
        """Tokens of prompt and reply together."""
        return min((size for size in (self.settings.context, self.learnt_context) if size), default=math.inf)

    @property
    def longest(self) -> int:
        """Tokens of the longest reply: a text, what belongs to it and its translation share a small window."""
        return int(min(self.settings.max_answer_tokens, self.context / _SHARES))

    def _holds(self, messages: list[dict[str, str]]) -> bool:
        return of_messages(messages, self.settings.count) + self.longest <= self.context

    def _within_window(self, request: Request) -> list[dict[str, str]]:
        """The messages, with as much context as the window holds beside the text."""
        for share in (1.0, 0.5, 0.2):
            messages = self._messages(request, share)
            if self._holds(messages):
                return messages
        return self._messages(request, 0.0)

    def _messages(self, request: Request, share: float = 0.0) -> list[dict[str, str]]:
        """What is sent; `share` of the context's characters is shown."""
        shorten = functools.partial(shortened, share=share)
        before = [(shorten(source), shorten(translation)) for source, translation in request.before] if share else []
        after, context = (shorten(request.after), [*map(shorten, request.context)]) if share else ("", [])
        quotations = [text for pair in before for text in pair] + [after, *context]
        text = defused(request.text)
        begin, end = marks_of(text)
        context_begin, context_end = marks_of("\n".join([*quotations, text, begin]))
        prompt = self._prompt(request.language)
        return prompt.render(
            "shown", "request", language=request.language, language_name=_name(prompt, request.language),
            text=text, begin=begin, end=end, before=before, after=after, context=context,
            context_begin=context_begin, context_end=context_end,
            mask=request.form.format(1) if request.form else "",
            missing=[request.form.format(number) for number in request.masks],
        )  # fmt: skip


class PlannedTranslator(ChatTranslator):
    """Asks a model that answers with a filler: its masks are taken to come back, as most do."""

    def _within_window(self, request: Request) -> list[dict[str, str]]:
        messages = super()._within_window(request)
        # Not every model that is put in counts ahead.
        if expect := getattr(self.llm, "expect", None):
            expect(messages, math.ceil(_GROWTH * self.settings.count(request.text)))
        return messages

    async def translate(self, request: Request) -> Reply:
        reply = await super().translate(request)
        masks = mask_pattern(request.form).finditer(request.text) if request.form else ()
        filler = "".join(f" {mask[0]}" for mask in masks)
        return replace(reply, text=f"{reply.text}{filler}", refusal="")


def shortened(text: str, share: float = 1.0) -> str:
    """A text as context: its beginning and its end where it is long, and no control tokens."""
    beginning, end = round(_BEGINNING * share), round(_END * share)
    text = defused(text.strip())
    if len(text) <= beginning + end + 100:
        return text
    return f"{text[:beginning].rpartition(' ')[0]} […] {text[-end:].partition(' ')[2]}"


def _name(prompt: Prompt, language: str) -> str:
    """The language's name in English, for the wording that serves languages without one of their own."""
    return "" if prompt.language == language else codes_of(language).name
