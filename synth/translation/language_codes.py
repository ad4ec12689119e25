"""Languages as people, NLLB and MADLAD call them: one line each, by ISO 639-1."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import NamedTuple

from crawler.items import NewsmillError

#: ISO 639-1, NLLB's code (FLORES-200), English name. MADLAD's tag is the ISO code in brackets: <2it>.
_TABLE = """
af afr_Latn Afrikaans
am amh_Ethi Amharic
ar arb_Arab Arabic
az azj_Latn Azerbaijani
be bel_Cyrl Belarusian
bg bul_Cyrl Bulgarian
bn ben_Beng Bengali
bs bos_Latn Bosnian
ca cat_Latn Catalan
cs ces_Latn Czech
cy cym_Latn Welsh
da dan_Latn Danish
de deu_Latn German
el ell_Grek Greek
en eng_Latn English
eo epo_Latn Esperanto
es spa_Latn Spanish
et est_Latn Estonian
eu eus_Latn Basque
fa pes_Arab Persian
fi fin_Latn Finnish
fr fra_Latn French
ga gle_Latn Irish
gl glg_Latn Galician
gu guj_Gujr Gujarati
ha hau_Latn Hausa
he heb_Hebr Hebrew
hi hin_Deva Hindi
hr hrv_Latn Croatian
hu hun_Latn Hungarian
hy hye_Armn Armenian
id ind_Latn Indonesian
ig ibo_Latn Igbo
is isl_Latn Icelandic
it ita_Latn Italian
ja jpn_Jpan Japanese
jv jav_Latn Javanese
ka kat_Geor Georgian
kk kaz_Cyrl Kazakh
km khm_Khmr Khmer
kn kan_Knda Kannada
ko kor_Hang Korean
ky kir_Cyrl Kyrgyz
lo lao_Laoo Lao
lt lit_Latn Lithuanian
lv lvs_Latn Latvian
mk mkd_Cyrl Macedonian
ml mal_Mlym Malayalam
mn khk_Cyrl Mongolian
mr mar_Deva Marathi
ms zsm_Latn Malay
mt mlt_Latn Maltese
my mya_Mymr Burmese
ne npi_Deva Nepali
nl nld_Latn Dutch
no nob_Latn Norwegian
pa pan_Guru Punjabi
pl pol_Latn Polish
pt por_Latn Portuguese
ro ron_Latn Romanian
ru rus_Cyrl Russian
si sin_Sinh Sinhala
sk slk_Latn Slovak
sl slv_Latn Slovenian
so som_Latn Somali
sq als_Latn Albanian
sr srp_Cyrl Serbian
sv swe_Latn Swedish
sw swh_Latn Swahili
ta tam_Taml Tamil
te tel_Telu Telugu
tg tgk_Cyrl Tajik
th tha_Thai Thai
tl tgl_Latn Filipino
tr tur_Latn Turkish
uk ukr_Cyrl Ukrainian
ur urd_Arab Urdu
uz uzn_Latn Uzbek
vi vie_Latn Vietnamese
xh xho_Latn Xhosa
yo yor_Latn Yoruba
zh zho_Hans Chinese
zu zul_Latn Zulu
"""


class LanguageCodes(NamedTuple):
    """What a language is called."""

    nllb: str
    name: str


@functools.cache
def language_codes() -> Mapping[str, LanguageCodes]:
    """ISO 639-1 code -> NLLB's code and the English name."""
    rows = (line.split(" ", 2) for line in _TABLE.strip().splitlines())
    return {code: LanguageCodes(nllb, name) for code, nllb, name in rows}


def codes_of(language: str) -> LanguageCodes:
    """
    Raises:
        NewsmillError: no such language is known here.
    """
    if codes := language_codes().get(language):
        return codes
    raise NewsmillError(f"no translation from or to {language!r}: there are {', '.join(language_codes())}")
