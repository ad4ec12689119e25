"""The command line: wiring only, one line an error.

Covers synth.faithful, synth.similarity.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from crawler.items import NewsmillError
from synth.__main__ import main, parser_for, with_signs
from synth.commands import commands

_HEAVY = {
    *("torch", "tensorflow", "transformers", "sklearn", "scipy", "numpy", "lingua", "matplotlib", "pymongo", "bson"),
    *("rich", "jinja2", "litgpt", "sentence_transformers"),
}


def loaded_after(words: list[str], root: Path) -> set[str]:
    """Modules in memory after a help page."""
    program = (
        "import sys\nfrom synth.__main__ import main\n"
        f"try:\n    main({words!r})\nexcept SystemExit:\n    pass\n"
        "sys.stderr.write(' '.join(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=root, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize("words", [["--help"], *([name, "--help"] for name in commands())])
def test_help_imports_nothing_heavy(words: list[str], root: Path) -> None:
    assert not loaded_after(words, root) & _HEAVY


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main([name, "--help"])
    assert done.value.code == 0
    assert f"synth {name}" in capsys.readouterr().out.partition("example")[2]


def test_no_command_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main([])
    assert done.value.code == 2
    with pytest.raises(SystemExit) as done:
        main(["clutser"])
    assert done.value.code == 2
    assert "invalid choice" in capsys.readouterr().err


def failing(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    class Module:
        @staticmethod
        def configure(parser: object) -> None: ...

        @staticmethod
        def main(options: object) -> int:
            raise error

    monkeypatch.setattr("synth.commands.importlib", SimpleNamespace(import_module=lambda name: Module))


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (NewsmillError("no such thing: do this"), 2, "score: no such thing: do this\n"),
        (NewsmillError("store: no answer"), 2, "store: no answer\n"),
        (NewsmillError("score: told already"), 2, "score: told already\n"),
        (ZeroDivisionError("by\nzero"), 1, "score: ZeroDivisionError: by zero (--debug shows where)\n"),
        (KeyboardInterrupt(), 130, "score: interrupted; run the same command to go on\n"),
    ],
)
def test_an_error_is_one_line(
    error: BaseException, status: int, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(error, monkeypatch)
    assert main(["score"]) == status
    assert capsys.readouterr().err == line


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(ZeroDivisionError(), monkeypatch)
    with pytest.raises(ZeroDivisionError):
        main(["score", "--debug"])


def test_a_lost_server_says_what_to_do(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from pymongo.errors import AutoReconnect

    failing(AutoReconnect("connection closed"), monkeypatch)
    assert main(["score"]) == 1
    assert capsys.readouterr().err.startswith("store: ")


def test_an_unreachable_server_is_one_line_and_exit_2(root: Path) -> None:
    environment = os.environ | {"MONGODB_URI": "mongodb://127.0.0.1:9/x", "NEWSMILL_MONGO_TIMEOUT_MS": "300"}
    done = subprocess.run(
        [sys.executable, "-m", "synth", "query"], capture_output=True, text=True, cwd=root, env=environment
    )
    assert done.returncode == 2
    assert done.stderr.startswith("store: no answer from MongoDB at mongodb://127.0.0.1:9")
    assert done.stderr.count("\n") == 1


def test_a_sort_with_a_sign_is_a_value() -> None:
    assert with_signs(["query", "--sort", "-date", "--count"]) == ["query", "--sort=-date", "--count"]
    assert with_signs(["query", "--sort", "--count"]) == ["query", "--sort", "--count"]
    assert with_signs(["query", "--sort"]) == ["query", "--sort"]
    words = ["query", "--sort=-date"]
    assert parser_for(words).parse_args(words).sort == "-date"


def test_a_reader_that_has_enough_is_no_error(root: Path, database_uri: str, database: object) -> None:
    database.samples.insert_many([{"key": str(i), "answer": "x" * 500} for i in range(300)])  # type: ignore[attr-defined]
    done = subprocess.run(
        f"{sys.executable} -m synth query --json | head -1; echo ${{PIPESTATUS[0]}}",
        shell=True, executable="/bin/bash", capture_output=True, text=True, cwd=root,
        env=os.environ | {"MONGODB_URI": database_uri},
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "0"
    assert done.stderr == ""
