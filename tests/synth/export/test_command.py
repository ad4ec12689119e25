"""`synth export`: what is written, what is left out and why, and that the old export survives a failure.

Covers synth.atomic_files, synth.export.manifest, synth.export.selection, synth.export.writer.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from synth import atomic_files as files
from synth.__main__ import main
from tests.fork_server import Forked, start_forked
from tests.waiting import wait_until

DAY = datetime(2026, 5, 1, 12, tzinfo=UTC)
REQUEST = "Riassumi gli articoli in un unico testo."


def source(link: str, day: int = 0, site: str = "Ansa") -> dict[str, Any]:
    return {
        "title": f"Titolo di {link}", "link": link, "date": DAY + timedelta(days=day), "content": "Il testo.",
        "tags": [], "source_site": site, "id": link,
    }  # fmt: skip


def sample(number: int, **fields: Any) -> dict[str, Any]:
    sources = [source(f"https://www.ansa.it/{number}/{i}.html", number) for i in range(2)]
    told = "\n\n".join(f"- Titolo: {item['title']}\n{item['content']}" for item in sources)
    return {
        "key": hashlib.sha256(str(number).encode()).hexdigest(), "task": "news_summary", "event": f"event{number}",
        "instruction": REQUEST, "question": f"{REQUEST}\n\n{told}", "answer": f"Risposta «{number}» è qui.",
        "system": "", "history": [], "language": "it", "date": DAY + timedelta(days=number), "tags": [],
        "sources": sources, "status": "new", "superseded": False, "min_similarity": number / 20,
        "provenance": {"prompt": "news_summary/1", "model": "extractive"},
    } | fields  # fmt: skip


@pytest.fixture
def store(database: Any, database_uri: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """A database of 20 samples of 20 events, in whose surroundings commands run."""
    monkeypatch.setenv("MONGODB_URI", database_uri)
    monkeypatch.chdir(tmp_path)
    database.samples.insert_many([sample(number) for number in range(20)])
    return database


def manifest() -> dict[str, Any]:
    return dict(json.loads(Path("export/manifest.json").read_text(encoding="utf-8")))


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_layout_rows_and_sums(store: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export"]) == 0
    assert "20 rows in export (17 to train, 3 to validate; it 20)" in capsys.readouterr().out
    written = bytes_of(Path("export"))
    assert set(written) == {
        "alpaca.jsonl", "litgpt/train.json", "litgpt/val.json", "huggingface/README.md", "manifest.json",
        "huggingface/data/train-00000-of-00001.parquet", "huggingface/data/validation-00000-of-00001.parquet",
        "sources.jsonl",
    }  # fmt: skip
    rows = [json.loads(line) for line in written["alpaca.jsonl"].decode().split("\n") if line]
    assert all(set(row) == {"instruction", "input", "output"} for row in rows)
    assert rows[0]["instruction"] == REQUEST
    assert rows[0]["input"].startswith("- Titolo: Titolo di https")
    assert {f"{row['instruction']}\n\n{row['input']}" for row in rows} == set(store.samples.distinct("question"))
    split = json.loads(written["litgpt/train.json"]) + json.loads(written["litgpt/val.json"])
    assert sorted(map(json.dumps, split)) == sorted(map(json.dumps, rows))
    for name, told in manifest()["files"].items():
        assert told["sha256"] == hashlib.sha256(written[name]).hexdigest()
        assert told["bytes"] == len(written[name])
    assert manifest()["counts"]["validation"]["first_day"] > manifest()["counts"]["train"]["last_day"]


def test_a_second_export_has_the_same_bytes(store: Any) -> None:
    main(["export"])
    first = bytes_of(Path("export"))
    rows = list(store.samples.find({}, {"_id": 0}))
    store.samples.delete_many({})
    store.samples.insert_many(rows[::-1])
    main(["export"])
    assert bytes_of(Path("export")) == first


def test_what_is_left_out_has_a_name(store: Any) -> None:
    store.articles.insert_one({"link": "https://www.ansa.it/1/0.html", "permission": {"opt_out": True}})
    store.articles.insert_one({"link": "https://www.ansa.it/2/0.html", "permission": {"opt_out": None}})
    store.articles.insert_one(
        {"link": "https://a.it/", "also_at": ["https://www.ansa.it/3/1.html"], "permission": {"opt_out": True}}
    )
    for number, change in {
        4: {"superseded": True}, 5: {"status": "rejected"}, 6: {"answer": " \n"}, 7: {"answer": None},
        8: {"history": [{"role": "user", "content": "?"}]}, 9: {"status": "edited"}, 10: {"status": "accepted"},
    }.items():  # fmt: skip
        store.samples.update_one({"event": f"event{number}"}, {"$set": change})
    assert main(["export"]) == 0
    left = {"superseded": 1, "rejected": 1, "empty": 2, "broken_history": 1, "opted_out": 2}
    assert manifest()["left_out"] == left
    assert manifest()["counts"]["rows"] == 20 - sum(left.values())
    run = store.runs.find_one({"stage": "export"})
    assert run["counts"] == {"exported": 13, **left}
    assert main(["export", "--include-opted-out"]) == 0
    assert manifest()["counts"]["rows"] == 15
    assert "opted_out" not in manifest()["left_out"]


def test_filter(store: Any, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = '{"min_similarity": {"$gte": 0.5}, "date": {"$lt": {"$date": "2026-05-17T00:00:00Z"}}}'
    assert main(["export", "--filter", wanted, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == manifest()
    assert told["counts"]["rows"] == 6
    assert told["filter"]["date"] == {"$lt": {"$date": "2026-05-17T00:00:00Z"}}


def test_filter_by_name(store: Any) -> None:
    assert main(["query", '{"min_similarity": {"$gte": 0.5}}', "--save", "near"]) == 0
    assert main(["export", "--filter", ":near"]) == 0
    assert manifest()["filter"] == {"min_similarity": {"$gte": 0.5}}
    assert manifest()["counts"]["rows"] == 10


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--filter", '{"language": "vi"}'], "no sample matches"),
        (["--filter", '{"min_similarity": {"$gtt": 1}}'], "bad filter: no operator '$gtt': did you mean '$gt'?"),
        (["--filter", '{"min_similarty": {"$lt": 1}}'], "no field 'min_similarty' in samples: did you mean"),
        (["--filter", ":nonesuch"], "nonesuch"),
        (["--filter", "{"], "bad filter"),
        (["--filter", "[]"], "a filter is a JSON object"),
        (["--val-fraction", "1"], "--val-fraction 1.0 is no share"),
        (["--test-fraction", "0.9"], "--test-fraction 0.9 is no share"),
        (["--test-fraction", "-0.1"], "--test-fraction -0.1 is no share"),
        (["--out", "taken/export"], "cannot write taken/export: "),
    ],
)
def test_a_users_mistake_is_one_line(
    store: Any, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    Path("taken").write_text("a file")
    assert main(["export", *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith("export: ")
    assert said in error
    assert error.count("\n") == 1
    assert not Path("export").exists()


def test_no_samples_says_what_to_run(store: Any, capsys: pytest.CaptureFixture[str]) -> None:
    store.samples.delete_many({})
    assert main(["export"]) == 2
    assert "synth summarize" in capsys.readouterr().err
    store.samples.insert_one(sample(1, status="rejected"))
    assert main(["export"]) == 2
    assert "left out (1 rejected)" in capsys.readouterr().err


def test_one_format_removes_the_files_of_the_other_and_keeps_what_is_not_ours(store: Any) -> None:
    main(["export"])
    Path("export/notes.txt").write_text("mine")
    assert main(["export", "--format", "alpaca"]) == 0
    assert set(bytes_of(Path("export"))) == {"alpaca.jsonl", "manifest.json", "notes.txt", "sources.jsonl"}


def test_files_of_the_user_that_are_called_as_ours_stay(store: Any) -> None:
    Path("export").mkdir()
    for name in ("sharegpt.jsonl", "manifest.json"):
        Path("export", name).write_text("{}")
    assert main(["export"]) == 0
    assert Path("export/sharegpt.jsonl").read_text(encoding="utf-8") == "{}"


def test_languages_of_other_months_are_no_overlap(store: Any) -> None:
    later = {"$set": {"language": "vi", "date": DAY + timedelta(days=100)}}
    store.samples.update_many({"event": {"$in": [f"event{number}" for number in range(5)]}}, later)
    assert main(["export"]) == 0
    assert manifest()["days_overlap"] is False


def test_a_full_disk_leaves_the_old_export(
    store: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["export"])
    before = bytes_of(Path("export"))
    store.samples.insert_one(sample(99))
    real = os.fsync

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    assert main(["export"]) == 2
    monkeypatch.setattr(os, "fsync", real)
    error = capsys.readouterr().err
    assert error == (
        "export: cannot write export: No space left on device: make room, then run it again; "
        "what was there is unchanged\n"
    )
    assert bytes_of(Path("export")) == before
    assert store.runs.count_documents({"stage": "export", "outcome": "failed"}) == 1


def fails_for_want_of_room(limit: int, uri: str, *words: str) -> None:
    """`synth export` where no file may be larger than `limit` bytes."""
    done = subprocess.run(
        [sys.executable, "-m", "synth", "export", *words],
        cwd=Path(files.__file__).parents[1], env=os.environ | {"MONGODB_URI": uri},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "File too large: make room" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_real_limit_on_file_size(store: Any, database_uri: str, tmp_path: Path) -> None:
    main(["export"])
    before = bytes_of(Path("export"))
    store.samples.insert_many([sample(100 + i, answer="parola " * 500) for i in range(40)])
    fails_for_want_of_room(20_000, database_uri, "--out", str(tmp_path / "export"))
    assert bytes_of(Path("export")) == before


def test_what_a_killed_export_left_is_swept(store: Any) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for left in (Path(f"export/.partial-{dead.pid}"), Path(f".export.partial-{dead.pid}")):
        left.mkdir(parents=True)
        (left / "alpaca.jsonl").write_text("{")
    assert main(["export"]) == 0
    assert not [*Path("export").glob(".partial*"), *Path().glob(".export*")]


def test_a_stored_question_without_a_short_request_is_the_instruction(store: Any) -> None:
    store.samples.delete_many({})
    store.samples.insert_one(sample(1, instruction="", question="Chi?", system="Rispondi in italiano.", sources=[]))
    main(["export", "--format", "alpaca"])
    row = json.loads(Path("export/alpaca.jsonl").read_text(encoding="utf-8"))
    assert row == {
        "instruction": "Rispondi in italiano.\n\nChi?", "input": "", "output": "Risposta «1» è qui."
    }  # fmt: skip


def test_litgpt_reads_it(store: Any) -> None:
    data = pytest.importorskip("litgpt.data", reason="litgpt is not installed")
    store.samples.update_one({"event": "event3"}, {"$set": {"answer": 'Riga\u2028con "segni" \\ e tiếng Việt 🗞️'}})
    main(["export"])
    module = data.JSON(json_path=Path("export/litgpt"))
    train, val = module.get_splits()
    assert (len(train), len(val)) == (17, 3)
    assert {row["output"] for row in [*train, *val]} == set(store.samples.distinct("answer"))


def test_datasets_reads_it(store: Any, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="datasets is not installed")
    main(["export"])
    rows = datasets.load_dataset(
        "json", data_files="export/alpaca.jsonl", split="train", cache_dir=str(tmp_path / "cache")
    )
    assert rows.column_names == ["instruction", "input", "output"]
    assert rows.num_rows == 20


def test_a_near_copy_in_another_event_stays_on_the_same_side(store: Any) -> None:
    words = [f"parola{number}" for number in range(80)]
    for number in (0, 19):
        told = " ".join([f"Titolo {number}.", *words])
        store.samples.update_one({"event": f"event{number}"}, {"$set": {"sources.1.content": told}})
    assert main(["export"]) == 0
    val = json.loads(Path("export/litgpt/val.json").read_text(encoding="utf-8"))
    both = {"Risposta «0» è qui.", "Risposta «19» è qui."}
    assert len(both & {row["output"] for row in val}) in (0, 2)
    train = json.loads(Path("export/litgpt/train.json").read_text(encoding="utf-8"))
    assert train
    assert val


@pytest.mark.parametrize("events", [2, 3, 4])
def test_a_handful_of_events_fills_both_sides(store: Any, events: int) -> None:
    store.samples.delete_many({"event": {"$nin": [f"event{number}" for number in range(events)]}})
    assert main(["export"]) == 0
    counts = manifest()["counts"]
    assert counts["train"]["rows"] >= 1
    assert counts["validation"]["rows"] >= 1
    assert counts["train"]["rows"] + counts["validation"]["rows"] == events


def test_one_event_alone_is_said(store: Any, capsys: pytest.CaptureFixture[str]) -> None:
    store.samples.delete_many({"event": {"$ne": "event3"}})
    assert main(["export"]) == 0
    assert "one event alone cannot be split: val.json is empty" in capsys.readouterr().out
    assert json.loads(Path("export/litgpt/val.json").read_text(encoding="utf-8")) == []


PARQUET = ("huggingface", "openai-parquet", "sharegpt")


def every(*names: str) -> list[str]:
    return [word for name in names for word in ("--format", name)]


def test_a_limit_on_file_size_with_parquet(store: Any, database_uri: str, tmp_path: Path) -> None:
    assert main(["export", *every(*PARQUET)]) == 0
    before = bytes_of(Path("export"))
    noise = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(3000)]
    store.samples.insert_many([sample(100 + i, answer=" ".join(noise[i::8])) for i in range(8)])
    for limit in (300, 20_000, 90_000):
        fails_for_want_of_room(limit, database_uri, "--out", str(tmp_path / "export"), *every(*PARQUET))
        assert bytes_of(Path("export")) == before


def test_killed_at_any_moment_the_old_export_stays_and_the_next_is_whole(
    store: Any, database_uri: str, tmp_path: Path, root: Path
) -> None:
    assert main(["export", "--out", "killed"]) == 0
    before = bytes_of(Path("killed"))
    store.samples.insert_many([sample(100 + number, answer=f"Parola {number}. " * 200) for number in range(3000)])
    formats = every("alpaca", "litgpt", "huggingface", "sharegpt-parquet")
    words = [sys.executable, "-m", "synth", "export", "--out", str(tmp_path / "killed"), *formats]
    for least in (1, 500_000, 2_000_000):
        running = start_forked("synth", words, root, os.environ | {"MONGODB_URI": database_uri})
        _wait_for_bytes(running, tmp_path / f".killed.partial-{running.pid}", least)
        running.kill()
        assert running.wait() == -signal.SIGKILL
        assert {name: data for name, data in bytes_of(Path("killed")).items() if ".partial" not in name} == before
    assert main(["export", "--out", "killed", *formats]) == 0
    assert main(["export", "--out", "undisturbed", *formats]) == 0
    assert bytes_of(Path("killed")) == bytes_of(Path("undisturbed"))
    assert store.runs.count_documents({"stage": "export", "outcome": "killed"}) == 3


def _wait_for_bytes(running: Forked, folder: Path, least: int) -> None:
    """Until the export has so much on disk, or has ended."""
    wait_until(lambda: running.poll() is not None or _written(folder) >= least, every=0.002)


def _written(folder: Path) -> int:
    """Bytes that an export in progress has on disk."""
    return sum(path.stat().st_size for path in folder.glob("**/*") if path.is_file())
