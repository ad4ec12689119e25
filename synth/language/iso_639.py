"""ISO 639: the two letters of a language that is named by three, as MURI and the models for many languages name it.

Codes of a macrolanguage's main language (`cmn`, `arb`, `swh`) and the older ones of librarians (`fre`, `ger`) are among
them; languages without a code of two letters keep their three.
"""

from __future__ import annotations

import functools
import re

#: Three letters (ISO 639-2 and 639-3), then the two of ISO 639-1.
_CODES = """
    aaraa abkab afraf akaak albsq alssq amham araar arbar argan armhy asmas avaav aveae aymay azeaz azjaz bakba
    bambm baqeu belbe benbn bisbi bodbo bosbs brebr bulbg burmy catca cescs chach chece chizh chucu chvcv cmnzh
    corkw cosco crecr cymcy czecs danda deude divdv dutnl dzodz ekket ellel engen epoeo estet euseu eweee faofo
    fasfa fijfj finfi frafr frefr fryfy fulff geoka gerde glagd glega glggl glvgv greel grngn guggn gujgu hatht
    hauha hebhe herhz hinhi hrvhr hunhu hyehy iboig iceis idoio iiiii ikeiu ikuiu ileie inaia indid ipkik islis
    itait javjv jpnja kalkl kankn kasks katka kaukr kazkk khkmn khmkm kikki kinrw kirky kmrku komkv konkg korko
    kuakj kurku laolo latla lavlv limli linln litlt ltzlb lublu luglg lvslv macmk mahmh malml maomi marmr mayms
    mkdmk mlgmg mltmt monmn mrimi msams myamy nauna navnv nblnr ndend ndong nepne nldnl nnonn nobnb norno npine
    nyany ocioc ojioj orior ormom oryor ossos panpa pbups perfa pesfa plipi pltmg polpl porpt pusps quequ quzqu
    rohrm ronro rumro runrn rusru sagsg sansa sinsi slksk slosk slvsl smese smosm snasn sndsd somso sotst spaes
    sqisq srdsc srpsr sswss sunsu swasw swesv swhsw tahty tamta tattt telte tgktg tgltl thath tibbo tirti tonto
    tsntn tsots tuktk turtr twitw uigug ukruk urdur uzbuz uznuz venve vievi volvo welcy wlnwa wolwo xhoxh yddyi
    yidyi yoryo zhaza zhozh zsmms zulzu
"""
#: What stands where a language does, and is none: programming languages, and texts in several or in none.
NO_LANGUAGE = frozenset("code mul mixed multi multilingual und unknown zxx none".split())
_PROGRAMMING = frozenset("sql php css xml tex vba txt lua jsx".split())


def two_letters(code: str) -> str | None:
    """The ISO 639-1 code of an ISO 639-2 or 639-3 code; None for one that has none."""
    return _table().get(code.lower())


def is_three_letters(code: str) -> bool:
    """Whether a text can be an ISO 639-3 code."""
    return re.fullmatch(r"[a-z]{3}", code) is not None and code not in NO_LANGUAGE | _PROGRAMMING


@functools.cache
def _table() -> dict[str, str]:
    return {entry[:3]: entry[3:] for entry in _CODES.split()}
