"""One face for the tokenizers of LitGPT, `tokenizers` and transformers: ids of a text, no special token added."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from train.errors import TrainError


class Tokens:
    """Ids of texts, and the begin and end tokens.

    bos_id, eos_id: None where there is none. adds_bos: whether the tokenizer puts the begin token before a text.
    """

    bos_id: int | None
    eos_id: int | None
    adds_bos: bool

    def __init__(self) -> None:
        # SentencePiece of Llama 2 puts a space before every text: wrong within one. What follows a line end has none.
        line = self._encode(["\n"])[0]
        joined, alone = self._encode(["\na", "a"])
        self._shift = line if joined[: len(line)] == line and joined[len(line) :] != alone else None

    def _encode(self, texts: list[str]) -> list[list[int]]:
        raise NotImplementedError

    def encode(self, text: str) -> list[int]:
        return self._encode([text])[0]

    def encode_after(self, text: str) -> list[int]:
        """Ids of a text that others come before."""
        return self.encode_batch([text], [True])[0]

    def encode_batch(self, texts: Sequence[str], after: Sequence[bool] = ()) -> list[list[int]]:
        """Ids of each text; after: whether something comes before it."""
        if self._shift is None or not after:
            return self._encode(list(texts))
        ids = self._encode(["\n" + text if follows else text for text, follows in zip(texts, after, strict=True)])
        return [each[len(self._shift) :] if follows else each for each, follows in zip(ids, after, strict=True)]

    def decode(self, ids: Sequence[int]) -> str:
        raise NotImplementedError

    @property
    def digest(self) -> str:
        """sha256 (hex) of what decides the ids."""
        raise NotImplementedError


class RustTokens(Tokens):
    """A `tokenizers.Tokenizer`, all cores at once."""

    def __init__(self, processor: Any, bos_id: int | None, eos_id: int | None, adds_bos: bool | None) -> None:
        # Some tokenizer.json cut or fill every text to a length.
        processor.no_truncation()
        processor.no_padding()
        self.processor, self.bos_id, self.eos_id = processor, bos_id, eos_id
        puts_bos = bos_id is not None and processor.encode("a").ids[:1] == [bos_id]
        self.adds_bos = puts_bos or bool(adds_bos and bos_id is not None)
        super().__init__()

    def _encode(self, texts: list[str]) -> list[list[int]]:
        return [encoding.ids for encoding in self.processor.encode_batch_fast(texts, add_special_tokens=False)]

    def decode(self, ids: Sequence[int]) -> str:
        return str(self.processor.decode(list(ids), skip_special_tokens=False))

    @property
    def digest(self) -> str:
        whole = (self.processor.to_str(), self.bos_id, self.eos_id, self.adds_bos)
        return hashlib.sha256(repr(whole).encode()).hexdigest()


class PieceTokens(Tokens):
    """A `SentencePieceProcessor`."""

    def __init__(self, processor: Any, adds_bos: bool) -> None:
        self.processor, self.adds_bos = processor, adds_bos
        self.bos_id = processor.bos_id() if processor.bos_id() >= 0 else None
        self.eos_id = processor.eos_id() if processor.eos_id() >= 0 else None
        super().__init__()

    def _encode(self, texts: list[str]) -> list[list[int]]:
        return [list(ids) for ids in self.processor.encode(texts)]

    def decode(self, ids: Sequence[int]) -> str:
        return str(self.processor.decode(list(ids)))

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.processor.serialized_model_proto()).hexdigest()


class SlowTokens(Tokens):
    """A tokenizer of transformers that is not made of Rust."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.bos_id, self.eos_id = tokenizer.bos_token_id, tokenizer.eos_token_id
        self.adds_bos = self.bos_id is not None and tokenizer("a")["input_ids"][:1] == [self.bos_id]
        super().__init__()

    def _encode(self, texts: list[str]) -> list[list[int]]:
        return [list(ids) for ids in self.tokenizer(texts, add_special_tokens=False)["input_ids"]] if texts else []

    def decode(self, ids: Sequence[int]) -> str:
        return str(self.tokenizer.decode(list(ids)))

    @property
    def digest(self) -> str:
        whole = (sorted(self.tokenizer.get_vocab().items()), type(self.tokenizer).__name__, self.adds_bos)
        return hashlib.sha256(repr(whole).encode()).hexdigest()


