"""An article as the text that a language model reads: its title and its paragraphs, without captions or markup.

Pages that were crawled come without both; rows that were imported often have them. What a newspaper prints under many
articles ("Riproduzione riservata") is known by that alone, in any language: a short paragraph of several articles.
"""

from __future__ import annotations

import functools
import hashlib
import html
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from crawler.items import clean_text, paragraphs
from synth.language.tables import languages

#: Articles of one newspaper from which a short paragraph of all of them is no text of theirs; agencies print background
#: ("Il processo è cominciato nel 2021 …") again and again, in longer ones.
REPEATS, SHORT_WORDS = 3, 30
#: Words up to which a paragraph without an end, and one with an end, may be a caption or credit.
_CAPTION_WORDS, _CREDIT_WORDS = 25, 12
#: Elements of HTML whose contents are no text, and names of elements: "a < b" is none.
_HIDDEN = re.compile(r"<!--.*?-->|<(script|style|iframe|noscript|figcaption|svg)\b[^>]*>.*?</\1\s*>", re.S | re.I)
_BLOCK = re.compile(r"</?(?:p|div|br|li|ul|ol|h[1-6]|figure|section|article|blockquote|table|tr|hr)\b[^<>]*>", re.I)
_INLINE = re.compile(
    r"</?(?:a|abbr|b|big|cite|code|del|em|font|i|img|ins|mark|q|s|small|source|span|strike|strong|sub|sup|td|th|tbody|"
    r"thead|tt|u|video|audio|picture|button|input|label|form|iframe|script|style|amp-[\w-]+)(?:\s[^<>]*)?/?>",
    re.I,
)
#: A link or picture in Markdown, and what stands for a video player that was not loaded.
_MARKDOWN = re.compile(r"!\[[^\]\n]*\]\([^)\s]*\)|\[([^\]\n]+)\]\((?:https?:|/)[^)\s]*\)")
_PLAYER = re.compile(r"^Caricamento player\s*")
_ADDRESS = re.compile(r"(?:https?://|www\.|pic\.twitter\.com/)\S+")
_END = re.compile(r"[.!?…][\s»”\"'’)\]]*$")


def plain(text: str) -> str:
    """A text without tags, entities, links of Markdown and signs that nobody sees."""
    text = _HIDDEN.sub("\n\n", text)
    text = _INLINE.sub("", _BLOCK.sub("\n\n", text))
    text = _MARKDOWN.sub(lambda match: match[1] or "", html.unescape(text))
    # What was written as &lt;b&gt; is markup, too, of a page that was escaped twice.
    text = _INLINE.sub("", _BLOCK.sub("\n\n", text)) if "<" in text else text
    text = text.encode("utf-8", "ignore").decode()
    return "".join(sign for sign in text if sign in "\n\t\r" or sign.isprintable() or sign.isspace())


def body_paragraphs(article: Mapping[str, Any]) -> Iterator[str]:
    """The paragraphs of an article's body that are text."""
    language = str(article.get("language") or "")
    for paragraph in paragraphs(plain(str(article.get("content") or ""))).split("\n\n"):
        text = clean_text(_PLAYER.sub("", paragraph))
        if text and not is_caption(text, language):
            yield text


def is_caption(paragraph: str, language: str) -> bool:
    """Whether a paragraph is a caption, a credit, a link to another page, or has no word at all."""
    words = len(paragraph.split())
    rest = _ADDRESS.sub("", paragraph)
    if not any(sign.isalnum() for sign in rest):
        return True
    if words > _CAPTION_WORDS or not _credits(language).search(paragraph):
        return False
    return words <= _CREDIT_WORDS or not _END.search(paragraph)


@functools.cache
def _credits(language: str) -> re.Pattern[str]:
    """What credits and captions hold in a language; of one without a table, in English."""
    tables = languages()
    table = tables[language] if language in tables else tables["en"]
    return re.compile(table.fragments.credits or r"(?!)", re.IGNORECASE)


def paragraph_name(paragraph: str, site: str) -> int:
    """64 bits that name a paragraph of a newspaper."""
    digest = hashlib.blake2b(f"{site}\0{paragraph}".encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def repeated_paragraphs(articles: Iterable[Mapping[str, Any]]) -> frozenset[int]:
    """Names of the short paragraphs that stand in REPEATS articles of a newspaper or more."""
    counts: Counter[int] = Counter()
    for article in articles:
        site = str(article.get("source_site") or "")
        own = {text for text in body_paragraphs(article) if len(text.split()) <= SHORT_WORDS}
        counts.update(paragraph_name(text, site) for text in own)
    return frozenset(name for name, count in counts.items() if count >= REPEATS)


def article_text(article: Mapping[str, Any], repeated: Collection[int] = ()) -> str:
    """Title, blank line, paragraphs with blank lines between; "" where no paragraph is left.

    repeated: names of paragraphs that many articles of the newspaper have.
    """
    site = str(article.get("source_site") or "")
    body = [text for text in body_paragraphs(article) if paragraph_name(text, site) not in repeated]
    title = clean_text(plain(str(article.get("title") or "")))
    return "\n\n".join(part for part in (title, *body) if part) if body else ""
