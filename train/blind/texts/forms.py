"""The form that every text of a sheet is given, a person's and a machine's alike, so that form tells nobody's hand.

Gone are marks of a newspaper (datelines, signatures, credits, links, headlines), of a page (HTML, entities) and of a
model (Markdown, "Here is the article:", offers of help, emoji); quotation marks, dashes and white space are of one
kind; paragraphs are set anew; what breaks off in the middle of a sentence ends at the sentence before. What the text
says, and in which words, stays. The patterns of a language stand in `train/blind/languages/`.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise

from train.blind.languages import Tells, agencies, codes, tells

#: Words after which a paragraph ends, at the end of the sentence.
PARAGRAPH_WORDS = 60
#: A line of fewer words that ends no sentence is a headline, a name or a date.
_FRAGMENT_WORDS = 16
#: Words at most of a model's line about its own text.
_ANNOUNCEMENT_WORDS = 30
#: The same of a text's first line.
_HEADLINE_WORDS = 32
#: Columns between which a line is taken for one that a printer broke: agencies send lines of some 60.
_BROKEN_LINE = (38, 90)
#: Every kind of a sign -> the one that a typewriter has; "" for what is never seen.
_SIGNS = {
    '"': "“”„‟«»″＂‹›", "'": "‘’‚‛`´′", "-": "–—―‒‐‑−", "...": "…",
    "": "\xad\u200b\u200c\u200e\u200f\u2060\ufeff\ufffd\u034f",
}  # fmt: skip
_QUOTES = str.maketrans({sign: plain for plain, signs in _SIGNS.items() for sign in signs})
_PICTURES = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d\u20e3]")
_BREAKS = re.compile(r"<br\s*/?>|</(?:p|div|li|h[1-6])>", re.IGNORECASE)
_TAGS = re.compile(r"</?[A-Za-z][^<>\n]{0,300}>|<!--[^\n]{0,1000}?-->")
_LINKS = re.compile(r"!?\[([^\[\]\n]*)\]\((?:[^()\s]|\([^()\s]*\))*\)")
_ADDRESSES = re.compile(
    r"\(?\b(?:https?://|www\.)[^\s()<>]+\)?|\b[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{1,64}|\(@\w+\)|(?<!\w)@\w{2,}"
)
_EMPHASIS = re.compile(r"(\*{1,3}|_{2,3}|~~)(?=\S)(.{1,300}?)(?<=\S)\1")
_UNDERLINED = re.compile(r"(?<!\w)_(?=\S)([^_\n]{1,300}?)(?<=\S)_(?!\w)")
_FENCE = re.compile(r"^[^\S\n]*(?:```|~~~)[\w+-]*[^\S\n]*$", re.MULTILINE)
_RULE = re.compile(r"^\s*(?:[-*_=]\s*){3,}$|^\s*\|?(?:\s*:?-{3,}:?\s*\|)+[\s:|-]*$", re.MULTILINE)
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+.*$", re.MULTILINE)
_BULLET = re.compile(r"^\s*(?:[-*+•‣◦▪●○■□–—►▶✓✔➢]|\(?(?:\d{1,2}|[a-h])[.)])\s+(?=\S)")
_CONTROL = re.compile(r"<\|[^|<>\n]{1,40}\|>|</?s>|\[/?INST\]|<(?:start|end)_of_turn>|</?quote-[0-9a-f]{10}>")
#: A line of a program, in most languages.
_CODE = re.compile(
    r"[{};]\s*$|^\s*[})\]]|^\s*[\w.\[\]]+ [-+*/]?=+ |^\s*</?\w+[^>]*>"
    r"|^\s*(?:#include|//|import \w|from \w+ import|def \w+\(|return\b|print\(|(?:for|if|while) .+:$|else\b|class \w+"
    r"|function\b|const \w|let \w+ =|var \w)"
)
_DATELINES = (
    # (ANSA) - , (Dân trí) -
    re.compile(r"\A\s*\([^()\n]{2,40}\)\s*(?:[-:]\s*)?"),
    # ROMA, 12 GEN - ; TEL AVIV - ; TTO - ; VOV.VN -
    re.compile(
        r"\A\s*[^\W\d_a-zß-öø-ÿ](?:[^\W\d_a-zß-öø-ÿ]|[.'/ -]){1,30}(?:\([^()\n]{2,30}\)\s*)?"
        r"(?:,?\s*\d{1,2}(?:[ ./-]\w{2,10}\.?)?(?:[ ./-]\d{2,4})?(?:,?\s*\d{1,2}[:.]\d\d)?)?"
        r"(?:,?\s*[A-Z][a-z]{2,8}\.? \d{1,2})?(?:\s*\([^()\n]{2,30}\))?\s*[-:]\s+"
    ),
    # 12 gennaio 2024, 18:40 - ; Venerdì 12/01/2024
    re.compile(
        r"\A\s*(?:[^\W\d]{5,9},? )?\d{1,2}[ ./-](?:\d{1,2}|[^\W\d]{3,10}\.?)[ ./-](?:19|20)\d\d"
        r"(?:[, ]+[^\W\d]{0,4} ?\d{1,2}[:.h]\d\d)?\s*[-:|,.]?\s+(?=[\"']?[A-ZÀ-ÝĐ])"
    ),
    # Roma, 12 gennaio 2024 - ; Hà Nội, 5/1 -
    re.compile(r"\A\s*[^\W\d_][\w' ]{1,30},\s*(?:ngày\s*)?\d{1,2}(?:[ ./-]\w{1,10}\.?)?(?:[ ./-]\d{2,4})?\s*[-:]\s*"),
    # Dân trí - , London (Reuters) - , vnexpress.net -
    re.compile(
        r"\A\s*(?:[\w-]+\.(?:vn|com|net|it|org|online)|[A-ZĐ]\w+(?:[ ]\w+){0,2}(?:\s*\([^()\n]{2,30}\))?)\s+-\s+"
        r"(?=[\"']?[A-ZÀ-ÝĐ])"
    ),
)  # fmt: skip


def neutral(text: str, language: str) -> str:
    """The text in the form that all texts of a sheet have: one line a paragraph, a blank line between; "" of nothing.

    Verse and lists of names keep their lines, and programs all that is theirs.

    language: ISO 639-1; "" or another than of `train.blind.languages`: patterns of every language, spellings of none.
    """
    if _is_program(text):
        lines = unicodedata.normalize("NFC", _FENCE.sub("", text)).splitlines()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip("\n")
    plain = _plain(text)
    if _is_verse(lines := [line.strip() for line in plain.split("\n") if line.strip()]):
        return "\n".join(_spaced(_spelt(line, language)) for line in lines)
    flat = _spaced(_spelt(" ".join(_without_marks(plain, language)), language))
    return paragraphs(finished(flat, language), language)


def _is_program(text: str) -> bool:
    lines = [line for line in _FENCE.sub("", text).split("\n") if line.strip()]
    return len(lines) > 1 and sum(bool(_CODE.search(line)) for line in lines) * 2 >= len(lines)


def _is_verse(lines: Sequence[str]) -> bool:
    """Whether most lines end where no sentence does, and the next begins with a capital: no printer broke them."""
    apart = [
        first for first, second in pairwise(lines)
        if not (ends(first) or first.endswith((";", ":"))) and not second[:1].islower() and len(first) < 60
    ]  # fmt: skip
    words = sum(len(line.split()) for line in lines[:-1])
    return len(lines) > 3 and len(apart) * 5 >= (len(lines) - 1) * 3 and sum(map(_count, apart)) * 2 >= words


def _count(text: str) -> int:
    return len(text.split())


def paragraphs(text: str, language: str) -> str:
    """The text's sentences in paragraphs of some PARAGRAPH_WORDS words each; verse and lists keep their lines."""
    if re.search(r"[^\n]\n[^\n]", text):
        return text
    groups: list[list[str]] = []
    words = PARAGRAPH_WORDS
    for sentence in sentences(" ".join(text.split()), language):
        if words >= PARAGRAPH_WORDS:
            groups.append([])
            words = 0
        groups[-1].append(sentence)
        words += len(sentence.split())
    if len(groups) > 1 and words * 2 < PARAGRAPH_WORDS:
        last = groups.pop()
        groups[-1] += last
    return "\n\n".join(" ".join(group) for group in groups)


