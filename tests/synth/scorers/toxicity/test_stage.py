"""The stage: every answer by its language's model, once, killed or not; what cannot be had is said in one line.

Covers synth.scorers.toxicity.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crawler.items import NewsmillError
from synth.__main__ import main
from synth.samples.sample import Sample
from synth.scorers.toxicity.stage import (
    FIELDS,
    ToxicityUnavailable,
    add_toxicity_arguments,
    language_choice,
    read_choices,
    toxicity_stage,
)
from synth.stages.options import add_stage_arguments
from synth.stages.stage import run_stage
from tests.fork_server import run_forked
from tests.synth.scorers.toxicity.toxicity_tiny import ORIGINAL, UNBIASED, classifier_folder, detoxify_checkpoint
from tests.waiting import wait_until

pytest.importorskip("detoxify", reason="the extra toxicity is not installed")

#: The stage alone.
PROGRAM = """
import argparse
from crawler.mongo import connect
from synth.stages.options import add_stage_arguments
from synth.stages.stage import run_stage
from synth.scorers.toxicity.stage import add_toxicity_arguments, toxicity_stage

parser = argparse.ArgumentParser()
add_stage_arguments(parser)
add_toxicity_arguments(parser)
options = parser.parse_args()
database = connect()
run_stage(database, toxicity_stage(options, database), options)
"""


def options_of(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_stage_arguments(parser)
    add_toxicity_arguments(parser)
    return parser.parse_args(words)


def run(database: Any, *words: str) -> dict[str, int]:
    options = options_of(*words)
    stage = toxicity_stage(options, database)
    assert stage is not None
    return {name: count for name, count in run_stage(database, stage, options).items() if count}


def rows(database: Any, names: tuple[str, ...] = (*FIELDS, "toxicity_model", "toxicity_calibrated")) -> dict[str, Any]:
    return {row["key"]: tuple(row.get(name, "absent") for name in names) for row in database.samples.find()}


@pytest.fixture(scope="module")
def multilingual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return detoxify_checkpoint(tmp_path_factory.mktemp("multilingual"), "xlm", UNBIASED)


@pytest.fixture(scope="module")
def vietnamese(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return classifier_folder(tmp_path_factory.mktemp("vi") / "phobert-tiny", ("CLEAN", "OFFENSIVE", "HATE"))


@pytest.fixture
def samples(database: Any) -> Any:
    """Seven samples in three languages, one without an answer, one replaced."""
    answers = {
        "it1": "Il governo ha approvato la manovra.", "it2": "Sei uno stupido!", "vi1": "Hôm nay trời đẹp.",
        "vi2": "Đồ ngu!", "en1": "What a fool.", "it3": " \n", "it4": "Sostituito.",
    }  # fmt: skip
    for key, answer in answers.items():
        sample = Sample(key, "news_summary", "Riassumi", answer, key[:2], superseded=key == "it4")
        database.samples.insert_one(sample.document())
    return database


def test_every_answer_by_the_model_of_its_language(samples: Any, multilingual: Path, vietnamese: Path) -> None:
    words = (
        "--toxicity",
        "multilingual",
        "--toxicity-checkpoint",
        str(multilingual),
        "--toxicity-for",
        f"vi={vietnamese}",
    )
    assert run(samples, *words) == {"scored": 5, "empty": 1}
    found = {row["key"]: row for row in samples.samples.find()}
    for key in ("it1", "it2", "en1"):
        assert all(0 < found[key][name] < 1 for name in FIELDS)
        assert found[key]["toxicity_model"].startswith("multilingual:")
        assert found[key]["toxicity_calibrated"] is True
    for key in ("vi1", "vi2"):
        assert 0 < found[key]["toxicity"] < 1
        assert [found[key][name] for name in FIELDS[1:]] == [None] * 6
        assert found[key]["toxicity_model"].startswith("phobert-tiny:")
        assert found[key]["toxicity_calibrated"] is True
    assert [found["it3"][name] for name in FIELDS] == [None] * 7
    assert "toxicity" not in found["it4"]
    assert run(samples, *words) == {}


def test_detoxify_was_not_made_for_vietnamese(samples: Any, multilingual: Path) -> None:
    counts = run(samples, "--toxicity", "multilingual", "--toxicity-checkpoint", str(multilingual))
    assert counts == {"scored": 5, "empty": 1, "uncalibrated": 2}
    assert {key for key, row in rows(samples, ("toxicity_calibrated",)).items() if row == (False,)} == {"vi1", "vi2"}


def test_a_field_that_the_model_lacks_is_null(samples: Any, tmp_path: Path) -> None:
    path = detoxify_checkpoint(tmp_path, "bert", ORIGINAL)
    run(samples, "--toxicity", "original", "--toxicity-checkpoint", str(path))
    row = samples.samples.find_one({"key": "en1"})
    assert [name for name in FIELDS if row[name] is None] == ["sexual_explicit"]


def test_only_what_has_another_model_is_measured_again(samples: Any, multilingual: Path, vietnamese: Path) -> None:
    words = ("--toxicity", "multilingual", "--toxicity-checkpoint", str(multilingual))
    run(samples, *words)
    before = rows(samples)
    assert run(samples, *words, "--toxicity-for", f"vi={vietnamese}") == {"scored": 2}
    after = rows(samples)
    assert {key for key in after if after[key] != before[key]} == {"vi1", "vi2"}
    assert run(samples, *words, "--toxicity-for", f"vi={vietnamese}:HATE") == {"scored": 2}
    assert run(samples, *words) == {"scored": 2, "uncalibrated": 2}
    # In a batch of its own a text's sums come in another order: the last stored digit may differ.
    assert rows(samples) == {
        key: tuple(pytest.approx(value, abs=1e-5) if isinstance(value, float) else value for value in row)
        for key, row in before.items()
    }


def test_a_language_alone(samples: Any, vietnamese: Path) -> None:
    assert run(samples, "--toxicity-for", f"vi={vietnamese}") == {"scored": 2}
    assert {key for key, row in rows(samples, ("toxicity",)).items() if row != ("absent",)} == {"vi1", "vi2"}


def test_limit_where_and_dry_run(samples: Any, multilingual: Path) -> None:
    words = ("--toxicity", "multilingual", "--toxicity-checkpoint", str(multilingual))
    assert run(samples, *words, "--dry-run") == {"pending": 6}
    assert run(samples, *words, "--where", '{"language": "en"}') == {"scored": 1}
    assert run(samples, *words, "--limit", "2") == {"scored": 2}
    assert run(samples, *words, "--dry-run") == {"pending": 3}


def test_a_model_is_loaded_only_for_what_is_pending(samples: Any, multilingual: Path, vietnamese: Path) -> None:
    run(samples, "--toxicity-for", f"vi={vietnamese}")
    (vietnamese / "config.json").rename(vietnamese / "kept.json")
    try:
        assert run(samples, "--toxicity-for", f"vi={vietnamese}") == {}
        with pytest.raises(ToxicityUnavailable):
            toxicity_stage(options_of("--toxicity-for", f"vi={vietnamese}"))
    finally:
        (vietnamese / "kept.json").rename(vietnamese / "config.json")


def test_what_the_options_say() -> None:
    assert toxicity_stage(options_of()) is None
    assert read_choices(options_of("--toxicity", "unbiased")).of("vi").name == "unbiased"  # type: ignore[union-attr]
    assert read_choices(options_of("--toxicity-for", "vi=a")).of("it") is None  # type: ignore[union-attr]
    assert language_choice("vi=some/model:HATE, OFFENSIVE")[1].labels == ("HATE", "OFFENSIVE")
    assert language_choice("en=unbiased")[1].name == "unbiased"


def test_a_folder_with_a_colon(tmp_path: Path) -> None:
    folder = tmp_path / "model:v2"
    folder.mkdir()
    assert language_choice(f"vi={folder}")[1].name == str(folder)
    assert language_choice(f"vi={folder}:A")[1].labels == ("A",)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--toxicity", "multilingua"], "no model 'multilingua', only original"),
        (["--toxicity-for", "vi"], "LANGUAGE=MODEL"),
        (["--toxicity-for", "=x"], "LANGUAGE=MODEL"),
        (["--toxicity-for", "vi="], "LANGUAGE=MODEL"),
        (["--toxicity-for", "vi=:HATE"], "LANGUAGE=MODEL"),
        (["--toxicity-for", "vi=a", "--toxicity-for", "vi=b"], "two models for vi"),
        (["--toxicity-checkpoint", "x.ckpt"], "need --toxicity NAME"),
        (["--toxicity-config", "x"], "need --toxicity NAME"),
    ],
)
def test_options_that_cannot_be_understood(words: list[str], told: str) -> None:
    with pytest.raises(NewsmillError, match=told):
        toxicity_stage(options_of(*words))


def program(uri: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`synth score` with these options."""
    line = [sys.executable, "-m", "synth", "score", *words]
    return run_forked("torch", line, environment={**os.environ, "MONGODB_URI": uri, **environment})


