"""The data module in LitGPT's hands: the numbers of LitGPT's JSON where both apply, and none where that has NaN.

Covers train.data.modules.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.fork_server import run_forked
from tests.train.data.chat_fixtures import ENGLISH, ITALIAN, VIETNAMESE, several_turns
from train.data import Chat, Pairs
from train.errors import TrainError
from train.styles.files import languages


def row(number: int) -> dict[str, str]:
    given = " ".join([ITALIAN, VIETNAMESE, ENGLISH][: number % 4]) * (1 + number % 3)
    return {
        "instruction": f"Riassumi {number}.",
        "input": given,
        "output": f"Notizia {number}: {ITALIAN[: 5 * number]}".strip(),
    }


@pytest.fixture(scope="module")
def checkpoint(workspace: Path) -> Path:
    return workspace / "checkpoints/tiny"


@pytest.fixture
def export(tmp_path: Path) -> Path:
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "train.json").write_text(json.dumps([row(number) for number in range(24)]), encoding="utf-8")
    (folder / "val.json").write_text(json.dumps([row(number) for number in range(30, 37)]), encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSMILL_HOME", str(tmp_path / "home"))


def ready(module: Any, checkpoint: Path, size: int = 2, longest: int | None = None) -> Any:
    from litgpt import Tokenizer

    module.connect(tokenizer=Tokenizer(checkpoint), batch_size=size, max_seq_length=longest)
    module.prepare_data()
    module.setup()
    return module


def batches(loader: Any) -> list[tuple[list[list[int]], list[list[int]]]]:
    return [(batch["input_ids"].tolist(), batch["labels"].tolist()) for batch in loader]


@pytest.mark.parametrize("mask_prompt", [False, True])
@pytest.mark.parametrize("size", [1, 3])
def test_the_same_batches_as_litgpt(export: Path, checkpoint: Path, mask_prompt: bool, size: int) -> None:
    from litgpt.data import JSON

    theirs = ready(JSON(export, mask_prompt=mask_prompt, num_workers=0), checkpoint, size)
    ours = ready(Chat(export, prompt_style="alpaca", mask_prompt=mask_prompt, batching="shuffled"), checkpoint, size)
    for name in ("train_dataloader", "val_dataloader"):
        first, second = getattr(theirs, name)(), getattr(ours, name)()
        for _ in range(2):
            assert batches(first) == batches(second)


def test_the_same_loss_as_litgpt(export: Path, checkpoint: Path) -> None:
    """Every row alone, and each batch of the validation: the loss of both modules, by LitGPT's own functions."""
    from litgpt import GPT, Config
    from litgpt.data import JSON
    from litgpt.utils import chunked_cross_entropy

    model = GPT(Config.from_file(checkpoint / "model_config.yaml"))
    model.load_state_dict(torch.load(checkpoint / "lit_model.pth", weights_only=True))

    def losses(loader: Any) -> list[float]:
        with torch.inference_mode():
            return [
                float(chunked_cross_entropy(model(batch["input_ids"])[..., :-1, :], batch["labels"][..., 1:], 0))
                for batch in loader
            ]

    theirs = ready(JSON(export, mask_prompt=True, num_workers=0), checkpoint, 1)
    ours = ready(Chat(export, prompt_style="alpaca"), checkpoint, 1)
    # The order differs, the rows do not; alone in a batch, each has its own loss.
    assert sorted(losses(theirs.train_dataloader())) == pytest.approx(sorted(losses(ours.train_dataloader())), abs=1e-6)
    assert losses(theirs.val_dataloader()) == losses(ours.val_dataloader())


def test_grouped_batches_have_little_padding_and_every_row_once(export: Path, checkpoint: Path) -> None:
    def shares(batching: str) -> tuple[float, list[tuple[int, ...]]]:
        module = ready(Chat(export, batching=batching), checkpoint, 4)
        loader = module.train_dataloader()
        assert len(loader) == 6
        rows, filled, real = [], 0, 0
        for batch in loader:
            filled += batch["input_ids"].numel()
            real += int(batch["token_counts"]["raw_plus_prompt_template"].sum())
            for labels in batch["labels"].tolist():
                rows.append(tuple(label for label in labels if label != -100))
        return 1 - real / filled, sorted(rows)

    shuffled, grouped, even = shares("shuffled"), shares("grouped"), shares("even")
    assert shuffled[1] == grouped[1] == even[1]
    assert max(grouped[0], even[0]) < shuffled[0] / 2


