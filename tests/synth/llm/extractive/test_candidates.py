"""Every sentence that may be chosen is a span of its source, whatever the source holds."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from synth.llm.extractive.candidates import Document, candidates_of, facts_of, units_of

DAY = datetime(2026, 5, 4, 8, tzinfo=UTC)
#: Pieces of which scraped bodies are made.
PIECES = st.sampled_from(
    [
        "Il sindaco ha annunciato che i lavori della scuola cominceranno a settembre. ", "(ANSA) - ROMA, 12 MAG - ",
        "(ANSA). ", "Il prezzo della casa ", "Lo studio della banca dice che le case di Prato costano troppo. ", "\n\n",
        "«Non ce la faccio più», ha detto la maestra Anna Bianchi ai genitori dei bambini. ", "Leggi anche: ", "\r\n ",
        "Ảnh: VNA ", "Chiều 4/5, lãnh đạo thành phố cho biết trường học sẽ được sửa trong tháng 9. ", "“", "»",
        "\u00a0",
        "The council said that work on the school will begin in September. ", "Caricamento player ", "…", "A. ",
    ]
)  # fmt: skip
TEXTS = st.one_of(st.lists(PIECES, max_size=14).map("".join), st.text(max_size=300))


@settings(deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=3), st.sampled_from(["it", "vi", "en", "fr", "es", "de", "pt", ""]))
def test_candidates_are_spans_of_their_source(texts: list[str], language: str) -> None:
    documents = [Document("Scuola", text, DAY) for text in texts]
    for row in candidates_of(documents, language):
        assert row.text in " ".join(documents[row.source].content.split())


def test_the_caption_before_a_credit_is_left_out() -> None:
    body = (
        "Nhiều phụ huynh đã đến trường học trong sáng 4/5 để phản đối. Ảnh: VNA Chiều 4/5, lãnh đạo thành phố Vinh cho "
        "biết trường học sẽ được sửa trong tháng 9."
    )
    texts = [row.text for row in candidates_of([Document("Trường học", body, DAY)], "vi")]
    assert texts == ["Chiều 4/5, lãnh đạo thành phố Vinh cho biết trường học sẽ được sửa trong tháng 9."]


def test_what_a_sentence_says() -> None:
    assert facts_of("Ieri Anna Bianchi ha speso 1.200 euro.") == {"anna", "bianchi", "1200"}
    assert units_of("Le scuole costano 12 milioni.", "it") == {"scuol", "costa", "12", "milio"}
    assert units_of("Trường học sửa.", "vi") == {"trường học", "học sửa"}
