"""`train get`: a package's model is made only when its terms are accepted and every byte, id and loss is the known one.

Covers train.get.command, train.get.catalogue, train.get.terms, train.get.models.*.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.train.models.gguf.gguf_files import gguf_of
from tests.train.models.gguf.pieces import sentencepiece_keys
from tests.train.models.gguf.test_folder import small_model
from train.get.catalogue import PackagedModel, models
from train.get.terms import plain_text
from train.licence import Licence, licences_of
from train.models.gguf.folder import losses

Train = Callable[..., tuple[int, str, str]]
PAGE = (
    '<nav>menu</nav><script>x()</script><div class="devsite-article-body"><h1>Terms</h1><p>You may&nbsp;use it.</p>'
    "<p>Pass them on.</p>Send feedback</div>"
)


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> tuple[PackagedModel, Path]:
    """A small model in two parts of a package, and the folder that the package lies in."""
    folder = tmp_path_factory.mktemp("packages")
    keys = sentencepiece_keys(prefix=False)
    content = gguf_of(small_model("gemma3_text", len(keys["tokens"])), folder / "small.gguf", keys).read_bytes()
    data = folder / "small_model_parts"
    data.mkdir()
    (data / "__init__.py").write_text("raise RuntimeError('nobody runs what a package brings')")
    half = len(content) // 2
    for name, part in (("a", content[:half]), ("b", content[half:])):
        (data / name).write_bytes(part)
    (data / "terms.html").write_text(PAGE)
    model = PackagedModel(
        name="small", litgpt_name="Gemma-3-small", folder="hub/small", extra="small", summary="A small model",
        parts=(("small_model_parts", "a"), ("small_model_parts", "b")), file="small.gguf",
        sha256=hashlib.sha256(content).hexdigest(),
        licence=Licence("own", "Own Terms", "example.org", "Under Own Terms"),
        terms=("small_model_parts", "terms.html"), terms_sha256=hashlib.sha256(PAGE.encode()).hexdigest(),
        asks=("Be kind.",), sentence="Il presidente", ids=(), loss=0.0,
    )  # fmt: skip
    return model, folder


@pytest.fixture
def small(packaged: tuple[PackagedModel, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> PackagedModel:
    """The model with what is known of it, among those that `train get` has."""
    from train.get import command
    from train.tokenizer import tokenizer_of

    model, folder = packaged
    monkeypatch.syspath_prepend(str(folder))
    trial = tmp_path / "trial"
    trial.mkdir()
    monkeypatch.setattr(command, "check_known", lambda *_: 0.0)
    command.make(model, trial, "huggingface", "")
    monkeypatch.undo()
    monkeypatch.syspath_prepend(str(folder))
    ids = tuple(tokenizer_of(trial).encode(model.sentence))
    known = replace(model, ids=ids, loss=losses(trial, [model.sentence])["with_begin"])
    offer(monkeypatch, known)
    return known


def offer(monkeypatch: pytest.MonkeyPatch, model: PackagedModel) -> None:
    monkeypatch.setattr("train.get.command.model_named", lambda name: model)


def test_without_a_word_about_the_terms_nothing_is_made(small: PackagedModel, train: Train, tmp_path: Path) -> None:
    code, out, err = train("get", "small", "--out", tmp_path / "out")
    assert (code, out) == (2, "")
    assert "- Be kind." in err
    assert err.splitlines()[-1].endswith("are not accepted: read them, then say --accept-licence")
    assert not (tmp_path / "out").exists()


def test_the_terms_lie_beside_the_model_and_in_its_card(small: PackagedModel, train: Train, tmp_path: Path) -> None:
    code, out, err = train("get", "small", "--out", tmp_path / "out", "--accept-licence")
    assert code == 0, err
    assert licences_of(tmp_path / "out") == {"own": small.licence}
    assert (tmp_path / "out/licence/own/terms.html").read_text() == PAGE
    assert (tmp_path / "out/licence/own/NOTICE").read_text() == "Under Own Terms\n"
    card = (tmp_path / "out/README.md").read_text()
    assert card.startswith("---\nlicense: own\n---\n")
    assert "Under Own Terms" in card
    assert (tmp_path / "out/lit_model.pth").is_file()
    assert not list((tmp_path / "out").glob("*.gguf"))
    assert json.loads((tmp_path / "out/licence/own/licence.json").read_text())["how"] == "--accept-licence"
    code, out, err = train("get", "small", "--out", tmp_path / "out", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["kept"] is True


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answers", "code"), [("no\n", 2), ("", 2), ("read\nyes\n", 0), ("Sì\n", 0)])
def test_at_a_terminal_it_asks(
    answers: str, code: int, small: PackagedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from train.__main__ import main

    shown = Terminal()
    monkeypatch.setattr(sys, "stdin", Terminal(answers))
    monkeypatch.setattr(sys, "stderr", shown)
    assert main(["get", "small", "--out", str(tmp_path / "out"), "--form", "huggingface"]) == code
    assert ("You may use it." in shown.getvalue()) == answers.startswith("read")
    assert (tmp_path / "out").exists() == (code == 0)


def test_a_page_of_terms_as_text(tmp_path: Path) -> None:
    (tmp_path / "terms.html").write_text(PAGE)
    assert plain_text(tmp_path / "terms.html") == "Terms\nYou may use it.\nPass them on."


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "bytes": ({"sha256": "0" * 64}, "is not the file that is known: SHA-256"),
    "terms": ({"terms_sha256": "0" * 64}, "is not the Own Terms that belong to small"),
    "ids": ({"ids": (1, 2)}, "other ids for a known sentence"),
    "loss": ({"loss": 1.0}, "its loss on a known sentence is"),
    "not installed": ({"parts": (("absent_package", "a"),)}, "pip install 'newsmill[small]'"),
    "not whole": ({"parts": (("small_model_parts", "c"),)}, "which is not here: pip install 'newsmill[small]'"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_not_as_known_is_refused(
    what: str, small: PackagedModel, train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes, words = WRONG[what]
    offer(monkeypatch, replace(small, **changes))
    code, _, err = train("get", "small", "--out", tmp_path / "out", "--accept-licence", "--form", "huggingface")
    assert code == 2
    assert words in err.splitlines()[-1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["trial"]


def test_another_folder_and_another_name(train: Train, tmp_path: Path) -> None:
    code, _, err = train("get", "gemma-3-27m", "--out", tmp_path / "out")
    assert (code, err) == (2, "get: no model 'gemma-3-27m': did you mean gemma-3-270m?\n")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/a").touch()
    code, _, err = train("get", "gemma-3-270m", "--out", tmp_path / "mine", "--accept-licence")
    assert code == 2
    assert "did not write" in err


def test_each_model_says_what_its_terms_ask() -> None:
    for model in models().values():
        assert model.asks
        assert len(model.sha256) == len(model.terms_sha256) == 64


@pytest.mark.real_model
def test_gemma_gives_known_ids_and_terms(real_model: Path) -> None:
    from train.get.command import check_known

    model = models()["gemma-3-270m"]
    assert check_known(model, real_model) == pytest.approx(model.loss, abs=0.03)
    assert licences_of(real_model) == {"gemma": model.licence}
    assert {"lit_model.pth", "model.safetensors", "README.md"} <= {path.name for path in real_model.iterdir()}
