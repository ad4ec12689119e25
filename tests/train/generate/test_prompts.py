"""What is asked: every form of rows, articles and events, in the row's language, with one id for one request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from train.errors import TrainError
from train.generate.prompts import LABELS, WORDING, read_requests, request_in

ALPACA = {"instruction": "Riassumi.", "input": "Testo lungo.", "output": "Testo."}
CHAT = {
    "messages": [
        {"role": "system", "content": "Sei un giornalista."},
        {"role": "user", "content": "Ciao"},
        {"role": "assistant", "content": "Salve"},
        {"role": "user", "content": "Che ore sono?"},
        {"role": "assistant", "content": "Le tre."},
    ],
    "language": "it",
    "key": "k1",
    "sources": [{"title": "Uno", "link": "https://a/1"}],
}


def rows_file(folder: Path, rows: list[dict[str, Any]], name: str = "rows.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def article(number: int, language: str = "it", **more: Any) -> dict[str, Any]:
    return {
        "title": f"Titolo {number}", "description": "Il sommario", "content": f"Il testo numero {number}.",
        "link": f"https://a/{number}", "source_site": "Ansa", "date": f"2026-05-0{number}", "language": language,
        **more,
    }  # fmt: skip


def test_rows_of_every_form_are_asked_without_their_answer() -> None:
    alpaca, chat = request_in(ALPACA), request_in(CHAT)
    assert (alpaca.messages[-1]["content"], alpaca.reference) == ("Riassumi.\n\nTesto lungo.", "Testo.")
    assert alpaca.messages[-1]["input"] == "Testo lungo."
    assert [turn["role"] for turn in chat.messages] == ["system", "user", "assistant", "user"]
    assert (chat.id, chat.language, chat.reference, chat.sources) == ("k1", "it", "Le tre.", ("https://a/1",))
    sharegpt = request_in({"conversations": [{"from": "human", "value": "Sì?"}, {"from": "gpt", "value": "No."}]})
    assert (sharegpt.messages, sharegpt.reference) == ([{"role": "user", "content": "Sì?"}], "No.")


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "Ciao"},
        {"instruction": "Ciao"},
        {"instruction": "Ciao", "input": "", "output": " "},
        {"messages": [{"role": "user", "content": "Ciao"}]},
        {"conversations": [{"from": "human", "value": "Ciao"}]},
    ],
    ids=str,
)
def test_a_request_alone_is_enough(row: dict[str, Any]) -> None:
    request = request_in(row)
    assert [turn["content"] for turn in request.messages] == ["Ciao"]
    assert request.reference == ""
    assert len(request.id) == 16


def test_a_chat_that_waits_is_asked_to_its_end() -> None:
    waiting = {"messages": CHAT["messages"][:-1], "language": "it"}
    request = request_in(waiting)
    assert [turn["content"] for turn in request.messages[1:]] == ["Ciao", "Salve", "Che ore sono?"]
    assert request.reference == ""


def test_two_requests_of_one_id_are_both_asked(tmp_path: Path) -> None:
    rows = [{"id": "1", "prompt": "a"}, {"id": "1", "prompt": "b"}, {"id": "1", "prompt": "a"}]
    found = read_requests([rows_file(tmp_path, rows)])
    assert {name: request.messages[0]["content"] for name, request in found.items()} == {"1": "a", "1~2": "b"}
    assert found["1~2"].id == "1~2"


def test_one_request_has_one_id_whatever_the_row_is_like() -> None:
    assert request_in(ALPACA).id == request_in({key: ALPACA[key] for key in ("instruction", "input")}).id
    assert request_in(ALPACA).id != request_in(ALPACA | {"input": "Altro."}).id
    assert request_in(ALPACA | {"id": "mine"}).id == "mine"


@pytest.mark.parametrize(
    "row", [{"input": "x"}, {"messages": []}, {"messages": [{"role": "assistant", "content": "a"}]}]
)
def test_a_row_without_a_request_is_named(row: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=r"rows\.jsonl, row 2: ."):
        read_requests([rows_file(tmp_path, [ALPACA, row])])


@pytest.mark.parametrize("language", sorted(LABELS))
def test_an_article_is_asked_for_in_its_language(language: str, tmp_path: Path) -> None:
    path = rows_file(tmp_path, [article(1, language), article(2, language, description="")])
    first, second = read_requests([path], task="article").values()
    content = first.messages[0]["content"]
    assert content.startswith(WORDING["article"][language])
    assert f"{LABELS[language][0]}: Titolo 1\n{LABELS[language][1]}: Il sommario" in content
    assert "Il testo" not in content
    assert (first.reference, first.sources, first.language) == ("Il testo numero 1.", ("https://a/1",), language)
    assert LABELS[language][1] not in second.messages[0]["input"]


def test_events_are_summarised_from_two_articles_on_in_order_of_time(tmp_path: Path) -> None:
    rows = [article(3, event="b"), article(2, event="a"), article(1, event="a", language="vi")]
    (request,) = read_requests([rows_file(tmp_path, rows)], task="summary", language="it").values()
    given = request.messages[0]["input"]
    assert given.index("Titolo 1") < given.index("Titolo 2")
    assert "Titolo 3" not in given
    assert "Ansa" in given
    assert sorted(request.sources) == ["https://a/1", "https://a/2"]


def test_rows_with_sources_are_summarised_in_the_words_given(tmp_path: Path) -> None:
    row = {"key": "s1", "language": "vi", "answer": "Tóm tắt.", "sources": [article(1), article(2)]}
    (request,) = read_requests([rows_file(tmp_path, [row])], task="summary", instruction="Tóm tắt nhé.").values()
    assert request.messages[0]["content"].startswith("Tóm tắt nhé.\n\n- Tiêu đề: Titolo 1")
    assert (request.id, request.reference) == ("s1", "Tóm tắt.")


@pytest.mark.parametrize(
    ("task", "row", "where"),
    [
        ("article", {"content": "x", "language": "it"}, "title"),
        ("article", article(1, "fi"), "fi"),
        ("article", {"title": "x"}, "--language"),
        ("summary", article(1), "event"),
        ("summary", {"sources": [{"title": "x"}], "language": "it"}, "content"),
    ],
)
def test_articles_that_cannot_be_asked_are_named(task: str, row: dict[str, Any], where: str, tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=where) as told:
        read_requests([rows_file(tmp_path, [row])], task=task)
    assert "row 1" in str(told.value)


def test_parquet_of_an_export_is_read(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    import pyarrow.parquet as pq

    folder = tmp_path / "export/huggingface/data"
    folder.mkdir(parents=True)
    for split, rows in (("train", [CHAT]), ("validation", [CHAT | {"key": "k2"}]), ("test", [CHAT | {"key": "k3"}])):
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{split}-00000-of-00001.parquet")
    assert list(read_requests([tmp_path / "export"])) == ["k3"]
    assert list(read_requests([tmp_path / "export"], split="val")) == ["k2"]
    (folder / "test-00000-of-00001.parquet").write_bytes(b"PAR1 torn")
    with pytest.raises(TrainError, match="cannot read"):
        read_requests([tmp_path / "export"])


def test_the_limit_counts_over_all_files(tmp_path: Path) -> None:
    one = rows_file(tmp_path, [{"prompt": "a"}, {"prompt": "b"}], "one.jsonl")
    two = rows_file(tmp_path, [{"prompt": "b"}, {"prompt": "c"}], "two.jsonl")
    assert len(read_requests([one, two])) == 3
    assert [request.messages[0]["content"] for request in read_requests([one, two], limit=3).values()] == [
        "a",
        "b",
        "c",
    ]
    with pytest.raises(TrainError, match="no prompts"):
        read_requests([rows_file(tmp_path, [], "none.jsonl")])
