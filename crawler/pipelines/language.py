"""Language: a text that is surely in another language than its newspaper's is no article of it."""

from __future__ import annotations

from typing import Any

from crawler.language import detect, is_written_in, known_codes
from crawler.pipelines import Pipeline

#: Shorter texts are names and numbers to a language detector.
_CHARACTERS_MIN = 200
_CHARACTERS_MAX = 400
_CONFIDENCE_MIN = 0.9


class LanguagePipeline(Pipeline):
    """Refuses a text that is surely in another language than its newspaper's."""

    async def process_item(self, item: Any) -> Any:
        """Let through what is in its language, or too short to say."""
        article = self.article(item)
        text, language = article.content[:_CHARACTERS_MAX], article.language
        if len(text) >= _CHARACTERS_MIN and not is_written_in(text, language):
            # Long enough to do without the large models.
            code, confidence = detect(text, precise=False)
            # A newspaper in another language than those would be taken for its neighbours'.
            if code != language and confidence >= _CONFIDENCE_MIN and language in known_codes():
                raise await self.drop(item, "wrong_language", f"{code} {confidence:.2f}: {article.link}")
        return item
