"""Exported preferences are what TRL's trainers and our ORPO recipe train on: a few steps of each, on a tiny model."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import pytest

from synth.__main__ import main
from tests.synth.export.test_command import store as store_fixture
from tests.synth.export.test_preferences import edit

store = store_fixture
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Llama of Hugging Face form."""
    pytest.importorskip("trl", reason="trl is not installed")
    from tests.train.conftest import ITALIAN, VIETNAMESE
    from train.models.architectures import make_tiny

    folder = tmp_path_factory.mktemp("models") / "llama"
    make_tiny("SmolLM2-360M", [ITALIAN, VIETNAMESE], folder, form="huggingface")
    return folder


@pytest.fixture
def pairs(store: Any) -> Path:
    """An export of 20 edited samples, one with a system message."""
    for number in range(20):
        edit(store, number, **({"system": "Sei un giornalista."} if number == 3 else {}))
    assert main(["export", "--format", "preference", "--format", "preference-plain"]) == 0
    return Path("export").absolute()


def trained(name: str, llama: Path, rows: Any, out: Path) -> list[float]:
    """Losses of three steps of one of TRL's trainers."""
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import DPOConfig, DPOTrainer
    from trl.experimental.orpo import ORPOConfig, ORPOTrainer

    tokenizer = AutoTokenizer.from_pretrained(llama)
    tokenizer.chat_template = CHATML
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    make_config, make_trainer = {"orpo": (ORPOConfig, ORPOTrainer), "dpo": (DPOConfig, DPOTrainer)}[name]
    config = make_config(
        output_dir=str(out), max_steps=3, per_device_train_batch_size=2, logging_steps=1, report_to="none",
        use_cpu=True, max_length=700, learning_rate=1e-3, save_strategy="no", disable_tqdm=True,
    )  # fmt: skip
    model = AutoModelForCausalLM.from_pretrained(llama)
    trainer = make_trainer(model=model, args=config, train_dataset=rows, processing_class=tokenizer)
    trainer.train()
    return [row["loss"] for row in trainer.state.log_history if "loss" in row]


@pytest.mark.parametrize("trainer", ["orpo", "dpo"])
@pytest.mark.parametrize("form", ["preference", "preference-plain"])
def test_trl_trains_on_both_forms(
    trainer: str, form: str, llama: Path, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    datasets = pytest.importorskip("datasets", reason="datasets is not installed")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    rows = datasets.load_dataset(str(pairs / form), cache_dir=str(tmp_path / "cache"))
    assert set(rows) == {"train", "validation"}
    assert rows["train"].num_rows == 17
    losses = trained(trainer, llama, rows["train"], tmp_path / "out")
    assert len(losses) == 3
    assert all(math.isfinite(loss) and loss > 0 for loss in losses)
    # DPO begins at log 2, where the model is its own reference.
    assert trainer != "dpo" or losses[0] == pytest.approx(math.log(2), abs=1e-3)


@pytest.mark.parametrize("path", ["export", "export/preference", "export/preference-plain"])
def test_our_orpo_recipe_trains_on_the_export(path: str, llama: Path, pairs: Path) -> None:
    from tests.train.huggingface.hf_fixtures import recipe
    from train.__main__ import main as train
    from train.data.conversations import read_pairs

    read = read_pairs(Path(path))
    assert {split: len(rows) for split, rows in read.items()} == {"train": 17, "val": 3}
    assert {pair.language for pair in read["train"]} == {"it"}
    config = recipe(
        pairs.parent, method="orpo", checkpoint_dir=str(llama), orpo={"beta": 0.1}, lora_dropout=0.0, quantize=None,
        data={"class_path": "train.data.Pairs", "init_args": {"path": path, "prompt_style": "chatml"}},
        train={"max_steps": 3, "save_interval": 3, "micro_batch_size": 2, "global_batch_size": 4}, eval={"interval": 3},
        double_quant=False,
    )  # fmt: skip
    assert train(["finetune", "--config", str(config)]) == 0
    lines = list(csv.DictReader((pairs.parent / "out/metrics.csv").open(encoding="utf-8")))
    assert [line["step"] for line in lines if line["loss"]] == ["1", "2", "3"]
    assert float(lines[-1]["val_loss"]) < float(lines[0]["val_loss"])
