"""ORPO's loss against the paper's formula, on numbers worked by hand; and where trl's own differs.

Covers train.huggingface.trainer.
"""

from __future__ import annotations

import contextlib
import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.errors import TrainError
from train.huggingface.orpo import CERTAIN, log_odds, mean_log_probabilities, orpo_loss
from train.litgpt.learned_tokens import learned, token_losses


def paper(chosen: float, rejected: float, beta: float) -> float:
    """L_SFT + beta * -log sigmoid(log(odds(chosen) / odds(rejected))), written as the paper has it."""
    odds = [math.exp(mean) / (1 - math.exp(mean)) for mean in (chosen, rejected)]
    ratio = math.log(odds[0] / odds[1])
    return -chosen + beta * -math.log(1 / (1 + math.exp(-ratio)))


def means_of(logits: Any, labels: Any) -> Any:
    """Mean log probabilities by whole rows of logits."""
    (rows, columns), targets = learned(labels)
    return mean_log_probabilities(token_losses(logits[rows, columns], targets), rows, labels)


def test_by_hand() -> None:
    """p = 1/2 and 1/4: odds 1 and 1/3, ratio 3, sigmoid(log 3) = 3/4; L = log 2 + 0.1 log(4/3) = 0.7219154."""
    import torch

    means = torch.tensor([math.log(0.5)]), torch.tensor([math.log(0.25)])
    assert orpo_loss(*means, 0.1).item() == pytest.approx(math.log(2) + 0.1 * math.log(4 / 3), abs=1e-7)
    assert orpo_loss(*means, 0.1).item() == pytest.approx(0.7219154, abs=1e-6)
    assert log_odds(means[0]).item() == pytest.approx(0, abs=1e-7)
    assert log_odds(means[1]).item() == pytest.approx(-math.log(3), abs=1e-6)


@given(st.floats(-12, -0.01), st.floats(-12, -0.01), st.floats(0, 2))
def test_the_paper_s_formula(chosen: float, rejected: float, beta: float) -> None:
    import torch

    ours = orpo_loss(torch.tensor([chosen]), torch.tensor([rejected]), beta).item()
    assert ours == pytest.approx(paper(chosen, rejected, beta), rel=1e-4, abs=1e-5)


def test_means_are_over_the_answer_s_tokens_alone() -> None:
    """Uniform over 4 tokens but for the answer's: p(1) = 1/2 then 1/8 -> mean log p = log(1/16) / 2."""
    import torch

    logits = torch.zeros(1, 4, 4)
    logits[0, 1] = torch.tensor([0.5, 0.25, 0.125, 0.125]).log()
    logits[0, 2] = torch.tensor([0.125, 0.25, 0.125, 0.5]).log()
    labels = torch.tensor([[-100, -100, 0, 0]])
    assert means_of(logits, labels).item() == pytest.approx(math.log(1 / 16) / 2, abs=1e-6)


def test_a_certain_answer_has_a_finite_loss_and_gradient() -> None:
    import torch

    logits = torch.zeros(2, 3, 4)
    logits[:, :, 1] = 200.0
    logits.requires_grad_(True)
    means = means_of(logits, torch.tensor([[-100, 1, 1], [-100, 2, 2]]))
    assert means[0].item() == pytest.approx(CERTAIN)
    orpo_loss(means[:1], means[1:], 0.1).sum().backward()
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def model_of(logits: Any) -> Any:
    """A model whose logits are given: its head gives back what it gets."""
    import torch

    head = torch.nn.Identity()

    class Words(torch.nn.Module):
        def forward(self, *words: Any, **more: Any) -> Any:
            return SimpleNamespace(logits=head(logits))

        def get_output_embeddings(self) -> Any:
            return head

    return Words()


@pytest.fixture(scope="module")
def batch() -> dict[str, Any]:
    """Two pairs: prompts of two tokens; answers of one and four tokens, all rejected ones of two."""
    import torch

    from train.data.encode import Encoded
    from train.huggingface.rows import Rows, collate

    answers = [[4], [5, 6], [4, 5, 6, 7], [7, 7]]
    rows = Rows.of([Encoded([1, 2, *answer], [(2, 2 + len(answer))]) for answer in answers], each=2)
    torch.manual_seed(0)
    return collate([rows[0], rows[1]])


