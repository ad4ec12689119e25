"""`madlad[:PATH]`: MADLAD-400 (Google), 400 languages; a T5 that is told the target by a tag before the text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crawler.items import NewsmillError
from synth.translation.engines import Engine, EngineSettings
from synth.translation.seq2seq import seq2seq_engine

LICENCE = "the weights of MADLAD-400 are under Apache-2.0"
MODEL = "google/madlad400-3b-mt"


def load(model: str, settings: EngineSettings) -> Engine:
    """
    Raises:
        NewsmillError: a package or the model is not there.
    """
    return seq2seq_engine("madlad", model or MODEL, _TargetTag(), LICENCE, settings)


class _TargetTag:
    """<2it> before the text; the source's language is not said."""

    def check(self, tokenizer: Any, source_language: str, language: str) -> None:  # noqa: ARG002
        if tokenizer.convert_tokens_to_ids(f"<2{language}>") in (None, tokenizer.unk_token_id):
            raise NewsmillError(
                f"this MADLAD model does not know the language {language!r}: it has no tag <2{language}>"
            )

    def inputs(self, tokenizer: Any, texts: Sequence[str], source_language: str, language: str) -> Any:  # noqa: ARG002
        return tokenizer([f"<2{language}> {text}" for text in texts], return_tensors="pt", padding=True)

    def options(self, tokenizer: Any, language: str) -> dict[str, Any]:  # noqa: ARG002
        return {}
