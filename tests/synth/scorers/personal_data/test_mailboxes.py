"""Mailboxes of offices are nobody's own, a person's stay personal.

Covers synth.scorers.personal_data.mailboxes.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.scorers.personal_data import personal_data
from synth.scorers.personal_data.mailboxes import is_role

OFFICES = (
    "redazione@gazzetta.example.it", "Redazione.Milano@gazzetta.example.it", "redazioneweb@example.it",
    "redazione-sport@example.it", "ufficio.stampa@comune.example.it", "ufficiostampatorino@example.it",
    "info@example.com", "INFO@EXAMPLE.COM", "info.it@example.com", "info2@example.com", "press-uk@example.org",
    "press.office@example.gov", "newsroom@example.com", "newsroom.london@example.com", "news-desk@example.com",
    "toasoan@bao.example.vn", "toasoan.hanoi@bao.example.vn", "bandoc@bao.example.vn", "banbientap@bao.example.vn",
    "no-reply@example.com", "customer.service@example.com", "info-gazzetta@gazzetta.example.it",
    "segreteria@gazzetta.it", "dpo@example.it", "infogazzetta@gazzetta.it", "redaction@journal.example.fr",
    "rédaction@journal.example.fr", "redaktion.berlin@zeitung.example.de", "prensa@example.es", "cskh@example.vn",
    "sportello.antiviolenza@example.it", "support+en@example.com",
)  # fmt: skip
PEOPLE = (
    "mario.rossi@example.it", "info.annabianchi@posta.example", "press.smith@example.org", "m.rossi@redazione.it",
    "infantino@example.it", "presseva@example.it", "tran.van.an@toasoan.vn", "newsom@example.com", "an.info@example.vn",
    "rossi@gazzetta.it", "gazzetta@gazzetta.it", "a@b.vn", "1984@example.com", "helpman@example.com", "it@example.com",
)  # fmt: skip


@pytest.mark.parametrize("address", OFFICES)
@pytest.mark.parametrize("text", ["{}", "Scrivere a {}.", "Liên hệ: {}, gặp tòa soạn"])
def test_a_mailbox_of_an_office_is_nobodys_own(address: str, text: str) -> None:
    assert personal_data(text.format(address)) == []


@pytest.mark.parametrize("address", PEOPLE)
def test_a_mailbox_of_a_person_stays(address: str) -> None:
    text = f"Ufficio stampa: {address}"
    assert [text[span.start : span.end] for span in personal_data(text)] == [address]


def test_both_in_one_text() -> None:
    text = "Scrivere a redazione@example.it o a mario.rossi@example.it; stampa [at] example.it."
    assert [text[span.start : span.end] for span in personal_data(text)] == ["mario.rossi@example.it"]


@given(st.text(max_size=64), st.text(max_size=60))
def test_any_text(local: str, domain: str) -> None:
    assert is_role(local, domain) in (True, False)
