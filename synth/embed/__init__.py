"""Texts to vectors of unit length: TF-IDF (offline), Universal Sentence Encoder, sentence-transformers."""

from __future__ import annotations

import logging
import os
import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from crawler.items import NewsmillError
from synth.command_line import nearest
from synth.embed.document_frequencies import Statistics, count, term_counts

if TYPE_CHECKING:
    import numpy as np
    from scipy.sparse import csr_matrix

#: Sentences of an article's body that are embedded beside title and lead, where nothing else is asked for.
DEFAULT_SENTENCES = 10
#: What USE multilingual 3 was made for (its model card).
USE_LANGUAGES = frozenset("ar zh en fr de it ja ko nl pl pt es th tr ru".split())
USE_MULTILINGUAL = "https://tfhub.dev/google/universal-sentence-encoder-multilingual/3"


#: Numbers of bits that `tfidf:BITS` takes.
_BITS = frozenset(str(bits) for bits in range(10, 31))


class Embedder(Protocol):
    """What turns texts into vectors."""

    name: str

    def encode(self, texts: Sequence[str]) -> Any:
        """Rows of unit length, [texts, dimensions], ndarray or CSR; an empty text is a row of zeros."""
        ...


def load_embedder(name: str, *, language: str | None = None, force: bool = False) -> Embedder:
    """The embedder of a name: `tfidf`, `tfidf:BITS` (10 to 30), `use`, `use:HANDLE_OR_FOLDER`, `st:MODEL_OR_FOLDER`.

    Args:
        language: what the texts are in; `use` refuses languages it was not made for, unless `force`.

    Raises:
        NewsmillError: no such name, or the library or model cannot be had; names the extra or the option.
    """
    check_embedder(name)
    kind, _, model = name.partition(":")
    if name == "tfidf" or (kind == "tfidf" and model in _BITS):
        return TfidfEmbedder(int(model) if model else None)
    if kind == "use" and (model or name == "use"):
        refuse_language(name, language, force)
        return UseEmbedder(model)
    return SentenceTransformerEmbedder(model)


def check_embedder(name: str) -> None:
    """Raises NewsmillError where there is no embedder of that name, before anything is loaded."""
    kind, _, model = name.partition(":")
    if name in ("tfidf", "use") or (kind == "tfidf" and model in _BITS) or (kind in ("use", "st") and model):
        return
    raise NewsmillError(f"no embedder {name!r}: {_meant(name)}tfidf, tfidf:BITS, use, use:HANDLE or st:MODEL")


def _meant(name: str) -> str:
    """The embedder that a name which is none was probably to be: a kind misspelt, or a model without its kind."""
    kind, colon, model = name.partition(":")
    near = nearest(kind, ["tfidf", "use", "st"])
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


def article_text(article: Mapping[str, Any], sentences: int | None = None) -> str:
    """Title, lead and body of an article or source; only the first `sentences` of the body where given."""
    body = str(article.get("content") or "")
    if sentences is not None:
        body = " ".join(re.split(r"(?<=[.!?…])\s+", body)[:sentences])
    return "\n".join(part for part in (article.get("title"), article.get("description"), body) if part)


class TfidfEmbedder:
    """TF-IDF of words and pairs of neighbouring words, sublinear counts, rows of unit length (CSR).

    A term that only one text has matches nothing and only drives texts apart: its weight falls as the corpus of n texts
    grows, by 1 / (1 + n / 15). In a corpus of ten such terms are needed, or unrelated texts look alike.
    Measured with average linkage below .75: BCubed F on all of vi_vnmds .81 at full weight, .935 as here and without
    them; joined of ten random Italian articles of three days: none, 2 %, 77 %.

    Given the statistics of an archive, its texts get these same weights, and so do those of a later day. Words that the
    archive lacks count as the rarest, at half weight: they may be the names of a new event. Measured on events of
    vi_vnmds that the statistics do not know (fitted on 60, 150, 310, 470 texts): F .89, .92, .96, .94; at the weight of
    terms that one text has .72, .84, .95, .95; at full weight .89, .87, .85, .83.

    Fitted by `fit`, all terms keep their full weights: what one text of the archive has, a summary of it may share.

    Terms are known by a 31-bit hash and no vocabulary is kept. With `bits` they fall into 2**bits buckets, for archives
    whose statistics do not fit: F on vi_vnmds (110,000 terms) .935 with 22 bits, .930 with 20, .914 with 18, .881 with
    16.
    """

    def __init__(self, bits: int | None = None, statistics: Statistics | None = None) -> None:
        self.name = f"tfidf:{bits}" if bits else "tfidf"
        self.bits = bits
        self._statistics = statistics
        self._weigh = _archive_idf

    def fit(self, texts: Iterable[str]) -> TfidfEmbedder:
        """Fix weights and columns by these texts; without it each `encode` takes both from its own texts."""
        self._statistics = count(texts, self.bits)
        self._weigh = _idf
        return self

    def encode(self, texts: Iterable[str]) -> csr_matrix:
        """[texts, columns] rows of unit length; a text without a word is a row of zeros.

        With statistics all calls share their columns. Without, the columns are those of the call, and only its own
        rows can be compared.
        """
        import numpy as np

        counts = term_counts(texts, self.bits)
        terms, column, text_counts = np.unique(counts.indices, return_inverse=True, return_counts=True)
        rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
        if self._statistics is None:
            weights = _damped_idf(text_counts, counts.shape[0])[column] * (np.log(counts.data) + 1.0)
            return _unit_rows(*_compact(rows, column, text_counts, weights, counts.shape[0]))
        statistics = self._statistics
        columns, frequency = statistics.look_up(terms)
        columns = np.where(columns < 0, len(statistics.terms) + terms % _UNSEEN, columns)
        weights = self._weigh(frequency, statistics.texts)[column] * (np.log(counts.data) + 1.0)
        return _unit_rows(weights, rows, columns[column], (counts.shape[0], len(statistics.terms) + _UNSEEN))


