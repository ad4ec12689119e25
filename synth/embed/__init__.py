"""Texts to vectors of unit length: TF-IDF (offline), Universal Sentence Encoder, sentence-transformers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from crawler.items import NewsmillError
from synth.command_line import nearest
from synth.embed.news import NewsEmbedder
from synth.embed.sentence_transformer import SentenceTransformerEmbedder, is_english_minilm
from synth.embed.tensorflow_use import TensorFlowUseEmbedder
from synth.embed.tfidf import TfidfEmbedder
from synth.embed.use import UseEmbedder

__all__ = [
    "DEFAULT_SENTENCES",
    "USE_LANGUAGES",
    "Embedder",
    "NewsEmbedder",
    "SentenceTransformerEmbedder",
    "TensorFlowUseEmbedder",
    "TfidfEmbedder",
    "UseEmbedder",
    "article_text",
    "check_embedder",
    "counts_words",
    "is_english_minilm",
    "load_embedder",
    "refuse_language",
]  # fmt: skip

#: Sentences of an article's body that are embedded beside title and lead by what does not weigh them by their place.
DEFAULT_SENTENCES = 10
#: What USE multilingual 3 was made for (its model card).
USE_LANGUAGES = frozenset("ar zh en fr de it ja ko nl pl pt es th tr ru".split())

#: Embedders that count words: their rows are sparse, and weighed by the texts of an archive.
_COUNTERS: dict[str, type[TfidfEmbedder]] = {"tfidf": TfidfEmbedder, "news": NewsEmbedder}
#: Numbers of bits that `tfidf:BITS` and `news:BITS` take.
_BITS = frozenset(str(bits) for bits in range(10, 31))


class Embedder(Protocol):
    """What turns texts into vectors."""

    name: str

    def encode(self, texts: Sequence[str]) -> Any:
        """Rows of unit length, [texts, dimensions], ndarray or CSR; an empty text is a row of zeros."""
        ...


def load_embedder(name: str, *, language: str | None = None, force: bool = False) -> Embedder:
    """The embedder of a name: `news`, `tfidf`, `use`, `use:HANDLE_OR_FOLDER`, `st:MODEL_OR_FOLDER`.

    `news:BITS` and `tfidf:BITS` (10 to 30) bound the number of different terms.

    Args:
        language: what the texts are in; `use` refuses languages it was not made for, unless `force`.

    Raises:
        NewsmillError: no such name, or the library or model cannot be had; names the extra or the option.
    """
    check_embedder(name)
    kind, _, model = name.partition(":")
    if kind in _COUNTERS:
        return _COUNTERS[kind](int(model) if model else None)
    if kind == "use" and (model or name == "use"):
        refuse_language(name, language, force)
        return TensorFlowUseEmbedder(model) if model else UseEmbedder()
    refuse_language(name, language, force)
    return SentenceTransformerEmbedder(model)


def check_embedder(name: str) -> None:
    """Raises NewsmillError where there is no embedder of that name, before anything is loaded."""
    kind, _, model = name.partition(":")
    if name == "use" or name in _COUNTERS or (kind in _COUNTERS and model in _BITS):
        return
    if kind in ("use", "st") and model:
        return
    raise NewsmillError(
        f"no embedder {name!r}: {_meant(name)}news, tfidf, news:BITS, tfidf:BITS, use, use:HANDLE or st:MODEL"
    )


def counts_words(name: str) -> bool:
    """Whether the embedder of that name counts words (sparse rows) and is no model."""
    return name.partition(":")[0] in _COUNTERS


def _meant(name: str) -> str:
    """The embedder that a name which is none was probably to be: a kind misspelt, or a model without its kind."""
    kind, colon, model = name.partition(":")
    near = nearest(kind, ["news", "tfidf", "use", "st"])
    if near and near != kind:
        return f"did you mean {near}{colon}{model}? There are "
    if not colon and (re.search(r"[/\\]|bert|minilm|mpnet|e5|bge|labse", kind.lower())):
        return f"did you mean st:{name}? There are "
    return ""


def refuse_language(name: str, language: str | None, force: bool = False) -> None:
    """Raises NewsmillError where the embedder was not made for the language, unless forced."""
    if name.partition(":")[0] == "use" and language and language not in USE_LANGUAGES and not force:
        raise NewsmillError(
            f"embedder use was not made for {language!r} but for {' '.join(sorted(USE_LANGUAGES))}: "
            "take tfidf, or --force-language"
        )
    if is_english_minilm(name.removeprefix("st:")) and language and language != "en" and not force:
        raise NewsmillError(f"embedder {name} reads English, not {language!r}: take tfidf, or --force-language")


def article_text(article: Mapping[str, Any], sentences: int | None = None) -> str:
    """Title, lead and body of an article or source; only the first `sentences` of the body where given."""
    body = str(article.get("content") or "")
    if sentences is not None:
        body = " ".join(re.split(r"(?<=[.!?…])\s+", body)[:sentences])
    return "\n".join(part for part in (article.get("title"), article.get("description"), body) if part)
