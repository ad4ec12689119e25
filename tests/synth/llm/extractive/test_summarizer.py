"""The extractive summary: the sources' own sentences, each thing once, nothing that hangs in the air.

Covers synth.llm.extractive.sentence_filter.
"""

from __future__ import annotations

import itertools
import json
import random
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.language.segmentation import sentences, words
from synth.llm.extractive.candidates import Document, from_mapping
from synth.llm.extractive.sentence_filter import begins_dependent, clean, is_dependent, is_fit
from synth.llm.extractive.summarizer import MAX_OVERLAP, default_length, overlap, summarize

DAY = datetime(2026, 5, 4, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def events(sample_records: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The sample articles by their gold events of two or more."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in sample_records:
        if row.get("event"):
            found[row["event"]].append(row)
    return {event: rows for event, rows in sorted(found.items()) if len(rows) > 1}


def documents_of(rows: list[dict[str, Any]]) -> list[Document]:
    return [from_mapping(row | {"date": datetime.fromisoformat(row["date"])}) for row in rows]


@pytest.mark.parametrize(
    "sentence",
    [
        "Il sindaco ha annunciato che i lavori della scuola cominceranno a settembre.",
        "«La scuola aprirà in tempo», ha detto il sindaco ai genitori riuniti in piazza.",
        'Secondo la società "il contratto è stato firmato ieri sera" dalle due parti.',
    ],
)
def test_fit_sentences(sentence: str) -> None:
    assert is_fit(sentence, "it")


@pytest.mark.parametrize(
    "sentence",
    [
        "Leggi anche: Terremoto nel Maceratese, gente in strada e scuole chiuse.",
        "Riproduzione riservata © Copyright ANSA, tutti i diritti sono riservati.",
        "Che cosa succederà adesso alla scuola di Visso e ai suoi alunni?",
        "«Mamma, mi devi portare fuori di qui perché non ce la faccio più.",
        "Non ce la faccio più a stare in questo posto, devi chiamare qualcuno».",
        "Il sindaco ha annunciato che i lavori della scuola cominceranno",
        "e poi i lavori della scuola cominceranno a settembre, ha detto il sindaco.",
        "Zero feriti, una quarantina di telefonate.",
        "Per approfondire Agenzia ANSA A Taiwan vince Lai, la Cina non accetta il voto.",
        "Se domani dovete prendere un treno, mettete in conto un piano di riserva per la giornata.",
        "La lettera al sottosegretario Delmastro La senatrice era stata contattata dalla madre.",
        "Diversi giornali hanno diffusoalcunivideosuisocial della cerimonia avvenuta ieri a Roma.",
        "«Abbiamo lavorato tutta la notte per riaprire la strada e la ferrovia prima dell'alba».",
        "",
    ],
)
def test_unfit_sentences(sentence: str) -> None:
    assert not is_fit(sentence, "it")


@pytest.mark.parametrize(
    ("sentence", "fit"),
    [
        ("Djokovic thắng bằng những cú đánh ổn định và đẳng cấp của mình ở ván cuối.", True),
        ("Học bổng được trao nhằm giúp các em học sinh nghèo không phải nghỉ học giữa chừng.", True),
        ("Cô gái 20 tuổi sống một mình trong căn nhà ở quận 9 từ đầu năm nay.", True),
        ("Tới đây, chúng tôi sẽ xây dựng chính sách để người dân thoát nghèo bền vững.", False),
        ("Thực tế mình cũng có thông tin từ phía gia đình của liệt sĩ nên mời họ đến.", False),
        ("Lúc đó em đang đứng ở cổng trường thì nghe một tiếng nổ rất lớn.", False),
        ("Tư lệnh Lực lượng lính dù Nga xác nhận năm học viên đã thiệt mạng ở trại huấn luyện.", True),
        ("Thiệt hại rất lớn Theo báo cáo ban đầu có ba ngôi nhà bị cháy ở phường này.", False),
        (" ".join(["Cơn", *["bão"] * 89]) + ".", True),
        (" ".join(["Cơn", *["bão"] * 110]) + ".", False),
    ],
)
def test_vietnamese_sentences(sentence: str, fit: bool) -> None:
    assert is_fit(sentence, "vi") is fit


@pytest.mark.parametrize(
    ("language", "sentence", "dependent"),
    [
        ("it", "Inoltre la società ha chiuso il bilancio in perdita.", True),
        ("it", "Egli ha poi lasciato la città.", True),
        ("it", "Lo ha reso noto il ministero.", True),
        ("it", "Lo spiega una nota del comune.", True),
        ("it", "È il limite che varrà da ottobre.", True),
        ("it", "È stato colpito da un proiettile.", True),
        ("it", "In tale contesto la spesa cala.", True),
        ("it", "Lo Stato ha speso meno del previsto.", False),
        ("it", "Lo sciopero comincia alle 21.", False),
        ("it", "La Procura di Ancona ha aperto un fascicolo.", False),
        ("it", "Gli studenti sono tornati in classe.", False),
        ("it", "In questi giorni la città è piena.", False),
        ("vi", "Tuy nhiên, giá vàng vẫn tăng.", True),
        ("vi", "Ông nói rằng dự án sẽ xong.", True),
        ("vi", "Theo ông, dự án sẽ xong trong năm nay.", True),
        ("vi", "Công ty này vừa khởi công nhà máy.", True),
        ("vi", "Ông Nguyễn Văn A nói dự án sẽ xong.", False),
        ("vi", "Bà con nông dân lo giá mít giảm.", False),
        ("vi", "Theo ông Nam, dự án sẽ xong.", False),
        ("vi", "Quán của bà Tạ Thị Hường đông khách, bà thuê thêm người.", False),
    ],
)
def test_sentences_that_point_back(language: str, sentence: str, dependent: bool) -> None:
    assert is_dependent(sentence, language) == dependent


def test_the_first_sentence_points_at_nothing() -> None:
    assert not begins_dependent("E' morto a Roma il regista Mario Rossi.", "it")
    assert begins_dependent("E Roma si ferma per lo sciopero dei mezzi.", "it")


@pytest.mark.parametrize(
    ("paragraph", "cleaned"),
    [
        ("(ANSA) - ROMA, 12 MAG - Il governo ha approvato.", "Il governo ha approvato."),
        ("ROMA, 12 MAG - Il governo ha approvato.", "Il governo ha approvato."),
        ("ROMA - Il governo ha approvato.", "Il governo ha approvato."),
        ("Il governo ha approvato. (ANSA).", "Il governo ha approvato."),
        ("Il governo ha approvato (ANSA)", "Il governo ha approvato"),
        ("Caricamento player Il governo ha approvato.", "Il governo ha approvato."),
        ("TTO - Ngày 23-10, hàng nghìn người xuống đường.", "Ngày 23-10, hàng nghìn người xuống đường."),
        ("(Dân trí) - Ngày 23-10, hàng nghìn người xuống đường.", "Ngày 23-10, hàng nghìn người xuống đường."),
        ("A Roma il governo ha approvato il decreto.", "A Roma il governo ha approvato il decreto."),
    ],
)
def test_stamps_of_agencies(paragraph: str, cleaned: str) -> None:
    assert clean(paragraph) == cleaned


def test_every_sample_event_has_a_summary_of_its_sources_sentences(events: dict[str, list[dict[str, Any]]]) -> None:
    assert len(events) >= 30
    texts = {event: summarize(documents_of(rows), rows[0]["language"]) for event, rows in events.items()}
    # Where no article begins with a sentence that stands alone, nothing is better than a fragment.
    assert sum(not text for text in texts.values()) <= len(texts) // 20
    for event, text in texts.items():
        if not text:
            continue
        language = events[event][0]["language"]
        documents = documents_of(events[event])
        bodies = [" ".join(document.content.split()) for document in documents]
        chosen = sentences(text, language)
        assert all(any(one in body for body in bodies) for one in chosen), event
        assert 30 <= len(words(text)) <= default_length(documents)
        sets = [frozenset(word.lower() for word in words(one)) for one in chosen]
        assert all(overlap(left, right) <= MAX_OVERLAP for left, right in itertools.combinations(sets, 2)), event
        assert not any(mark in text for mark in ("ANSA)", "©", "Leggi anche", "Xem thêm", "?"))


def test_more_than_one_source_is_told_in_most_events(events: dict[str, list[dict[str, Any]]]) -> None:
    several = 0
    for rows in events.values():
        documents = documents_of(rows)
        text = summarize(documents, rows[0]["language"])
        told = [sum(one in " ".join(document.content.split()) for one in sentences(text)) for document in documents]
        several += sum(count > 0 for count in told) > 1
    assert several >= 0.8 * len(events)


def test_the_same_articles_in_any_order_give_the_same_text(events: dict[str, list[dict[str, Any]]]) -> None:
    for rows in itertools.islice(events.values(), 8):
        documents = documents_of(rows)
        first = summarize(documents, rows[0]["language"])
        for seed in range(3):
            shuffled = random.Random(seed).sample(documents, len(documents))
            assert summarize(shuffled, rows[0]["language"]) == first


def test_near_copies_of_one_wire_are_told_once() -> None:
    wire = (
        "Un incendio ha distrutto nella notte un deposito di tessuti nella zona industriale di Prato.\n\n"
        "Sul posto hanno lavorato sei squadre dei vigili del fuoco arrivate da Firenze e da Pistoia.\n\n"
        "Un pompiere di 35 anni è stato portato in ospedale per una leggera intossicazione da fumo."
    )
    other = wire.replace("nella notte", "stanotte").replace("leggera", "lieve")
    text = summarize([Document("Prato", wire, DAY), Document("Rogo", other, DAY + timedelta(hours=1))], "it", 200)
    assert Counter(word for word in words(text) if word in ("incendio", "squadre", "pompiere")) == {
        "incendio": 1, "squadre": 1, "pompiere": 1
    }  # fmt: skip


def test_limits_hold(events: dict[str, list[dict[str, Any]]]) -> None:
    rows = next(iter(events.values()))
    documents = documents_of(rows)
    for limit in (1, 2, 3):
        text = summarize(documents, rows[0]["language"], max_sentences=limit)
        assert 1 <= len(sentences(text, rows[0]["language"])) <= limit
    assert len(words(summarize(documents, rows[0]["language"], max_words=50))) <= 50
    assert summarize(documents, rows[0]["language"], max_words=3) == ""


def test_nothing_comes_of_nothing() -> None:
    assert summarize([], "it") == ""
    assert summarize([Document("", "")], "it") == ""
    assert summarize([Document("Vuoto?", "Chi? Che cosa? Dove? E quando?")], "it") == ""


@settings(deadline=None)
@given(
    st.lists(st.builds(Document, st.text(max_size=30), st.text(max_size=400)), max_size=4),
    st.sampled_from(["it", "vi", "en", "xx", ""]),
)
def test_any_text_is_survived(documents: list[Document], language: str) -> None:
    assert isinstance(summarize(documents, language), str)


def test_a_long_source_costs_little() -> None:
    numbers = [
        f"Il punto numero {i} del verbale {i * 7} parla della strada {i * 13} del quartiere." for i in range(4000)
    ]
    documents = [Document("Verbale", "\n\n".join(numbers), DAY)] * 3
    began = time.process_time()
    summarize(documents, "it", max_sentences=5)
    assert time.process_time() - began < 5


# ---- real articles

#: Mean ROUGE-2 F1 to two human summaries on the half of vi_vnmds that no weight was chosen on; measured .393. Version 2
#: had .413: people's summaries keep captions' and headings' sentences, and those that point at what is left out.
ROUGE_FLOOR = 0.385


def rouge(text: str, reference: str, size: int) -> float:
    def grams(of: str) -> Counter[tuple[str, ...]]:
        low = [word.lower() for word in words(of)]
        return Counter(zip(*(low[start:] for start in range(size)), strict=False))

    mine, theirs = grams(text), grams(reference)
    return 2 * sum((mine & theirs).values()) / max(1, sum(mine.values()) + sum(theirs.values()))


def test_near_the_human_summaries_of_vietnamese_events(shared: Path) -> None:
    folder = shared / "data/vi_vnmds"
    rows: dict[str, list[Document]] = defaultdict(list)
    for line in (folder / "docs.jsonl").open(encoding="utf-8"):
        row = json.loads(line)
        date = datetime.strptime(row["time"], "%d/%m/%Y %H:%M").replace(tzinfo=UTC)
        rows[row["cluster"]].append(Document(row["title"], row["text"], date))
    references = {row["cluster"]: row for row in map(json.loads, (folder / "refs.jsonl").open(encoding="utf-8"))}
    scores = []
    for event in sorted(rows)[1::2]:
        text = summarize(rows[event], "vi")
        scores.append(sum(rouge(text, references[event][name], 2) for name in ("ref1", "ref2")) / 2)
    assert len(scores) == 99
    mean = sum(scores) / len(scores)
    print(f"ROUGE-2 F1 {mean:.4f} over {len(scores)} events")
    assert mean >= ROUGE_FLOOR


def test_the_headline_of_a_linked_article_is_left_out() -> None:
    body = (
        "Il cantante Idan Amedi è stato ferito gravemente in combattimento a Gaza, riferisce la radio militare.\n\n"
        "Amedi è stato trasportato al centro medico di Tel Hashomer, dove riceve le cure dei medici da ieri sera.\n\n"
        "A Gerusalemme Est uccisa per errore una bimba palestinese.\n\n"
        "Idan Amedi non sarebbe in pericolo di vita, ha detto un medico ai giornali di Tel Aviv."
    )
    text = summarize([Document("Ferito a Gaza il cantante Idan Amedi", body, DAY)], "it", 52)
    assert "Gerusalemme" not in text
    assert "non sarebbe in pericolo" in text


def test_a_short_article_is_its_own_summary_however_much_room_there_is() -> None:
    """How much is too little goes by what the articles hold, not by what is asked for."""
    text = (
        "Il nuovo ponte sul fiume Adda apre al traffico lunedì mattina dopo tre anni di lavori. "
        "Il sindaco di Lodi ha detto che costa dodici milioni di euro e che il vecchio resterà per chi va a piedi."
    )
    for room in (40, 90, 400):
        assert summarize([Document("Il ponte", text)], "it", max_words=room) == text
