"""What must be left as it is: code, identifiers, addresses, formulas, placeholders, tags, keys, letters, tables."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

from synth.translation.checks import Check
from synth.translation.code_lines import COMMENT
from synth.translation.pair import RowPair, Text, TextPair

MEANINGS = {
    "code_changed": "code is not what it was, or is missing",
    "identifier_changed": "the name of a variable, function, file or option is not what it was",
    "address_changed": "a web or e-mail address, or the name of an account, is not what it was",
    "formula_changed": "a formula is not what it was",
    "placeholder_changed": "a placeholder such as [name] or {name} is missing or another",
    "tag_changed": "an HTML tag is missing or another",
    "key_changed": "a key of JSON is missing or another",
    "choice_changed": "the letters of the answers to choose from are not what they were",
    "table_changed": "a table has other rows or columns",
}
#: Strings with blanks in them, and comments, may be translated within code.
_PHRASE = re.compile(r"\"[^\"\n]*[^\W\d_]{2,} [^\"\n]*\"|'[^'\n]*[^\W\d_]{2,} [^'\n]*'")
_STRING = re.compile(r"\"[^\"]*\"?|'[^']*'?|>[^<>]*<")
_ACCENT = re.compile(r"[à-ỹđ]", re.IGNORECASE)
_TEXT_ATTRIBUTE = re.compile(r"\s(?:alt|title|placeholder|content|lang|value|aria-label)=(?:\"[^\"]*\"|'[^']*')", re.I)
_LATEX_TEXT = re.compile(r"\\(?:text|mbox|textbf|textit)\{[^{}]*\}|\s+")
#: A comma between digits of a formula is a point elsewhere.
_LATEX_COMMA = re.compile(r"(?<=\d)\{?,\}?(?=\d)")
#: "max_size", "rowCount", and of prose "mAh", "kWh", "iPhone"; a hashtag is translated.
_NAME = re.compile(r"(?<![^\W\d])(?:[a-z]+_)+[a-z\d]+\b|(?<![^\W\d])[a-z]+(?:[A-Z][a-z]+)+\b")
#: Parts of such a name that tell it from others.
_PARTS = re.compile(r"[A-Z]?[a-z]{2,}")
#: Letters of a misspelt name beside that part: "classi" is no "className".
_MORE = 3
_NAME_WORD = re.compile(r"[a-z_\d]+")
_ADDRESS_LIKE = re.compile(r"\S*(?:://|www\.|[@#])\S*")
_WORDS_WITHIN = re.compile(r"(?:\[|<+)[^\W\d_].*(?:\]|>+)\Z", re.DOTALL)
#: A name in capitals or with an underscore is for a program; "[your name]" and "<<title>>" are for a reader.
_FOR_PROGRAMS = re.compile(r"[\[<]+[A-Z\d_]+[\]>]+\Z|.*_")


def _row_doubts(row: RowPair) -> Iterator[str]:
    for pair in row.pairs:
        if pair.source.text and pair.target.text and not pair.is_untouched:
            yield from _pair_doubts(pair)


def _pair_doubts(pair: TextPair) -> Iterator[str]:
    for name, differ in _COMPARISONS.items():
        if (pair.source.spans or pair.target.spans) and differ(pair):
            yield name
    if _names_lost(pair) and not _identifiers(pair):
        yield "identifier_changed"


def _code(pair: TextPair) -> bool:
    fences = [Counter(map(_code_tokens, side.protected("fenced_code"))) for side in (pair.source, pair.target)]
    inline = [set(side.protected("inline_code")) for side in (pair.source, pair.target)]
    return fences[0] != fences[1] or inline[0] != inline[1] or _code_lines(pair)


def _code_lines(pair: TextPair) -> bool:
    """A line of code that the other side has nowhere, but for white space and phrases in quotes."""
    sides = (pair.source, pair.target)
    lines = [{_code_tokens(line): line for line in side.protected("code_line")} for side in sides]
    if lines[0].keys() == lines[1].keys():
        return False
    return any(
        tokens not in lines[1 - side] and _is_lost(line, sides[side], sides[1 - side])
        for side in (0, 1)
        for tokens, line in lines[side].items()
    )


def _is_lost(line: str, side: Text, other: Text) -> bool:
    """Whether a line of code is not in the other text; of "return x + 1" in a comment, the verb may be translated."""
    text = _tight(other.text)
    if _tight(line) in text:
        return False
    in_comment = any(line in match.group() for match in COMMENT.finditer(side.text))
    return not (in_comment and _tight(line.partition(" ")[2] or line) in text)


def _tight(text: str) -> str:
    return "".join(text.split())


def _code_tokens(code: str) -> str:
    """Code without white space, comments and phrases."""
    return _tight(_PHRASE.sub('""', COMMENT.sub("", code)))


def _identifiers(pair: TextPair) -> bool:
    return _one_side_lacks(pair, "identifier", _tight)


def _names_lost(pair: TextPair) -> bool:
    """Names with an inner capital or an underscore, in code or prose, that the other side lacks, or has misspelt."""
    sides = [_names(side) for side in (pair.source, pair.target)]
    if not sides[0] and not sides[1]:
        return False
    texts = [side.text.lower() for side in (pair.source, pair.target)]
    return (
        any(name.lower() not in texts[1 - side] for side in (0, 1) for name in sides[side])
        # Said once less is a translator's right; where another word begins or ends as the name does, it is the name.
        or any(
            texts[1].count(name.lower()) < texts[0].count(name.lower()) and _misspelt(name, texts) for name in sides[0]
        )
    )


def _names(side: Text) -> set[str]:
    """Such names, without a plural's s."""
    return {name.removesuffix("s") for name in _NAME.findall(_ADDRESS_LIKE.sub(" ", side.text))}


