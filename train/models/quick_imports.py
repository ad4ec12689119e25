"""Transformers, PEFT and bitsandbytes without what they import for features that nobody uses here.

PEFT imports bitsandbytes wherever that is installed, and bitsandbytes hands four functions to `torch.compile`, which
imports PyTorch's whole compiler: a quarter of the seconds that a command takes before it begins. Transformers imports
scikit-learn, and with it pandas and SciPy, for a threshold of assisted generation.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import logging
import sys
from collections.abc import Callable
from typing import Any
from unittest import mock

_ASSISTED = "transformers.generation.candidate_generator"


def import_libraries() -> None:
    """Import the parts that are slow, so that `from transformers import …` and `from peft import …` find them there."""
    # PEFT imports it where it is installed.
    with contextlib.suppress(ImportError):
        bitsandbytes()
    if _ASSISTED not in sys.modules:
        import transformers.utils

        with mock.patch.object(transformers.utils, "is_sklearn_available", return_value=False):
            importlib.import_module(_ASSISTED)


def bitsandbytes() -> Any:
    """The module. Imported here first: without a GPU it complains about kernels for inference that nobody needs."""
    if (module := sys.modules.get("bitsandbytes")) is not None:
        return module
    import torch

    logger = logging.getLogger("bitsandbytes")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with mock.patch.object(torch, "compile", _compiled_when_called):
            return importlib.import_module("bitsandbytes")
    finally:
        logger.setLevel(level)


def _compiled_when_called(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """As torch.compile, which is asked at the first call."""
    if function is None:
        return functools.partial(_compiled_when_called, **options)
    compiled: list[Callable[..., Any]] = []

    @functools.wraps(function)
    def run(*arguments: Any, **words: Any) -> Any:
        import torch

        if not compiled:
            compiled.append(torch.compile(function, **options))
        return compiled[0](*arguments, **words)

    return run
