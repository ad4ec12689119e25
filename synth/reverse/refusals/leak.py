"""Whether an instruction gives its answer away: a run of words in common, or a share of the answer's n-grams."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from synth.scorers.faithful.names import fold, is_vietnamese

_WORD = re.compile(r"[^\W_]+")
#: Words of the longest common run, and those of them that begin with no capital: a long name in common gives nothing
#: away. Vietnamese, written in syllables, needs more. Chosen on the developing half of benchmarks/reverse/pairs.
_RUN, _SYLLABLES = 9, 12
_PLAIN_SHARE = 0.6
#: So many times as long as that, no run is a name.
_NO_NAME = 1.5
#: Share of the answer's trigrams, where at least so many are in common.
_TRIGRAM_SHARE, _FEWEST_TRIGRAMS = 0.25, 6
#: Share of the answer's longer words, where it has so many.
_WORD_SHARE, _FEWEST_WORDS = 0.6, 8
#: A whole short answer (a headline) in the instruction: share of its words in one run, and the fewest.
_SHORT_SHARE, _SHORTEST = 0.8, 4


def is_leaked(instruction: str, answer: str) -> bool:
    """Whether the instruction holds so much of its answer that little is left to be answered."""
    request, content = _WORD.findall(instruction), _WORD.findall(answer)
    if not content:
        return False
    run = longest_run(request, content)
    syllabic = 4 * sum(map(is_vietnamese, request)) >= len(request)
    plain = sum(word[0].islower() or word.isdigit() for word in run)
    shortest = _SYLLABLES if syllabic else _RUN
    if len(run) >= _NO_NAME * shortest or (len(run) >= shortest and plain >= _PLAIN_SHARE * len(run)):
        return True
    if len(content) >= _SHORTEST and len(run) >= _SHORT_SHARE * len(content):
        return True
    return _shares_trigrams(request, content) or _shares_words(request, content, syllabic)


def longest_run(request: Sequence[str], answer: Sequence[str]) -> Sequence[str]:
    """The longest run of words that both hold, folded, as it stands in the first; cost is their product at worst."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for at, word in enumerate(answer):
        places[fold(word)].append(at)
    best, end = 0, 0
    lengths: dict[int, int] = {}
    for number, word in enumerate(request):
        lengths = {at: lengths.get(at - 1, 0) + 1 for at in places.get(fold(word), ())}
        longest = max(lengths.values(), default=0)
        if longest > best:
            best, end = longest, number + 1
    return request[end - best : end]


def trigram_share(request: Sequence[str], answer: Sequence[str]) -> tuple[float, int]:
    """(share of the answer's trigrams that the instruction holds, how many these are)."""
    answered, requested = _trigrams(answer), _trigrams(request)
    common = sum((answered & requested).values())
    return (common / answered.total() if answered else 0.0), common


def _trigrams(words: Sequence[str]) -> Counter[tuple[str, ...]]:
    """The trigrams, folded; those of capitalised words alone are names, which give nothing away."""
    folded = [fold(word) for word in words]
    triples = zip(folded, folded[1:], folded[2:], strict=False)
    capital = [word[0].isupper() for word in words]
    return Counter(triple for at, triple in enumerate(triples) if not all(capital[at : at + 3]))


def _shares_trigrams(request: Sequence[str], answer: Sequence[str]) -> bool:
    share, common = trigram_share(request, answer)
    return common >= _FEWEST_TRIGRAMS and share >= _TRIGRAM_SHARE


def _shares_words(request: Sequence[str], answer: Sequence[str], syllabic: bool) -> bool:
    """Whether most of the answer's words, each once, stand in the instruction in any order."""
    shortest = 2 if syllabic else 4
    own = {fold(word) for word in answer if len(word) >= shortest}
    common = own & {fold(word) for word in request}
    return len(own) >= _FEWEST_WORDS and len(common) >= _WORD_SHARE * len(own)
