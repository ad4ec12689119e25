"""The check of conversions and merges: two models write the same logits, and the files beside them agree.

Logits are compared in float32, whatever the weights are kept in, on texts of several languages and lengths, one of them
longer than the window of local attention where the model has one. A wrong weight, norm, position or window shows there
as a difference of the size of the logits' own spread; a right conversion differs by how sums are rounded.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.data.litgpt_documents import whole_rows
from train.errors import TrainError, one_line
from train.models.checkpoint import TOKENIZER_FILES, read_json
from train.models.formats.streamed import Streamed, open_model

if TYPE_CHECKING:
    import torch

    from train.styles import Style

#: Read where no file is given: news of three languages, figures, names, marks and a line of code.
TEXTS = (
    "Il consiglio di Ravenna ha approvato il piano da 4,2 milioni di euro: «nessun albero sarà abbattuto», però…",
    "Dodici voti a favore, sei contrari; l'assessora: «I lavori cominceranno a marzo, dopo le piogge».",
    "Sáng 14/3, thành phố Đà Nẵng khởi công tuyến đường ven biển dài 12,5 km, nối bán đảo Sơn Trà với Hội An.",
    "Công trình có tổng vốn hơn 1.400 tỷ đồng, dự kiến thông xe vào cuối năm sau; hai bên sẽ trồng ba nghìn cây.",
    "The ferry, which had run aground with 212 passengers aboard, was towed free at dawn. Nobody was hurt.",
    "An inquiry is to establish why the captain's warning at 04:35 went unanswered, the authority said on Tuesday.",
    "Perché?",
    "Ngày 2 tháng 9",
    "print('ciao')  # 3 + 4 = 7\n\n- uno\n- due\n\thttps://example.org/a?b=1&c=%20",
)
#: Texts of a file that are read, at most.
MOST_TEXTS = 12
#: Tokens of a text, at most; of the long one, where no window asks for more.
SHORT, LONG = 192, 600
#: Tokens of a batch, filling included.
_BATCH = 4096
#: Logits held at a time, at most: a quarter of a gigabyte a model.
_LOGITS = 64_000_000
#: Largest difference, in spreads of the logits, that rounding explains. Weights unchanged: sums of float32 in another
#: order give 1e-6 to 1e-4; the least of the faults that were tried, another approximation of gelu, gives 9e-4. Weights
#: rounded: half a unit in the last of 8 (bfloat16) or 11 (float16) binary places of each weight, 0.2 % and 0.02 %,
#: which adds up over layers and is sought out by the largest of many logits. q8_0: half a 127th of the largest of 32
#: weights, 0.35 for Gemma 3 270M; that each weight is within its step is seen apart (train.models.gguf).
_SPREADS = {"": 3e-4, "float32": 3e-4, "float16": 0.04, "bfloat16": 0.3, "q8_0": 0.6}
#: Share of places at which both must hold the same token for the likeliest.
_SAME = {"": 0.99, "float32": 0.99, "float16": 0.95, "bfloat16": 0.85, "q8_0": 0.85}


@dataclass(frozen=True)
class EquivalenceCheck:
    """What comparing two models found.

    max_difference: of logits, at all places and tokens. spread: standard deviation of the first model's logits at a
    place, in the mean. same_top1: share of places with the same likeliest token. places: tokens compared. longest:
    tokens of the longest text. tolerance: largest difference allowed, and why (`reason`). problems: what differs.
    """

    max_difference: float
    spread: float
    same_top1: float
    places: int
    texts: int
    longest: int
    tolerance: float
    reason: str
    problems: tuple[str, ...] = field(default=())

    @property
    def passed(self) -> bool:
        return not self.problems

    @property
    def line(self) -> str:
        return (
            f"logits differ by {self.max_difference:.2g} at most (allowed {self.tolerance:.2g}; their spread is "
            f"{self.spread:.2g}), likeliest token the same at {self.same_top1:.2%} of {self.places:,} places in "
            f"{self.texts} texts of up to {self.longest:,} tokens"
        )


def compare(
    first: Path | Streamed,
    second: Path | Streamed,
    texts: Sequence[str] = TEXTS,
    *,
    tokenizer: Path | None = None,
    tolerance: float | None = None,
    rounded: str = "",
) -> EquivalenceCheck:
    """Compare the logits of two models, folders of any kind.

    tokenizer: folder of the one that makes tokens of the texts (default: the first's). tolerance: largest difference of
    a logit; default: what rounding explains. rounded: bfloat16 or float16 if the second's weights were rounded to it.

    Raises:
        TrainError: a folder is no whole model, or there is no text.
    """
    if tokenizer is None and isinstance(first, Streamed):
        raise TrainError("comparing needs the folder of a tokenizer")
    folder = tokenizer or first
    reference = first if isinstance(first, Streamed) else open_model(first)
    candidate = second if isinstance(second, Streamed) else open_model(second)
    rows = token_rows(texts, folder, reference)  # type: ignore[arg-type]
    parts = [_differences(reference, candidate, batch, _each(reference, len(rows))) for batch in _batches(rows)]
    return _judged(parts, rows, tolerance, rounded, reference, candidate)


@dataclass(frozen=True)
class _BatchDifference:
    largest: float
    spread: float
    same: int
    places: int


def _judged(
    parts: Sequence[_BatchDifference], rows: Sequence[Sequence[int]], tolerance: float | None, rounded: str,
    reference: Streamed, candidate: Streamed,
) -> EquivalenceCheck:  # fmt: skip
    places = sum(part.places for part in parts)
    spread = sum(part.spread * part.places for part in parts) / places
    differences, same = [part.largest for part in parts], sum(part.same for part in parts) / places
    # `max` forgets a NaN that is not the first.
    largest = math.nan if any(map(math.isnan, differences)) else max(differences)
    allowed = tolerance if tolerance is not None else _SPREADS[rounded] * spread
    reason = "as asked for" if tolerance is not None else _reason(rounded)
    problems = []
    if reference.vocabulary != candidate.vocabulary:
        problems.append(
            f"vocabulary: {reference.vocabulary:,} rows in the first model, {candidate.vocabulary:,} in the second"
        )
    # A difference that is no number is larger than any.
    if not largest <= allowed:
        problems.append(f"logits: they differ by up to {largest:.3g}, more than {allowed:.3g} ({reason})")
    if same < _SAME[rounded]:
        problems.append(f"logits: the likeliest token is the same at only {same:.2%} of {places:,} places")
    return EquivalenceCheck(
        largest, spread, same, places, len(rows), max(map(len, rows)), allowed, reason, tuple(problems)
    )  # fmt: skip


def _reason(rounded: str) -> str:
    if rounded in ("", "float32"):
        return f"{_SPREADS['']:g} of the logits' spread: what sums of float32 in another order come to"
    return f"{_SPREADS[rounded]:g} of the logits' spread: what rounding each weight to {rounded} comes to"


def _differences(first: Streamed, second: Streamed, batch: Sequence[Sequence[int]], each: int) -> _BatchDifference:
    import torch

    ids = torch.zeros(len(batch), max(map(len, batch)), dtype=torch.int64)
    for row, tokens in enumerate(batch):
        ids[row, : len(tokens)] = torch.tensor(tokens)
    at = [(row, column) for row, tokens in enumerate(batch) for column in _spread_out(len(tokens), each)]
    places = (torch.tensor([row for row, _ in at]), torch.tensor([column for _, column in at]))
    with whole_rows():
        ours, theirs = first.logits(ids, places), second.logits(ids, places)
    common = min(ours.shape[1], theirs.shape[1])
    ours, theirs = ours[:, :common], theirs[:, :common]
    same = int((ours.argmax(1) == theirs.argmax(1)).sum())
    spread = float(ours.std(dim=1).mean())
    return _BatchDifference(_largest(ours, theirs), spread, same, len(at))


def _largest(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    largest = float(ours.sub_(theirs).abs_().max())
    return largest if math.isfinite(largest) else math.nan


def _spread_out(length: int, most: int) -> list[int]:
    """Up to `most` places of a text, evenly spread, its last among them."""
    if length <= most:
        return list(range(length))
    return sorted({round((number + 1) * length / most) - 1 for number in range(most)})


def _each(model: Streamed, texts: int) -> int:
    whole = min(2048, max(128, _LOGITS // model.vocabulary))
    return max(8, whole // texts)


def _batches(rows: Sequence[list[int]]) -> Iterator[list[list[int]]]:
    """Rows of like length together; each batch is one pass through the weights."""
    batch: list[list[int]] = []
    for row in sorted(rows, key=len):
        if batch and ((len(batch) + 1) * len(row) > _BATCH or len(row) > 2 * SHORT >= len(batch[-1])):
            yield batch
            batch = []
        batch.append(row)
    yield batch


def token_rows(texts: Sequence[str], tokenizer: Path, model: Streamed) -> list[list[int]]:
    """Tokens of some of the texts, cut to SHORT, and one long row of many, beyond the window where there is one.

    Raises:
        TrainError: the texts give no tokens.
    """
    from train.data.encode import tokenizer_of

    tokens = tokenizer_of(tokenizer)
    step = max(1, len(texts) // MOST_TEXTS)
    encoded = [tokens.encode(text) for text in texts[::step][:MOST_TEXTS]]
    encoded = [ids for ids in encoded if ids]
    if not encoded:
        raise TrainError("no text to compare the models on: give --texts FILE with some")
    length = min(model.longest, LONG if model.window is None else max(LONG, model.window + 64))
    stream = [token for ids in encoded for token in ids]
    long = (stream * (length // len(stream) + 1))[:length]
    rows = [ids[: min(SHORT, model.longest)] for ids in encoded] + [long]
    begin = [tokens.bos_id] if tokens.adds_bos and tokens.bos_id is not None else []
    rows = [[*begin, *ids][: model.longest] for ids in rows]
    # A token beyond the embeddings would end the comparison in a traceback; the vocabulary's own check reports it.
    return [[token if token < model.vocabulary else 0 for token in ids] for ids in rows]


# The files beside the weights


def check_files(
    hub: Path, litgpt: Path, style: Style | None, texts: Sequence[str] = TEXTS, *, newer: Path | None = None
) -> list[str]:
    """What differs between a folder in Hugging Face form and the one it was made from or into; empty: nothing.

    Tokenizer, vocabulary, special tokens, chat template and generation config, each as the library loads it that will
    use it. style: of the prompts that the model was tuned with; None where that is not known. newer: of the two
    (default: `hub`), whose generation config is looked at.
    """
    try:
        tokenizer = load_tokenizer(hub)
    except TrainError as error:
        return [f"tokenizer: {error}"]
    return [
        *check_tokenizer(tokenizer, litgpt, texts, style),
        *check_vocabulary(tokenizer, hub, litgpt, texts, style),
        *check_generation(tokenizer, newer or hub, style),
        *check_template(tokenizer, litgpt, style),
    ]


def load_tokenizer(folder: Path) -> Any:
    """As transformers loads it; of folders with the same files, the same one: nobody may change it.

    Gemma's, of 262,144 tokens, takes five seconds of processor time, and a conversion asks for it four times.

    Raises:
        TrainError: it cannot.
    """
    digest = hashlib.sha256()
    for name in (*TOKENIZER_FILES, "config.json"):
        if (folder / name).is_file():
            digest.update(name.encode() + (folder / name).read_bytes())
    key = digest.digest()
    if key not in _TOKENIZERS:
        tokenizer = _load_tokenizer(folder)
        # Two are what a conversion compares.
        while len(_TOKENIZERS) > 1:
            del _TOKENIZERS[next(iter(_TOKENIZERS))]
        _TOKENIZERS[key] = tokenizer
    return _TOKENIZERS[key]


#: SHA-256 of a tokenizer's files -> the tokenizer.
_TOKENIZERS: dict[bytes, Any] = {}


def _load_tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # Of many kinds: broken JSON, an unknown class, a missing file.
        line = one_line(error)
        raise TrainError(f"transformers cannot load the tokenizer in {folder}: {line}") from error


def check_tokenizer(tokenizer: Any, folder: Path, texts: Sequence[str], style: Style | None) -> Iterator[str]:
    """tokenizer: transformers'; folder: whose tokenizer must give the same tokens."""
    from train.data.encode import tokenizer_of

    tokens = tokenizer_of(folder)
    special = [token for token in tokenizer.all_special_tokens if token]
    marked = [*texts[:MOST_TEXTS], "".join(f"{token}a {token}\n" for token in special)]
    chat = [{"role": "user", "content": texts[0]}, {"role": "assistant", "content": "Sì."}]
    marked += _rendered([chat], style)
    for text in marked:
        theirs, ours = tokenizer(text, add_special_tokens=False)["input_ids"], list(tokens.encode(text))
        if theirs != ours:
            at = next(
                (n for n, (a, b) in enumerate(zip(theirs, ours, strict=False)) if a != b), min(len(theirs), len(ours))
            )
            both = f"{theirs[at : at + 3]} and {ours[at : at + 3]} at place {at}"
            yield f"tokenizer: other tokens for {text[:40]!r}: {both}"
            return
    for name in ("bos", "eos"):
        theirs, ours = getattr(tokenizer, f"{name}_token_id"), getattr(tokens, f"{name}_id")
        if theirs != ours:
            yield f"special tokens: {name} is {theirs} in transformers, {ours} in the other form"


def check_vocabulary(
    tokenizer: Any, hub: Path, litgpt: Path, texts: Sequence[str] = TEXTS, style: Style | None = None
) -> Iterator[str]:
    """Every token that is used has a row in the embeddings, and both configurations say how many rows there are."""
    rows = {}
    if (hub / "config.json").is_file():
        from train.models.checkpoint import huggingface_config

        rows[hub] = huggingface_config(hub).vocab_size
    if (litgpt / "model_config.yaml").is_file():
        from train.models.checkpoint import litgpt_config

        rows[litgpt] = litgpt_config(litgpt).padded_vocab_size
    if len(set(rows.values())) > 1:
        yield "vocabulary: " + ", ".join(f"{count:,} rows in {folder}" for folder, count in rows.items())
    token_ids = _used(tokenizer, texts, style)
    for folder, count in rows.items():
        if beyond := sorted(number for number in token_ids if number >= count):
            token = tokenizer.convert_ids_to_tokens(beyond[-1])
            yield f"vocabulary: {token} is token {beyond[-1]:,}, the model in {folder} has only {count:,} rows"


def _used(tokenizer: Any, texts: Sequence[str], style: Style | None) -> set[int]:
    """Tokens that the model may meet: all but added ones that neither texts nor chats have.

    Gemma 3 of 1B, which reads no images, has the larger ones' tokenizer with its token for images, but no row for it.
    """
    # Asked once: transformers makes the table anew each time, of thousands of tokens in Gemma's vocabulary.
    token_ids = set(tokenizer.get_vocab().values()) - set(tokenizer.added_tokens_decoder)
    texts_read = [*texts[:MOST_TEXTS], *_rendered(CHATS, style)]
    for text in texts_read:
        token_ids.update(tokenizer(text, add_special_tokens=False)["input_ids"])
    return token_ids | {
        number for role in ("bos", "eos", "pad") if (number := getattr(tokenizer, f"{role}_token_id")) is not None
    }


def _rendered(chats: Iterable[list[dict[str, str]]], style: Style | None) -> Iterator[str]:
    """The chats in the style, but those that a model's own template refuses."""
    from train.styles.model_template import RefusedChatError

    if style is None:
        return
    for chat in chats:
        with contextlib.suppress(RefusedChatError):
            yield style.text(chat)


def check_generation(tokenizer: Any, folder: Path, style: Style | None) -> Iterator[str]:
    """Special tokens of both configurations are tokens, and an answer ends where it was taught to."""
    for name in ("config.json", "generation_config.json"):
        settings = read_json(folder / name) if (folder / name).is_file() else {}
        for role in ("bos", "eos", "pad"):
            for number in token_list(settings.get(f"{role}_token_id")):
                if not 0 <= number < len(tokenizer):
                    yield f"special tokens: {role} {number} of {name} is no token"
    if not (folder / "generation_config.json").is_file():
        if (folder / "config.json").is_file():
            yield "generation config: there is none"
        return
    from transformers import GenerationConfig

    try:
        ends = token_list(GenerationConfig.from_pretrained(folder, local_files_only=True).eos_token_id)
    except Exception as error:  # noqa: BLE001 - Whatever it makes of senseless settings.
        yield f"generation config: transformers cannot load it: {' '.join(str(error).split())[:200]}"
        return
    for name, number in ends_of(tokenizer, style).items():
        if number not in ends:
            yield f"generation config: writing does not stop at {name} ({number}), only at {ends}"


def ends_of(tokenizer: Any, style: Style | None) -> dict[str, int]:
    """Tokens at which an answer ends: the tokenizer's own, and the style's end of turn where that is one token."""
    ends = {} if tokenizer.eos_token_id is None else {tokenizer.eos_token: tokenizer.eos_token_id}
    if style is not None and style.end_of_turn:
        ids = tokenizer(style.end_of_turn, add_special_tokens=False)["input_ids"]
        ends |= {style.end_of_turn: ids[0]} if len(ids) == 1 else {}
    return ends


def token_list(value: Any) -> list[int]:
    """Token ids of a setting that is one number, several, or none."""
    if value is None:
        return []
    return [int(number) for number in value] if isinstance(value, list) else [int(value)]


#: Chats by which templates are compared: with and without a system prompt, one turn and several.
_USER, _ANSWER = {"role": "user", "content": "Riassumi: «Ciao»."}, {"role": "assistant", "content": "Một câu."}
CHATS: tuple[list[dict[str, str]], ...] = (
    [_USER],
    [{"role": "system", "content": "Sii breve."}, _USER],
    [_USER, _ANSWER, {"role": "user", "content": "Why?"}],
    [{"role": "system", "content": "Sii breve."}, _USER, _ANSWER, _USER, _ANSWER],
)


def check_template(tokenizer: Any, folder: Path, style: Style | None) -> Iterator[str]:
    """The chat template says what the model was tuned with, token for token."""
    from train.data.encode import encode_prompt, tokenizer_of

    if style is None:
        return
    if not tokenizer.chat_template:
        yield f"chat template: there is none, the model was tuned with prompt style {style.name}"
        return
    tokens = tokenizer_of(folder)
    if style.exact:
        if tokenizer.get_chat_template() != style.chat_template:
            yield "chat template: it is another than the one that the model was tuned in"
        return
    for chat in CHATS:
        asks = chat[-1]["role"] == "user"
        rendered = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=asks)
        begin = tokenizer.bos_token if begins(style, tokens) else ""
        eos = tokenizer.eos_token or ""
        expected = (begin or "") + (style.prompt(chat, eos=eos) if asks else style.text(chat, eos=eos))
        if rendered != expected:
            yield f"chat template: it says {rendered[:80]!r} where prompt style {style.name} says {expected[:80]!r}"
            return
        ids = tokenizer.apply_chat_template(chat, tokenize=True, add_generation_prompt=asks, return_dict=True)[
            "input_ids"
        ]
        if asks and list(ids) != encode_prompt(chat, style, tokens):
            yield f"chat template: other tokens than in training for {rendered[:60]!r}"
            return


def begins(style: Style, tokens: Any) -> bool:
    """Whether a chat in this style begins with the begin token: as the style says, else as the tokenizer does."""
    adds_bos = tokens.adds_bos if style.bos is None else style.bos
    return bool(adds_bos and tokens.bos_id is not None)
