"""Terms that a model came under go with what is made of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from train.errors import TrainError
from train.licence import Licence, licences_of, pass_on, write_licence
from train.models.checkpoint import sources_of

OWN = Licence("own", "Own Terms", "https://example.org/terms", "Under Own Terms.")
OTHER = Licence("other-terms", "Other Terms", "https://example.com/terms", "Under Other Terms.")


def model(folder: Path, licence: Licence | None) -> Path:
    folder.mkdir()
    (folder / "text.html").write_text(f"terms of {folder.name}")
    if licence is not None:
        write_licence(licence, [folder / "text.html"], folder, {"accepted": "today"})
    return folder


def test_they_are_passed_on_with_their_texts(tmp_path: Path) -> None:
    base, plain = model(tmp_path / "base", OWN), model(tmp_path / "plain", None)
    out = tmp_path / "out"
    out.mkdir()
    (out / "README.md").write_text("---\nbase_model: x\nlicense: mit\n---\n\n# Mine\n\nMerged.\n")
    pass_on([plain, base], out)
    assert licences_of(out) == {"own": OWN}
    assert (out / "licence/own/text.html").read_text() == "terms of base"
    card = (out / "README.md").read_text()
    assert card.startswith(
        "---\nlicense: own\nbase_model: x\n---\n\n# Mine\n\nMerged.\n\n## Licence\n\nUnder Own Terms."
    )
    pass_on([base], out)
    assert (out / "README.md").read_text() == card


def test_of_two_models_both_are(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    pass_on([model(tmp_path / "a", OWN), model(tmp_path / "b", OTHER)], out)
    card = (out / "README.md").read_text()
    assert card.startswith("---\nlicense: other\n---\n\n# out\n")
    assert "Under Own Terms." in card
    assert "Under Other Terms." in card


def test_without_terms_there_is_no_card(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    pass_on([model(tmp_path / "plain", None)], out)
    assert not list(out.iterdir())


def test_an_adapter_comes_under_those_of_its_base(tmp_path: Path) -> None:
    base, adapter = model(tmp_path / "base", OWN), model(tmp_path / "adapter", None)
    assert sources_of(adapter) == [adapter]
    assert sources_of(adapter, base) == [adapter, base]
    (adapter / "hyperparameters.yaml").write_text(f"checkpoint_dir: {base}\n")
    assert sources_of(adapter) == [adapter, base]
    (adapter / "hyperparameters.yaml").write_text("checkpoint_dir: absent/model\n")
    assert sources_of(adapter) == [adapter]


def test_a_torn_record_is_an_error(tmp_path: Path) -> None:
    base = model(tmp_path / "base", OWN)
    (base / "licence/own/licence.json").write_text("{")
    with pytest.raises(TrainError, match="the terms that the model came under"):
        licences_of(base)


def test_bare_licences_and_notices_go_along(tmp_path: Path) -> None:
    first, second = model(tmp_path / "first", None), model(tmp_path / "second", None)
    for folder, words in ((first, "one"), (second, "two")):
        (folder / "LICENSE.txt").write_text(words)
        (folder / "USE_POLICY.md").write_text("the same")
    out = tmp_path / "out"
    out.mkdir()
    pass_on([first, second, tmp_path / "a hub's name"], out)
    texts = {path.name: path.read_text() for path in out.iterdir()}
    assert texts == {"LICENSE.txt": "one", "LICENSE-second.txt": "two", "USE_POLICY.md": "the same"}
