"""What makes a sentence of a scraped article no prose: lines joined to it, words glued together, no verb, a credit.

Word lists and patterns stand in the languages' tables. They err on the side of leaving out: an article has more fit
sentences than a summary needs.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from synth.language import international
from synth.language.international import UPPER
from synth.language.table import FragmentTable, optional_pattern
from synth.language.tables import is_syllabic, languages

QUOTED = re.compile(r"«[^»]*»|“[^”]*”|\"[^\"]*\"|‘[^’]*’(?!\w)|''.*?''")
_TOKEN = re.compile(r"\w+")
#: The same name again with nothing between that could part two names: a caption, and the sentence after it.
_AGAIN = re.compile(rf"\b([{UPPER}]\w+ [{UPPER}]\w+)\b[^,.;:()«»“”\"'’–-]{{0,40}}\b\1\b")
#: A word with a capital within a sentence, and the word after it.
_INNER_CAPITAL = re.compile(rf"(?<=[\wÀ-ỹ,;%)»”\"] )([{UPPER}][^\W\d_]*)(?= (\w+))")
#: A word with a capital behind two that are all capitals.
_AFTER_CAPITALS = re.compile(rf"\b[{UPPER}]{{2,}} [{UPPER}]{{3,}} ([{UPPER}][^\W\d_{UPPER}]*)\b")
#: A full stop without a space after it, and a closed quotation that a sentence follows.
_JOINED = re.compile(
    rf"\b[{UPPER}]{{2}}[a-zà-ÿ]{{6,}}|[a-zà-ỹ)»”][.!?][{UPPER}] ?[a-zà-ỹ]|[^\s.!?…,][»”] [{UPPER}][a-zà-ỹ]+ [a-zà-ỹ]"
)
#: Share of words with a capital from which a sentence is a list of names.
_MOST_CAPITALS = 0.5
#: "annuncioIl", "RomaLa", "casa;poi", "euro)per", "detto«": two words whose space a page lost.
_GLUED = re.compile(
    rf"\b[^\W\d_A-Z{UPPER}]{{2,}}[{UPPER}][^\W\d_{UPPER}]|[^\W\d_][;:!?)\]»”][^\W\d_]|[a-zà-ÿ]{{3,}}\.[{UPPER}]\b|"
    rf"[^\W\d_][«“(\[](?!\w{{1,3}}[)\]])\w"
)
#: "(Ảnh: AFP) " before a sentence.
_LEADING_CREDIT = re.compile(
    r"\((?:Ảnh|Nguồn|Hình|Clip|Foto|Fotos|Photo|Crédit|Bild|Imagen|Video|Vídeo|Theo|Source|Fonte|"
    r"Fuente)\b[^()]{0,40}\)\s+"
)
_LINK = re.compile(
    r"https?:|www\.|\.(?:it|com|vn|net)\b|pic\.twitter|per approfondire|leggi|xem thêm|đọc thêm|read (?:more|also)|"
    r"lire aussi|"
    r"lea también|leia (?:mais|também)|lesen sie|mehr dazu|>>",
    re.IGNORECASE,
)
#: Words of the longest heading that is cut off, and of the shortest sentence that is left.
_HEADING, _AFTER_HEADING = 22, 8
#: Letters of a word that can be two: shorter ones are too many to tell.
_GLUED_LETTERS, _WORD_LETTERS = 6, 4
#: Times that a text and its copy have a word that is no word.
_RARE = 2
#: Who speaks in an interview, a number of a list, a headline's "Milano: …" and a line drawn before.
_LABEL = re.compile(
    rf"(?:[{UPPER}][\w.’'-]*(?: [{UPPER}\d][\w.’'-]*){{0,3}}|\d+[.)/]?) ?:\s|\d{{1,2}}[.)] |[–—•*►▶■●>-]|"
    rf"[^\W\d_]{{1,2}}[.)] "
)


@dataclass(frozen=True)
class Context:
    """What an article says about its words: which pairs it has, the first with a small letter, and how often each."""

    pairs: frozenset[tuple[str, str]]
    counts: Counter[str]
    #: neighbouring words of which the second has a capital, that come more than once.
    names: frozenset[tuple[str, str]] = frozenset()


def context_of(content: str, reports: Iterable[str] = ()) -> Context:
    """Of an article; `reports` on the same event know its words, too."""
    tokens = [_TOKEN.findall(text) for text in (content, *reports)]
    counts = Counter(word.casefold() for row in tokens for word in row)
    names = Counter(pair for row in tokens for pair in itertools.pairwise(row) if pair[1][0].isupper())
    return Context(small_pairs(content), counts, frozenset(pair for pair, count in names.items() if count > 1))


def small_pairs(content: str) -> frozenset[tuple[str, str]]:
    """Neighbouring words of a text of which the first has a small letter."""
    tokens = _TOKEN.findall(content)
    return frozenset(pair for pair in itertools.pairwise(tokens) if pair[0][0].islower())


class _Rules:
    """The patterns of a language; one without a table has none of its own."""

    def __init__(self, language: str) -> None:
        table = languages().get(language)
        fragments, own = (table.fragments, table.sentence_filter) if table else (FragmentTable(), None)
        self.credits = optional_pattern(
            "|".join([international.CREDITS, (own.credits if own else "") or fragments.credits or "(?!)"])
        )
        self.elsewhere = optional_pattern((own.elsewhere if own else "") or fragments.elsewhere)
        openers = fragments.line_openers | (table.names.common if table else frozenset())
        self.openers = openers - (own.within_names if own else frozenset())
        small = table.frequent | table.names.common if table else frozenset[str]()
        self.small_words = frozenset(word for word in small if len(word) > 1)
        self.syllabic = is_syllabic(language)
        verb = (own.verb if own else "") or fragments.predicate
        self.verb = re.compile(verb, re.IGNORECASE) if verb else None
        self.drops_subjects = own is not None and own.drops_subjects
        self.relative = optional_pattern(own.relative_clause if own else "")


@functools.lru_cache(maxsize=64)
def _rules(language: str) -> _Rules:
    return _Rules(language)


def without_heading(sentence: str, context: Context, language: str) -> str:
    """The sentence from where it begins, if a heading, a caption or a credit is joined to it in front."""
    rules, start = _rules(language), 0
    if match := _LEADING_CREDIT.match(sentence):
        start = match.end()
    masked = QUOTED.sub(lambda match: "x" * len(match[0]), sentence)
    for match in _INNER_CAPITAL.finditer(masked):
        beginning = masked[start : match.start()]
        if len(beginning.split()) > _HEADING:
            break
        if _is_opener(match, rules.openers) and _may_end(beginning, match[1], context, rules.openers):
            start = match.start()
    heading, rest = sentence[:start], sentence[start:].lstrip()
    # Behind a link stands another link, or what belongs to it.
    return sentence if len(rest.split()) < _AFTER_HEADING or _LINK.search(heading) else rest


def _may_end(heading: str, word: str, context: Context, openers: frozenset[str]) -> bool:
    """Whether a heading can end before a word: not behind a comma or a small word, nor where both make a name."""
    last = _TOKEN.findall(heading)[-1:]
    if not last or heading.rstrip().endswith((",", ";", "(", "-")):
        return False
    return last[0] not in openers and (last[0], word) not in context.names


def _is_opener(match: re.Match[str], openers: frozenset[str]) -> bool:
    """Whether a word with a capital in mid-sentence is a small word before one with a small letter."""
    word = match[1]
    # "E" and "S" are initials, "È" and "Ở" words.
    return (len(word) > 1 or not word.isascii()) and word.casefold() in openers and not match[2][0].isupper()


def defect(sentence: str, context: Context, language: str) -> str:
    """Why a sentence is no prose of a reporter: credit, label, points_elsewhere, joined_line, glued_words, verbless."""
    rules = _rules(language)
    plain = QUOTED.sub("“”", sentence)
    if rules.credits.search(sentence):
        return "credit"
    if _LABEL.match(sentence):
        return "label"
    if rules.elsewhere.search(plain):
        return "points_elsewhere"
    # Names of offices have a capital in a language of syllables, though the same words are written small elsewhere.
    pairs = small_pairs(plain) if rules.syllabic else context.pairs
    if has_joined_line(sentence, rules.openers, pairs) or _follows_capitals(plain, rules.openers):
        return "joined_line"
    if is_list_of_names(sentence) or (not rules.syllabic and repeats_a_name(sentence)):
        return "joined_line"
    if has_glued_words(sentence, context.counts, rules.small_words):
        return "glued_words"
    return "" if has_verb(sentence, language) else "verbless"


def has_joined_line(text: str, openers: frozenset[str], pairs: frozenset[tuple[str, str]]) -> bool:
    """Whether a heading, caption or headline was joined to the sentence.

    Two sentences lack what parts them; or within it stands a word with a capital that has none by rights, being a small
    word (`openers`), or written small before the same word elsewhere in the article (`pairs`).
    """
    return lacks_space(text) or any(
        (len(match[1]) > 1 and (match[1].lower(), match[2]) in pairs) or _is_opener(match, openers)
        for match in _INNER_CAPITAL.finditer(QUOTED.sub("“”", text))
    )  # fmt: skip


def lacks_space(text: str) -> bool:
    """Whether a sentence begins right behind another's end, or behind a closed quotation."""
    return _JOINED.search(text) is not None


