"""What a translation must leave as it is: code, identifiers, addresses, formulas, placeholders, tags, letters, pipes.

The engines mask these spans and the checks compare them, so both know the same ones.
"""

from __future__ import annotations

import bisect
import functools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from synth.translation.code_lines import code_line_spans


class Span(NamedTuple):
    """A part of a text that is not translated.

    Attributes:
        start: of its first character.
        end: after its last.
        kind: one of `KINDS`.
    """

    start: int
    end: int
    kind: str


#: What is protected; `fenced_code` holds its fences, `code_line` is a line of code without a fence, `table` one pipe or
#: the rule under a table's head, `placeholder` all of "[name]", "{name}", "<NAME>", "%s", "${name}" and "____".
KINDS = (
    "fenced_code", "code_line", "inline_code", "latex", "html", "url", "email", "handle", "placeholder", "json_key",
    "identifier", "choice", "table",
)  # fmt: skip

_FENCE = re.compile(
    r"^[ \t]*(?P<span>(?P<fence>`{3,}|~{3,})[^\n`]*\n.*?(?:^[ \t]*(?P=fence)[`~]*[ \t]*$|\Z))", re.M | re.S
)
_INLINE_CODE = re.compile(r"(?<!`)(`{1,3})(?!`)[^`]{1,2000}(?<!`)\1(?!`)")
#: Between single dollars there must be a formula, or one letter: "$5 and 6$" are prices.
_LATEX = re.compile(
    r"\$\$.{1,2000}?\$\$|\\\[.{1,2000}?\\\]|\\\(.{1,2000}?\\\)|\\begin\{(\w+\*?)\}.{1,4000}?\\end\{\1\}"
    r"|(?<![\w$\\])\$(?![\s$])(?:[^$\n]{0,200}?[\\^_{}=+<>*][^$\n]{0,200}?|[A-Za-z]\d?)(?<![\s\\])\$(?![\d$])"
    r"|\\[a-zA-Z]{2,}\*?(?:\{[^{}\n]{0,80}\}){0,3}",
    re.DOTALL,
)
_TAG_NAMES = frozenset(
    "a abbr address article aside audio b blockquote body br button canvas caption center cite code col colgroup "
    "dd del details dfn div dl dt em embed fieldset figcaption figure font footer form h1 h2 h3 h4 h5 h6 head "
    "header hr html i iframe img input ins kbd label legend li link main map mark meta nav noscript object ol "
    "optgroup option p param path picture pre q rect s samp script section select small source span strike strong "
    "style sub summary sup svg table tbody td template textarea tfoot th thead time title tr track tt u ul var "
    "video wbr".split()
)
_TAG = re.compile(
    r"<!--.{0,2000}?-->|<!doctype[^<>]{0,200}>|(?<!<)</?(?P<name>[a-z][\w:-]*)(?:\s[^<>]{0,1000})?/?>|&(?:[a-z]{2,8}|#x?[\da-f]+);",
    re.DOTALL | re.IGNORECASE,
)
_URL = re.compile(
    r"(?:https?|ftp)://[^\s<>\"'`«»“”]+|\bwww\.[^\s<>\"'`«»“”]+"
    r"|(?<![\w@./-])(?:[a-z\d][a-z\d-]{0,62}\.){1,4}(?:com|org|net|edu|gov|io|info|vn|it|fr|es|de|eu|co\.uk)(?![\w.-]*\w)"
    r"(?:/[^\s<>\"'`«»“”]*)?"
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_HANDLE = re.compile(r"(?<![\w@.])@\w{2,40}")
_PLACEHOLDER = re.compile(
    r"\{\{[^{}\n]{1,80}\}\}|\{%[^{}\n]{1,80}%\}|\$\{[\w.]{1,40}\}|(?<!\w)\{[A-Za-z_][\w.\- ]{0,40}\}|(?<!\w)\{\d{0,2}\}"
    r"|<\|[\w ]{1,40}\|>|<<[^<>\n]{1,40}>>|<[^\W\d_][\w\- ]{0,40}>|%\(\w{1,40}\)[sdfr]|(?<!\w)_{3,}(?!\w)"
    r"|(?<![\w%])%(?:\.\d)?[sdf]\b"
    r"|(?<![\w\])])\[(?!\s)(?P<words>[^\[\]\n]{1,60})(?<!\s)\](?![(\[])|\[/?[A-Z]{2,12}\]"
)
#: "[Editor's note: he left.]" is a sentence, "[1, 2]" a list, "[12]" a note.
_WORDS_OF_A_PLACEHOLDER = re.compile(r"[^\W\d][^.!?;:=\"“”]*\Z")
_PLACEHOLDER_WORDS = 5
_JSON_KEY = re.compile(
    r"(?:(?<=[{,])\s{0,40}|^[ \t]*)(?P<span>\"[^\"\n\\]{1,60}\")(?=\s?:\s)|(?<=[{,])(?P<tight>\"[\w.$-]{1,60}\")(?=:)",
    re.M,
)
_IDENTIFIER = re.compile(
    # dotted.names(), snake_case and camelCase, with what is called
    r"(?<![\w@/.\\-])(?P<name>(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*)(?P<call>\([^()\n]{0,120}\))?"
)
#: A word of a sentence before a name, an article or another; a remark in brackets; "the len(a) function" is one.
_PROSE_BEFORE = re.compile(r"(?:\b(?P<article>[Tt]he|[Aa]n?)|\b[^\W\d_A-Z]{3,}) \Z")
_NOUN_BEFORE = 24
_REMARK = re.compile(r"\([A-Z][a-z]+\)\Z")
_FUNCTION_AFTER = re.compile(r"\s(?:function|method|call|operator|command)")
_PATH = re.compile(
    r"(?<![\w/.:<~])(?:~|\.{1,2})?(?:/[\w.@+-]+){2,}/?|(?<![\w/])(?:~|\.{1,2})/[\w.@+-]+"
    r"|(?<![\w/.])[\w.-]+(?:/[\w.-]+)*/[\w-]+\.[a-z]\w{0,4}\b"
)
_WINDOWS_PATH = re.compile(r"\b[A-Za-z]:\\[^\s\"'<>|]+")
_FLAG = re.compile(r"(?<=[\s(\[\"'`])--[a-z][\w-]+(?:=[^\s,;]{1,60})?|(?<=[\w)\"'] )-[A-Za-z](?=[\s,.)]|$)")
_FILE_EXTENSIONS = frozenset(
    "py js ts jsx tsx json jsonl csv tsv txt md html htm css xml yaml yml toml ini cfg conf sh bat ps1 c h cc cpp "
    "hpp cs java kt go rs rb php sql ipynb pdf doc docx xls xlsx ppt pptx png jpg jpeg gif svg mp3 mp4 wav zip "
    "tar gz exe dll so log env lock".split()
)
_MODULES = frozenset(
    "np pd os sys math self this console document window torch tf plt sns json re random sklearn numpy pandas "
    "matplotlib tensorflow keras datetime collections itertools functools requests System Math String Array "
    "Object JSON std".split()
)
_FUNCTIONS = frozenset(
    "print len range sum max min int str float list dict set input open type map filter sorted abs round log main "
    "sin cos tan exp sqrt pow printf scanf echo sort push pop append join split reverse replace alert sum avg "
    "count".split()
)
_CAMEL = re.compile(r"[a-z]{2,}\d*(?:[A-Z][a-z\d]+)+[A-Z]?\Z")
_SNAKE = re.compile(r"_*[A-Za-z]\w*?[A-Za-z\d]?_+[A-Za-z\d]\w*\Z|__[a-z]\w*__\Z")
#: "name(s)", "friend(ship)" are words; what is called has a mark, a digit, a letter of its own, or nothing in it.
_ARGUMENTS = re.compile(r"\(\s*(?:|.*[\d_,=\"\[\]{}+*/<>|&.].*|[a-z]|'[^']*')\s*\)\Z")
_CHOICE = re.compile(r"(?<![\w(])\(?(?P<letter>[A-Ha-h])\)(?=\s)|^[ \t]*(?P<line>[A-H])[.:](?=\s)", re.MULTILINE)
_TABLE_LINE = re.compile(r"^[ \t]*\|.*\|[ \t]*$|^[^|\n]+\|[^|\n]+\|.*$|^[ \t:|-]*-\|-[ \t:|-]*$", re.MULTILINE)
_TABLE_MARK = re.compile(r"\|(?:[ \t]*:?-{2,}:?[ \t]*\|)+|\|")


def protected_spans(text: str) -> list[Span]:
    """Spans in order of place, none overlapping another; everything outside of them is for the translator.

    A fence around prose protects its two lines of backticks only. Cost is linear in the text's length.
    """
    return list(_spans(text))


def prose(text: str) -> str:
    """The text with a space for each protected span: what a reader would call its language."""
    return without(text, protected_spans(text))


def without(text: str, spans: Iterable[Span], mark: str = " ") -> str:
    """The text with `mark` for each of its spans."""
    parts, position = [], 0
    for span in spans:
        parts += [text[position : span.start], mark]
        position = span.end
    return "".join([*parts, text[position:]])


class _Spans:
    """Spans by place; a later one that overlaps is not added."""

    def __init__(self) -> None:
        self.spans: list[Span] = []

    def add(self, span: Span) -> None:
        at = bisect.bisect(self.spans, span)
        after = at < len(self.spans) and self.spans[at].start < span.end
        if span.start < span.end and not after and not (at and self.spans[at - 1].end > span.start):
            self.spans.insert(at, span)


@functools.lru_cache(maxsize=256)
def _spans(text: str) -> tuple[Span, ...]:
    occupied = _Spans()
    for triggers, source in _SOURCES:
        if not triggers or any(trigger in text for trigger in triggers):
            for span in source(text):
                occupied.add(span)
    return tuple(occupied.spans)


def _matches(pattern: re.Pattern[str], kind: str) -> Callable[[str], Iterator[Span]]:
    def find(text: str) -> Iterator[Span]:
        for match in pattern.finditer(text):
            yield Span(match.start(), match.end(), kind)

    return find


def _fences(text: str) -> Iterator[Span]:
    from synth.translation.code_lines import is_code

    for match in _FENCE.finditer(text):
        start, end = match.span("span")
        head = text.find("\n", start) + 1
        foot = text.rfind("\n", head - 1, end) + 1
        if is_code(text[head:foot], text[start:head].strip("`~ \n")):
            yield Span(start, end, "fenced_code")
        else:
            yield Span(start, head - 1, "fenced_code")
            if foot > head:
                yield Span(foot, end, "fenced_code")


def _code_lines(text: str) -> Iterator[Span]:
    for start, end in code_line_spans(text):
        yield Span(start, end, "code_line")


def _tags(text: str) -> Iterator[Span]:
    for match in _TAG.finditer(text):
        if match["name"] is None or match["name"].lower() in _TAG_NAMES:
            yield Span(match.start(), match.end(), "html")


def _urls(text: str) -> Iterator[Span]:
    for match in _URL.finditer(text):
        address = match.group().rstrip(".,;:!?*_")
        while address.endswith((")", "]", "}")) and address.count(address[-1]) > address.count(
            "([{"[")]}".index(address[-1])]
        ):
            address = address[:-1].rstrip(".,;:!?*_")
        yield Span(match.start(), match.start() + len(address), "url")


def _placeholders(text: str) -> Iterator[Span]:
    for match in _PLACEHOLDER.finditer(text):
        words = match["words"]
        if words is None or (_WORDS_OF_A_PLACEHOLDER.match(words) and len(words.split()) <= _PLACEHOLDER_WORDS):
            yield Span(match.start(), match.end(), "placeholder")


def _json_keys(text: str) -> Iterator[Span]:
    for match in _JSON_KEY.finditer(text):
        yield Span(*match.span("span" if match["span"] else "tight"), "json_key")


def _identifiers(text: str) -> Iterator[Span]:
    for match in _IDENTIFIER.finditer(text):
        name, call = match["name"], match["call"]
        if not ("_" in name or "." in name or call or not (name.islower() or name.istitle())):
            continue
        marked = _is_identifier(name)
        if call and (marked or (_is_call(name, call) and not _is_noun(text, match))):
            yield Span(match.start(), match.end(), "identifier")
        # Where something else in the arguments is protected, the name alone is.
        if marked:
            yield Span(*match.span("name"), "identifier")


def _is_identifier(name: str) -> bool:
    parts = name.split(".")
    if any(_SNAKE.match(part) or _CAMEL.match(part) for part in parts):
        return True
    return len(parts) > 1 and (parts[-1] in _FILE_EXTENSIONS or parts[0] in _MODULES) and len(parts[0]) > 1


def _is_call(name: str, call: str) -> bool:
    if name in _FUNCTIONS or "." in name:
        return True
    return bool(_ARGUMENTS.match(call)) and (
        len(name) == 1 or call == "()" or any(mark in call for mark in '"[]=_') or call.count("'") > 1
    )


def _is_noun(text: str, call: re.Match[str]) -> bool:
    """Whether what looks like a call is a noun of a sentence: "in the range(1, n)", "the nearest int(Floor)"."""
    before = _PROSE_BEFORE.search(text, max(0, call.start() - _NOUN_BEFORE), call.start())
    if before is None or "." in call["name"] or call["call"] == "()":
        return False
    if _REMARK.match(call["call"]):
        return True
    return before["article"] is not None and not _FUNCTION_AFTER.match(text, call.end())


def _choices(text: str) -> Iterator[Span]:
    """Letters of answers to choose from: at least two of them, the first of the alphabet among them."""
    matches = list(_CHOICE.finditer(text))
    letters = {match["letter"] or match["line"] for match in matches}
    for first, second in ("AB", "ab"):
        if first in letters and second in letters:
            for match in matches:
                if (match["letter"] or match["line"]).isupper() == first.isupper():
                    start = match.start() + len(match.group()) - len(match.group().lstrip())
                    yield Span(start, match.end(), "choice")


def _table_marks(text: str) -> Iterator[Span]:
    for line in _TABLE_LINE.finditer(text):
        for mark in _TABLE_MARK.finditer(text, line.start(), line.end()):
            yield Span(mark.start(), mark.end(), "table")


#: In order of precedence: (any of these must be in the text, what yields the spans).
_SOURCES: tuple[tuple[tuple[str, ...], Callable[[str], Iterator[Span]]], ...] = (
    (("```", "~~~"), _fences),
    ((), _code_lines),
    (("`",), _matches(_INLINE_CODE, "inline_code")),
    (("\\",), _matches(_WINDOWS_PATH, "identifier")),
    (("\\", "$"), _matches(_LATEX, "latex")),
    (("<", "&"), _tags),
    (("://", "www.", "."), _urls),
    (("@",), _matches(_EMAIL, "email")),
    (("@",), _matches(_HANDLE, "handle")),
    (("[", "{", "<", "%"), _placeholders),
    (('"',), _json_keys),
    (("/",), _matches(_PATH, "identifier")),
    (("-",), _matches(_FLAG, "identifier")),
    ((), _identifiers),
    ((")", ".", ":"), _choices),
    (("|",), _table_marks),
)