#: Columns for words that no fitted text has: enough that two of them in one comparison hardly ever meet.
_UNSEEN = 2**16
#: Weight of these words, of that of the rarest: see above.
_UNSEEN_WEIGHT = 0.5


#: Texts of a corpus that halve the weight of a term that only one of them has.
_CROWD = 15.0


def _idf(frequency: np.ndarray, texts: int) -> np.ndarray:
    """[terms] weights, smoothed as if one more text had every term."""
    import numpy as np

    return np.log((1.0 + texts) / (1.0 + frequency)) + 1.0


def _damped_idf(frequency: np.ndarray, texts: int) -> np.ndarray:
    """[terms] weights among texts that are compared with one another alone: terms of one text down, as told above."""
    import numpy as np

    weights = _idf(frequency, texts)
    return np.where(frequency > 1, weights, weights / (1.0 + texts / _CROWD))


def _archive_idf(frequency: np.ndarray, texts: int) -> np.ndarray:
    """[terms] weights by an archive's statistics: as above, and half for terms that it lacks."""
    import numpy as np

    return np.where(frequency > 0, _damped_idf(frequency, texts), _UNSEEN_WEIGHT * _idf(frequency, texts))


def _compact(
    rows: np.ndarray, column: np.ndarray, text_counts: np.ndarray, weights: np.ndarray, texts: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[int, int]]:
    """(weights, rows, columns, shape) with one column a text for all the terms that it alone has.

    Those matter for its length and in no product: the same rows to all ends, with a third of the entries.
    """
    import numpy as np

    shared = text_counts[column] > 1
    width = int((text_counts > 1).sum())
    columns = np.cumsum(text_counts > 1) - 1
    alone = np.sqrt(np.bincount(rows[~shared], weights[~shared] ** 2, minlength=texts))
    owners = np.flatnonzero(alone)
    return (
        np.concatenate([weights[shared], alone[owners]]), np.concatenate([rows[shared], owners]),
        np.concatenate([columns[column[shared]], width + owners]), (texts, width + texts),
    )  # fmt: skip


