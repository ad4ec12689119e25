"""A language model of any form that this project makes: LitGPT or Hugging Face, whole or as an adapter.

`load_model` recognises the form; what it returns encodes prompts in the style the model was tuned with, scores
answers and writes texts, in batches whose size changes neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from train.errors import TrainError
from train.models.prompting import (
    Message,
    Prompt,
    decoder,
    encoded,
    end_ids,
    fitted,
    messages_of,
    shortener,
    style_in,
    unmarked,
)
from train.models.sampling import Sampling, choose, draws

if TYPE_CHECKING:
    import torch

    from train.data.encode import Tokens

#: Tokens in one batch, padding included: about 2 GB of cache for a 7-billion model with grouped heads in bf16.
BATCH_TOKENS = 8192
#: Logits in memory at once while scoring, in numbers: 256 MB as 32-bit floats.
LOGITS = 2**26


class Engine(Protocol):
    """What a library's model must be able to do. model: the library's own."""

    model: Any
    block_size: int
    vocabulary: int
    device: Any

    def logits_at(self, ids: torch.Tensor, lengths: torch.Tensor, where: tuple[torch.Tensor, torch.Tensor]) -> Any: ...

    def begin(self, prompts: Sequence[Sequence[int]], room: int) -> torch.Tensor: ...

    def step(self, tokens: torch.Tensor) -> torch.Tensor: ...

    def keep(self, rows: torch.Tensor) -> None: ...

    def end(self) -> None: ...


@dataclass(frozen=True)
class Scored:
    """Negative log-likelihood of an answer given its prompt: sum over its tokens in nats, and how many they are."""

    nll: float
    tokens: int


class Written(NamedTuple):
    """A text, and whether the model was still writing when its tokens or its context ran out."""

    text: str
    cut: bool


class LanguageModel:
    """An engine with its tokenizer and prompt style.

    name: the folder's last two parts. block_size: tokens of prompt and answer together, at most.
    batch_tokens: padded tokens in one batch; changes speed and memory, not the outcome.
    """

    def __init__(self, name: str, engine: Engine, tokenizer: Tokens, style: Any, ends: frozenset[int]) -> None:
        self.name, self.engine, self.tokenizer, self.style, self.end_ids = name, engine, tokenizer, style, ends
        self.block_size = engine.block_size
        self.batch_tokens = BATCH_TOKENS
        self.decode = decoder(tokenizer)
        self._shorter = shortener(tokenizer)
        self._lead = self.decode(tokenizer.encode(style.lead)).strip() if style.lead.strip() else ""

    def prompt(self, row: Sequence[Message] | Mapping[str, Any], language: str = "", room: int = 1) -> Prompt:
        """A prompt in the model's style, its source text shortened where `room` tokens would not be left.

        row: chat messages up to the user's turn (an answer after it is left out), or a row of an export: `messages`,
        or `instruction` and `input`, or `prompt`. language: "" takes the row's.

        Raises:
            TrainError: no request in the row, or no room for any of it.
        """
        if not language and isinstance(row, Mapping):
            language = str(row.get("language") or "")
        whole = [unmarked(turn, self.style) for turn in messages_of(row)]
        messages, ids = fitted(
            whole,
            lambda chat: encoded(chat, self.style, self.tokenizer, language),
            self.block_size - room,
            self._shorter,
        )
        return Prompt(self.style.prompt(messages, language), ids, messages != whole)

    def encode_prompt(self, row: Sequence[Message] | Mapping[str, Any], language: str = "", room: int = 1) -> list[int]:
        """Token ids of `prompt`, the same as in training, the begin token included where there is one."""
        return self.prompt(row, language, room).ids

    def encode_whole(self, messages: Sequence[Message]) -> list[int]:
        """Token ids of a chat up to the user's last turn, however long: nothing of it is shortened."""
        turns = [unmarked(turn, self.style) for turn in messages_of(messages)]
        return encoded(turns, self.style, self.tokenizer, "")

    def encode_answer(self, answer: str) -> list[int]:
        """Token ids of an answer and of what ends the assistant's turn, as training learns them."""
        ids = self.tokenizer.encode_after(self.style.content(answer) + self.style.end_of_turn)
        end = self.tokenizer.eos_id
        return ids if self.style.end_of_turn or end is None else [*ids, end]

    def score(self, prompts: Sequence[Sequence[int]], answers: Sequence[Sequence[int]]) -> list[Scored]:
        """-log p(answer | prompt) of each pair, by float32 log-softmax; an empty answer costs 0 nats in 0 tokens.

        Equal to scoring one by one but for the rounding of the arithmetic (1e-6 relative in 32-bit floats).

        Raises:
            ValueError: an empty prompt with an answer, which nothing precedes.
            TrainError: a pair longer than the model's context.
        """
        rows = [[*prompt, *answer] for prompt, answer in zip(prompts, answers, strict=True)]
        for number, (row, prompt, answer) in enumerate(zip(rows, prompts, answers, strict=True), 1):
            if answer and not prompt:
                raise ValueError(f"answer {number} has no prompt, so its first token has no probability")
            if len(row) > self.block_size:
                raise TrainError(
                    f"prompt and answer {number} have {len(row)} tokens, the model takes {self.block_size}: shorten it"
                )
        scores = [Scored(0.0, 0)] * len(rows)
        todo = [number for number, answer in enumerate(answers) if answer]
        for batch in self._batches([len(rows[number]) for number in todo], [len(answers[number]) for number in todo]):
            numbers = [todo[index] for index in batch]
            losses = self._losses([rows[number] for number in numbers], [len(answers[number]) for number in numbers])
            for number, loss in zip(numbers, losses, strict=True):
                scores[number] = Scored(loss, len(answers[number]))
        return scores

    def _batches(self, lengths: Sequence[int], logits: Sequence[int] | None = None) -> list[list[int]]:
        """Places grouped by length, longest first, so that each group holds at most the budget; one row always fits."""
        order = sorted(range(len(lengths)), key=lambda index: (-lengths[index], index))
        batches: list[list[int]] = []
        room = logit_count = 0
        for index in order:
            logit_count += logits[index] if logits else 0
            if room <= 0 or logit_count * self.engine.vocabulary > LOGITS:
                batches.append([])
                # The first is the longest: all others are padded to it.
                room = max(self.batch_tokens // lengths[index], 1)
                logit_count = logits[index] if logits else 0
            batches[-1].append(index)
            room -= 1
        return batches

    def _losses(self, rows: list[list[int]], answered: list[int]) -> list[float]:
        """Summed loss of the last `answered` tokens of each row."""
        import torch

        lengths = torch.tensor([len(row) for row in rows])
        ids = torch.zeros(len(rows), int(lengths.max()), dtype=torch.int64)
        for number, row in enumerate(rows):
            ids[number, : len(row)] = torch.tensor(row)
        places = [(row, len(ids_) - back) for row, ids_ in enumerate(rows) for back in range(answered[row], 0, -1)]
        which, column = (torch.tensor(numbers) for numbers in zip(*places, strict=True))
        device = self.engine.device
        # The token at a column is predicted one column before.
        where = (which.to(device), (column - 1).to(device))
        with torch.inference_mode():
            logits = self.engine.logits_at(ids.to(device), lengths.to(device), where)
            losses = torch.nn.functional.cross_entropy(logits.float(), ids[which, column].to(device), reduction="none")
        # Float64: a sum of many tokens must not depend on how many rows were summed beside it.
        return [part.sum().item() for part in losses.double().cpu().split(answered)]

    def write(
        self, prompts: Sequence[Sequence[int]], *, max_new_tokens: int = 256, temperature: float = 0.8,
        top_k: int | None = 50, top_p: float = 1.0, seeds: Sequence[int] | None = None, stop: Sequence[str] = (),
    ) -> list[str]:  # fmt: skip
        """The model's texts after the prompts, without the end-of-turn token and without outer white space.

        seeds: one a row (0, 1, … unless given): a row's text depends on its prompt, its seed and the settings, not on
        the batch it is in. stop: strings that end a text besides the style's own; they are cut off.

        Raises:
            TrainError: a prompt that leaves no token of the context, or settings out of range.
        """
        texts = [""] * len(prompts)
        sampling = Sampling(temperature, top_k, top_p)
        for numbers, batch_texts in self.write_batches(prompts, max_new_tokens, sampling, seeds, stop):
            for number, written in zip(numbers, batch_texts, strict=True):
                texts[number] = written.text
        return texts

    def write_batches(
        self, prompts: Sequence[Sequence[int]], max_new_tokens: int, sampling: Sampling,
        seeds: Sequence[int] | None = None, stop: Sequence[str] = (),
    ) -> Iterator[tuple[list[int], list[Written]]]:  # fmt: skip
        """(places in `prompts`, what was written) of each batch as it is done; see `write`."""
        if max_new_tokens < 1:
            raise TrainError("max_new_tokens must be 1 at least")
        for number, prompt in enumerate(prompts, 1):
            if not 0 < len(prompt) < self.block_size:
                raise TrainError(
                    f"prompt {number} has {len(prompt)} tokens; the model takes 1 to {self.block_size - 1}"
                )
        seeds = range(len(prompts)) if seeds is None else seeds
        stops = tuple(dict.fromkeys([*self.style.stop_strings, *stop]))
        for batch in self._batches([len(prompt) + max_new_tokens for prompt in prompts]):
            numbers = draws([seeds[index] for index in batch], max_new_tokens)
            rows = [prompts[index] for index in batch]
            yield batch, self._written(rows, numbers, sampling, stops)

    def _written(
        self, prompts: Sequence[Sequence[int]], numbers: torch.Tensor, sampling: Sampling, stops: tuple[str, ...]
    ) -> list[Written]:
        """Token by token for all rows at once; rows that have ended leave the batch."""
        import torch

        ends, length = self.end_ids, numbers.shape[1]
        texts: list[list[int]] = [[] for _ in prompts]
        ended: set[int] = set()
        going = list(range(len(prompts)))
        with torch.inference_mode():
            logits = self.engine.begin(prompts, length)
            for step in range(length):
                tokens = choose(logits, numbers[going, step], sampling)
                running = []
                for index, (row, token) in enumerate(zip(going, tokens.tolist(), strict=True)):
                    if token in ends:
                        ended.add(row)
                        continue
                    texts[row].append(token)
                    full = len(prompts[row]) + len(texts[row]) >= self.block_size
                    if not full and not self._stopped(texts[row], stops):
                        running.append(index)
                if not running or step + 1 == length:
                    break
                if len(running) < len(going):
                    rows = torch.tensor(running)
                    self.engine.keep(rows)
                    tokens, going = tokens[rows.to(tokens.device)], [going[index] for index in running]
                logits = self.engine.step(tokens)
            self.engine.end()
        return [self._text(ids, stops, row in ended) for row, ids in enumerate(texts)]

    def _stopped(self, ids: list[int], stops: tuple[str, ...]) -> bool:
        # Decoding costs: every eighth token is often enough, since the text is cut at the string anyway.
        if not stops or len(ids) % 8:
            return False
        text = self.decode(ids)
        return any(stop in text for stop in stops)

    def _text(self, ids: list[int], stops: tuple[str, ...], ended: bool) -> Written:
        text = str(self.decode(ids))
        ends = [end for end in (text.find(stop) for stop in stops) if end >= 0]
        # A text that was cut off may end in part of a character.
        text = self.answer_in(text[: min(ends, default=None)].rstrip("\ufffd"))
        return Written(text.strip(), not ended and not ends)

    def answer_in(self, text: str) -> str:
        """A text without what the style has the model write before an answer; "" while it may yet become that."""
        start = text.lstrip()
        if not self._lead or not (start.startswith(self._lead) or self._lead.startswith(start)):
            return text
        return start[len(self._lead) :].lstrip()


def load_model(
    folder: Path | str, *, device: str | None = None, quantize: str | None = None, base: Path | None = None,
    style: str | None = None, dtype: str | None = None,
) -> LanguageModel:  # fmt: skip
    """The model in a LitGPT folder, a LitGPT adapter's, a Hugging Face folder or a PEFT adapter's.

    device: "cpu", "cuda", "cuda:1" …; CUDA where there is one by default. 32-bit floats on the CPU, bf16 on CUDA.
    quantize: "nf4", "fp4", with "-dq" for double quantisation, "bnb." before it or not. base: the folder under an
    adapter, where it is not where its settings say. style: a prompt style instead of the folder's own.
    dtype: to compute in, instead of those.

    Raises:
        TrainError: no model of these kinds is there, it lacks files, or it cannot be loaded.
    """
    import torch

    from train.data.encode import tokenizer_of
    from train.models.checkpoint import base_folder, kind
    from train.models.quantization import quantized_format

    folder = Path(folder)
    form = kind(folder)
    device = usable(device)
    beneath = base_folder(folder, base) if form in ("litgpt-adapter", "peft") else None
    number_format = getattr(torch, dtype or ("bfloat16" if device.startswith("cuda") else "float32"))
    # PEFT leaves the tokenizer with the base unless its trainer saved one.
    words = folder if beneath is None or (folder / "tokenizer.json").is_file() else beneath
    engine = _loader(form)(folder, device, number_format, quantized_format(quantize), beneath)
    tokens, chat = tokenizer_of(words), style_in(folder, name=style, beneath=beneath)
    return LanguageModel(name_of(folder), engine, tokens, chat, end_ids(words, tokens, chat))


def usable(device: str | None) -> str:
    """The device asked for, or CUDA where there is one.

    Raises:
        TrainError: there is no such device here.
    """
    import torch

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise TrainError(f"--device {device} cannot be used here: {str(error).splitlines()[0]}") from error
    return device


def _loader(form: str) -> Callable[..., Engine]:
    if form.startswith("litgpt"):
        from train.models.litgpt_engine import load_litgpt

        return load_litgpt
    from train.models.huggingface_engine import load_huggingface

    return load_huggingface


def name_of(folder: Path) -> str:
    """The last two parts of the folder's name, enough to tell models apart and free of one machine's paths."""
    return "/".join(folder.resolve().parts[-2:])
