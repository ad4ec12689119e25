"""What was meant: commands, options, choices, languages, models, embedders, filters; old names of options; Ctrl-C."""

from __future__ import annotations

import argparse
import re
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from crawler.items import NewsmillError
from synth.__main__ import main, parser_for
from synth.command_line import interruptible, language_code, nearest
from synth.embed import load_embedder
from synth.filters.read import parse_filter
from synth.llm import LLMError, load_llm


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["clutser"], "did you mean cluster?"), (["summarise"], "did you mean summarize?"),
        (["Export"], "did you mean export?"),
        (["export", "--fomrat", "alpaca"], "no option --fomrat: did you mean --format?"),
        (["export", "--format", "alpca"], "did you mean alpaca?"),
        (["export", "--format", "OpenAI"], "did you mean openai?"),
        (["cluster", "--linkage", "avrage"], "did you mean average?"),
        (["cluster", "--treshold=0.7"], "no option --treshold: did you mean --threshold?"),
        (["judge", "--dimension", "acuracy"], "did you mean accuracy?"),
        (["run", "pipeline.yaml", "--form", "score"], "did you mean --from?"),
        (["takedown", "--fle", "links.txt"], "did you mean --file?"),
        (["run", "--dryrun"], "no option --dryrun: did you mean --dry-run?"),
        (["plan", "summarise"], "did you mean summarize?"),
        (["plan", "summarize", "--max-new-token-s", "3"], "did you mean --max-new-tokens?"),
        (["cluster", "--language", "italian"], "no language 'italian': did you mean it?"),
        (["import", "a.jsonl", "--language", "Tiếng Việt"], "did you mean vi?"),
        (["score", "--qqqq"], "no option --qqqq"),
    ],
)  # fmt: skip
def test_what_was_meant_is_named_in_one_line(words: list[str], meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(words)
    assert done.value.code == 2
    error = capsys.readouterr().err
    assert meant in error
    assert error.count("\n") == 1
    assert error.startswith("synth")


@pytest.mark.parametrize("word", ["it", "VI", " en ", "unknown", "sw"])
def test_codes_of_languages_are_codes(word: str) -> None:
    assert language_code(word) == word.strip().lower()


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("italiano", "it"),
        ("vn", "vi"),
        ("it-IT", "it"),
        ("pt_BR", "pt"),
        ("ita", "it"),
        ("vietnamise", "vi"),
        ("jp", "ja"),
    ],
)
def test_what_people_call_a_language_names_its_code(word: str, code: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=f"did you mean {code}\\?"):
        language_code(word)


def test_what_is_like_nothing_gets_no_guess() -> None:
    assert nearest("xyzzy", ["cluster", "score"]) is None
    with pytest.raises(argparse.ArgumentTypeError, match="two letters of ISO 639-1"):
        language_code("klingon")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("gpt-4o-mini", "openai:gpt-4o-mini"), ("mistral:mistral-small-latest", "openai:mistral-small-latest"),
        ("open-ai:gpt-4o", "openai:gpt-4o"), ("extractiv", "extractive"), ("OpenAI:gpt-4o", "openai:gpt-4o"),
    ],
)  # fmt: skip
def test_a_model_without_its_kind(name: str, meant: str) -> None:
    with pytest.raises(LLMError, match=f"did you mean {re.escape(meant)}\\?"):
        load_llm(name)


def test_a_kind_without_its_model() -> None:
    with pytest.raises(LLMError, match="there are extractive and openai:MODEL"):
        load_llm("openai:")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("tfifd", "tfidf"), ("TFIDF", "tfidf"), ("paraphrase-multilingual-MiniLM-L12-v2", "st:paraphrase"),
        ("sentence-transformers/LaBSE", "st:sentence-transformers/LaBSE"), ("sts:some/model", "st:some/model"),
    ],
)  # fmt: skip
def test_an_embedder_that_is_none(name: str, meant: str) -> None:
    with pytest.raises(NewsmillError, match=f"did you mean {re.escape(meant)}"):
        load_embedder(name)


def test_a_filter_that_needs_a_value_says_which() -> None:
    with pytest.raises(NewsmillError, match="needs a value: :language=LANGUAGE, such as :language=vi"):
        parse_filter(":language")
    with pytest.raises(NewsmillError, match="needs a value: :between=SINCE,UNTIL"):
        parse_filter(":between {}")
    with pytest.raises(NewsmillError, match="did you mean it"):
        parse_filter(":language=italian")
    assert parse_filter(":language=IT") == {"language": "it"}
    # A number has a usual value.
    assert parse_filter(":toxic") == {"toxicity": {"$gt": 0.5}}


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        (["score", "--where", "{}"], "where", "{}"), (["score", "--filter", "{}"], "where", "{}"),
        (["cluster", "--where={}"], "where", "{}"), (["dedupe", "--filter", "{}"], "where", "{}"),
        (["export", "--where", "{}"], "filter", "{}"), (["export", "--filter", "{}"], "filter", "{}"),
        (["dedupe", "--threshold", "0.6"], "threshold", 0.6), (["dedupe", "--similarity", "0.6"], "threshold", 0.6),
        (["dedupe", "--semantic-threshold", "0.9"], "semantic_threshold", 0.9),
        (["dedupe", "--semantic-similarity", "0.9"], "semantic_threshold", 0.9),
        (["summarize", "--max-answer-tokens", "9"], "max_answer_tokens", 9),
        (["summarize", "--max-new-tokens", "9"], "max_answer_tokens", 9),
    ],
)  # fmt: skip
def test_earlier_names_of_options_are_read(words: list[str], name: str, value: Any) -> None:
    assert getattr(parser_for(words).parse_args(words), name) == value


def test_earlier_names_are_in_no_help(capsys: pytest.CaptureFixture[str]) -> None:
    for command, old in (
        ("score", "--where"),
        ("export", "--where"),
        ("dedupe", "-threshold"),
        ("judge", "answer-tok"),
    ):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        assert old not in capsys.readouterr().out


def test_an_error_that_ctrl_c_caused_is_ctrl_c() -> None:
    """As torch does it: the interrupt is lost in its half-loaded modules, and comes out as something else."""
    before = signal.getsignal(signal.SIGINT)

    def load() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise RecursionError("maximum recursion depth exceeded") from None

    with pytest.raises(KeyboardInterrupt), interruptible():
        load()
    assert signal.getsignal(signal.SIGINT) is before


def test_an_error_that_nobody_caused_stays_one() -> None:
    with pytest.raises(RecursionError), interruptible():
        raise RecursionError("maximum recursion depth exceeded")


def test_ctrl_c_while_a_library_loads_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Module:
        @staticmethod
        def configure(parser: object) -> None: ...

        @staticmethod
        def main(options: object) -> int:
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt:
                raise ImportError("cannot import name 'x' from partially initialized module") from None
            return 0

    monkeypatch.setattr("synth.commands.importlib", SimpleNamespace(import_module=lambda name: Module))
    assert main(["score"]) == 130
    assert capsys.readouterr().err == "score: interrupted; run the same command to go on\n"


def test_train_has_the_same_module(root: Path) -> None:
    """Neither package may import the other."""
    ours, theirs = ((root / name / "command_line.py").read_text(encoding="utf-8") for name in ("synth", "train"))
    assert ours.replace("`train` has", "`synth` has") == theirs


def test_an_embedder_that_is_none_is_a_mistake_where_there_is_nothing_to_do(
    database_uri: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cluster", "--uri", database_uri, "--embedder", "tfid"]) == 2
    assert "did you mean tfidf?" in capsys.readouterr().err
