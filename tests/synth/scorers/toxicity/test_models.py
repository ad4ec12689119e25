"""Models are loaded whole, from files that run nothing, or not at all; and they score as Detoxify does."""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest

from crawler.items import NewsmillError
from synth.scorers.toxicity.models import _PUBLISHED, DETOXIFY, Choice, ToxicityUnavailable, columns_of
from tests.synth.scorers.toxicity.toxicity_tiny import (
    ORIGINAL,
    UNBIASED,
    classifier_folder,
    detoxify_checkpoint,
    nearly,
    tiny_model,
)

pytest.importorskip("detoxify", reason="the extra toxicity is not installed")

TEXTS = (
    "Il governo ha approvato la manovra.", "Sei proprio uno stupido, vattene!", "Chào các bạn, hôm nay trời đẹp.",
    "Ha detto: «no»", "a", "Una frase più lunga delle altre, con più di una virgola, e che non finisce mai; " * 3,
)  # fmt: skip
KINDS = (("bert", ORIGINAL, "original"), ("roberta", UNBIASED, "unbiased"), ("xlm", UNBIASED, "multilingual"))


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return detoxify_checkpoint(tmp_path, "xlm", UNBIASED)


def refused(choice: Choice) -> str:
    with pytest.raises(ToxicityUnavailable) as caught:
        choice.load()
    told = str(caught.value)
    assert "\n" not in told
    assert told.startswith("toxicity: ")
    return told


@pytest.mark.parametrize(("kind", "labels", "name"), KINDS)
def test_scores_are_those_of_detoxify(tmp_path: Path, kind: str, labels: tuple[str, ...], name: str) -> None:
    from detoxify import Detoxify

    path = detoxify_checkpoint(tmp_path, kind, labels)
    theirs = Detoxify(checkpoint=str(path)).predict(list(TEXTS))
    ours = Choice(name, (), path).load().scores(TEXTS)
    for number, scores in enumerate(ours):
        assert set(scores) == {each for each in theirs if each in scores}
        for field, value in scores.items():
            assert value == pytest.approx(theirs[field][number], abs=1e-5)
    assert ("sexual_explicit" in ours[0]) == (name != "original")
    assert len({scores["toxicity"] for scores in ours}) == len(TEXTS)


def test_the_sums_of_detoxifys_releases_are_known() -> None:
    from detoxify.detoxify import MODEL_URLS

    assert set(DETOXIFY) == set(MODEL_URLS) == set(_PUBLISHED)
    assert all(MODEL_URLS[name].endswith(f"-{mark}.ckpt") for name, mark in _PUBLISHED.items())


def test_a_config_folder_stands_in_for_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = detoxify_checkpoint(tmp_path, "xlm", UNBIASED, model_type="nobody/no-such-model")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "--toxicity-config FOLDER" in refused(Choice("multilingual", (), path))
    from_folder = Choice("multilingual", (), path, tmp_path / "base").load().scores(TEXTS)
    other = detoxify_checkpoint(tmp_path, "xlm", UNBIASED)
    assert nearly(from_folder, Choice("multilingual", (), other).load().scores(TEXTS))


def test_what_is_not_there(tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = tmp_path / "missing"
    assert f"no config.json in {missing}: --toxicity-config" in refused(Choice("multilingual", (), checkpoint, missing))
    assert f"no file {missing}: --toxicity-checkpoint" in refused(Choice("multilingual", (), missing))
    assert str(missing) in refused(Choice(str(missing)))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert "--toxicity-checkpoint FILE" in refused(Choice("multilingual"))


@pytest.mark.parametrize("content", [b"", b"no pickle at all", b"PK\x03\x04 half a zip", b"\x80\x04K\x05."])
def test_a_file_that_is_no_checkpoint(tmp_path: Path, content: bytes) -> None:
    for name in ("a.ckpt", "a.safetensors"):
        (tmp_path / name).write_bytes(content)
        assert "--toxicity-checkpoint FILE" in refused(Choice("original", (), tmp_path / name))


def test_a_checkpoint_that_was_cut_short(checkpoint: Path) -> None:
    content = checkpoint.read_bytes()
    checkpoint.write_bytes(content[: len(content) // 2])
    assert "no checkpoint of Detoxify" in refused(Choice("multilingual", (), checkpoint))


def changed(path: Path, change: Any) -> Path:
    """The checkpoint with something changed in it."""
    import torch

    loaded = torch.load(path, weights_only=True)
    change(loaded)
    torch.save(loaded, path)
    return path


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda it: it.pop("config"), "it has no 'config'"),
        (lambda it: it["config"].pop("dataset"), "it has no 'dataset'"),
        (lambda it: it["state_dict"].pop("classifier.out_proj.weight"), "it lacks 1 of"),
        (lambda it: it["state_dict"].update(more=it["state_dict"]["classifier.out_proj.bias"]), "have no place"),
        (lambda it: it["config"]["arch"]["args"].update(model_name="os"), "it names os"),
        (lambda it: it["config"]["arch"]["args"].update(num_classes=3), "16 classes for 3"),
        (lambda it: it["config"].update(arch=None), "NoneType"),
        (lambda it: it.update(config=[1]), "indices"),
    ],
)  # fmt: skip
def test_a_checkpoint_that_lacks_something(checkpoint: Path, change: Any, told: str) -> None:
    """Transformers would fill in random weights without a word that one sees."""
    assert told in refused(Choice("multilingual", (), changed(checkpoint, change)))