def _misspelt(name: str, texts: list[str]) -> bool:
    """Whether the target has a word of its own that begins or ends with a part of the name."""
    parts = [part.lower() for part in _PARTS.findall(name)]
    if not parts:
        return False
    words = {word for word in _NAME_WORD.findall(texts[1]) if name.lower() not in word and word not in texts[0]}
    return any(
        len(word) >= len(part) + _MORE and (word.startswith(part) if place == 0 else word.endswith(part))
        for word in words
        for place, part in enumerate((parts[0], parts[-1]))
    )


def _one_side_lacks(pair: TextPair, kind: str, normal: Callable[[str], str] = str) -> bool:
    """Whether a span of one side is nowhere in the other, or is there less often than a change would explain."""
    counts = [Counter(map(normal, side.protected(kind))) for side in (pair.source, pair.target)]
    if counts[0] == counts[1]:
        return False
    texts = [normal(side.text) for side in (pair.source, pair.target)]
    return any(span not in texts[1] for span in counts[0]) or any(span not in texts[0] for span in counts[1])


def _addresses(pair: TextPair) -> bool:
    if _one_side_lacks(pair, "url") or _one_side_lacks(pair, "email"):
        return True
    handles = [Counter(side.protected("handle")) for side in (pair.source, pair.target)]
    # "@user12" of an anonymous set may be "@utente12"; the number stays.
    numbers = [Counter(re.sub(r"\D", "", handle) for handle in side.elements()) for side in handles]
    return handles[0] != handles[1] and (set(numbers[0]) != set(numbers[1]) or "" in numbers[0])


def _formulas(pair: TextPair) -> bool:
    def normal(formula: str) -> str:
        return _LATEX_COMMA.sub(".", _LATEX_TEXT.sub("", formula)).strip("$")

    sides = [{normal(formula) for formula in side.protected("latex")} for side in (pair.source, pair.target)]
    return sides[0] != sides[1]


def _placeholders(pair: TextPair) -> bool:
    """Those for programs must be the same; of those for readers, which a translator translates, there must be any."""
    exact, readable = zip(*(_by_reader(side) for side in (pair.source, pair.target)), strict=True)
    return exact[0] != exact[1] or bool(readable[0]) != bool(readable[1])


def _by_reader(side: Text) -> tuple[set[str], set[str]]:
    spans = {re.sub(r"\s+|_{3,}", "", span) for span in side.protected("placeholder")}
    readable = {span for span in spans if _WORDS_WITHIN.match(span) and not _FOR_PROGRAMS.match(span)}
    return spans - readable, readable


def _tags(pair: TextPair) -> bool:
    def normal(tag: str) -> str:
        return (
            ""
            if tag[:1] == "&" or tag.startswith("<!--")
            else _TEXT_ATTRIBUTE.sub("", re.sub(r"\s+", " ", tag)).lower()
        )

    sides = [Counter(map(normal, side.protected("html"))) for side in (pair.source, pair.target)]
    return any(sides[0][tag] != sides[1][tag] for tag in sides[0] | sides[1] if tag)


def _keys(pair: TextPair) -> bool:
    return _one_side_lacks(pair, "json_key")


def _choices(pair: TextPair) -> bool:
    sides = [[re.sub(r"\W", "", letter) for letter in side.protected("choice")] for side in (pair.source, pair.target)]
    return sides[0] != sides[1]


def _tables(pair: TextPair) -> bool:
    sides = [_columns(side) for side in (pair.source, pair.target)]
    return sides[0] != sides[1]


def _columns(side: Text) -> list[int]:
    """Marks a line of a table."""
    lines = Counter(side.text.count("\n", 0, span.start) for span in side.spans if span.kind == "table")
    return list(lines.values())


_COMPARISONS: dict[str, Callable[[TextPair], bool]] = {
    "code_changed": _code,
    "identifier_changed": _identifiers,
    "address_changed": _addresses,
    "formula_changed": _formulas,
    "placeholder_changed": _placeholders,
    "tag_changed": _tags,
    "key_changed": _keys,
    "choice_changed": _choices,
    "table_changed": _tables,
}


def _doubts_alone(row: RowPair) -> Iterator[str]:
    """Code whose words were translated: accents stand in strings and comments alone."""
    for pair in row.pairs:
        lines = [line for text in pair.target.protected("fenced_code", "code_line") for line in text.splitlines()]
        if any(_ACCENT.search(_STRING.sub("", COMMENT.sub("", line))) for line in lines):
            yield "code_changed"


CHECK = Check(MEANINGS, _row_doubts, _doubts_alone)
