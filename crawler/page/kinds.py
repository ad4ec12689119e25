"""What a page is when it is no article: the named refusal, and what a page without text shows instead of one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crawler.items import NewsmillError
from crawler.page.elements import Elements

#: figures from which a page without text counts as a gallery rather than as a broken article.
_GALLERY_FIGURES = 3
#: JSON-LD types of what a script plays
_VIDEO_TYPES = frozenset({"VideoObject", "Clip"})
_AUDIO_TYPES = frozenset({"AudioObject", "PodcastEpisode"})


class NotAnArticle(NewsmillError):
    """The page holds no article.

    Attributes:
        reason: the name it is counted under: soft_404, live_blog, gallery, video_without_text, podcast, teaser,
            consent_wall_only, other_edition, sponsored, too_short, empty_body, not_an_article_url, listing_page,
            wrong_language, no_title, no_date, garbage, too_large, unreadable.
        detail: what shows it.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


def types_of(item: dict[str, Any]) -> set[str]:
    """The types of a JSON-LD object."""
    kind = item.get("@type")
    return {kind} if isinstance(kind, str) else {str(part) for part in kind} if isinstance(kind, list) else set()


def medium_of(elements: Elements, linked_data: Iterable[dict[str, Any]]) -> str:
    """What a page without text shows instead: gallery, video_without_text or podcast; "" where none of them."""
    declared = {kind for item in linked_data for kind in types_of(item)}
    if len(elements.select("figure img, .gallery img, .slideshow img")) >= _GALLERY_FIGURES:
        return "gallery"
    # Drawn by a script, a player is in the JSON-LD alone.
    if declared & _VIDEO_TYPES or elements.select(
        "video, .meride-video, [class*=videoplayer], [class*=video-container]"
    ):
        return "video_without_text"
    return "podcast" if declared & _AUDIO_TYPES or elements.select("audio, [class*=podcast]") else ""
