"""News prose into sentences and words.

Own rules because the libraries at hand fail on our two languages: pysbd 0.3.4 (no release since 2021, no Vietnamese)
and sentencex 1.0.32 cut "L'on. | Verdi", "G. | Meloni", "n. | 104", "TP. | Hồ Chí Minh" and "PGS. | TS.".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_BLANK_LINE = re.compile(r"\n\s*\n")
_OPENERS = "\"'“‘«‹([{–—-•"
_CLOSERS = "\"'”’»›)]}"
#: A run of terminators, then what closes around it. CJK terminators need no space after them.
#: The lookbehinds keep the cost of "......" linear: a run is tried from its beginning only.
_STOP = re.compile(
    rf"(?:(?<![.!?…])[.!?…]++[{re.escape(_CLOSERS)}]*+(?=\s))|(?:(?<![。！？])[。！？]++[{re.escape(_CLOSERS)}]*+)"
)
#: "…fine.Inizio": a full stop glued to the next sentence, as scraped paragraphs have it.
_GLUED = re.compile(r"[.!?][”»\"]?(?=[“«]?[^\W\d_])")
#: What separates an abbreviation from an elided article or an opening mark: "l'on.", "(prof.".
_ELISION = re.compile(rf"[{re.escape(_OPENERS)}’]")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]\Z")
_WORD = re.compile(r"[^\W_]+(?:(?<=\d)[.,](?=\d)[^\W_]+)*")

#: Abbreviations that a name follows: a capital after them starts nothing.
_BEFORE_NAMES = {
    "": "dr mr mrs ms st prof gen lt sgt capt rev hon gov sen rep col",
    "it": (
        "dott dott.ssa prof.ssa sig sig.ra sigg sig.na avv ing geom arch rag on on.le cav mons card egr gent "
        "spett pres vicepres ss magg cap ten serg mar.llo maresc amm c.d cd es p.es vd v cfr d.l d.lgs d.p.r dlgs "
        "p.zza v.le c.so loc fraz prov l"
    ),
    "vi": (
        "tp t.p tx tt gs pgs ts ths th.s bs bsck cn ks kts ls nsnd nsưt nsut ns đ/c đc ô q p h x ts.bs pgs.ts "
        "gs.ts gs.tskh tskh pgs.tskh ts.ls ths.bs tg đt sđt vd"
    ),
    "en": "cpl supt messrs mt ft e.g i.e",
    "es": "sra srta dra ud uds d dña lic arq gral cnel av avda p.ej cía sta sto sr",
    "fr": "m mm mme mlle me pr ste env av bd boul ex chap",
    "de": "hr fr frl str z.b d.h u.a bzw bzgl evtl ggf inkl vgl zzgl sog",
}  # fmt: skip
#: Abbreviations that a number follows; before anything else they are words ("he said no.").
_BEFORE_NUMBERS = frozenset(
    (
        "n nn no nr num nos núm nº art artt arts p pp pag pág pagg pgg págs vol fig cap c ca cca circa par reg cit op "
        "tel all lett sez tab tav tr abs bd approx dpr l d.l d.lgs d.p.r "
        "jan feb mar apr aug sept oct nov dec gen giu lug ago ott dic"
    ).split()
)
#: Abbreviations that may also end a sentence: they do where a word follows that opens sentences.
_EITHER = frozenset("ecc etc v.v vv p.m a.m s.p.a spa s.r.l inc ltd co corp jr sr min max sec mil mld mln usw".split())
_SENTENCE_WORDS = {
    "it": (
        "il lo la i gli le l un uno una un' in nel nella nei nelle nello da dal dalla di del della per con su sul "
        "sulla a al alla ai e ed ma o se non si è sono ha hanno era erano questo questa quello quella anche poi "
        "dopo secondo intanto inoltre tra fra come quando chi che sarà stato resta così oggi ieri"
    ),
    "vi": (
        "ông bà anh chị cô các những một trong theo tại từ ngày năm khi sau trước tuy nhưng và do để với đây đó "
        "cơ người nhiều hiện hôm vì nếu cũng không chúng tôi đến về lực cảnh công"
    ),
    "en": (
        "the a an in on at he she it they we i this that these those but and or for from with as after when if "
        "there his"
    ),
    "es": (
        "el la los las un una en de del al y o pero no se su sus es son este esta con por para como cuando según "
        "tras"
    ),
    "fr": (
        "le la les l un une en de du des au aux et ou mais ne il elle ils elles ce cette ces on dans pour par "
        "avec selon"
    ),
    "de": "der die das ein eine in im am auf und oder aber er sie es wir dies diese mit für von nach als wenn bei zu",
}  # fmt: skip
_NAME_SETS = {code: frozenset(f"{_BEFORE_NAMES['']} {text}".split()) for code, text in _BEFORE_NAMES.items()}
_SENTENCE_WORD_SETS = {code: frozenset(text.split()) for code, text in _SENTENCE_WORDS.items()}
#: Characters looked at on either side of a mark: no abbreviation or first word is longer.
_NEAR = 60


def words(text: str) -> list[str]:
    """The words as written, NFC: letters with their accents, numbers whole ("1.200", "3,5"), no punctuation."""
    return _WORD.findall(unicodedata.normalize("NFC", text))


def sentences(text: str, language: str = "") -> list[str]:
    """The sentences in order, white space folded; joined, they hold every character of `text` that is no space.

    A blank line ends a sentence whatever comes before it. Abbreviations, initials, decimals and ellipses do not, and
    neither does a mark that a lower-case letter follows («Vattene!» ha detto).

    Args:
        language: ISO 639-1 code; only the lists of abbreviations hang on it.
    """
    found: list[str] = []
    for paragraph in _BLANK_LINE.split(text):
        found.extend(_in_paragraph(" ".join(paragraph.split()), language))
    return found


def _in_paragraph(paragraph: str, language: str) -> Iterator[str]:
    start = 0
    for end in sorted(set(_ends(paragraph, language))):
        part = paragraph[start:end].strip()
        # A number or a bullet alone is the beginning of what follows it.
        if part and any(character.isalpha() for character in part):
            yield part
            start = end
    rest = paragraph[start:].strip()
    if rest:
        yield rest


def _ends(paragraph: str, language: str) -> Iterator[int]:
    for stop in _STOP.finditer(paragraph):
        if stop.group()[0] in "。！？" or _is_end(paragraph, stop, language):
            yield stop.end()
    for glued in _GLUED.finditer(paragraph):
        if _is_glued(paragraph, glued, language):
            yield glued.end()


def _is_glued(paragraph: str, glued: re.Match[str], language: str) -> bool:
    start, end = glued.span()
    before = paragraph[max(0, start - _NEAR) : start].rpartition(" ")[2]
    following = paragraph[end : end + _NEAR].lstrip("“«")
    acronym = len(before) > 2 and before.isupper()
    if not before or not (acronym or before[-1].islower() or before[-1].isdigit() or before[-1] in _CLOSERS + "%"):
        return False
    # "Inizio", "L’inizio" and "A questi" begin a sentence; "VN", "S Lê" and "it" do not.
    goes_lower = following[1:2].islower() or following[1:2] in ("'", "’") or re.match(r" [^\W\d_]", following[1:3])
    if not following[0].isupper() or not goes_lower or following[1:3].lstrip().isupper():
        return False
    token = before + glued.group() + following.partition(" ")[0]
    in_address = any(mark in token for mark in ("/", "@", "www."))
    return not in_address and not _goes_on(_ELISION.split(before)[-1], following, language)


def _is_end(paragraph: str, stop: re.Match[str], language: str) -> bool:
    following = paragraph[stop.end() : stop.end() + _NEAR].lstrip().lstrip(_OPENERS).lstrip()
    if following[:1].islower():
        return False
    mark = stop.group()
    if not mark.startswith(".") or mark.startswith(".."):
        return True
    before = paragraph[max(0, stop.start() - _NEAR) : stop.start()].rpartition(" ")[2]
    return not _goes_on(_ELISION.split(before)[-1], following, language)


def _goes_on(word: str, following: str, language: str) -> bool:
    """Whether a full stop after `word` belongs to the word, seen what follows."""
    low = word.lower()
    if following[:1].isdigit() and low in _BEFORE_NUMBERS:
        return True
    if low in _NAME_SETS.get(language, _NAME_SETS[""]):
        return True
    if word.isdigit():
        # German ordinals: "am 3. Mai".
        return language == "de" and len(word) <= 2
    if low in _EITHER or (_INITIALS.match(word) and word[0].isupper()):
        return not _opens_a_sentence(following, language)
    return False


def _opens_a_sentence(following: str, language: str) -> bool:
    first = words(following)[:1]
    return bool(first) and first[0].lower() in _SENTENCE_WORD_SETS.get(language, frozenset())
