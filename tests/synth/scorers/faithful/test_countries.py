"""Countries by their adjectives, titles before names, and acronyms: no false alarms, and what is changed is found.

Covers synth.language.countries.
"""

from __future__ import annotations

import pytest

from synth.faithful import unsupported


@pytest.mark.parametrize(
    ("answer", "source", "language"),
    [
        ("It was signed by Italian Premier Giorgia Meloni.", "Giorgia Meloni, prime minister of Italy, signed.", "en"),
        ("Ha firmato la Francia.", "Il governo francese ha firmato l'accordo.", "it"),
        ("Today Vietnamese officials travel.", "Today officials from Vietnam travel.", "en"),
        ("La visita comincia in Vietnam.", "Các quan chức Việt Nam bắt đầu chuyến thăm.", "it"),
        ("Former US President Bill Clinton spoke.", "Bill Clinton, who led the United States, spoke.", "en"),
        ("It was said by U.S. President Joe Biden.", "Joe Biden, the US president, said so.", "en"),
        ("Hanno deciso gli Stati Uniti.", "La Casa Bianca americana ha deciso.", "it"),
        ("La decisión es de Alemania.", "El gobierno alemán decidió.", "es"),
        ("La décision vient des Allemands.", "L'Allemagne a décidé ainsi.", "fr"),
        ("Ha deciso la Bce.", "La Banca centrale europea ha deciso sui tassi.", "it"),
        ("The European Central Bank (ECB) raised rates.", "La Bce ha alzato i tassi.", "en"),
        ("Ha parlato il Presidente Mario Bianchi.", "Mario Bianchi ha parlato.", "it"),
    ],
)  # fmt: skip
def test_what_is_said_in_another_form(answer: str, source: str, language: str) -> None:
    assert unsupported(answer, [source], language) == []


@pytest.mark.parametrize(
    ("answer", "source", "language", "name"),
    [
        ("The deal was signed by Spanish Premier Giorgia Meloni.", "Giorgia Meloni of Italy signed.", "en", "Spanish"),
        ("Ha firmato la Germania.", "Il governo francese ha firmato l'accordo.", "it", "Germania"),
        ("It was said by former President George Bush.", "Bill Clinton, the former president, spoke.", "en", "Bush"),
        ("Ha deciso la Fao.", "La Banca centrale europea ha deciso sui tassi.", "it", "Fao"),
        ("Người đó là Nguyễn Đức Anh.", "Đức và Anh đã ký, theo Nguyễn Văn Nam.", "vi", "Nguyễn Đức Anh"),
    ],
)
def test_what_is_another_name(answer: str, source: str, language: str, name: str) -> None:
    assert any(name in each for each in unsupported(answer, [source], language))