def test_order_changes_by_epoch_and_repeats_by_seed(export: Path, checkpoint: Path) -> None:
    first, again = (ready(Chat(export), checkpoint).train_dataloader() for _ in range(2))
    epochs = [batches(first), batches(first)]
    assert epochs[0] != epochs[1]
    assert sorted(map(str, epochs[0])) != sorted(map(str, epochs[1]))
    assert [batches(again), batches(again)] == epochs


def test_reader_processes_give_the_same(export: Path, checkpoint: Path) -> None:
    alone = ready(Chat(export), checkpoint).train_dataloader()
    helped = ready(Chat(export, num_workers=1), checkpoint).train_dataloader()
    assert batches(alone) == batches(helped)


def test_the_longest_row_as_litgpt_finds_it(export: Path, checkpoint: Path) -> None:
    from litgpt.finetune.lora import get_longest_seq_length
    from torch.utils.data import ConcatDataset

    module = ready(Chat(export), checkpoint)
    data: Any = ConcatDataset([module.train_dataloader().dataset, module.val_dataloader().dataset])
    longest, _ = get_longest_seq_length(data)
    assert longest == max(module.counts[split]["longest"] for split in ("train", "val"))


def test_several_turns_by_decoding(tmp_path: Path, checkpoint: Path) -> None:
    from litgpt import Tokenizer

    chats = [
        {
            "messages": [
                *several_turns(),
                {"role": "user", "content": f"{number}?"},
                {"role": "assistant", "content": "Sì."},
            ]
        }
        for number in range(4)
    ]
    (tmp_path / "chats.jsonl").write_text("\n".join(map(json.dumps, chats)), encoding="utf-8")
    module = ready(Chat(tmp_path / "chats.jsonl", language="vi", val_share=0.25), checkpoint)
    tokenizer = Tokenizer(checkpoint)
    for index in range(3):
        item = module.train_dataset[index]
        learnt = item["labels"][item["labels"] != -100]
        answers = "Approvato il piano.<|im_end|>Sei, però senza effetto.<|im_end|>Sì.<|im_end|>"
        assert tokenizer.decode(learnt) == answers
        whole = tokenizer.decode(item["input_ids"])
        system = languages()["vi"]["system"]
        assert whole.startswith(f"<|im_start|>system\n{system}<|im_end|>\n<|im_start|>user\nRiassumi.")
        assert languages()["en"]["system"] not in whole


@pytest.fixture
def cramped(tmp_path: Path) -> Path:
    """Rows of which some have a prompt longer than 300 tokens."""
    folder = tmp_path / "cramped"
    folder.mkdir()
    rows = [dict(row(number), input=ITALIAN * (1 + 11 * (number % 2))) for number in range(16)]
    (folder / "train.json").write_text(json.dumps(rows[:10]), encoding="utf-8")
    (folder / "val.json").write_text(json.dumps(rows[10:]), encoding="utf-8")
    return folder


def test_no_batch_without_a_label(cramped: Path, checkpoint: Path) -> None:
    from litgpt.data import JSON

    theirs = ready(JSON(cramped, mask_prompt=True, num_workers=0), checkpoint, 1, 300)
    assert any((batch["labels"][:, 1:] == -100).all() for batch in theirs.val_dataloader()), "LitGPT's loss is NaN"
    for over_length in ("cut", "drop", "split"):
        ours = ready(Chat(cramped, prompt_style="alpaca", over_length=over_length), checkpoint, 1, 300)
        for loader in (ours.train_dataloader(), ours.val_dataloader()):
            for batch in loader:
                assert (batch["labels"][:, 1:] != -100).any()
                assert batch["input_ids"].shape[1] <= 300
        assert sum(number for reason, number in ours.counts["train"].items() if "dropped" in reason) == 5