def finished(text: str, language: str) -> str:
    """The text up to its last whole sentence; as it is where it has none."""
    parts = sentences(text, language)
    return " ".join(parts[:-1]) if len(parts) > 1 and not ends(parts[-1]) else text.strip()


def ends(text: str) -> bool:
    """Whether a text ends as a sentence does."""
    return bool(re.search(r"[.!?…][\"'”’»)\]]*\s*\Z", text))


def sentences(text: str, language: str = "") -> list[str]:
    """The sentences of a text, the last perhaps unfinished; white space at their ends is gone."""
    starts = [0, *sentence_ends(text, language)]
    parts = [text[start:end].strip() for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
    return [part for part in parts if part]


def sentence_ends(text: str, language: str = "") -> list[int]:
    """Offsets at which sentences end: after a full stop that is of no abbreviation, before a new beginning."""
    abbreviations = _abbreviations(language)
    offsets = []
    for match in re.finditer(r"[.!?…]+[\"'”’»)\]]*(?=\s|\Z)", text):
        rest = text[match.end() : match.end() + 40].lstrip()
        if not rest or (
            _begins(rest)
            and not _abbreviated(text[max(0, match.start() - 24) : match.start()], match[0], abbreviations)
        ):
            offsets.append(match.end())
    return offsets


def _begins(rest: str) -> bool:
    first = next((character for character in rest if character not in "\"'“”‘’«»([-–— "), "")
    return not first.islower()


def _abbreviated(before: str, mark: str, abbreviations: frozenset[str]) -> bool:
    if mark != ".":
        return False
    word = before.split()[-1].lstrip("\"'(“«[") if before.strip() else ""
    return word.lower() in abbreviations or (len(word) == 1 and word.isupper()) or bool(re.search(r"\.\w\Z", word))


def _abbreviations(language: str) -> frozenset[str]:
    if language in codes():
        return tells(language).abbreviations
    return frozenset().union(*(tells(code).abbreviations for code in codes()))


def _plain(text: str) -> str:
    """Without HTML, Markdown, control tokens and pictures; line ends, quotation marks and dashes of one kind."""
    text = _squeezed(_thoughtless(text))
    text = _CONTROL.sub("", _squeezed(html.unescape(text)))
    text = _TAGS.sub("", _BREAKS.sub("\n", text))
    text = _LINKS.sub(r"\1", text)
    for pattern in (_FENCE, _RULE, _HEADING):
        text = pattern.sub("\n", text)
    text = _UNDERLINED.sub(r"\1", _EMPHASIS.sub(r"\2", text)).replace("**", "")
    text = "\n".join(re.sub(r"^\s*>+\s?", "", line) for line in text.split("\n"))
    text = _items(text)
    text = _PICTURES.sub("", _ADDRESSES.sub("", text))
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).translate(_QUOTES))


