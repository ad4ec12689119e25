"""`synth import` of instruction sets: the format is shown, every row is stored or named, twice is once.

Covers synth.importing, synth.importing.importer, synth.importing.recognition, synth.importing.card.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from synth.__main__ import main
from synth.report.funnel import collect_funnel

PAIR = {"instruction": "Nomina un porto.", "input": "", "output": "Il porto di Ancona è sull'Adriatico."}


@pytest.fixture
def imported(database: Any, database_uri: str, capsys: pytest.CaptureFixture[str]) -> Any:
    """(words) -> (exit status, stdout, stderr)."""

    def run(*words: Any) -> tuple[int, str, str]:
        status = main(["import", "--uri", database_uri, *map(str, words)])
        output = capsys.readouterr()
        return status, output.out, output.err

    return run


def written(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def pairs(count: int) -> list[dict[str, Any]]:
    return [PAIR | {"output": f"{PAIR['output']} {number}."} for number in range(count)]


def test_the_format_is_shown_and_a_row_that_does_not_fit_is_named(imported: Any, database: Any, tmp_path: Path) -> None:
    rows = pairs(9)
    rows[3], rows[6] = {"nome": "Ancona"}, PAIR | {"output": " "}
    path = written(tmp_path / "set.jsonl", rows)
    status, out, err = imported(path)
    assert (status, out.partition(";")[0]) == (0, "import: 1 empty answer, 1 other format, 7 samples stored")
    assert err.splitlines() == [
        f"import: {path}: format: alpaca (8 of 9 rows)",
        f"import: {path}:4: other_format: not Alpaca (instruction, input, output); its fields: nome",
        f"import: {path}:7: empty_answer: turn 2 of the assistant is empty",
    ]
    assert database.samples.count_documents({"language": "it", "task": "import"}) == 7


def test_imported_twice_is_unchanged(imported: Any, database: Any, tmp_path: Path) -> None:
    path = written(tmp_path / "set.jsonl", pairs(3))
    assert imported(path, "--json")[1] == '{"samples_stored": 3}\n'
    database.samples.update_one({}, {"$set": {"status": "accepted", "accuracy": 5.0}})
    before = list(database.samples.find())
    other = written(tmp_path / "copy.jsonl", [{"messages": [{"role": "user", "content": row["instruction"]},
                    {"role": "assistant", "content": row["output"]}]} for row in pairs(3)])  # fmt: skip
    assert imported(path, other, "--json")[1] == '{"samples_unchanged": 6}\n'
    assert list(database.samples.find()) == before
    assert imported(path, "--json", "--language", "fr")[1] == '{"samples_updated": 3}\n'
    assert database.samples.count_documents({"language": "fr", "accuracy": 5.0}) == 1


def test_a_mixed_file_is_told_and_each_half_can_be_read(imported: Any, database: Any, tmp_path: Path) -> None:
    article = {"title": "Il faro", "content": "Il faro cambia lampada.", "date": "2026-05-04"}
    articles = [article | {"link": f"https://example.org/{number}"} for number in range(3)]
    path = written(tmp_path / "mixed.jsonl", [*pairs(5), *articles])
    status, _, err = imported(path)
    assert status == 0
    assert "format: alpaca (5 of 8 rows); a mixed file: 3 articles rows are not read" in err
    assert "mixed.jsonl:6: other_format: this is articles, not alpaca: read it with --format articles" in err
    assert database.articles.count_documents({}) == 0
    assert imported(path, "--format", "articles")[0] == 0
    assert (database.articles.count_documents({}), database.samples.count_documents({})) == (3, 5)


def test_format_and_map(imported: Any, database: Any, tmp_path: Path) -> None:
    path = written(tmp_path / "set.jsonl", [{"domanda": "Chi è?", "meta": {"risposta": "Il guardiano del faro."}}])
    assert imported(path)[0] == 1
    status, _, err = imported(path, "--map", "question=domanda", "--map", "answer=meta.risposta", "--language", "it")
    assert (status, err.rstrip()) == (0, f"import: {path}: format: prompts (1 of 1 rows)")
    row = database.samples.find_one()
    assert (row["question"], row["answer"]) == ("Chi è?", "Il guardiano del faro.")
    status, _, err = imported(path, "--format", "alpacca")
    assert status == 2
    assert "did you mean 'alpaca'?" in err


def test_language_licence_and_card(imported: Any, database: Any, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("---\nlicense: cc-by-4.0\nlanguage:\n- it\n- vi\n---\nText\n")
    rows = [PAIR, {"instruction": "a", "input": "", "output": "42"}, PAIR | {"output": "B", "language": "Italian"},
            PAIR | {"output": "C", "language": "klingon", "license": "mit"}]  # fmt: skip
    assert imported(written(tmp_path / "set.jsonl", rows))[0] == 0
    found = {row["answer"]: row for row in database.samples.find()}
    assert [found[name]["language"] for name in (PAIR["output"], "42", "B")] == ["it", None, "it"]
    assert [found[name]["provenance"]["license"] for name in ("42", "C")] == ["cc-by-4.0", "mit"]
    assert found["42"]["provenance"]["dataset"] == "set"


@pytest.mark.parametrize("keys", [("role", "content"), ("from", "value")])
@pytest.mark.parametrize("name", ["", "dialogue", "conversations", "messages"])
def test_a_line_that_is_a_list_of_turns_is_a_row(
    imported: Any, database: Any, tmp_path: Path, keys: tuple[str, str], name: str
) -> None:
    speakers = ("user", "assistant") if keys[0] == "role" else ("human", "gpt")
    turns = [{keys[0]: speaker, keys[1]: text} for speaker, text in zip(speakers, ("Chi?", "Io."), strict=True)]
    rows: list[Any] = [{name: turns} if name else turns] * 2
    assert imported(written(tmp_path / "set.jsonl", rows), "--json")[1] == '{"repeated": 1, "samples_stored": 1}\n'
    row = database.samples.find_one()
    assert (row["question"], row["answer"]) == ("Chi?", "Io.")


def test_other_files_than_json_lines(imported: Any, database: Any, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    answers = [{"role": "assistant", "content": f"Io {number}.", "weight": 1} for number in range(3)]
    rows = [{"messages": [{"role": "user", "content": "Chi?"}, answer]} for answer in answers]
    table = datasets.Dataset.from_list(rows)
    table.to_parquet(str(tmp_path / "set.parquet"))
    table.save_to_disk(str(tmp_path / "saved"))
    (tmp_path / "set.json").write_text(json.dumps(rows, indent=1))
    assert imported(tmp_path / "set.parquet", "--json")[1] == '{"samples_stored": 3}\n'
    assert imported(tmp_path / "saved", tmp_path / "set.json", "--json")[1] == '{"samples_unchanged": 6}\n'
    assert database.samples.find_one()["conversation"]["weights"] == [None, 1]


def test_the_report_and_the_query_show_what_was_imported(
    imported: Any, database: Any, database_uri: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "set.jsonl", [*pairs(3), PAIR | {"output": ""}, {"x": 1}])
    imported(path)
    imported(path)
    funnel = collect_funnel(database, {"count": 3, "scored": 0, "judged": 0, "unread": 0})
    steps = {step["name"]: step for step in funnel["steps"]}
    assert steps["Rows of sets"]["count"] == 5
    reasons = [(loss["reason"], loss["count"]) for loss in steps["Rows of sets"]["losses"]]
    assert reasons == [("empty_answer", 1), ("other_format", 1)]
    assert "Pages and rows read" not in steps
    assert main(["query", "--uri", database_uri, '{"task": "import", "provenance.format": "alpaca"}']) == 0
    assert capsys.readouterr().out.count("Il porto di Ancona") == 3