def test_weights_of_another_size(checkpoint: Path) -> None:
    def shrink(loaded: Any) -> None:
        weights = loaded["state_dict"]
        weights["classifier.out_proj.weight"] = weights["classifier.out_proj.weight"][:, :5].clone()

    refused(Choice("multilingual", (), changed(checkpoint, shrink)))


def test_position_ids_of_old_checkpoints_do_no_harm(checkpoint: Path) -> None:
    import torch

    before = Choice("multilingual", (), checkpoint).load().scores(TEXTS)
    changed(
        checkpoint, lambda it: it["state_dict"].update({"roberta.embeddings.position_ids": torch.arange(514)[None]})
    )
    assert nearly(Choice("multilingual", (), checkpoint).load().scores(TEXTS), before)


class Anything:
    """What a training program may leave in a checkpoint."""


def test_a_pickle_that_could_run_a_program_is_refused(checkpoint: Path) -> None:
    import torch

    loaded = torch.load(checkpoint, weights_only=True)
    torch.save({**loaded, "hyper_parameters": Anything()}, checkpoint)
    told = refused(Choice("multilingual", (), checkpoint))
    assert "Anything" in told
    assert "docs/toxicity.md" in told
    assert "FILE.safetensors" in told


def test_the_conversion_of_the_manual(checkpoint: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program in docs/toxicity.md turns such a pickle into what is loaded."""
    import torch

    before = Choice("multilingual", (), checkpoint).load().scores(TEXTS)
    loaded = torch.load(checkpoint, weights_only=True)
    loaded["state_dict"] = OrderedDict(loaded["state_dict"])
    torch.save({**loaded, "hyper_parameters": Anything()}, checkpoint.with_name("FILE.ckpt"))
    monkeypatch.chdir(checkpoint.parent)
    found = re.search(r"```python\n(.*?)```", (root / "docs/toxicity.md").read_text(encoding="utf-8"), re.DOTALL)
    assert found
    exec(found[1], {})
    assert nearly(Choice("multilingual", (), Path("FILE.safetensors")).load().scores(TEXTS), before)


def test_safetensors_without_config(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    save_file({"a": torch.zeros(1)}, tmp_path / "a.safetensors", {"config": json.dumps([])})
    assert "no checkpoint" in refused(Choice("original", (), tmp_path / "a.safetensors"))
    save_file({"a": torch.zeros(1)}, tmp_path / "a.safetensors")
    assert "no config" in refused(Choice("original", (), tmp_path / "a.safetensors"))


def test_one_label_of_several(tmp_path: Path) -> None:
    """Labels that exclude each other: what is toxic adds up. The reference is transformers' own pipeline."""
    from transformers import pipeline

    folder = classifier_folder(tmp_path / "vi", ("CLEAN", "OFFENSIVE", "HATE"))
    ours = Choice(str(folder)).load().scores(TEXTS)
    only_hate = Choice(str(folder), ("HATE",)).load().scores(TEXTS)
    theirs = pipeline("text-classification", model=str(folder), top_k=None)(list(TEXTS))
    for scores, hate, reference in zip(ours, only_hate, theirs, strict=True):
        chances = {each["label"]: each["score"] for each in reference}
        assert scores == {"toxicity": pytest.approx(chances["OFFENSIVE"] + chances["HATE"], abs=1e-5)}
        assert hate == {"toxicity": pytest.approx(chances["HATE"], abs=1e-5)}


def test_several_labels_at_once(tmp_path: Path) -> None:
    from transformers import pipeline

    folder = classifier_folder(tmp_path / "vi", ("hateful", "threat", "Insult", "politics"), multi=True)
    ours = Choice(str(folder)).load().scores(TEXTS)
    theirs = pipeline("text-classification", model=str(folder), top_k=None)(list(TEXTS))
    for scores, reference in zip(ours, theirs, strict=True):
        chances = {each["label"]: each["score"] for each in reference}
        assert scores["threat"] == pytest.approx(chances["threat"], abs=1e-5)
        assert scores["insult"] == pytest.approx(chances["Insult"], abs=1e-5)
        toxic = max(chances["hateful"], chances["threat"], chances["Insult"])
        assert scores["toxicity"] == pytest.approx(toxic, abs=1e-5)


def test_labels_that_say_nothing(tmp_path: Path) -> None:
    choice = Choice(str(classifier_folder(tmp_path / "vi", ("LABEL_0", "LABEL_1", "non-toxic"))))
    with pytest.raises(NewsmillError, match=r"\(LABEL_0, LABEL_1, non-toxic\): name those that are, --toxicity-for"):
        choice.load()
    with pytest.raises(NewsmillError, match="no label HATE, only LABEL_0, LABEL_1, non-toxic"):
        Choice(choice.name, ("LABEL_1", "HATE")).load()
    assert Choice(choice.name, ("LABEL_1",)).load().columns == {"toxicity": [1]}


def test_the_columns_of_a_label() -> None:
    choice = Choice("x")
    assert columns_of(("toxic", "severe toxic", "hate"), choice) == {"toxicity": [0], "severe_toxicity": [1]}
    assert columns_of(("toxic", "hate", "neutral"), choice, exclusive=True) == {"toxicity": [0, 1]}
    assert columns_of(("not_hate", "Hate-Speech"), choice) == {"toxicity": [1]}


def test_a_model_without_a_trained_head_is_refused(tmp_path: Path) -> None:
    model, tokenizer = tiny_model("xlm", ("CLEAN", "HATE"))
    model.roberta.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    settings = json.loads((tmp_path / "config.json").read_text())
    settings |= {"id2label": {"0": "CLEAN", "1": "HATE"}, "label2id": {"CLEAN": 0, "HATE": 1}}
    (tmp_path / "config.json").write_text(json.dumps(settings))
    assert "no trained classifier" in refused(Choice(str(tmp_path)))


def test_a_regression_is_refused(tmp_path: Path) -> None:
    folder = classifier_folder(tmp_path / "vi", ("toxicity",))
    settings = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**settings, "problem_type": "regression"}))
    with pytest.raises(NewsmillError, match="regression"):
        Choice(str(folder)).load()


