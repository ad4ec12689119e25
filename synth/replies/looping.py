"""A reply that got stuck: the same word, sentence or list of words over and over."""

from __future__ import annotations

import re
import zlib

from synth.language.segmentation import words

#: Words that a repeated end must have in all, and how often its unit must come: no news text has a refrain of four.
_LEAST_WORDS, _LEAST_TIMES = 16, 4
#: Words of a unit that is looked for.
_LONGEST_UNIT = 80
#: Words of the runs that are counted, and the share of them that came before. Of 2,600 real texts (news, summaries,
#: answers in Italian, Vietnamese and English) the highest share is .33 (a table of results).
_RUN, _REPEATED = 6, 0.62
_FEWEST_RUNS = 20
#: Text by which zlib makes it shorter: loops with a number that counts on have 8 and more, real texts 3.5 at most.
_SQUEEZED, _SQUEEZED_FROM = 6.0, 400


def is_looping(text: str) -> bool:
    """Whether a text ends in a unit that comes over and over, or repeats most of what it says."""
    tokens = words(text.lower())
    return _ends_in_repeats(tokens) or _repeats_itself(tokens) or _squeezes(text) or _repeats_signs(text)


def _ends_in_repeats(tokens: list[str]) -> bool:
    """Whether the last words are one unit, four times or more; the last time may be cut off."""
    for unit in range(1, min(_LONGEST_UNIT, len(tokens) // _LEAST_TIMES) + 1):
        same = 0
        while same < len(tokens) - unit and tokens[-1 - same] == tokens[-1 - same - unit]:
            same += 1
        if same + unit >= max(_LEAST_WORDS, _LEAST_TIMES * unit):
            return True
    return False


def _repeats_itself(tokens: list[str]) -> bool:
    """Whether most runs of words came before: a loop that was left again, or one whose units differ a little."""
    runs = [tuple(tokens[start : start + _RUN]) for start in range(len(tokens) - _RUN + 1)]
    return len(runs) >= _FEWEST_RUNS and 1 - len(set(runs)) / len(runs) > _REPEATED


def _squeezes(text: str) -> bool:
    raw = text.encode("utf-8", "replace")
    return len(raw) >= _SQUEEZED_FROM and len(raw) / len(zlib.compress(raw)) > _SQUEEZED


def _repeats_signs(text: str) -> bool:
    """Whether one sign, or one group of a few without blanks, comes a hundred characters long: "!!!!…", "hahaha…"."""
    return re.search(r"(\S{1,8}?)\1{99}|(\S{3,40}?)\2{39}", text) is not None