def _thoughtless(text: str) -> str:
    """Without what a model thought before it answered; an answer that was never begun is empty."""
    low = text.lower()
    end = max(low.rfind(mark) + len(mark) if mark in low else 0 for mark in ("</think>", "</thinking>"))
    text, low = text[end:], low[end:]
    begin = low.find("<think")
    return text[:begin] if begin >= 0 else text


def _squeezed(text: str) -> str:
    """One blank, one line end or one blank line where there were more: all that the patterns are made for."""
    text = re.sub("\r\n?|[\u2028\u2029\x85]", "\n", text)
    return re.sub(r" ?\n(?: ?\n)+ ?", "\n\n", re.sub(r"[^\S\n]+", " ", text))


def _items(text: str) -> str:
    """The entries of a list as sentences, or after a colon as its parts: how a list is set is a matter of form."""
    lines = text.split("\n")
    out: list[str] = []
    for number, line in enumerate(lines):
        match = _BULLET.match(line)
        # A dash at the head of one line alone is speech, "1. " a line of a table of results.
        if not match or not _listed(lines, number):
            out.append(line)
            continue
        entry = line[match.end() :].strip()
        last = not _listed(lines, number, after=True)
        out.append(entry if ends(entry) else f"{entry.rstrip(',;:')}{'.' if last or not _after_colon(out) else ';'}")
    return "\n".join(out)


def _listed(lines: Sequence[str], number: int, *, after: bool = False) -> bool:
    """Whether a neighbouring line that is not blank is an entry, too; `after`: the one that follows."""
    ways = (range(number + 1, len(lines)),) if after else (range(number + 1, len(lines)), range(number - 1, -1, -1))
    neighbours = (next((lines[place] for place in way if lines[place].strip()), "") for way in ways)
    return any(_BULLET.match(line) for line in neighbours)


def _after_colon(lines: Sequence[str]) -> bool:
    previous = next((line for line in reversed(lines) if line.strip()), "").rstrip()
    return previous.endswith((":", ";"))


def _without_marks(text: str, language: str) -> list[str]:
    """The lines of the text that are neither a newspaper's nor a model's own, unbroken."""
    tables = [tells(code) for code in sorted(codes(), key=lambda code: (code != language, code))]
    for table in tables:
        text = _uncredited(table.introduction.sub("", text), table)
        text = table.furniture.sub("", table.inline.sub("", text))
    for table in tables:
        text = table.offer.sub("", table.closing.sub("", text.rstrip()).rstrip()).rstrip()
    for table in tables:
        text = table.label.sub("", text)
    text = re.sub(rf"\(\s*(?:{agencies().pattern})[^()\n]{{0,40}}\)", "", text)
    lines = [" ".join(line.split()) for block in _blocks(text) for line in block]
    return _undated([line for line in _sentences_only(lines, tables) if line])