def losses_of(batch: dict[str, Any], logits: Any, paper_loss: bool) -> tuple[float, float, float]:
    """(loss, its SFT part, its odds-ratio part) as trl's trainer computes them, with our mixin or without."""
    import os

    import torch

    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
    from trl.experimental.orpo import ORPOTrainer

    from train.huggingface.orpo import PaperLoss

    kind: Any = type("Corrected", (PaperLoss, ORPOTrainer), {}) if paper_loss else ORPOTrainer
    trainer = kind.__new__(kind)
    trainer.beta, trainer.padding_value, trainer.aux_loss_enabled, trainer.is_encoder_decoder = 0.5, 0, False, False
    trainer.accelerator = SimpleNamespace(
        device=torch.device("cpu"), gather_for_metrics=lambda value: value, unwrap_model=lambda model: model,
        autocast=contextlib.nullcontext,
    )  # fmt: skip
    loss, metrics = trainer.get_batch_loss_metrics(model_of(logits), batch)
    return float(loss), metrics["nll_loss"], -0.5 * metrics["log_odds_ratio"]


def test_trl_s_odds_ratio_is_the_paper_s_and_its_sft_loss_is_mended(batch: dict[str, Any]) -> None:
    import torch

    torch.manual_seed(1)
    logits = torch.randn(4, 6, 9)
    labels = torch.nn.utils.rnn.pad_sequence(
        [*batch["chosen_labels"], *batch["rejected_labels"]], batch_first=True, padding_value=-100
    )
    means = means_of(logits, labels)
    by_paper = [paper(float(means[pair]), float(means[2 + pair]), 0.5) for pair in range(2)]

    loss, sft, ratio = losses_of(batch, logits, paper_loss=True)
    assert loss == pytest.approx(sum(by_paper) / 2, rel=1e-5)
    assert sft == pytest.approx(-float(means[:2].mean()), rel=1e-6)

    theirs, their_sft, their_ratio = losses_of(batch, logits, paper_loss=False)
    assert their_ratio == pytest.approx(ratio, rel=1e-6)
    # The prompt's second token and all tokens alike: (2 + 5) tokens of both rows in one mean.
    whole = batch["chosen_input_ids"].masked_fill(batch["chosen_attention_mask"] == 0, -100)
    spoken = torch.nn.functional.cross_entropy(logits[:2, :-1].flatten(0, 1), whole[:, 1:].flatten())
    assert their_sft == pytest.approx(float(spoken), rel=1e-6)
    assert abs(theirs - loss) > 1e-3


def test_how_pairs_are_batched_does_not_matter(batch: dict[str, Any]) -> None:
    import torch

    torch.manual_seed(2)
    logits = torch.randn(4, 6, 9)
    alone = []
    for pair in range(2):
        one = {name: value[pair : pair + 1] for name, value in batch.items()}
        alone.append(losses_of(one, logits[[pair, 2 + pair]], paper_loss=True)[0])
    assert losses_of(batch, logits, paper_loss=True)[0] == pytest.approx(sum(alone) / 2, rel=1e-6)


