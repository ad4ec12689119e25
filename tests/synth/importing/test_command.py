"""`synth import`: every line of a file is stored, or counted under why not; nothing that was known is lost."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from crawler.items import RecordError, article_from_record
from synth.__main__ import main
from synth.importing import importer
from synth.importing.articles import Reading, read_article
from synth.importing.command import import_file
from synth.importing.store import store

BODY = "Una scossa di terremoto di magnitudo 4.4 è stata registrata questa mattina nelle Marche, nessun ferito."


def record(number: int = 1, **more: Any) -> dict[str, Any]:
    link = f"https://www.ansa.it/sito/notizie/cronaca/2026/05/04/scossa_{number}.html"
    return {"link": link, "title": f"Scossa {number}", "content": BODY, "date": "2026-05-04T05:10:00+02:00"} | more


def written(path: Path, rows: Sequence[dict[str, Any] | str | bytes]) -> Path:
    lines = [
        row if isinstance(row, bytes) else (row if isinstance(row, str) else json.dumps(row)).encode() for row in rows
    ]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def test_the_sample_articles_and_again(database: Any, root: Path, sample_records: list[dict[str, Any]]) -> None:
    path = root / "demo/articles.jsonl"
    assert import_file(database.articles, path) == Counter(stored=len(sample_records))
    before = list(database.articles.find())
    assert import_file(database.articles, path) == Counter(unchanged=len(sample_records))
    assert list(database.articles.find()) == before
    assert "event" not in before[0]
    assert {row["language"] for row in before} == {"it", "vi"}


def test_another_edition_of_a_newspaper_is_read_as_what_it_is(database: Any, tmp_path: Path) -> None:
    body = "An earthquake of magnitude 4.4 shook the hills of the Marche region on Monday morning; nobody was hurt."
    link = "https://www.ansa.it/english/news/2026/05/04/quake-shakes-marche_0f8fad5b-d9cb-469f-a165-70867728950e.html"
    rows = [record(), record(2) | {"link": link, "title": "Quake shakes Marche", "content": body}]
    assert import_file(database.articles, written(tmp_path / "f", rows)) == Counter(stored=2)
    assert {row["link"] == link: row["language"] for row in database.articles.find()} == {False: "it", True: "en"}


def test_a_foreign_row(database: Any, tmp_path: Path) -> None:
    row = {"url": "http://www.ansa.it/sito/notizie/x_1.html?utm=1", "title": " Scossa ", "text": BODY,
           "date": "ROMA, 06 gennaio 2024, 18:54", "tags": "Terremoto, Marche"}  # fmt: skip
    assert import_file(database.articles, written(tmp_path / "f", [row])) == Counter(stored=1)
    found = database.articles.find_one()
    assert found["link"] == "https://www.ansa.it/sito/notizie/x_1.html"
    assert found["date"].isoformat() == "2024-01-06T17:54:00+00:00"
    assert found["tags"] == ["Terremoto", "Marche"]
    assert (found["source_site"], found["language"], found["location"]) == ("Ansa", "it", "ROMA")


def test_every_row_of_a_year_of_news(shared: Path, database: Any) -> None:
    """149 of these pages were crawled without a body; the others are there, each link once."""
    path = shared / "data/it_news_2024/articles.jsonl"
    with path.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    counts = import_file(database.articles, path)
    assert counts["empty_body"] == 149
    assert sum(counts.values()) == len(rows) == 858
    assert database.articles.count_documents({}) == counts["stored"]
    links = {article_from_record(row).link for row in rows if row["content"]}
    assert set(database.articles.distinct("link")) == links


def test_lines_that_cannot_be_read_are_named_and_the_others_stored(
    database: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows: list[Any] = [record(1), '{"link": ', "", record(2), "[1]", b'{"title": "\xff"}', record(3), "[" * 5000]
    path = written(tmp_path / "mixed.jsonl", rows)
    assert import_file(database.articles, path) == Counter(stored=3, no_json=3, not_utf8=1)
    told = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[1] for line in told] == [f"{path}:{number}" for number in (2, 5, 6, 8)]
    assert "not_utf8: byte 12" in told[2]


def test_rows_that_are_no_articles_are_counted_by_reason(
    database: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [record(1, link="ftp://x"), record(2, content=" \n"), record(3, title=""), record(4, content=None),
            record(5, link="https://www.ansa.it/x.html", date="ieri")]  # fmt: skip
    counts = import_file(database.articles, written(tmp_path / "f", rows))
    assert counts == Counter(no_link=1, empty_body=2, no_title=1, no_date=1)
    assert "empty_body" not in capsys.readouterr().err


def test_many_bad_lines_are_named_a_few_times(
    database: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert import_file(database.articles, written(tmp_path / "f", ["{"] * 40)) == Counter(no_json=40)
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 5
    assert "only counted" in told[-1]


def test_a_byte_order_mark_and_windows_line_ends(database: Any, tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(record(1)).encode() + b"\r\n" + json.dumps(record(2)).encode())
    assert import_file(database.articles, path) == Counter(stored=2)


@pytest.mark.parametrize("batch", [1, 2, 500])
def test_the_last_of_several_rows_of_a_link_wins(
    database: Any, tmp_path: Path, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "_BATCH", batch)
    rows = [record(1), record(2), record(1, content="Aggiornamento: " + BODY)]
    counts = import_file(database.articles, written(tmp_path / "f", rows))
    assert sum(counts.values()) == 3
    assert database.articles.count_documents({}) == 2
    assert database.articles.find_one({"title": "Scossa 1"})["content"].startswith("Aggiornamento")


def test_a_new_text_is_a_revision_and_the_old_is_kept(database: Any) -> None:
    def put(text: str) -> Counter[str]:
        article = article_from_record(record(1, content=text))
        return store(database.articles, {article.link: article})

    assert put("Primo testo.") == Counter(stored=1)
    assert put("Primo testo.") == Counter(unchanged=1)
    assert put("Secondo testo.") == put("Terzo testo.") == Counter(updated=1)
    row = database.articles.find_one()
    assert (row["content"], row["revision"]) == ("Terzo testo.", 2)
    old = list(database.revisions.find().sort("revision", 1))
    assert [(row["revision"], row["content"]) for row in old] == [(0, "Primo testo."), (1, "Secondo testo.")]


def test_what_the_crawl_learnt_is_not_taken_back(database: Any) -> None:
    article = article_from_record(record(1, tags=["terremoto"]))
    article.permission = {"opt_out": True, "evidence": "tdm-reservation"}
    store(database.articles, {article.link: article})
    plain = article_from_record(record(1, content="Altro testo."))
    assert store(database.articles, {plain.link: plain}) == Counter(updated=1)
    row = database.articles.find_one()
    assert row["permission"]["opt_out"] is True
    assert row["tags"] == ["terremoto"]


def test_permission_and_access_travel_with_a_row() -> None:
    article = read_article(record(1, permission={"opt_out": True}, access="teaser"), Reading())
    assert (article.permission, article.access) == ({"opt_out": True}, "teaser")
    assert read_article(record(1, access="x"), Reading()).access == "free"
    with pytest.raises(RecordError, match="wrong_type: permission: a text, not a record"):
        read_article(record(1, permission="yes"), Reading())


def test_another_link_of_a_text_we_have_is_no_second_article(database: Any) -> None:
    article = article_from_record(record(1))
    other = article_from_record(record(2, title="Scossa 1"))
    database.articles.insert_one(article.document() | {"also_at": [other.link]})
    assert store(database.articles, {other.link: other}) == Counter(unchanged=1)
    changed = article_from_record(record(2, content="Tutt'altro."))
    assert store(database.articles, {changed.link: changed}) == Counter(stored=1)
    assert database.articles.count_documents({}) == 2


def test_the_language_is_the_rows_the_options_or_detected() -> None:
    foreign = record(1, link="https://example.org/2026/05/04/scossa")
    assert read_article(foreign, Reading()).language == "it"
    assert read_article(foreign, Reading("de")).language == "de"
    assert read_article(foreign | {"language": "fr"}, Reading("de")).language == "fr"
    assert read_article(foreign | {"title": "1", "content": "2"}, Reading()).language == ""


def test_the_command_reads_several_files_and_stdin(
    database: Any,
    database_uri: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    one = written(tmp_path / "one", [record(1)])
    two = written(tmp_path / "two", [record(1), record(2)])
    assert main(["import", "--uri", database_uri, "--json", str(one), str(two)]) == 0
    assert json.loads(capsys.readouterr().out) == {"stored": 2, "unchanged": 1}
    data = io.TextIOWrapper(io.BytesIO(json.dumps(record(3)).encode()))
    monkeypatch.setattr("sys.stdin", data)
    assert main(["import", "--uri", database_uri, "-"]) == 0
    assert capsys.readouterr().out == "import: 1 stored; next: synth cluster\n"
    assert [row["outcome"] for row in database.runs.find()] == ["done", "done"]


def test_a_file_that_is_not_there_is_one_line(
    database_uri: str, database: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = written(tmp_path / "one", [record(1)])
    assert main(["import", "--uri", database_uri, str(one), str(tmp_path / "none")]) == 2
    assert "no such file" in capsys.readouterr().err
    assert database.articles.count_documents({}) == 0


def test_what_was_taken_down_is_not_imported_again(database: Any, database_uri: str, tmp_path: Path) -> None:
    path = written(tmp_path / "f", [record(1), record(2), record(3)])
    import_file(database.articles, path)
    link = database.articles.find_one()["link"]
    assert main(["takedown", "--uri", database_uri, link, "--yes"]) == 0
    counts = import_file(database.articles, path)
    assert counts == Counter(unchanged=2, taken_down=1)
    assert database.articles.count_documents({"link": link}) == 0
