"""How many tokens a text costs: by the model's own tokenizer where it is at hand, else by an estimate that errs high.

- `bytes` is never below any byte-level BPE, on any text, because a merge only joins (GPT-2 to GPT-4o, Llama 3, Qwen,
  Tekken); nor below SentencePiece with byte fallback (Llama 2, Mistral, Gemma) but for one token before the text.
  A tokenizer whose normaliser lengthens texts is the exception.
- `estimate` takes two ASCII letters of a word for one token, two spaces for one, and every other byte (digits, signs,
  line ends, the bytes of ế, è, 中, 😀) for one each; runs of letters longer than LONGEST_WORD by the byte. On Italian,
  Vietnamese and English news it is not below a BPE of 9,000 tokens that was trained on English alone (a test trains
  it). The vocabularies of chat models are ten times as large and have seen these languages: there it is 2.5 (Italian,
  English) to 4 (Vietnamese) times the truth. Letters and digits thrown together (keys, base64, links) may have a third
  more tokens than estimated: what is not prose needs `bytes` or the tokenizer itself.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.items import NewsmillError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Count = Callable[[str], int]

#: Tokens that a chat template puts around one message: Llama 3 has 5 (begin, role, end, line ends, end of turn), ChatML
#: 5, OpenAI 4, Gemma 6; and once around all: the beginning of the text and of the reply, 1 to 4.
MESSAGE, CHAT = 8, 8
#: Letters of the longest word that prose has; longer runs are addresses, keys and noise.
LONGEST_WORD = 24

#: Every ASCII letter as an `a`: runs of letters are then pairs that can be replaced, a hundred times as fast as found.
_LETTERS = bytes.maketrans(*(bytes(letters) for letters in ([*range(65, 91), *range(97, 123)], [97] * 52)))
_LONG = re.compile(rb"a{%d,}" % (LONGEST_WORD + 1))
#: tiktoken's files by the beginning of the models' names (as in tiktoken/model.py).
_TIKTOKEN = {
    "gpt-5": "o200k_base", "gpt-4.1": "o200k_base", "gpt-4o": "o200k_base", "chatgpt-4o": "o200k_base",
    "o1": "o200k_base", "o3": "o200k_base", "o4-mini": "o200k_base", "gpt-4": "cl100k_base",
    "gpt-3.5": "cl100k_base",
}  # fmt: skip


def counter(model: str, tokenizer: str | None = None) -> Count:
    """What counts the tokens of a text for a model, without asking any network.

    Args:
        model: as in `load_llm`: `openai:MODEL`; a MODEL that is a local folder is looked into for its tokenizer.
        tokenizer: a tokenizer.json or the folder of one; `estimate`; `bytes` (never below any byte-level tokenizer); a
            name tiktoken knows, such as `o200k_base`. None: the model's own where it is at hand, else `estimate`.

    Raises:
        NewsmillError: `tokenizer` names nothing that can count.
    """
    if tokenizer:
        return _by_name(tokenizer)
    name = model.partition(":")[2] or model
    if os.sep in name and (Path(name).expanduser() / "tokenizer.json").is_file():
        return _from_file(str(Path(name).expanduser()))
    begins = max((start for start in _TIKTOKEN if name.startswith(start)), key=len, default="")
    return (begins and _from_tiktoken(_TIKTOKEN[begins])) or estimate


def name_of(count: Count) -> str:
    """What a counter calls itself, for people and for provenance."""
    plain: dict[Count, str] = {estimate: "estimate", by_bytes: "bytes"}
    return plain.get(count) or str(getattr(count, "counter_name", "custom"))


def estimate(text: str) -> int:
    """Tokens of a text, rather too many than too few; see the module's first lines."""
    raw = text.encode("utf-8", "replace").translate(_LETTERS)
    long = sum(len(run) for run in _LONG.findall(raw)) if b"a" * (LONGEST_WORD + 1) in raw else 0
    if long:
        raw = _LONG.sub(b"", raw)
    spaces = raw.count(b" ")
    return len(raw.replace(b"aa", b"b")) + long - spaces + (spaces + 1) // 2


def by_bytes(text: str) -> int:
    """Bytes of the UTF-8 text: no byte-level tokenizer has more tokens."""
    return len(text.encode("utf-8", "replace"))


def of_messages(messages: Iterable[Mapping[str, str]], count: Count) -> int:
    """Tokens of chat messages as a server reads them, with what a chat template puts around them (or a little more)."""
    return CHAT + sum(MESSAGE + count(message["content"]) for message in messages)


def _by_name(tokenizer: str) -> Count:
    plain: dict[str, Count] = {"estimate": estimate, "bytes": by_bytes}
    if tokenizer in plain:
        return plain[tokenizer]
    path = Path(tokenizer).expanduser()
    if path.exists():
        return _from_file(str(path))
    if count := _from_tiktoken(tokenizer):
        return count
    raise NewsmillError(
        f"--tokenizer {tokenizer}: no such file or folder, and no encoding that tiktoken has at hand; "
        "there are also estimate and bytes"
    )


@functools.cache
def _from_file(path: str) -> Count:
    """A tokenizer.json, or the folder that holds it.

    Raises:
        NewsmillError: there is none, it is broken, or the package tokenizers is not installed.
    """
    file = Path(path) / "tokenizer.json" if Path(path).is_dir() else Path(path)
    try:
        from tokenizers import Tokenizer

        loaded: Tokenizer = Tokenizer.from_file(str(file))
    except ImportError as error:
        raise NewsmillError(f"--tokenizer {path} needs tokenizers: pip install tokenizers") from error
    except Exception as error:
        # The Rust side raises plain Exception for everything, a missing file included.
        raise NewsmillError(f"--tokenizer {path}: no tokenizer.json that can be read: {error}") from error
    loaded.no_truncation()
    loaded.no_padding()

    # An event's prompt is counted when it is fitted and again when its sample is written.
    @functools.lru_cache(maxsize=512)
    def count(text: str) -> int:
        return len(loaded.encode(text, add_special_tokens=False))

    return _with_name(count, str(file))


@functools.cache
def _from_tiktoken(encoding: str) -> Count | None:
    """An encoding of tiktoken, if that is installed and has the file in its cache: counting downloads nothing."""
    address = f"https://openaipublic.blob.core.windows.net/encodings/{encoding}.tiktoken"
    cached = _tiktoken_folder() / hashlib.sha1(address.encode()).hexdigest()
    if not cached.is_file():
        return None
    try:
        import tiktoken

        tokens = tiktoken.get_encoding(encoding)
    except (ImportError, ValueError, OSError):
        return None
    return _with_name(lambda text: len(tokens.encode_ordinary(text)), f"tiktoken {encoding}")


def _tiktoken_folder() -> Path:
    """Where tiktoken keeps its files (tiktoken/load.py)."""
    folder = os.environ.get("TIKTOKEN_CACHE_DIR") or os.environ.get("DATA_GYM_CACHE_DIR")
    return Path(folder or Path(tempfile.gettempdir()) / "data-gym-cache")


def _with_name(count: Count, name: str) -> Count:
    count.counter_name = name  # type: ignore[attr-defined]
    return count