def _unit_rows(weights: np.ndarray, rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> csr_matrix:
    import numpy as np
    from scipy.sparse import csr_matrix

    lengths = np.sqrt(np.bincount(rows, weights**2, minlength=shape[0]))
    return csr_matrix((weights / np.where(lengths > 0, lengths, 1.0)[rows], (rows, columns)), shape=shape)


class UseEmbedder:
    """Universal Sentence Encoder through tensorflow-hub: a handle, or the folder of a SavedModel; "" is multilingual 3.

    The SavedModel can be called with texts and gives a row for each (TensorFlow 2's format of the hub).
    """

    def __init__(self, handle: str = "") -> None:
        self.name = f"use:{handle}" if handle else "use"
        self._model, self._dimensions = _load_use(handle or USE_MULTILINGUAL)

    def encode(self, texts: Sequence[str], batch_size: int = 64) -> np.ndarray:
        """[texts, dimensions] float64 rows of unit length, zeros for a text of white space alone.

        Raises:
            NewsmillError: the model gave numbers that are none.
        """
        import numpy as np

        parts = [np.asarray(self._model(list(texts[i : i + batch_size]))) for i in range(0, len(texts), batch_size)]
        rows = np.concatenate(parts) if parts else np.zeros((0, self._dimensions))
        return _unit(rows, texts, self.name)


def _load_use(handle: str) -> tuple[Any, int]:
    """(the model, dimensions of its rows), tried on a text: a folder may well hold a SavedModel of something else."""
    try:
        with _quiet():
            import tensorflow_hub

            try:
                # Registers the SentencePiece operations that the multilingual models are made of.
                import tensorflow_text  # noqa: F401
            except ImportError:
                if handle == USE_MULTILINGUAL:
                    raise
            model = tensorflow_hub.load(handle)
            shape = tuple(model(["a"]).shape)
    except ImportError as error:
        raise NewsmillError(f"embedder use needs pip install 'newsmill[use]' ({error})") from error
    except Exception as error:
        raise _unloadable("use", handle, error) from error
    if len(shape) != 2 or shape[0] != 1:
        raise _unloadable("use", handle, f"for one text it gives {list(shape)}, no row of numbers")
    return model, shape[1]


def _unloadable(kind: str, model: str, reason: object) -> NewsmillError:
    message = " ".join(str(reason).split()).rstrip(" .:")
    message = message if len(message) <= 200 else message[:200] + "…"
    return NewsmillError(f"embedder {kind}: cannot load {model}: {message}: give a local folder, {kind}:FOLDER")


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what TensorFlow says of the machine when it starts: some of it comes before it reads any setting.

    Set TF_CPP_MIN_LOG_LEVEL, to 0 for instance, to see all of it.
    """
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ or sys.stderr is None:
        yield
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    sys.stderr.flush()
    stderr_copy, null_device = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null_device, 2)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        os.dup2(stderr_copy, 2)
        os.close(stderr_copy)
        os.close(null_device)


class SentenceTransformerEmbedder:
    """A sentence-transformers model: a hub name or a folder; half precision on a GPU.

    It reads the beginning of a text: as many tokens as the model's `max_seq_length` says (often 128, 256 or 512), the
    rest is cut off by the library. It also sorts the texts by length and computes them in batches of 32.
    """

    def __init__(self, model: str) -> None:
        self.name = f"st:{model}"
        self.model = _load_sentence_transformer(model)
        self.half = self.model.device.type == "cuda"
        if self.half:
            self.model.half()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """[texts, dimensions] float64 rows of unit length, zeros for a text of white space alone.

        Raises:
            NewsmillError: the model gave numbers that are none.
        """
        import numpy as np

        if not texts:
            return np.zeros((0, self.model.get_embedding_dimension() or 0))
        rows = self._rows(texts)
        if self.half and not np.isfinite(rows).all():
            # Some models, T5 among them, overflow half precision. Read again: the weights were rounded, too.
            self.model, self.half = _load_sentence_transformer(self.name.removeprefix("st:")), False
            rows = self._rows(texts)
        return _unit(rows, texts, self.name)

    def _rows(self, texts: Sequence[str]) -> np.ndarray:
        return self.model.encode(list(texts), show_progress_bar=False, convert_to_numpy=True)


def _load_sentence_transformer(model: str) -> Any:
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as bars
    except ImportError as error:
        raise NewsmillError(f"embedder st needs pip install 'newsmill[embed]' ({error})") from error
    if sys.stderr is None or not sys.stderr.isatty():
        bars.disable_progress_bar()
    with _heard("huggingface_hub") as heard:
        try:
            return SentenceTransformer(model)
        except Exception as error:
            raise _unloadable("st", model, " ".join([str(error), *heard])) from error


@contextmanager
def _heard(name: str) -> Iterator[list[str]]:
    """What a library's logger says meanwhile, instead of on stderr: the hub client tells there alone why it failed."""
    logger = logging.getLogger(name)
    heard: list[str] = []
    listener = logging.Handler()
    listener.emit = lambda record: heard.append(record.getMessage())  # type: ignore[method-assign]
    before, logger.handlers = logger.handlers, [listener]
    try:
        yield heard
    finally:
        logger.handlers = before


def _unit(rows: np.ndarray, texts: Sequence[str], name: str) -> np.ndarray:
    """Rows of unit length; zeros for blank texts, which a model finds alike though nothing is known of them."""
    import numpy as np

    rows = np.asarray(rows, dtype=np.float64)
    if not np.isfinite(rows).all():
        raise NewsmillError(f"embedder {name}: it gives numbers that are infinite or none: take another model")
    rows = np.where(np.array([bool(text.strip()) for text in texts], dtype=bool)[:, None], rows, 0.0)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1.0)
