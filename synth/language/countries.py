"""Countries and bodies of states as names and adjectives call them, in five languages; what is written before names.

An ending after a stroke takes the place of the letters after the hyphen: "italian-o/a" is "italiano", "italiana".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

#: One row a country or body: its names and adjectives in it, en, fr and es | those in vi. A blank between two words
#: parts two forms, "_" joins the words of one.
_ROWS = """
italia italian-o/a/i/e italy italian italians italie italien italienne italiens italiennes | Ý Italia
francia frances-e/i france french frenchman francais francaise francaises francesa franceses | Pháp
germania tedesc-o/a/hi/he germany german germans allemagne allemand allemande allemands alemania aleman alemana | Đức
spagna spagnol-o/a/i/e spain spanish spaniards espagne espagnol espagnole espagnols espana espanol espanola | Tây_Ban_Nha
regno_unito gran_bretagna britannic-o/a/i/he united_kingdom great_britain uk britain british britons royaume-uni britannique britanniques reino_unido gran_bretana britanic-o/a | Anh
stati_uniti usa us american-o/a/i/e statunitens-e/i united_states america american americans etats-unis americain americaine americains estados_unidos estadounidens-e/es eeuu | Mỹ Hoa_Kỳ
cina cines-e/i china chinese chine chinois chinoise chinoises chin-o/a/os/as | Trung_Quốc
russia russ-o/a/i/e russian russians russie russe russes rusia rus-o/a/os/as | Nga
ucraina ucrain-o/a/i/e ukraine ukrainian ukrainians ukrainien ukrainienne ucrania ucranian-o/a/os/as | Ukraine Ukraina
giappone giappones-e/i japan japanese japon japonais japonaise japones japonesa | Nhật Nhật_Bản
india indian-o/i india indian indians inde indien indienne indi-o/a | Ấn_Độ
brasile brasilian-o/a/i/e brazil brazilian brazilians bresil bresilien bresilienne brasil brasilen-o/a | Brazil
canada canades-e/i canadian canadians canadien canadienne canadiens canadiens-e | Canada
messico messican-o/a/i/e mexico mexican mexicans mexique mexicain mexicaine mexican-o/a/os/as | Mexico
argentina argentin-o/a/i/e argentine argentinian argentin argentine argentin-o/a/os/as | Argentina
australia australian-o/a/i/e australian australians australie australien australienne | Australia Úc
egitto egizian-o/a/i/e egypt egyptian egyptians egypte egyptien egyptienne egipto egipci-o/a/os/as | Ai_Cập
israele israelian-o/a/i/e israel israeli israelis israelien israelienne israel-i/ies | Israel
palestina palestines-e/i palestine palestinian palestinians palestinien palestinienne palestin-o/a/os/as | Palestine
iran iranian-o/a/i/e iranian iranians iranien iranienne irani iranies | Iran
iraq irachen-o/a/i/e irak iraqi iraqis irakien irakienne iraqui iraquies | Iraq
siria sirian-o/a/i/e syria syrian syrians syrie syrien syrienne siri-o/a/os/as | Syria
libano libanes-e/i lebanon lebanese liban libanais libanaise libanesa | Li-băng Lebanon
turchia turc-o/a/hi/he turkey turkish turks turquie turc turque turques turquia turc-o/a/os/as | Thổ_Nhĩ_Kỳ
grecia grec-o/a/i/he greece greek greeks grece grec grecque grieg-o/a/os/as | Hy_Lạp
svizzera svizzer-o/a/i/e switzerland swiss suisse suisses suiza suiz-o/a/os/as | Thụy_Sĩ Thụy_Sỹ
austria austriac-o/a/i/he austrian austrians autriche autrichien autrichienne austriac-o/a/os/as | Áo
belgio belg-a/i/he belgium belgian belgians belgique belge belges belgica | Bỉ
paesi_bassi olanda olandes-e/i netherlands holland dutch pays-bas neerlandais neerlandaise paises_bajos holandes holandesa | Hà_Lan
polonia polacc-o/a/hi/he poland polish poles pologne polonais polonaise polac-o/a/os/as | Ba_Lan
portogallo portoghes-e/i portugal portuguese portugais portugaise portugues portuguesa | Bồ_Đào_Nha
svezia svedes-e/i sweden swedish swedes suede suedois suedoise suecia suec-o/a/os/as | Thụy_Điển
norvegia norveges-e/i norway norwegian norwegians norvege norvegien norvegienne noruega norueg-o/a/os/as | Na_Uy
danimarca danes-e/i denmark danish danes danemark danois danoise dinamarca | Đan_Mạch
finlandia finlandes-e/i finland finnish finns finlande finlandais finlandaise finlandes finlandesa | Phần_Lan
irlanda irlandes-e/i ireland irish irlande irlandais irlandaise irlandes irlandesa | Ireland Ai-len
ungheria ungheres-e/i hungary hungarian hungarians hongrie hongrois hongroise hungria hungar-o/a/os/as | Hungary
romania rumen-o/a/i/e romanian romanians roumanie roumain roumaine rumania ruman-o/a/os/as | Romania
albania albanes-e/i albanian albanians albanie albanais albanaise albanesa | Albania
libia libic-o/a/i/he libya libyan libyans libye libyen libyenne libi-o/a/os/as | Libya
marocco marocchin-o/a/i/e morocco moroccan moroccans maroc marocain marocaine marruecos marroqui marroquies | Maroc
vietnam vietnamit-a/i/e vietnamese viet_nam vietnamien vietnamienne vietnamiens | Việt Việt_Nam
thailandia thailandes-e/i thailand thai thais thailande thailandais thailandaise tailandia tailandes | Thái_Lan
cambogia cambogian-o/a/i/e cambodia cambodian cambodians cambodge cambodgien camboya camboyan-o/a | Campuchia
corea corean-o/a/i/e korea korean koreans coree coreen coreenne corean-o/a/os/as | Hàn_Quốc Triều_Tiên
filippine filippin-o/a/i/e philippines filipino filipinos philippin philippine filipinas filipin-o/a | Philippines
indonesia indonesian-o/a/i/e indonesian indonesians indonesie indonesien indonesi-o/a/os/as | Indonesia
cuba cuban-o/a/i/e cuban cubans cubain cubaine | Cuba
venezuela venezuelan-o/a/i/e venezuelan venezuelans venezuelien venezuelienne venezolan-o/a | Venezuela
europa europe-o/a/i/e europe european europeans europeen europeenne europeens | Châu_Âu
bce ecb banca_centrale_europea european_central_bank banque_centrale_europeenne banco_central_europeo | Ngân_hàng_Trung_ương_châu_Âu
ue eu unione_europea european_union union_europeenne union_europea | Liên_minh_châu_Âu EU
onu un nazioni_unite united_nations nations_unies naciones_unidas | Liên_hợp_quốc Liên_Hợp_Quốc LHQ
nato otan alleanza_atlantica | NATO
oms who organizzazione_mondiale_della_sanita world_health_organization | Tổ_chức_Y_tế_Thế_giới WHO
fmi imf fondo_monetario_internazionale international_monetary_fund | IMF
"""  # noqa: E501
#: Words before a name that are no part of it, folded.
_TITLES = """
former ex late then new president premier chancellor minister prime mr mrs ms miss sir lady lord dr prof professor judge
king queen prince princess pope cardinal bishop senator governor mayor general colonel captain secretary chairman
presidente presidentessa premier ministro ministra cancelliere signor signora dottor dottoressa professore professoressa
onorevole avvocato ingegner re regina principe principessa papa cardinale vescovo senatore senatrice governatore sindaco
sindaca generale colonnello capitano segretario segretaria vicepresidente president presidente ministre monsieur madame
docteur roi reine ancien ancienne maire general senor senora doctor rey reina alcalde alcaldesa expresidente
"""
#: Words of the longest form.
_LONGEST = 8
#: Names in lower case that are other words.
_AMBIGUOUS = frozenset(
    "us who un ue china turkey polish poles danes turc dutch thai chile indi india Who Us Un".split()
)

#: (its words, number of its row).
Form = tuple[tuple[str, ...], int]


@functools.cache
def titles() -> frozenset[str]:
    """Words before names, folded: "former", "presidente"."""
    return frozenset(_TITLES.split())


@functools.cache
def _forms(vietnamese: bool) -> dict[str, list[Form]]:
    """First word -> forms, the longest first; without accents, but in Vietnamese."""
    table: dict[str, list[Form]] = {}
    for number, row in enumerate(_ROWS.strip().splitlines()):
        western, _, eastern = row.partition("|")
        texts = eastern.lower().split() if vietnamese else [each for text in western.split() for each in _endings(text)]
        for text in dict.fromkeys(texts):
            words = tuple(re.split("[_-]", text))
            table.setdefault(words[0], []).append((words, number))
    return {first: sorted(rows, key=lambda row: -len(row[0])) for first, rows in table.items()}


def _endings(text: str) -> Iterator[str]:
    stem, _, endings = text.partition("-")
    if "/" not in endings:
        yield text
        return
    for ending in endings.split("/"):
        yield stem + ending


def countries_of(words: Sequence[str], folded: Sequence[str], vietnamese: bool) -> Iterator[tuple[int, int, set[int]]]:
    """(first word, word after, numbers of what it may be) of each country or body in a text or name.

    Args:
        words: as they stand.
        folded: the same in lower case, without accents.
        vietnamese: whether the text is; names in Vietnamese are read in no other, and have a capital.
    """
    at = 0
    while at < len(words):
        rows = [row for row in _forms(False).get(folded[at], ()) if _is_at(folded, at, row)]
        if words[at] in _AMBIGUOUS:
            rows = []
        if vietnamese and words[at][0].isupper():
            low = [word.lower() for word in words[at : at + _LONGEST]]
            rows += [row for row in _forms(True).get(low[0], ()) if _is_at(low, 0, row)]
        size = max((len(row[0]) for row in rows), default=0)
        if rows:
            yield at, at + size, {number for form, number in rows if len(form) == size}
        at += size or 1


def _is_at(words: Sequence[str], at: int, form: Form) -> bool:
    return tuple(words[at : at + len(form[0])]) == form[0]
