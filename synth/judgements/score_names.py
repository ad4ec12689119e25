"""What a score is called, in the languages that judges answer in."""

from __future__ import annotations

import itertools
import re

_PLAIN = set(
    "score scores overall rating ratings rated rate grade graded mark evaluation assessment verdict judgment judgement "
    "punteggio voto valutazione giudizio điểm puntuación calificación puntaje bewertung punktzahl pontuação".split()
)
_DIMENSIONS = {
    "accuracy": set("accuracy accuratezza precisione exactitud exactitude genauigkeit".split()),
    "helpfulness": set("helpfulness utilità usefulness utilidad utilité nützlichkeit".split()),
}
#: Syllables that are names together: điểm số, đánh giá, độ chính xác, tính hữu ích.
_PAIRS = {
    ("đánh", "giá"): "score",
    ("xếp", "hạng"): "score",
    ("chính", "xác"): "accuracy",
    ("hữu", "ích"): "helpfulness",
}
_AROUND = set(
    "the my your our this its overall final total average is of for on in as a an and to from out ai assistant "
    "response answer model judge numeric numerical assigned given here s sure certainly okay ok level dimension "
    "quality scale il lo la l i le mio mia del della dell di per un una complessivo "
    "complessiva finale totale risposta ecco è "
    "số mức độ tính tổng thể cuối cùng của câu trả lời cho về là tôi chấm đánh giá xếp hạng chính xác hữu ích "
    "theo thang đây general de el die der des endgültige insgesamt note".split()
)
_ANNOUNCING = set(
    "i would d ll will give be follows following below based input instruction come segue assegno".split()
)
_WORD = re.compile(r"[^\W\d_]+")
SCORE_LABEL = re.compile(
    r"[\s|>•(\[-]*(?:[0-9]{1,2}[.)]\s)?(?P<name>[^\W\d_][^\d:=|\n\u2013\u2014]{0,70}?)"
    r"(?P<brackets>\s?[(\[][^()\[\]\n]{1,40}[)\]]"
    r"|\s(?:out of|(?:on a scale )?(?:of|from)|su|da|trên|từ)\s(?:[01]\s?(?:to|-|a|đến)\s?)?5)?"
    r"(?P<between>\s*(?:[:=|\u2013\u2014]+>?)\s*|\s-+>?\s+|-\s?(?=[0-9])|\s(?=[0-9\[(])|\s*\Z)"
)


def name_of_score(words: str, announced: bool = False) -> str | None:
    """What a heading or a field scores: "score" or a dimension; None where it is none of a score.

    Args:
        announced: the score comes on the next line: "I would rate the response as follows:" names it, too.
    """
    tokens = _WORD.findall(words.replace("_", " ").casefold())
    if announced:
        tokens = [word for word in tokens if word not in _ANNOUNCING]
    if not 0 < len(tokens) <= 10:
        return None
    pairs = {name for pair, name in _PAIRS.items() if pair in set(itertools.pairwise(tokens))}
    dimensions = {name for name, synonyms in _DIMENSIONS.items() if synonyms & set(tokens)} | (pairs - {"score"})
    vocabulary = _PLAIN | _AROUND | _DIMENSIONS["accuracy"] | _DIMENSIONS["helpfulness"]
    if not set(tokens) <= vocabulary or len(dimensions) > 1:
        return None
    if not (dimensions or _PLAIN & set(tokens) or pairs):
        return None
    return next(iter(dimensions), "score")
