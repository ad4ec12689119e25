"""E-mail addresses that are nobody's own: mailboxes of newsrooms, press offices, helplines and the like.

A role is told by the whole part before the @ (RFC 2142's names, and those of the languages of the newspapers): beside
its words stand only others of roles, a place or desk after a newsroom's (`redazione.milano@`), the words of the domain
(`info-corriere@corriere.it`), a country or a number. With any other word the address is a person's after all:
`info.annabianchi@gmail.com`, `press.smith@example.org`.
"""

from __future__ import annotations

import re

from synth.language.segmentation import without_marks

#: Words of roles, in small letters without accents: English, Italian, Vietnamese, French, Spanish, German, Portuguese.
_ROLES = frozenset("""
    info infos information informations contact contacts contactus mail email hello enquiries enquiry inquiries general
    office admin administration administrator webmaster postmaster hostmaster abuse security noc root noreply donotreply
    no reply do not mailer daemon notifications newsletter newsletters subscriptions subscribe unsubscribe
    support help helpdesk helpline service services customer customers care customerservice customercare sales marketing
    billing accounts accounting orders shop store booking bookings reservations jobs careers hr recruitment privacy dpo
    gdpr legal compliance complaints feedback press pressoffice pressdesk media mediarelations mediaoffice
    communications communication pr news newsroom newsdesk desk editor editors editorial letters tips team staff
    events tickets public relations affairs corrections web online crisis emergency hotline
    redazione redazioni redazioneweb ufficiostampa ufficio stampa segreteria segreterie direzione lettere informazioni
    contatti assistenza clienti servizio servizioclienti supporto prenotazioni biglietteria ordini amministrazione
    protocollo urp pec comunicazione relazioni esterne abbonamenti pubblicita reclami segnalazioni lavoraconnoi cronaca
    centralino aiuto ascolto sportello antiviolenza biblioteca comune presidenza
    toasoan banbientap bientap bandoc phongvien duongdaynong thuky lienhe hotro cskh chamsockhachhang khachhang quangcao
    tuyendung vanphong tintuc gopy toa soan ban doc bien tap
    redaction presse servicepresse serviceclient accueil standard secretariat communique contactez
    abonnement abonnements     rgpd mairie relationspresse
    redaccion prensa gabinete gabinetedeprensa comunicacion contacto informacion atencion cliente atencionalcliente
    secretaria suscripciones publicidad
    redaktion pressestelle pressekontakt kontakt kundenservice service anfrage leserbriefe datenschutz poststelle
    verwaltung sekretariat impressum
    redacao imprensa contato faleconosco assessoria ouvidoria atendimento geral
""".split())  # fmt: skip
#: What no person is called: a place or a desk may follow, and be glued on.
_NEWSROOMS = (
    "redazione", "ufficiostampa", "ufficio.stampa", "pressoffice", "press.office", "pressdesk", "newsroom", "newsdesk",
    "mediarelations", "toasoan", "banbientap", "bandoc", "phongbaochi", "redaktion", "pressestelle", "redaction",
    "redaccion", "redacao", "gabinetedeprensa", "servicepresse", "service.presse", "noreply", "no.reply", "helpline",
)  # fmt: skip
#: Countries and languages that an office names itself by.
_COUNTRIES = frozenset("it vn vi en us uk gb eu fr es de pt br ch at be nl intl int hn hcm hanoi tphcm".split())
_SIGNS = re.compile(r"[._+-]+")


def is_role(local: str, domain: str) -> bool:
    """Whether `local`@`domain` is the mailbox of an office, not of a person."""
    name = _folded(local)
    parts = [part.rstrip("0123456789") for part in _SIGNS.split(name)]
    parts = [part for part in parts if part]
    owners = {part for label in _folded(domain).split(".")[:-1] for part in (label, *label.split("-"))}
    rest = [part for part in parts if part not in _ROLES and part not in _COUNTRIES and part not in owners]
    if not rest:
        return any(part in _ROLES for part in parts)
    return len(rest) == 1 and _is_desk(_SIGNS.sub(".", name), rest[0], owners)


def _is_desk(name: str, rest: str, owners: set[str]) -> bool:
    """Whether a newsroom's name has one word after it, or is glued to that of its house."""
    if any(rest.removesuffix(owner) in _ROLES or rest.removeprefix(owner) in _ROLES for owner in owners if owner):
        return True
    return any(name.startswith(word) or name.endswith(f".{word}") for word in _NEWSROOMS)


def _folded(text: str) -> str:
    return without_marks(text.casefold().replace("đ", "d"))
