"""Named refusals of instructions, through the seam. Covers synth.reverse, synth.reverse.refusals.tables.*."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.reverse import refusals
from synth.reverse.refusals import NAMES, Repeats

BRIDGE = (
    "Il ponte di legno sul torrente Rio Freddo è stato riaperto sabato dopo otto mesi di lavori. La spesa, 740 mila "
    "euro, è stata "
    "coperta per metà dal Comune di Pratolungo. «Era il passaggio più usato dai pellegrini», ricorda l'ingegnera "
    "Sara Bellini."
)
MARKET = (
    "Chợ nổi Vàm Sáo mở cửa trở lại hôm thứ bảy sau tám tháng sửa chữa. Kinh phí 7,4 tỷ đồng do thành phố Long Thới "
    "chi một nửa. "
    "Bà Ngô Thị Bích, trưởng ban quản lý, cho biết mỗi ngày có khoảng 300 ghe đến bán hàng."
)


@pytest.mark.parametrize(
    ("instruction", "fragment", "language"),
    [
        ("Scrivi una notizia sulla riapertura del ponte sul Rio Freddo.", BRIDGE, "it"),
        ("Quanto è costato il ponte di Pratolungo e chi ha pagato?", BRIDGE, "it"),
        ("Racconta in tre frasi perché il ponte di legno era importante per i pellegrini.", BRIDGE, "it"),
        ("Viết bản tin về việc chợ nổi Vàm Sáo mở cửa trở lại.", MARKET, "vi"),
        ("Việc sửa chợ nổi tốn bao nhiêu tiền?", MARKET, "vi"),
        ("Viết bài báo với tiêu đề “Chợ nổi lại đông ghe”.", MARKET, "vi"),
    ],
)
def test_a_sound_instruction_is_not_refused(instruction: str, fragment: str, language: str) -> None:
    assert refusals(instruction, fragment, language) == []


@pytest.mark.parametrize(
    ("name", "instruction", "fragment", "language"),
    [
        ("leaked", f"Scrivi questa notizia: {BRIDGE[:120]}", BRIDGE, "it"),
        ("leaked", f"Hãy viết rằng {MARKET[:110]}", MARKET, "vi"),
        ("dangling", "Qual è il tema principale del brano?", BRIDGE, "it"),
        ("dangling", "Sintetizza l'articolo seguente.", BRIDGE, "it"),
        ("dangling", "Nội dung chính của đoạn văn trên là gì?", MARKET, "vi"),
        ("unanswerable", "Racconta la riapertura del ponte costato 2 milioni di euro.", BRIDGE, "it"),
        ("unanswerable", "Che cosa pensa il geometra Livio Sartori del ponte sul Rio Freddo?", BRIDGE, "it"),
        ("unanswerable", "Kể về chợ nổi Vàm Sáo mở cửa ngày 12/3/2019.", MARKET, "vi"),
        ("unanswerable", "Spiega la fotosintesi clorofilliana nelle alghe marine.", BRIDGE, "it"),
        ("wrong_genre", "Componi un sonetto sul ponte di legno.", BRIDGE, "it"),
        ("wrong_genre", "Scrivi un'email di ringraziamento all'ingegnera Sara Bellini.", BRIDGE, "it"),
        ("wrong_genre", "Riassumi la riapertura del ponte sotto forma di dialogo.", BRIDGE, "it"),
        ("wrong_genre", "Hãy sáng tác một bài hát về chợ nổi.", MARKET, "vi"),
        ("wrong_genre", "Viết khoảng 500 từ về chợ nổi Vàm Sáo.", MARKET, "vi"),
        ("repeated", "Racconta la riapertura del ponte. Racconta la riapertura del ponte!", BRIDGE, "it"),
        ("empty", " … ", BRIDGE, "it"),
        ("wrong_language", "Write a news story about the reopening of the wooden bridge.", BRIDGE, "it"),
        ("wrong_language", "Scrivi una notizia sulla riapertura del mercato.", MARKET, "vi"),
        ("not_an_instruction", "Il ponte è stato riaperto dopo otto mesi.", BRIDGE, "it"),
        ("not_an_instruction", "Certo! Ecco una possibile istruzione: Racconta la riapertura del ponte.", BRIDGE, "it"),
        ("not_an_instruction", "Chợ nổi đã mở cửa trở lại.", MARKET, "vi"),
        (
            "too_long",
            "Racconta la riapertura del ponte. " + "Parla anche dei lavori e della spesa. " * 30,
            BRIDGE,
            "it",
        ),
    ],
)
def test_an_unsound_instruction_is_refused_under_its_name(
    name: str, instruction: str, fragment: str, language: str
) -> None:
    assert name in refusals(instruction, fragment, language)


def test_a_text_that_the_instruction_holds_is_no_missing_one() -> None:
    assert "dangling" not in refusals(f"Riassumi il testo seguente: {BRIDGE}", "Riaperto il ponte.", "it")
    titled = "Scrivi un articolo dal seguente titolo: «Riapre il ponte dei pellegrini»"
    assert "dangling" not in refusals(titled, BRIDGE, "it")
    assert "dangling" in refusals("Rispondi in base al testo fornito: chi ha pagato il ponte?", BRIDGE, "it")


def test_decomposed_accents_are_read_as_composed_ones() -> None:
    import unicodedata

    decomposed = unicodedata.normalize("NFD", "Tóm tắt đoạn văn trên.")
    assert "dangling" in refusals(decomposed, unicodedata.normalize("NFD", MARKET), "vi")


def test_the_caller_hands_over_what_was_asked_before() -> None:
    repeats = Repeats(["Racconta la riapertura del ponte."])
    assert refusals("Per favore, racconta la riapertura del ponte!", BRIDGE, "it", repeats=repeats) == ["repeated"]
    assert refusals("Quanto è costato il ponte?", BRIDGE, "it", repeats=repeats) == []
    assert len(repeats) == 2


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=200), st.text(max_size=300), st.sampled_from(["it", "vi", "en", "xx", ""]))
def test_any_text_is_judged_by_names_in_their_order(instruction: str, fragment: str, language: str) -> None:
    names = refusals(instruction, fragment, language)
    assert names == [name for name in NAMES if name in names]