def test_what_became_of_the_rows_is_told(cramped: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module = ready(Chat(cramped, over_length="drop"), checkpoint, 1, 300)
    told = capsys.readouterr().out
    assert "data: train: 5 of 10 rows, " in told
    assert "dropped: longer than max_seq_length: 5" in told
    assert "validation: as exported" in told
    assert json.loads((module.tokens.folder / "counts.json").read_text()) == module.counts


def test_the_style_that_is_saved_speaks_the_rows_language(tmp_path: Path, checkpoint: Path) -> None:
    chats = [
        {"language": "vi", "messages": several_turns()[:-2] + several_turns()[2:], "id": number} for number in range(4)
    ]
    for number, chat in enumerate(chats):
        chat["messages"] = [{"role": "user", "content": f"{number}?"}, {"role": "assistant", "content": "Sáu."}]
    (tmp_path / "chats.json").write_text(json.dumps(chats), encoding="utf-8")
    module = ready(Chat(tmp_path / "chats.json", val_share=0.25), checkpoint)
    assert module.prompt_style.name == "chatml-vi"
    assert languages()["vi"]["system"] in module.prompt_style.apply("?")


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(TrainError) as caught:
        Chat(tmp_path / "gone", over_length="truncate", batching="packed", val_share=2, ignore_index=0)
    for words in (
        "gone does not exist",
        "'truncate' is none of",
        "no mask for it",
        "not between 0 and 1",
        "ignore_index",
    ):
        assert words in str(caught.value)
    with pytest.raises(TrainError, match="no prompt style is called 'chat'"):
        Chat(tmp_path, prompt_style="chat")
    with pytest.raises(TrainError, match="'truncate' is none of"):
        Pairs(tmp_path, over_length="truncate")
    assert Pairs(tmp_path, language="vi").style.name == "chatml-vi"


@pytest.fixture
def at_home(export: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(export.parent)
    # LitGPT reads the settings that it saves from the command line.
    monkeypatch.setattr(sys, "argv", ["litgpt", str(checkpoint)])
    return export.parent


def finetune(how: str, checkpoint: Path, data: Any, out: Path, **more: Any) -> None:
    import importlib

    from litgpt.args import EvalArgs, TrainArgs

    settings = TrainArgs(
        save_interval=None, log_interval=1, global_batch_size=4, micro_batch_size=2, lr_warmup_steps=1, epochs=2,
        max_steps=3, max_seq_length=512,
    )  # fmt: skip
    importlib.import_module(f"litgpt.finetune.{how}").setup(
        checkpoint_dir=checkpoint, out_dir=out, precision="32-true", data=data, train=settings,
        eval=EvalArgs(interval=2, max_new_tokens=3, max_iters=2), **more,
    )  # fmt: skip


@pytest.mark.parametrize("how", ["lora", "full"])
def test_litgpt_finetunes(how: str, at_home: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Loss a number, an example of the validation rows shown in the style, the style saved with the model."""
    import yaml

    out = at_home / "out"
    finetune(how, checkpoint, Chat(at_home / "export", prompt_style="alpaca-it"), out)
    told = capsys.readouterr().out
    assert "nan" not in told.lower()
    assert "\nRiassumi 30.\n\n" in told, "the first validation row's request"
    assert "### Istruzione:\nRiassumi 30.\n\n### Input:\n" in told
    assert yaml.safe_load((out / "final/prompt_style.yaml").read_text()) == {"class_path": "train.styles.AlpacaIt"}
    import csv

    metrics = list(csv.DictReader(next(out.rglob("metrics.csv")).open()))
    assert metrics
    assert all(math.isfinite(float(line["loss"])) for line in metrics if line["loss"])


DEVICES = """
import json, sys
from pathlib import Path
import lightning, litgpt, torch
from train.data import Chat

def main(fabric, export, checkpoint, out):
    torch.set_num_threads(1)
    data = Chat(Path(export))
    data.connect(tokenizer=litgpt.Tokenizer(checkpoint), batch_size=2, max_seq_length=512)
    with fabric.rank_zero_first():
        data.prepare_data()
    data.setup()
    train, val = fabric.setup_dataloaders(data.train_dataloader(), data.val_dataloader())
    epochs = [[batch["labels"].tolist() for batch in train] for _ in range(2)]
    Path(out, f"{fabric.global_rank}.json").write_text(json.dumps({"train": epochs, "batches": len(train)}))

fabric = lightning.Fabric(accelerator="cpu", devices=2, strategy="ddp_fork")
fabric.launch(main, *sys.argv[1:])
"""


def test_two_devices_share_the_rows(export: Path, checkpoint: Path, tmp_path: Path) -> None:
    """Real processes: Fabric leaves the batches alone, each device has as many, together they are all rows."""
    script = tmp_path / "devices.py"
    script.write_text(DEVICES)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])}
    words = [str(script), str(export), str(checkpoint), str(tmp_path)]
    done = run_forked("train", words, environment=environment, timeout=200)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("data: train: 24 of 24 rows") == 1, "told once"
    told = [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in (0, 1)]
    assert [each["batches"] for each in told] == [6, 6]
    learnt = [
        sorted(
            tuple(label for label in labels if label != -100)
            for each in told
            for batch in each["train"][epoch]
            for labels in batch
        )
        for epoch in (0, 1)
    ]
    assert len(learnt[0]) == 24
    assert learnt[0] == learnt[1]
    assert told[0]["train"][0] != told[0]["train"][1]
    assert len(set(learnt[0])) == 24
    shutil.rmtree(tmp_path / "home", ignore_errors=True)