def _follows_capitals(text: str, openers: frozenset[str]) -> bool:
    """Whether a sentence begins behind a word in capitals: "finisce 3-1 LA CRONACA La Roma cade"."""
    return any(match[1].casefold() in openers for match in _AFTER_CAPITALS.finditer(text))


def repeats_a_name(text: str) -> bool:
    """Whether a name comes again with nothing between that could part two: a caption, and the sentence after it."""
    return _AGAIN.search(text) is not None


def is_list_of_names(text: str) -> bool:
    """Whether most words have a capital: the names in a picture, a table, a headline."""
    tokens = text.split()
    return sum(token[0].isupper() for token in tokens) > _MOST_CAPITALS * len(tokens)


def has_glued_words(text: str, counts: Counter[str], small_words: frozenset[str]) -> bool:
    """Whether a space was lost: "accordotra", where the texts have "accordo" and the language "tra"."""
    if _GLUED.search(text):
        return True
    tokens = [token for token in _TOKEN.findall(text) if len(token) >= _GLUED_LETTERS and token.isalpha()]
    return any(
        counts[token.casefold()] <= _RARE and _is_two_words(token.casefold(), counts, small_words) for token in tokens
    )


def _is_two_words(token: str, counts: Counter[str], small_words: frozenset[str]) -> bool:
    """Whether the texts have both parts, of which one is a small word, or both are longer ones."""
    for cut in range(1, len(token)):
        first, second = token[:cut], token[cut:]
        if min(counts[first], counts[second]) < counts[token]:
            continue
        if min(len(first), len(second)) >= _WORD_LETTERS:
            return True
        small, word = sorted((first, second), key=len)
        if (small in small_words or len(small) == 1) and len(word) >= _WORD_LETTERS and counts[word] > 1:
            return True
    return False


def begins_with_verb(text: str, language: str) -> bool:
    """Whether the first word is a finite verb: who does it stands before, in a language that leaves pronouns out."""
    rules = _rules(language)
    match = rules.verb.match(text) if rules.verb and rules.drops_subjects else None
    return match is not None and " " not in match[0]


def has_verb(text: str, language: str) -> bool:
    """Whether a main clause has a finite verb, as far as small words and endings tell; True where they tell nothing."""
    rules = _rules(language)
    if rules.verb is None or rules.verb.search(rules.relative.sub(" ", text)):
        return True
    # "L'uomo che ha ucciso la moglie è stato arrestato": the second verb is the main clause's.
    return any(len(rules.verb.findall(match[0])) > 1 for match in rules.relative.finditer(text))
