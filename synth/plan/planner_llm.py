"""The model of `synth plan`: it answers out of the ledger, else with a filler, and counts what a run would pay."""

from __future__ import annotations

import asyncio
import functools
import json
import random
import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synth.llm import Completion, Message, load_llm
from synth.llm.completion import Unconnected
from synth.llm.token_counters import Count, of_messages

if TYPE_CHECKING:
    from pymongo.collection import Collection


#: Tokens of an offline model's answer: more words than the shortest that counts as one.
_OFFLINE_TOKENS = 300


class PlannerLLM(Unconnected):
    """A model that answers out of the ledger, and what is not there with words that say nothing."""

    def __init__(self, name: str, ledger: Collection[dict[str, Any]], count: Count) -> None:
        # Any other name than an HTTP model's is looked up where it will be, and refused as it would be there.
        offline = None if name.startswith("openai:") and name != "openai:" else load_llm(name)
        self.name = offline.name if offline else name
        self.takes_documents = offline.takes_documents if offline else False
        self.ledger, self.count = ledger, count
        self.cached = 0
        #: tokens of the prompts to be paid, and the most that each answer may have.
        self.prompt_tokens = 0
        self.longest: list[int] = []
        #: the same answers where who asks knows better how long they will be; None: it does not.
        self.likely: list[int | None] = []
        self._keys: set[str] = set()
        self._expected: dict[str, int] = {}

    def expect(self, messages: Sequence[Message], tokens: int) -> None:
        """Take the answer to these messages to have so many tokens: a translation is about as long as its text."""
        self._expected[_text_of(messages)] = tokens

    async def complete(self, messages: Sequence[Message], **parameters: Any) -> Completion:
        from synth.llm.ledger import call_hash

        if self.takes_documents:
            return Completion(filler(_OFFLINE_TOKENS, self.count), self.name)
        key = call_hash(self.name, messages, parameters)
        row = await asyncio.to_thread(self.ledger.find_one, {"hash": key}, {"text": 1, "finish_reason": 1})
        longest = int(parameters.get("max_completion_tokens") or parameters["max_tokens"])
        likely = self._expected.pop(_text_of(messages), None)
        answer = marked(_shortened(filler(longest, self.count), (likely or longest) / longest), key)
        if row or key in self._keys:
            self.cached += 1
            text = row["text"] if row else answer
            return Completion(text, self.name, row["finish_reason"] if row else "stop", cached=True, call=key)
        self._keys.add(key)
        self.prompt_tokens += of_messages(messages, self.count)
        self.longest.append(longest)
        self.likely.append(likely)
        return Completion(answer, self.name, call=key)

    def expected_tokens(self, replies: Sequence[Mapping[str, Any]]) -> int:
        """Tokens that the answers will have if they are as long as those so far."""
        lengths = [row["completion_tokens"] for row in replies if row.get("completion_tokens")]
        usual = statistics.fmean(lengths) if lengths else float("inf")
        pairs = zip(self.likely, self.longest, strict=True)
        return round(sum(min(usual if likely is None else likely, longest) for likely, longest in pairs))

    @property
    def lengths_known(self) -> bool:
        """Whether the likely length of every answer is known."""
        return bool(self.likely) and None not in self.likely


def _text_of(messages: Sequence[Message]) -> str:
    return json.dumps(list(messages), sort_keys=True)


def _shortened(text: str, share: float) -> str:
    """So much of a filler, and enough of it to be a text."""
    return text if share >= 1 else text[: max(round(len(text) * share), 20)].rstrip()


@functools.lru_cache(maxsize=64)
def filler(tokens: int, count: Count) -> str:
    """A text of so many tokens, or as many as can be had below."""
    # Numbers in no order: a reply that repeats itself, or is in another language, is refused.
    chance = random.Random(0)
    text = " ".join("".join(chance.choices("0123456789", k=4)) for _ in range(tokens)) + " "
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if count(text[:middle]) <= tokens else (low, middle - 1)
    # No space at the end: it would be stripped, and with it a token.
    longest = text[:low].rstrip()
    return longest + "0" if count(longest + "0") <= tokens else longest


def marked(text: str, key: str) -> str:
    """A filler that no other call has: summaries all alike would make prompts all alike, of which one is paid."""
    digits = f"{int(key[:8], 16) % 10**8:08d}"
    return f"{digits[:4]} {digits[4:]}{text[9:]}" if len(text) > 9 else text