def run(folder: Path, **changes: Any) -> int:
    from tests.train.huggingface.hf_fixtures import recipe
    from train.__main__ import main

    train = {"max_steps": 3, "save_interval": 1, "micro_batch_size": 1, "global_batch_size": 10}
    path = recipe(
        folder, method="orpo", checkpoint_dir="llama", orpo={"beta": 0.1}, lora_dropout=0.0,
        data={"class_path": "train.data.Pairs", "init_args": {"path": "pairs", "prompt_style": "chatml"}},
        train=train, eval={"interval": 10}, **changes,
    )  # fmt: skip
    return main(["finetune", "--config", str(path)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.train.huggingface.hf_fixtures import make_folder

    return make_folder(tmp_path_factory.mktemp("orpo"))


def test_a_run_logs_the_paper_s_loss_and_learns_to_prefer(folder: Path) -> None:
    """On a tiny Llama in 4 bits with DoRA: the first row of the table is the formula on the model's own numbers."""
    from tests.train.huggingface.hf_fixtures import PAIRS

    assert run(folder, out_dir="out") == 0
    lines = (folder / "out/metrics.csv").read_text().splitlines()
    rows = [dict(zip(lines[0].split(","), line.split(","), strict=True)) for line in lines[1:]]
    first = rows[1]
    assert first["step"] == "1"
    assert float(first["loss"]) == pytest.approx(mean_by_hand(folder, PAIRS[:10]), rel=1e-4)
    assert float(first["loss"]) == pytest.approx(
        float(first["sft_loss"]) - 0.1 * float(first["log_odds_ratio"]), rel=1e-5
    )
    assert float(rows[-1]["val_loss"]) < float(rows[0]["val_loss"])
    assert rows[-1]["preferred"] == "1"


def test_an_interrupted_run_goes_on_with_the_same_losses(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.train.huggingface.hf_fixtures import curve
    from train.huggingface.run_folder import Metrics

    add = Metrics.add

    def interrupt(self: Metrics, **row: Any) -> None:
        if row["step"] == 2:
            raise KeyboardInterrupt
        add(self, **row)

    with monkeypatch.context() as patched:
        patched.setattr(Metrics, "add", interrupt)
        assert run(folder, out_dir="stopped") == 130
    assert "run the same command to go on" in capsys.readouterr().err
    assert run(folder, out_dir="stopped") == 0
    assert "on from step 1" in capsys.readouterr().out
    assert curve(folder / "stopped") == curve(folder / "out")


def mean_by_hand(folder: Path, pairs: list[dict[str, str]]) -> float:
    """The paper's loss of all pairs, each answer read alone and unpadded by the quantised base model."""
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    from train.data.encode import Conversation, encode, tokenizer_of
    from train.styles import style_named

    nf4 = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True)
    # In training mode: in evaluation some CPUs repack the weights and round otherwise.
    model = AutoModelForCausalLM.from_pretrained(folder / "llama", quantization_config=nf4).train()
    losses = []
    for pair in pairs:
        means = []
        for answer in (pair["chosen"], pair["rejected"]):
            asked = {"role": "user", "content": f"{pair['instruction']}\n\n{pair['input'].strip()}"}
            chat = Conversation([asked, {"role": "assistant", "content": answer.strip()}])
            row = encode(chat, style_named("chatml"), tokenizer_of(folder / "llama"))[0]
            with torch.no_grad():
                scores = model(torch.tensor([row.ids])).logits[0].log_softmax(-1)
            start, end = row.learnt[-1]
            means.append(sum(float(scores[at - 1, row.ids[at]]) for at in range(start, end)) / (end - start))
        losses.append(paper(means[0], means[1], 0.1))
    return sum(losses) / len(losses)


def test_a_token_without_a_row_in_the_embeddings_is_refused(folder: Path) -> None:
    from train.data.encode import Encoded
    from train.huggingface.datasets import check_vocabulary
    from train.huggingface.model import config_of
    from train.huggingface.rows import Rows

    size = config_of(str(folder / "bloom")).get_text_config().vocab_size
    fitting = Rows.of([Encoded([0, size - 1], [(0, 1)])])
    check_vocabulary(str(folder / "bloom"), fitting, fitting)
    beyond = Rows.of([Encoded([0, size], [(0, 1)])])
    with pytest.raises(TrainError, match=f"token {size:,}, the model in .* has {size:,} rows"):
        check_vocabulary(str(folder / "bloom"), fitting, beyond)


def test_validation_pairs_that_training_has_are_left_out(folder: Path) -> None:
    from tests.train.huggingface.hf_fixtures import PAIRS
    from train.huggingface.datasets import load_data
    from train.huggingface.settings import Settings

    data = folder / "overlap"
    data.mkdir()
    (data / "train.json").write_text(json.dumps(PAIRS[:6]))
    (data / "val.json").write_text(json.dumps(PAIRS[4:8]))
    settings = Settings(
        checkpoint_dir=str(folder / "llama"), method="orpo", data_path=data, prompt_style="chatml", system="Sii breve.",
        max_seq_length=2000,
    )  # fmt: skip
    rows = load_data(settings)
    assert (len(rows.train), len(rows.val)) == (6, 2)
    assert "2 val rows left out: their request is in train" in rows.report[-1]
    assert rows.style.system == "Sii breve."
    (data / "val.json").write_text(json.dumps(PAIRS[2:4]))
    with pytest.raises(TrainError, match="every validation row is a training row too"):
        load_data(settings)