def test_an_identity_follows_the_file_and_not_its_place(checkpoint: Path, tmp_path: Path) -> None:
    one = Choice("multilingual", (), checkpoint).identity
    assert re.fullmatch("multilingual:[0-9a-f]{8}", one)
    (tmp_path / "elsewhere").mkdir()
    moved = checkpoint.rename(tmp_path / "elsewhere/other.ckpt")
    assert Choice("multilingual", (), moved).identity == one
    moved.write_bytes(moved.read_bytes() + b"\0")
    assert Choice("multilingual", (), moved).identity != one
    assert Choice("multilingual").identity == "multilingual"
    folder = classifier_folder(tmp_path / "viHate", ("CLEAN", "HATE"))
    assert re.fullmatch(r"viHate:[0-9a-f]{8}\[HATE\]\+half", Choice(str(folder), ("HATE",), half=True).identity)
    assert Choice("someone/phobert").identity == "someone/phobert"


def test_what_a_model_was_made_for() -> None:
    made = {name: [each for each in ("en", "it", "vi") if Choice(name).calibrated(each)] for name in DETOXIFY}
    assert made["original"] == made["unbiased"] == ["en"]
    assert made["multilingual"] == ["en", "it"]
    assert Choice("someone/phobert").calibrated("vi")


def test_half_precision_is_near(checkpoint: Path) -> None:
    full = Choice("multilingual", (), checkpoint).load().scores(TEXTS)
    half = Choice("multilingual", (), checkpoint, half=True).load().scores(TEXTS)
    apart = [abs(a[name] - b[name]) for a, b in zip(full, half, strict=True) for name in a]
    assert 0 < max(apart) < 0.1
