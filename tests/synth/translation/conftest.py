"""Chat models that translate as a test tells them to, without a server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

from synth.llm import Completion
from synth.llm.completion import Unconnected
from synth.translation.engines import EngineSettings
from synth.translation.engines.llm import ChatTranslator
from synth.translation.translator import Translation, Translator

#: What stands between the last two marks of a request: the text that is to be translated.
QUOTED = re.compile(r"<(quote-\w+)>\n(.*?)\n</\1>", re.DOTALL)


def quoted(content: str) -> str:
    """The text that a request wants translated."""
    return QUOTED.findall(content)[-1][1]


class ScriptedModel(Unconnected):
    """Answers the text of each request with what a function makes of it; errors among them are raised."""

    name = "openai:scripted"
    takes_documents = False

    def __init__(self, reply: Callable[[str], Any] = str.upper) -> None:
        self.reply = reply
        self.requests: list[str] = []
        self.systems: list[str] = []

    async def complete(self, messages: Any, **_: Any) -> Completion:
        self.systems.append(messages[0]["content"])
        self.requests.append(messages[-1]["content"])
        answer = self.reply(quoted(self.requests[-1]))
        if isinstance(answer, Exception):
            raise answer
        return (
            answer if isinstance(answer, Completion) else Completion(answer, self.name, call=f"c{len(self.requests)}")
        )

    @property
    def texts(self) -> list[str]:
        """What was to be translated, request by request."""
        return [quoted(request) for request in self.requests]


def translate(model: ScriptedModel, *texts: str, context: tuple[str, ...] = (), **settings: Any) -> list[Translation]:
    """The texts from English into Italian."""
    translator = Translator(ChatTranslator(model, EngineSettings(**settings)))
    return asyncio.run(translator.translate(texts, "en", "it", context=context))
