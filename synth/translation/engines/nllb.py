"""`nllb[:PATH]`: NLLB-200 (Meta), 200 languages; also M2M-100's other descendants with the same language tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crawler.items import NewsmillError
from synth.translation.engines import Engine, EngineSettings
from synth.translation.seq2seq import nllb_code, seq2seq_engine

LICENCE = "the weights of NLLB are under CC-BY-NC 4.0: not for commercial use"
MODEL = "facebook/nllb-200-distilled-600M"


def load(model: str, settings: EngineSettings) -> Engine:
    """
    Raises:
        NewsmillError: a package or the model is not there.
    """
    return seq2seq_engine("nllb", model or MODEL, _LanguageTokens(), LICENCE, settings)


class _LanguageTokens:
    """A token before the source says its language, and the first of the translation that one's: ita_Latn."""

    def check(self, tokenizer: Any, source_language: str, language: str) -> None:
        for code in (nllb_code(source_language), nllb_code(language)):
            if tokenizer.convert_tokens_to_ids(code) in (None, tokenizer.unk_token_id):
                raise NewsmillError(f"this NLLB model does not know the language {code}")

    def inputs(self, tokenizer: Any, texts: Sequence[str], source_language: str, language: str) -> Any:  # noqa: ARG002
        tokenizer.src_lang = nllb_code(source_language)
        return tokenizer(list(texts), return_tensors="pt", padding=True)

    def options(self, tokenizer: Any, language: str) -> dict[str, Any]:
        return {"forced_bos_token_id": tokenizer.convert_tokens_to_ids(nllb_code(language))}