def _uncredited(text: str, table: Tells) -> str:
    """Without the credits of pictures; a caption that ran into the text ends with a full stop."""
    text = table.credit.sub("\0", text)
    return re.sub(r"(?<=[^\s.!?:;,])\0(?=\s*[^\W\d_a-z])", ". ", text).replace("\0", " ")


def _undated(lines: list[str]) -> list[str]:
    """Without the datelines at the beginning: at most three stand in a row."""
    for _ in range(3):
        if not lines:
            break
        first = lines[0].lstrip(" -:")
        for pattern in _DATELINES:
            first = pattern.sub("", first, count=1)
        first = _capital(first)
        if first == lines[0]:
            break
        lines = [first, *lines[1:]] if first else lines[1:]
    return lines


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _blocks(text: str) -> Iterator[list[str]]:
    """Lines between blank lines; those that were broken at some column are one again."""
    for block in re.split(r"\n[^\S\n]*\n", text):
        lines = [line.strip() for line in block.split("\n") if line.strip()]
        yield [" ".join(lines)] if _broken(lines) else _joined(lines)


def _broken(lines: Sequence[str]) -> bool:
    """Whether most lines end at some column and not where a sentence does."""
    low, high = _BROKEN_LINE
    inner = [line for line in lines[:-1] if low <= len(line) <= high and not ends(line)]
    return len(lines) > 1 and max(map(len, lines)) <= high and len(inner) * 2 >= len(lines) - 1


def _joined(lines: Sequence[str]) -> list[str]:
    """A line that goes on in small letters is no line of its own."""
    joined: list[str] = []
    for line in lines:
        if joined and line[:1].islower() and not ends(joined[-1]):
            joined[-1] += f" {line}"
        else:
            joined.append(line)
    return joined


def _sentences_only(lines: list[str], tables: Sequence[Tells]) -> Iterator[str]:
    """Lines without headlines, names, dates and announcements of the text; all of them where nothing would be left."""
    whole = any(ends(line) for line in lines)
    for number, line in enumerate(lines):
        announces = number == 0 and len(lines) > 1 and _announces(line, tables)
        most = _HEADLINE_WORDS if number == 0 else _FRAGMENT_WORDS
        fragment = not ends(line) and not line.endswith((";", ":", ",")) and len(line.split()) < most
        if announces or (whole and fragment):
            continue
        goes_on = ends(line) or line.endswith((";", ":", ",")) or number == len(lines) - 1
        yield line if goes_on else f"{line}."


def _announces(line: str, tables: Sequence[Tells]) -> bool:
    """Whether a first line speaks of the text that follows: "Ecco il riassunto richiesto.", "Articolo completo:"."""
    if len(line.split()) > _ANNOUNCEMENT_WORDS or not any(table.noun.search(line) for table in tables):
        return False
    return line.endswith(":") or any(table.opener.match(line) for table in tables)


def _spelt(text: str, language: str) -> str:
    """Typewriter spellings as they are printed: "perche'" as "perché", "E' " as "È "."""
    table = tells(language) if language in codes() else None
    if table is None or not table.spellings or "'" not in text:
        return text
    spellings = "|".join(sorted(map(re.escape, table.spellings), key=len, reverse=True))

    def printed(match: re.Match[str]) -> str:
        word = table.spellings[match[0].lower()]
        return word.capitalize() if match[0][0].isupper() else word

    return re.sub(rf"(?<![\w'])(?:{spellings})(?!\w)", printed, text, flags=re.IGNORECASE)


def _spaced(text: str) -> str:
    """One kind of quotation mark, and white space where print has it."""
    text = re.sub(r"''+", '"', text)
    text = re.sub(r"(?<![\w'])'(?=[^\W\d_])((?:[^'\"]|(?<=\w)'(?=\w)){1,160}?)'(?![\w'])", r'"\1"', text)
    text = re.sub(r"\s*-{2,}\s*", " - ", text)
    text = re.sub(r"\.{2,}", "...", text)
    text = re.sub(r"\s+([,;:.!?)\]])(?!\w)", r"\1", re.sub(r"([(\[])\s+", r"\1", text))
    text = re.sub(r"\(\s*\)|\[\s*\]", "", text)
    # "la figlia.Il padre": two paragraphs of a page without the space between.
    text = re.sub(r"(?<=[^\W\d_A-Z]{3})([.!?][\"')]*)(?=[A-ZÀ-ÝĐ][^\W\d_A-Z]{2})", r"\1 ", text)
    return " ".join(text.split()).strip(" -;,")
