"""Telephone numbers that are nobody's own: helplines, switchboards, press offices, newsrooms, emergency services.

Most have numbers of a kind of their own (800, 1900), which the plans of numbers tell; the others (`Telefono Amico 02
2327 2327`, `đường dây nóng: 0912 …`) are told by the words beside them. A mobile number or a person named in between is
a person's after all: "la redazione, cellulare di Anna Bianchi: 347 …".
"""

from __future__ import annotations

import re

#: Characters before a number in which its owner is named: a line of an imprint, with its address.
_BEFORE = 110
#: Characters after it: "(numero verde)", "là số của tổng đài".
_AFTER = 40


def _words(alternatives: str) -> re.Pattern[str]:
    joined = "|".join(part.strip() for part in alternatives.split(";") if part.strip())
    return re.compile(rf"(?<!\w)(?:{joined})(?!\w)", re.IGNORECASE)


#: Whose number is everybody's: Italian, Vietnamese, English, French, Spanish, German, Portuguese.
_PUBLIC = _words(r"""
    numer[oi] (?:verd[ei]|gratuit[oi]|unic[oi]|antiviolenza|di (?:emergenza|pubblica utilità)); centralin[oi];
    telefono (?:amico|azzurro|rosa|verde|donna); help ?-?line; line[ae] (?:amica|verde|di (?:ascolto|aiuto|emergenza));
    infoline; hot ?-?lines?; call ?-?cent(?:er|re)s?; (?:servizio|assistenza|supporto) clienti; centro di ascolto;
    centr[oi] anti ?-?(?:violenza|veleni); guardia medica; pronto (?:soccorso|intervento); sala operativa;
    uffici[oi] stampa; (?:segreteria di )?redazion[ei]; soccorso alpino; unità di crisi;
    tổng đài(?: viên)?; đường dây (?:nóng|hỗ trợ|tư vấn); t(?:oà|òa) soạn; ban biên tập; phòng (?:báo chí|truyền thông);
    chăm sóc khách hàng; cskh; cấp cứu; cứu hộ; cứu hỏa; trực ban; văn phòng (?:đại diện|báo|tiếp dân);
    helplines?; switchboard; press (?:office|desk|centre|center|team); media (?:office|relations|enquiries|inquiries);
    news ?-?(?:room|desk); toll[- ]free; free ?phone; (?:crisis|support|suicide|information|tip|emergency) ?-?lines?;
    lifeline; samaritans; childline; crimestoppers; customer (?:services?|care|support); emergency (?:number|services);
    editorial (?:office|desk); box office;
    numéros? (?:vert|gratuit|d['’]urgence|d['’]appel); lignes? (?:d['’]écoute|d['’]urgence|gratuite); service de presse;
    services? clients?; (?:au|le) standard; plateforme (?:téléphonique|d['’]écoute); rédaction; centre antipoison;
    cellule (?:de crise|d['’]écoute|psychologique); sos (?:amitié|médecins|femmes|suicide);
    línea (?:de ayuda|de atención|gratuita|directa); centralita; gabinete de (?:prensa|comunicación); oficina de prensa;
    teléfonos? (?:de (?:atención|ayuda|emergencias?|la esperanza)|gratuitos?|contra|rojo); redacción;
    atención al (?:cliente|ciudadano|paciente); números? (?:gratuito|de emergencias?|único);
    notruf(?:nummer)?; telefonseelsorge; (?:sorgen|hilfe|bürger|krisen|info|lese)telefon; pressestelle;
    (?:lokal|zentral)?redaktion; telefonzentrale; service(?:nummer|telefon); kundenservice; gebührenfrei\w*; giftnotruf;
    linha (?:de apoio|direta|gratuita|verde); número verde; assessoria de imprensa; redação; atendimento ao cliente
""")
#: Whose number it is after all: that of a mobile in someone's pocket, or of someone with a title or a relation.
_PERSONAL = _words(r"""
    cell(?:ulare)?\.?; telefonino; privato; sig(?:nor[ae]?|\.ra|\.)?; dott(?:or|\.ssa|\.)?; avv\.?; mio; suo;
    di động cá nhân; số riêng; (?:anh|chị|ông|bà|em) (?-i:[A-ZĐÀ-Ỹ])\w*; mobile; cell ?phone; personal; private;
    mrs?\.?; ms\.?; his; her; portable; m(?:me|lle)\.?; monsieur; madame; móvil; celular; sra?\.?; don; doña;
    handy(?:nummer)?; herrn?; frau; privat
""")
#: Where another sentence begins; words of an imprint ("Milano. Tel. 02 …") begin none.
_SENTENCE = re.compile(
    r"[.!?…]\s+(?!(?:tel|fax|telefono|phone|call|chiamare|via|viale|piazza|corso|e-?mail|điện|đt|số|gọi|tél|teléfono|"
    r"llam\w+|appel\w+)\b)(?=[^\W\d_])|\n\s*\n",
    re.IGNORECASE,
)


def is_public(text: str, start: int, end: int) -> bool:
    """Whether the words beside text[start:end] say that the number is an office's, a helpline's or a newsroom's."""
    before = _same_sentence(text[max(0, start - _BEFORE) : start])
    owners = list(_PUBLIC.finditer(before))
    if owners and not _PERSONAL.search(before, owners[-1].end()):
        return True
    after = _first_sentence(text[end : end + _AFTER])
    return bool(_PUBLIC.search(after)) and not _PERSONAL.search(after) and not _PERSONAL.search(before[-30:])


def _same_sentence(before: str) -> str:
    ends = [match.end() for match in _SENTENCE.finditer(before) if _begins(before, match)]
    return before[ends[-1] :] if ends else before


def _begins(text: str, end: re.Match[str]) -> bool:
    """Whether a sentence begins after the mark: a capital follows, or a blank line divides."""
    return "\n" in end.group() or text[end.end() : end.end() + 1].isupper()


def _first_sentence(after: str) -> str:
    end = re.search(r"[.!?…;](?:\s|\Z)|\n|\d{4}", after)
    return after[: end.start()] if end else after
