"""Language: a text that is surely in another language than its newspaper's is no article of it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from itemadapter import ItemAdapter

from crawler.items import NEWSPAPERS
from crawler.pipelines import Pipeline

if TYPE_CHECKING:
    from lingua import LanguageDetector

#: Shorter texts are names and numbers to a language detector.
_CHARACTERS_MIN = 200
_CHARACTERS_MAX = 400
_CONFIDENCE_MIN = 0.9
#: Languages besides the newspapers' own that one of them might run a text in.
_NEIGHBOURS = ("AR", "DE", "EN", "ES", "FR", "PT", "RU", "ZH")
#: Frequent words that the languages around do not have.
_OWN_WORDS = {
    "it": frozenset(
        "che della delle degli dello dei nella nelle negli nello nel gli più anche perché è sono dalla dalle dal alla "
        "alle agli allo sulla sul hanno stato stata dopo di".split()
    ),
    "vi": frozenset(
        "của và là không những được người trong các một cho với này đã đến từ có để khi tại ở nhiều về ra trên sau năm "
        "ông bà theo vào làm".split()
    ),
}


class LanguagePipeline(Pipeline):
    """Refuses a text that is surely in another language than its newspaper's."""

    async def process_item(self, item: Any) -> Any:
        """Let through what is in its language, or too short to say."""
        article = ItemAdapter(item)
        text, language = article["content"][:_CHARACTERS_MAX], article["language"]
        if len(text) >= _CHARACTERS_MIN and not is_written_in(text, language):
            code, confidence = detect(text)
            if code != language and confidence >= _CONFIDENCE_MIN:
                raise await self.drop(item, "wrong_language", f"{code} {confidence:.2f}: {article['link']}")
        return item


def is_written_in(text: str, language: str) -> bool:
    """Whether a text has so many words of its own language that no detector need be asked: nearly every article has."""
    frequent, words = _OWN_WORDS.get(language, frozenset()), text.lower().split()
    return sum(word in frequent for word in words) >= max(4, len(words) // 15)


def detect(text: str) -> tuple[str, float]:
    """(ISO 639-1 code, confidence) among the languages that these newspapers might run a text in."""
    best = _detector().compute_language_confidence_values(text)[0]
    return best.language.iso_code_639_1.name.lower(), float(best.value)


@functools.cache
def _detector() -> LanguageDetector:
    from lingua import IsoCode639_1, Language, LanguageDetectorBuilder

    codes = {*_NEIGHBOURS, *(newspaper.language.upper() for newspaper in NEWSPAPERS.values())}
    languages = [Language.from_iso_code_639_1(IsoCode639_1.from_str(code)) for code in sorted(codes)]
    # Long texts need no five-letter models: a tenth of the memory.
    return LanguageDetectorBuilder.from_languages(*languages).with_low_accuracy_mode().build()
