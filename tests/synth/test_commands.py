"""The registry: a folder with a `command.py` is a command, and says of itself what others need to know."""

from __future__ import annotations

import argparse
import inspect
from pathlib import Path
from typing import Any

import pytest

from synth.commands import commands, steps
from synth.stages.stage import Stage


def test_every_folder_with_a_command_is_one(root: Path) -> None:
    folders = {path.parent.name for path in (root / "synth").glob("*/command.py")}
    assert {command.folder for command in commands().values()} == folders
    assert len(commands()) == len(folders)


def test_they_come_in_the_order_of_the_chain() -> None:
    assert [name for name in commands() if name in steps()] == steps()
    assert list(commands())[:3] == ["import", "cluster", "summarize"]
    positions = [command.position for command in commands().values()]
    assert positions == sorted(set(positions))


def test_a_new_folder_is_a_new_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "parody"
    folder.mkdir()
    (folder / "__init__.py").write_text("from synth.commands import Command\nCOMMAND = Command('x', 35, step=True)\n")
    (folder / "command.py").write_text("def configure(parser): ...\ndef main(options): return 3\n")
    monkeypatch.setattr("synth.__path__", [*__import__("synth").__path__, str(tmp_path)])
    monkeypatch.setattr("synth.commands._folders", lambda: ["parody", "summarize"])
    commands.cache_clear()
    try:
        assert list(commands()) == ["summarize", "parody"]
        assert commands()["parody"].main(argparse.Namespace()) == 3
        commands()["parody"].check(argparse.Namespace())
    finally:
        commands.cache_clear()


#: How commands name their model that do not have --llm.
MODELS = {"translate": ["--to", "it", "--engine", "llm:tiny"]}


@pytest.mark.parametrize("name", sorted(commands()))
def test_rows_name_what_there_is(name: str) -> None:
    command = commands()[name]
    parser = argparse.ArgumentParser()
    command.configure(parser)
    options = vars(parser.parse_args(["x"] if command.folder in ("run", "importing", "query") else words(name)))
    assert set(command.shows) <= set(options)
    assert {command.reads, command.writes} <= {"", "articles", "clusters", "fragments", "samples"}
    # Filters name documents of the collection that the row says.
    assert command.reads or not {"where", "filter"} & set(options)


def words(name: str) -> list[str]:
    return {"plan": ["pipeline", "x"], "takedown": ["https://example.org/x"]}.get(name, [])


@pytest.mark.parametrize("name", [name for name, command in commands().items() if command.asks_model])
def test_what_asks_a_model_can_be_planned(name: str, database: Any) -> None:
    class Silent:
        name, takes_documents = "openai:tiny", False

    parser = argparse.ArgumentParser()
    commands()[name].configure(parser)
    stage = commands()[name].planned(database, Silent(), parser.parse_args(MODELS.get(name, ["--llm", "openai:tiny"])))
    assert isinstance(stage, Stage)
    assert (stage.collection, stage.target or stage.collection) == (commands()[name].reads, commands()[name].writes)


def test_hooks_have_one_signature() -> None:
    hooks = {"configure": ["parser"], "check": ["options"], "main": ["options"]}
    for command in commands().values():
        module = __import__(f"synth.{command.folder}.command", fromlist=["main"])
        for hook, parameters in hooks.items():
            if function := getattr(module, hook, None):
                assert list(inspect.signature(function).parameters) == parameters, (command.name, hook)
