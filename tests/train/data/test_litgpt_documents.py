"""A packed row's documents read themselves alone, in LitGPT's models and in transformers'.

Covers train.data.litgpt_documents and, of train.huggingface.model, `check_documents`.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch

from train.data.litgpt_documents import attend_within_documents, same_document, whole_rows
from train.errors import TrainError
from train.models.litgpt_engine import LitEngine

END = 2
FIRST, SECOND = [5, 9, 17, 3, END], [11, 4, 30, 22, 8, 19, END]


def litgpt_model(module: str, **sizes: Any) -> Any:
    import importlib

    package = importlib.import_module(module)
    torch.manual_seed(0)
    config = package.Config(
        block_size=32, n_layer=2, n_head=4, n_embd=32, vocab_size=40, padded_vocab_size=40, rotary_percentage=1.0,
        norm_class_name="RMSNorm", mlp_class_name="LLaMAMLP", intermediate_size=64, bias=False, **sizes,
    )  # fmt: skip
    return package.GPT(config).eval()


@pytest.mark.parametrize(
    ("module", "sizes"),
    [
        ("litgpt.model", {}),
        ("litgpt.lora", {"lora_r": 2, "lora_query": True}),
        ("litgpt.model", {"n_query_groups": 2, "attention_logit_softcapping": 30.0}),
        ("litgpt.model", {"sliding_window_size": 4, "sliding_window_indices": [1, 0]}),
    ],
)
def test_litgpt_reads_a_document_as_if_it_stood_alone(module: str, sizes: dict[str, Any]) -> None:
    model = litgpt_model(module, **sizes)
    packed = torch.tensor([[*FIRST, *SECOND, 0, 0], [*SECOND, *FIRST, 0, 0]])
    with torch.no_grad():
        first, second = (model(torch.tensor([ids])) for ids in (FIRST, SECOND))
        joined = model(packed)
        attend_within_documents(END)
        logits = model(packed)
        chunks = model(packed, lm_head_chunk_size=4)
    for row, parts in ((0, (first, second)), (1, (second, first))):
        assert torch.allclose(logits[row, : len(FIRST) + len(SECOND)], torch.cat(parts, dim=1)[0], atol=1e-5)
    assert torch.equal(torch.cat(chunks, dim=1), logits)
    assert not torch.allclose(joined, logits, atol=1e-3)


def test_what_is_checked_and_measured_reads_whole_rows() -> None:
    """A process that trained on documents converts and measures models, too."""
    model = litgpt_model("litgpt.model")
    ids = torch.tensor([[*FIRST, *SECOND]])
    where = (torch.zeros(ids.shape[1], dtype=torch.int64), torch.arange(ids.shape[1]))
    with torch.no_grad():
        expected = model(ids)
        attend_within_documents(END)
        logits = LitEngine(model).logits_at(ids, torch.tensor([ids.shape[1]]), where)
        assert torch.allclose(logits, expected[0], atol=1e-5)
        with whole_rows():
            assert torch.allclose(model(ids), expected, atol=1e-5)
        assert not torch.allclose(model(ids), expected, atol=1e-3)


def test_writing_stays_as_it_is() -> None:
    model = litgpt_model("litgpt.model")
    ids = torch.tensor([[*FIRST, *SECOND]])
    with torch.no_grad():
        expected = model(ids)
        attend_within_documents(END)
        model.set_kv_cache(batch_size=1)
        assert torch.allclose(model(ids, torch.arange(ids.shape[1])), expected, atol=1e-5)


def test_rows_of_one_document_need_no_mask() -> None:
    assert same_document(torch.tensor([FIRST]), END) is None
    mask = same_document(torch.tensor([[5, END, 6, 7]]), END)
    assert mask is not None
    assert mask[0, 0].int().tolist() == [[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 1]]


@pytest.mark.parametrize("name", ["Gemma3TextConfig", "LlamaConfig", "Qwen3Config"])
def test_transformers_reads_a_document_as_if_it_stood_alone(name: str) -> None:
    import transformers

    from train.data.packing import position_ids
    from train.huggingface.model import check_documents

    torch.manual_seed(0)
    config = getattr(transformers, name)(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        vocab_size=40, head_dim=8, max_position_embeddings=64, sliding_window=4, pad_token_id=0, bos_token_id=1,
        eos_token_id=END,
    )  # fmt: skip
    model = transformers.AutoModelForCausalLM.from_config(config).eval()
    check_documents(model)
    labels = torch.tensor([[-100, *FIRST[1:], -100, *SECOND[1:], -100, -100]])
    packed = torch.tensor([[*FIRST, *SECOND, 0, 0]])
    with torch.no_grad():
        parts = [model(torch.tensor([ids]), use_cache=False).logits for ids in (FIRST, SECOND)]
        logits = model(packed, position_ids=position_ids(labels), use_cache=False).logits
    assert torch.allclose(logits[:, :-2], torch.cat(parts, dim=1), atol=1e-5)


def test_a_model_that_reads_across_documents_is_refused() -> None:
    import transformers

    from train.huggingface.model import check_documents

    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, vocab_size=40
    )

    class Deaf(transformers.LlamaForCausalLM):
        def forward(self, *words: Any, position_ids: Any = None, **more: Any) -> Any:
            del position_ids
            return super().forward(*words, **more)

    with pytest.raises(TrainError, match=r"packing: none"):
        check_documents(Deaf(config))
