"""llama.cpp's own library, where one is installed: token ids and logits of a GGUF file, as its programs compute them.

Looked for in LLAMA_CPP_FOLDER: the folder with libllama*.so and libggml*.so, such as bins/linux-x64 of the npm package
@node-llama-cpp/linux-x64.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

#: More than any structure of settings takes: the library fills in its own, and reads no further.
_ROOM = 1024


class _Settings(ctypes.Structure):
    _fields_ = (("room", ctypes.c_uint8 * _ROOM),)


class _ContextSettings(ctypes.Structure):
    _fields_ = (
        ("n_ctx", ctypes.c_uint32), ("n_batch", ctypes.c_uint32), ("n_ubatch", ctypes.c_uint32),
        ("room", ctypes.c_uint8 * _ROOM),
    )  # fmt: skip


class _Batch(ctypes.Structure):
    _fields_ = (
        ("n_tokens", ctypes.c_int32), ("token", ctypes.POINTER(ctypes.c_int32)), ("embd", ctypes.c_void_p),
        ("pos", ctypes.POINTER(ctypes.c_int32)), ("n_seq_id", ctypes.POINTER(ctypes.c_int32)),
        ("seq_id", ctypes.POINTER(ctypes.POINTER(ctypes.c_int32))), ("logits", ctypes.POINTER(ctypes.c_int8)),
    )  # fmt: skip


def library_folder() -> Path | None:
    """Where the library lies, None where none is installed."""
    folder = Path(os.environ.get("LLAMA_CPP_FOLDER") or "none")
    return folder if any(folder.glob("libllama.*so*")) else None


class LlamaCpp:
    """A GGUF file, loaded by llama.cpp."""

    def __init__(self, path: Path, folder: Path, context: int = 2048) -> None:
        self._library = _load(folder)
        settings = self._library.llama_model_default_params()
        self._model = self._library.llama_model_load_from_file(str(path).encode(), settings)
        if not self._model:
            raise ValueError(f"llama.cpp cannot load {path}")
        self._vocabulary = self._library.llama_model_get_vocab(self._model)
        self._size: int = self._library.llama_vocab_n_tokens(self._vocabulary)
        self._context = context

    def encode(self, text: str, *, special: bool = False, begin: bool = False) -> list[int]:
        """Ids of a text; special: marks in it are read as such; begin: with what the file says comes first."""
        raw = text.encode()
        ids = (ctypes.c_int32 * (len(raw) + 8))()
        count = self._library.llama_tokenize(self._vocabulary, raw, len(raw), ids, len(ids), begin, special)
        return list(ids[:count])

    def logits(self, ids: Sequence[int]) -> np.ndarray:
        """float32 [ids, vocabulary]."""
        settings = self._library.llama_context_default_params()
        settings.n_ctx = settings.n_batch = settings.n_ubatch = self._context
        context = self._library.llama_init_from_model(self._model, settings)
        batch = self._library.llama_batch_init(len(ids), 0, 1)
        batch.n_tokens = len(ids)
        for place, number in enumerate(ids):
            batch.token[place], batch.pos[place], batch.n_seq_id[place] = number, place, 1
            batch.seq_id[place][0], batch.logits[place] = 0, 1
        if self._library.llama_decode(context, batch):
            raise ValueError("llama.cpp cannot compute the text")
        rows = [
            np.ctypeslib.as_array(self._library.llama_get_logits_ith(context, place), (self._size,)).copy()
            for place in range(len(ids))
        ]
        self._library.llama_batch_free(batch)
        self._library.llama_free(context)
        return np.stack(rows)


def _load(folder: Path) -> Any:
    """The library with the types of what is called here."""
    for name in ("libggml-base.so", *sorted(path.name for path in folder.glob("libggml.*so"))):
        ctypes.CDLL(str(folder / name), mode=ctypes.RTLD_GLOBAL)
    ggml = ctypes.CDLL(str(next(folder.glob("libggml.*so"))))
    ggml.ggml_backend_load_all_from_path(str(folder).encode())
    library = ctypes.CDLL(str(next(folder.glob("libllama.*so"))))
    pointer = ctypes.c_void_p
    types: dict[str, tuple[Any, list[Any]]] = {
        "llama_model_default_params": (_Settings, []),
        "llama_context_default_params": (_ContextSettings, []),
        "llama_model_load_from_file": (pointer, [ctypes.c_char_p, _Settings]),
        "llama_model_get_vocab": (pointer, [pointer]),
        "llama_vocab_n_tokens": (ctypes.c_int32, [pointer]),
        "llama_tokenize": (ctypes.c_int32, [
            pointer, ctypes.c_char_p, ctypes.c_int32, ctypes.POINTER(ctypes.c_int32), ctypes.c_int32, ctypes.c_bool,
            ctypes.c_bool,
        ]),
        "llama_init_from_model": (pointer, [pointer, _ContextSettings]),
        "llama_batch_init": (_Batch, [ctypes.c_int32, ctypes.c_int32, ctypes.c_int32]),
        "llama_batch_free": (None, [_Batch]),
        "llama_decode": (ctypes.c_int32, [pointer, _Batch]),
        "llama_get_logits_ith": (ctypes.POINTER(ctypes.c_float), [pointer, ctypes.c_int32]),
        "llama_free": (None, [pointer]),
    }  # fmt: skip
    for name, (result, arguments) in types.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    _silence(library)
    return library


_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
_IGNORE = _CALLBACK(lambda *_: None)


def _silence(library: Any) -> None:
    library.llama_log_set.restype, library.llama_log_set.argtypes = None, [_CALLBACK, ctypes.c_void_p]
    library.llama_log_set(_IGNORE, None)
