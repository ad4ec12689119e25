"""Rows to batches of tokens. LitGPT's data modules are `train.data.Chat`, `train.data.Text`, `train.data.Pairs`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from train.data.modules import BATCHING, Chat, Pairs, described
    from train.data.text_module import Text

__all__ = ["BATCHING", "Chat", "Pairs", "Text", "described"]


def __getattr__(name: str) -> Any:
    # LitGPT, and torch with it, is loaded by who uses a data module, not by who reads an export.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from train.data import modules, text_module

    return getattr(text_module if name == "Text" else modules, name)