def test_a_hub_out_of_reach(samples: Any, database_uri: str, tmp_path: Path) -> None:
    """Not told to be offline: asked, in vain; what the client says of its retries is not shown."""
    hub = detoxify_checkpoint(tmp_path, "xlm", UNBIASED, model_type="xlm-roberta-base")
    nowhere = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "0"}
    done = program(database_uri, "--toxicity", "multilingual", "--toxicity-checkpoint", str(hub), **nowhere)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1), done.stderr
    assert "--toxicity-config FOLDER" in done.stderr


def nothing_scored(database: Any) -> bool:
    scored = {"$or": [{"toxicity_model": {"$exists": True}}, {"similarity_embedder": {"$exists": True}}]}
    return database.samples.count_documents(scored) == 0


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["--toxicity", "multilingual"], "--toxicity-checkpoint FILE"),
        (["--toxicity", "multilingual", "--toxicity-checkpoint", "{hub}"], "--toxicity-config FOLDER"),
        (["--toxicity-for", "vi=someone/phobert"], "--toxicity-for LANGUAGE=FOLDER"),
    ],
)
def test_offline_and_nothing_in_the_cache(
    samples: Any, database_uri: str, tmp_path: Path, words: list[str], option: str
) -> None:
    """One line that names the option, exit status 2, and not one score made up."""
    hub = detoxify_checkpoint(tmp_path, "xlm", UNBIASED, model_type="xlm-roberta-base")
    words = [word.format(hub=hub) for word in words]
    done = program(database_uri, *words, HF_HUB_OFFLINE="1", HF_HOME=str(tmp_path), TORCH_HOME=str(tmp_path))
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1), done.stderr
    assert done.stderr.startswith("score: toxicity: ")
    assert option in done.stderr
    assert nothing_scored(samples)


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["--toxicity", "multilingual", "--toxicity-checkpoint", "{folder}/broken.ckpt"], "--toxicity-checkpoint FILE"),
        (["--toxicity", "multilingual", "--toxicity-checkpoint", "{folder}/none.ckpt"], "--toxicity-checkpoint FILE"),
        (["--toxicity", "multilingual", "--toxicity-checkpoint", "{folder}/tiny_xlm.ckpt", "--toxicity-config", "no"],
         "--toxicity-config FOLDER"),
        (["--toxicity-for", "vi=./missing"], "--toxicity-for LANGUAGE=FOLDER"),
        (["--toxicity-for", "vi={folder}"], "--toxicity-for LANGUAGE=FOLDER"),
    ],
)  # fmt: skip
def test_files_that_are_broken_or_not_there(
    samples: Any, database_uri: str, tmp_path: Path, words: list[str], option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = detoxify_checkpoint(tmp_path, "xlm", UNBIASED)
    (tmp_path / "broken.ckpt").write_bytes(path.read_bytes()[:5000])
    assert main(["score", "--uri", database_uri, *(word.format(folder=tmp_path) for word in words)]) == 2
    out, told = capsys.readouterr()
    assert (out, len(told.splitlines())) == ("", 1), told
    assert told.startswith("score: toxicity: ")
    assert option in told
    assert nothing_scored(samples)


def test_it_says_nothing_on_the_side(samples: Any, database_uri: str, multilingual: Path, vietnamese: Path) -> None:
    words = (
        "--toxicity",
        "multilingual",
        "--toxicity-checkpoint",
        str(multilingual),
        "--toxicity-for",
        f"vi={vietnamese}",
    )
    done = program(database_uri, *words)
    assert (done.returncode, done.stderr, len(done.stdout.splitlines())) == (0, "", 1)
    assert "5 toxicity scored" in done.stdout
    assert samples.samples.count_documents({"toxicity_model": {"$exists": True}}) == 6


def test_killed_it_goes_on(database: Any, database_uri: str, multilingual: Path) -> None:
    answers = [f"Notizia numero {number}: il voto in aula." for number in range(400)]
    database.samples.insert_many(
        [Sample(f"k{i}", "news_summary", "", answer, "it").document() for i, answer in enumerate(answers)]
    )
    words = ["--toxicity", "multilingual", "--toxicity-checkpoint", str(multilingual), "--batch-size", "2"]
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, *words], env={**os.environ, "MONGODB_URI": database_uri})
    measured = {"toxicity_model": {"$exists": True}}
    wait_until(lambda: database.samples.count_documents(measured) >= 20, every=0.01, process=process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = database.samples.count_documents(measured)
    assert 20 <= done < 400
    killed = rows(database)
    assert run(database, *words[:-2]) == {"scored": 400 - done}
    resumed = rows(database)
    assert all(resumed[key] == killed[key] for key in killed if killed[key][0] != "absent")
    database.samples.update_many({}, {"$unset": {"toxicity_model": ""}})
    run(database, *words[:-2])
    for key, row in rows(database).items():
        assert row[7:] == resumed[key][7:]
        assert row[:7] == pytest.approx(resumed[key][:7], abs=1e-5)
