"""Sequence-to-sequence models through transformers: what `madlad` and `nllb` have in common.

They were trained on sentences and lose line breaks, so every sentence of every line is translated for itself; what
lines begin with (bullets, numbers) is not sent. They see no context.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from crawler.items import NewsmillError
from synth.llm.completion import Unconnected
from synth.outages import hub_messages, reason_of_hub
from synth.replies.looping import is_looping
from synth.translation.engines import Engine, EngineSettings, Reply, Request
from synth.translation.language_codes import codes_of
from synth.translation.length_batches import LengthBatches

#: Tokens of a piece, at most: sentences that they were trained on are shorter.
_LONGEST = 256
#: Tokens of a translation beside its source's: so many times as many, and so many more.
_GROWTH, _MORE = 2.0, 16
#: Batches whose texts wait at a time, so that each finds others of its length.
_AHEAD = 8
#: How pieces were cut and masked: another way is another version.
_VERSION = "sentences/1"


class Wording(Protocol):
    """How a kind of model is told what to translate into what."""

    def check(self, tokenizer: Any, source_language: str, language: str) -> None:
        """
        Raises:
            NewsmillError: the model does not know a language.
        """

    def inputs(self, tokenizer: Any, texts: Sequence[str], source_language: str, language: str) -> Any:
        """Token ids and attention mask, padded, as tensors."""

    def options(self, tokenizer: Any, language: str) -> dict[str, Any]:
        """More for `generate`."""


class _Work(NamedTuple):
    """A text for a batch."""

    text: str
    source_language: str
    language: str


class Seq2SeqTranslator(Unconnected):
    """Translates by a local model.

    Args:
        name: as samples record it.
        model: hub name or folder.
        wording: of its kind.
        licence: of its weights.

    Raises:
        NewsmillError: a package or the model is not there.
    """

    by_sentence = True

    def __init__(self, name: str, model: str, wording: Wording, licence: str, settings: EngineSettings) -> None:
        self.name, self.wording, self.licence, self.settings = name, wording, licence, settings
        self.width = _AHEAD * settings.batch_size * settings.workers
        self.tokenizer, self.models = _loaded(model, settings)
        self._lock = threading.Lock()
        self._batches: LengthBatches[_Work, Reply] = LengthBatches(
            self._translated, settings.batch_size, settings.workers
        )
        self.reads = functools.cache(self._reads)

    def prompt_id(self, language: str) -> str:  # noqa: ARG002  the same for all
        return _VERSION

    def check(self, source_language: str, language: str) -> None:
        self.wording.check(self.tokenizer, source_language, language)

    def fits(self, text: str, language: str) -> bool:  # noqa: ARG002  tokens of the source count
        return self._length(text) <= _LONGEST

    async def translate(self, request: Request) -> Reply:
        work = _Work(request.text, request.source_language, request.language)
        return await self._batches(work, self._length(request.text), work[1:])

    def _length(self, text: str) -> int:
        with self._lock:
            return len(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _reads(self, form: str) -> bool:
        """Whether a mask of this form comes out of the vocabulary as it went in."""
        mask = form.format(12)
        with self._lock:
            ids = self.tokenizer(mask, add_special_tokens=False)["input_ids"]
            text = self.tokenizer.decode(ids, skip_special_tokens=True)
        return self.tokenizer.unk_token_id not in ids and "".join(text.split()) == mask

    def _translated(self, batch: list[_Work], worker: int) -> list[Reply]:
        """Replies of one batch, of one pair of languages."""
        import torch

        model = self.models[worker % len(self.models)]
        _, source_language, language = batch[0]
        with self._lock:
            inputs = self.wording.inputs(self.tokenizer, [work.text for work in batch], source_language, language)
            options = self.wording.options(self.tokenizer, language)
        longest = round(inputs["input_ids"].shape[1] * _GROWTH) + _MORE
        with torch.inference_mode():
            rows = model.generate(**inputs.to(model.device), max_new_tokens=longest, do_sample=False, **options)
        return [self._reply(row, work.text) for row, work in zip(rows.tolist(), batch, strict=True)]

    def _reply(self, ids: list[int], source: str) -> Reply:
        with self._lock:
            text = self.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False).strip()
        if self.tokenizer.eos_token_id not in ids[1:]:
            return Reply("", "truncated", cached=True)
        if not text:
            return Reply("", "empty", cached=True)
        if is_looping(text) and not is_looping(source):
            return Reply("", "looping", cached=True)
        # Nothing was paid: it counts as no call.
        return Reply(text, cached=True)


class Unloaded(Unconnected):
    """What stands for a local model in a plan: nothing is loaded and nothing paid; a text is its own translation.

    Raises:
        NewsmillError: the model's folder is not there.
    """

    by_sentence = True
    width = _AHEAD

    def __init__(self, name: str, model: str, licence: str) -> None:
        self.name, self.licence = name, licence
        _place(model)

    def prompt_id(self, language: str) -> str:  # noqa: ARG002  the same for all
        return _VERSION

    def check(self, source_language: str, language: str) -> None:
        """Which languages it knows, only its tokenizer says."""

    def fits(self, text: str, language: str) -> bool:  # noqa: ARG002  nothing is cut
        return True

    def reads(self, form: str) -> bool:  # noqa: ARG002  nothing is lost
        return True

    async def translate(self, request: Request) -> Reply:
        return Reply(request.text, cached=True)


def seq2seq_engine(kind: str, model: str, wording: Wording, licence: str, settings: EngineSettings) -> Engine:
    """A local model, or what stands for it in a plan.

    Raises:
        NewsmillError: a package or the model is not there.
    """
    name = f"{kind}:{model}"
    if settings.planned:
        return Unloaded(name, model, licence)
    return Seq2SeqTranslator(name, model, wording, licence, settings)


def _place(model: str) -> str:
    """Folder or hub name of a model.

    Raises:
        NewsmillError: it is a folder, and not there.
    """
    folder = Path(model).expanduser()
    if model.startswith(("/", ".", "~")) and not folder.is_dir():
        raise NewsmillError(f"{model}: no such folder")
    return str(folder) if folder.is_dir() else model


def nllb_code(language: str) -> str:
    """
    Raises:
        NewsmillError: the language has none, or is unknown.
    """
    if not language:
        raise NewsmillError("nllb must be told the language of every row: --from CODE names it")
    return codes_of(language).nllb


def _loaded(model: str, settings: EngineSettings) -> tuple[Any, list[Any]]:
    """(tokenizer, a model for each device).

    Raises:
        NewsmillError: a package or the model is not there.
    """
    try:
        import torch
        from transformers import AutoModelForSeq2SeqLM, AutoTokenizer
        from transformers.utils import logging
    except ImportError as error:
        raise NewsmillError(f"--engine needs {error.name}: pip install 'newsmill[train]'") from error
    logging.disable_progress_bar()
    path = _place(model)
    messages: list[str] = []
    try:
        with hub_messages() as messages:
            tokenizer = AutoTokenizer.from_pretrained(path)
            models = [
                AutoModelForSeq2SeqLM.from_pretrained(path, dtype=_dtype(torch, settings.dtype, device))
                .to(device)
                .eval()
                for device in _devices(torch, settings)
            ]
    except (OSError, ValueError, RuntimeError) as error:
        line = reason_of_hub(error, messages)
        raise NewsmillError(f"{model}: no translation model of transformers (folder or hub name): {line}") from error
    return tokenizer, models


def _devices(torch: Any, settings: EngineSettings) -> list[str]:
    """Where copies of the model lie: one a worker on GPUs, one for all on a CPU, whose threads share it."""
    if settings.device and settings.device != "cuda":
        return [settings.device]
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return [f"cuda:{number}" for number in range(min(count, settings.workers))] or [settings.device or "cpu"]


def _dtype(torch: Any, name: str, device: str) -> Any:
    usual = "bfloat16" if device.startswith("cuda") else "float32"
    return getattr(torch, name or usual)
