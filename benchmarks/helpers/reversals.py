"""True sentences turned into false ones in their own words: the opposite, a negation, numbers or names exchanged.

The words are lists of their own, not those under test; what is exchanged stands in the sentence already, so that no
look-up of words can find it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

from benchmarks.helpers.corruptions import names_in

KINDS = ("polarity", "negation", "numbers", "roles")

#: A word and its opposite, in the forms that stand in texts.
_OPPOSITES = {
    "it": "salito/sceso salita/scesa saliti/scesi salite/scese aumentato/diminuito aumentata/diminuita aumento/calo "
    "aumenta/diminuisce crescita/calo cresce/cala vinto/perso vince/perde vittoria/sconfitta condannato/assolto "
    "condannata/assolta condannati/assolti condanna/assoluzione arrestato/scarcerato arrestati/scarcerati "
    "approvato/respinto approvata/respinta accettato/rifiutato accetta/rifiuta confermato/smentito conferma/smentisce "
    "vivo/morto aperto/chiuso aperta/chiusa apertura/chiusura apre/chiude favorevole/contrario sostiene/contesta "
    "acquistato/venduto acquisto/vendita assunto/licenziato iniziato/finito inizia/finisce inizio/fine "
    "migliore/peggiore miglioramento/peggioramento massimo/minimo massima/minima guadagno/perdita nord/sud "
    "primo/ultimo "
    "prima/ultima entrato/uscito positivo/negativo positiva/negativa successo/fallimento più/meno maggiore/minore "
    "colpevole/innocente",
    "en": "rose/fell risen/fallen rise/fall rising/falling increased/decreased increase/decrease higher/lower won/lost "
    "win/lose wins/loses winning/losing victory/defeat convicted/acquitted guilty/innocent arrested/released "
    "approved/rejected accepted/rejected confirmed/denied alive/dead opened/closed open/closed supported/opposed "
    "allowed/banned bought/sold buy/sell hired/fired began/ended best/worst better/worse most/least profit/loss "
    "north/south east/west first/last joined/left more/fewer before/after man/woman son/daughter early/late "
    "largest/smallest",
    "vi": "tăng/giảm thắng/thua chết/sống mở/đóng mua/bán bắt/thả cao/thấp lớn/nhỏ nhiều/ít mạnh/yếu bắc/nam "
    "trước/sau đầu_tiên/cuối_cùng thành_công/thất_bại ủng_hộ/phản_đối chấp_thuận/bác_bỏ đồng_ý/từ_chối "
    "xác_nhận/phủ_nhận cho_phép/cấm bắt_đầu/kết_thúc tử_vong/sống_sót nam_giới/nữ_giới nhanh/chậm tăng_cường/cắt_giảm",
}  # fmt: skip
#: A negation that can be taken out, and words before or after which one can be put in.
_NEGATIONS = {"it": "non", "en": "not", "vi": "không"}
_VERBS = {
    "it": "ha hanno è sono era erano sarà saranno aveva avevano può",
    "en": "is are was were has have had will can could would should",
    "vi": "bị được có",
}
_AFTER_VERB = frozenset({"en"})
#: Vietnamese words that the negation is a part of.
_COMPOUND = re.compile(r"(?:hàng|phòng) không|không (?:khí|gian|quân|chỉ|những|lưu|trung|kích|phận)|non solo|not only")
_COUNTED = re.compile(r"(?<![\w.,:/\-])(\d+(?:[.,]\d+)*) (?=([^\W\d_]+))")
_MONTHS = re.compile(
    r"(?:gen|feb|mar|apr|mag|giu|lug|ago|set|ott|nov|dic|jan|may|jun|jul|aug|sep|oct|dec|tháng)\w*|tỷ|triệu|"
    r"million\w*|billion|miliard\w*|milion\w*|mila", re.IGNORECASE,
)  # fmt: skip
#: What stands between two names that may change places and nothing is wrong.
_SYMMETRIC = re.compile(
    r"^\W*(?:(?:e|ed|o|di|del|della|con|tra|fra|and|or|of|with|và|với|cùng|ở|tại|của|in|a|nel|nella|the|le|la|il|los|"
    r"ông|bà|thành|phố|tỉnh|huyện|phường|quận|xã|từ|đến|vs)\W*)*$", re.IGNORECASE,
)  # fmt: skip


def reverse(sentence: str, kind: str, language: str, rng: random.Random) -> str | None:
    """The sentence, now false; None where it holds nothing of the kind."""
    return _MAKERS[kind](sentence, language, rng)


def _pairs(language: str) -> dict[str, str]:
    pairs = [entry.replace("_", " ").split("/") for entry in _OPPOSITES[language].split()]
    return dict([*pairs, *(pair[::-1] for pair in pairs)])


def _polarity(sentence: str, language: str, rng: random.Random) -> str | None:
    pairs = _pairs(language)
    pattern = rf"(?<!\w)(?:{'|'.join(sorted(map(re.escape, pairs), key=len, reverse=True))})(?!\w)"
    matches = list(re.finditer(pattern, sentence))
    if not matches:
        return None
    match = rng.choice(matches)
    return sentence[: match.start()] + pairs[match.group()] + sentence[match.end() :]


def _negation(sentence: str, language: str, rng: random.Random) -> str | None:
    word = _NEGATIONS[language]
    matches = list(re.finditer(rf"(?<!\w){word} (?=\w)", sentence))
    if matches and not _COMPOUND.search(sentence):
        match = rng.choice(matches)
        return sentence[: match.start()] + sentence[match.end() :]
    verbs = list(re.finditer(rf"(?<!\w)(?:{'|'.join(_VERBS[language].split())})(?= \w)", sentence))
    if matches or not verbs:
        return None
    verb = rng.choice(verbs)
    at = verb.end() if language in _AFTER_VERB else verb.start()
    return (
        f"{sentence[:at]} {word}{sentence[at:]}"
        if language in _AFTER_VERB
        else f"{sentence[:at]}{word} {sentence[at:]}"
    )


def _numbers(sentence: str, language: str, rng: random.Random) -> str | None:  # noqa: ARG001  as the others
    matches = [match for match in _COUNTED.finditer(sentence) if not _MONTHS.fullmatch(match[2])]
    pairs = [
        (one, two) for at, one in enumerate(matches) for two in matches[at + 1 :]
        if one[1] != two[1] and one[2].lower() != two[2].lower()
    ]  # fmt: skip
    if not pairs:
        return None
    one, two = rng.choice(pairs)
    return _exchanged(sentence, one.span(1), two.span(1))


def _roles(sentence: str, language: str, rng: random.Random) -> str | None:
    spans = sorted(set(_names(sentence, language)))
    pairs = [
        (one, two) for at, one in enumerate(spans) for two in spans[at + 1 :]
        if sentence[slice(*one)] != sentence[slice(*two)] and not _SYMMETRIC.match(sentence[one[1] : two[0]])
        and "," not in sentence[one[1] : two[0]] and len(sentence[one[1] : two[0]].split()) <= 6
    ]  # fmt: skip
    return _exchanged(sentence, *rng.choice(pairs)) if pairs else None


def _names(sentence: str, language: str) -> list[tuple[int, int]]:
    """Names, the one that begins the sentence among them where it has two words."""
    first = re.match(r"[^\W\d_a-z]\w+(?: [^\W\d_a-z]\w+)+", sentence)
    return [*([first.span()] if first and first.group().istitle() else []), *names_in(sentence, language)]


def _exchanged(text: str, one: tuple[int, int], two: tuple[int, int]) -> str:
    return text[: one[0]] + text[slice(*two)] + text[one[1] : two[0]] + text[slice(*one)] + text[two[1] :]


_MAKERS: dict[str, Callable[[str, str, random.Random], str | None]] = {
    "polarity": _polarity, "negation": _negation, "numbers": _numbers, "roles": _roles,
}  # fmt: skip


def reversals(sentences: Sequence[str], kind: str, language: str, seed: int = 3) -> list[tuple[int, str]]:
    """(number of the sentence, the sentence made false), for each that holds something of the kind."""
    rng = random.Random(seed)
    made = ((number, reverse(sentence, kind, language, rng)) for number, sentence in enumerate(sentences))
    return [(number, text) for number, text in made if text]