def adapt(tokenizer: Any) -> Tokens:
    """`Tokens` of a litgpt.Tokenizer, a transformers tokenizer, or of `Tokens`.

    Raises:
        TypeError: it is none of them.
    """
    if isinstance(tokenizer, Tokens):
        return tokenizer
    if hasattr(tokenizer, "processor") and hasattr(tokenizer, "backend"):
        if tokenizer.backend == "sentencepiece":
            return PieceTokens(tokenizer.processor, bool(tokenizer.use_bos))
        return RustTokens(tokenizer.processor, tokenizer.bos_id, tokenizer.eos_id, bool(tokenizer.use_bos))
    if hasattr(tokenizer, "backend_tokenizer"):
        adds = tokenizer("a")["input_ids"][:1] == [tokenizer.bos_token_id]
        return RustTokens(tokenizer.backend_tokenizer, tokenizer.bos_token_id, tokenizer.eos_token_id, bool(adds))
    if hasattr(tokenizer, "convert_tokens_to_ids"):
        return SlowTokens(tokenizer)
    raise TypeError(f"{type(tokenizer).__name__} is no tokenizer of LitGPT or transformers")


def tokenizer_of(folder: Path) -> Tokens:
    """The tokenizer in a checkpoint's folder, LitGPT's or Hugging Face's.

    Raises:
        TrainError: the folder holds none that can be read.
    """
    folder = Path(folder)
    try:
        if (folder / "tokenizer.json").is_file():
            return _rust(folder)
        if (folder / "tokenizer.model").is_file() and (folder / "model_config.yaml").is_file():
            from litgpt import Tokenizer

            return adapt(Tokenizer(folder))
        if not any((folder / name).is_file() for name in ("tokenizer.model", "tokenizer_config.json", "vocab.json")):
            raise TrainError(f"{folder} holds no tokenizer: tokenizer.json or tokenizer.model is missing")
        from transformers import AutoTokenizer

        return adapt(AutoTokenizer.from_pretrained(str(folder), local_files_only=True))
    except TrainError:
        raise
    # `tokenizers` raises bare Exception.
    except Exception as error:
        raise TrainError(f"cannot read the tokenizer in {folder}: {' '.join(str(error).split())[:200]}") from error


def _rust(folder: Path) -> Tokens:
    processor = _processor(folder / "tokenizer.json")
    config = {**_json(folder / "special_tokens_map.json"), **_json(folder / "tokenizer_config.json")}
    generation = _json(folder / "generation_config.json")
    bos, eos = (_special(processor, config, generation, kind) for kind in ("bos", "eos"))
    adds = config.get("add_bos_token")
    if adds is None:
        adds = config.get("tokenizer_class") == "LlamaTokenizer" or _named_llama3(folder)
    return RustTokens(processor, bos, eos, bool(adds))


#: The tokenizer.json that was read last: its SHA-256, and what was made of it. Gemma's takes two seconds each time.
_LAST: list[tuple[bytes, Any]] = []


def _processor(path: Path) -> Any:
    from tokenizers import Tokenizer

    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    if not _LAST or _LAST[0][0] != digest:
        _LAST[:] = [(digest, Tokenizer.from_file(str(path)))]
    return _LAST[0][1]


def _named_llama3(folder: Path) -> bool:
    # As LitGPT decides, for base models whose settings do not say it.
    return folder.stem.startswith(("Meta-Llama-3", "Llama-3"))


def _special(processor: Any, config: dict[str, Any], generation: dict[str, Any], kind: str) -> int | None:
    token = config.get(f"{kind}_token")
    token = token.get("content") if isinstance(token, dict) else token
    if token is not None:
        number = processor.token_to_id(token)
        return None if number is None else int(number)
    number = generation.get(f"{kind}_token_id")
    return int(next(iter(number), -1) if isinstance(number, Iterable) else number) if number is not None else None


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
