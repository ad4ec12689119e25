"""One text of a language model, piece by piece as it is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from train.models.sampling import Sampling, choose, draws

if TYPE_CHECKING:
    from train.models.language_model import LanguageModel

#: What a tokenizer decodes part of a character to.
_CUT = "\ufffd"


class TextStream:
    """Iterated once, the pieces of the text after a prompt: those that `LanguageModel.write` would write for the seed.

    Outer white space stays, other than there; stop strings and the end of the turn are cut off. tokens: chosen so far,
    the one that ends the text included. finish_reason: "stop" or "length" once the text has ended, else "".
    """

    def __init__(
        self, model: LanguageModel, prompt: Sequence[int], max_new_tokens: int, sampling: Sampling,
        *, seed: int = 0, stop: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self._model, self._prompt, self._length = model, list(prompt), max_new_tokens
        self._sampling, self._seed = sampling, seed
        self._stops = tuple(dict.fromkeys([*model.style.stop_strings, *stop]))
        self.tokens = 0
        self.finish_reason = ""

    def __iter__(self) -> Iterator[str]:
        ids: list[int] = []
        length = 0
        for token in self._chosen():
            ids.append(token)
            text = self._model.answer_in(str(self._model.decode(ids)))
            end = min((at for at in map(text.find, self._stops) if at >= 0), default=-1)
            if end >= 0:
                self.finish_reason = "stop"
                yield text[length:end]
                return
            ready = len(text) - self._held_back(text)
            if ready > length:
                yield text[length:ready]
                length = ready
        yield self._model.answer_in(str(self._model.decode(ids)))[length:]
        self.finish_reason = self.finish_reason or "length"

    def _chosen(self) -> Iterator[int]:
        """Tokens until one ends the text; each costs one step of the model."""
        import torch

        numbers = draws([self._seed], self._length)
        engine = self._model.engine
        try:
            with torch.inference_mode():
                logits = engine.begin([self._prompt], self._length)
            for step in range(self._length):
                token = choose(logits, numbers[:, step], self._sampling)
                self.tokens += 1
                if int(token) in self._model.end_ids:
                    self.finish_reason = "stop"
                    return
                yield int(token)
                if step + 1 < self._length:
                    with torch.inference_mode():
                        logits = engine.step(token)
        finally:
            engine.end()

    def _held_back(self, text: str) -> int:
        """Characters at the end that may yet become another one, or a stop string."""
        cut = len(text) - len(text.rstrip(_CUT))
        for stop in self._stops:
            cut = max(cut, next((size for size in range(len(stop) - 1, 0, -1) if text.endswith(stop[:size])), 0))
        return cut
