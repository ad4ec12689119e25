"""Tiny random models in the formats that toxicity is measured with: Detoxify's checkpoints, transformers' folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

#: The classes of Detoxify's released models, in their order and spelling.
ORIGINAL = ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate")
UNBIASED = (
    "toxicity", "severe_toxicity", "obscene", "identity_attack", "insult", "threat", "sexual_explicit", "male",
    "female", "homosexual_gay_or_lesbian", "christian", "jewish", "muslim", "black", "white",
    "psychiatric_or_mental_illness",
)  # fmt: skip
_LETTERS = (
    "abcdefghijklmnopqrstuvwxyzàèéìòùăâđêôơưáạảãấầẩẫậắằẳẵặéẹẻẽếềểễệíịỉĩóọỏõốồổỗộớờởỡợúụủũứừửữựýỳỵỷỹ0123456789.,;:!?'«»-"
)
_SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
#: So that scores differ from text to text, and tell where positions or tokens went wrong.
_SPREAD = {"initializer_range": 0.6}


def bert_tokenizer() -> Any:
    from transformers import BertTokenizer

    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *_LETTERS, *(f"##{letter}" for letter in _LETTERS)]
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    return BertTokenizer(vocab=vocabulary, do_lower_case=True, strip_accents=False, model_max_length=512)


def roberta_tokenizer() -> Any:
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import RobertaTokenizer

    pieces = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *sorted(ByteLevel.alphabet())]
    return RobertaTokenizer(vocab={piece: i for i, piece in enumerate(pieces)}, merges=[], model_max_length=512)


def xlm_tokenizer() -> Any:
    from transformers import XLMRobertaTokenizer

    special = [(piece, 0.0) for piece in ("<s>", "<pad>", "</s>", "<unk>")]
    letters = [(letter, -3.0 - i / 100) for i, letter in enumerate(dict.fromkeys("▁" + _LETTERS))]
    return XLMRobertaTokenizer(vocab=[*special, *letters, ("<mask>", 0.0)], model_max_length=512)


_KINDS = {
    "bert": ("BertForSequenceClassification", "BertTokenizer", bert_tokenizer, 512),
    "roberta": ("RobertaForSequenceClassification", "RobertaTokenizer", roberta_tokenizer, 514),
    "xlm": ("XLMRobertaForSequenceClassification", "XLMRobertaTokenizer", xlm_tokenizer, 514),
}


def tiny_model(kind: str, labels: Sequence[str], seed: int = 1, **settings: Any) -> tuple[Any, Any]:
    """(random model, tokenizer) of a kind of _KINDS."""
    import torch
    import transformers

    model_name, _, tokenizer_of, positions = _KINDS[kind]
    tokenizer = tokenizer_of()
    model_class = getattr(transformers, model_name)
    numbers = {"pad_token_id": tokenizer.pad_token_id, "max_position_embeddings": positions, **_SIZES, **_SPREAD}
    config = model_class.config_class(
        id2label=dict(enumerate(labels)), label2id={name: number for number, name in enumerate(labels)},
        **{"vocab_size": len(tokenizer), **numbers, **settings},
    )  # fmt: skip
    torch.manual_seed(seed)
    return model_class(config).eval(), tokenizer


def detoxify_checkpoint(folder: Path, kind: str, labels: Sequence[str], *, model_type: str = "", seed: int = 1) -> Path:
    """A checkpoint as Detoxify's releases are, beside the folder `base` with config and tokenizer.

    `model_type`: what the checkpoint names as its base, by default that folder.
    """
    import torch

    model, tokenizer = tiny_model(kind, labels, seed)
    model.config.save_pretrained(folder / "base")
    tokenizer.save_pretrained(folder / "base")
    name, tokenizer_name, _, _ = _KINDS[kind]
    arguments = {
        "model_type": model_type or str(folder / "base"), "model_name": name, "tokenizer_name": tokenizer_name,
        "num_classes": len(labels),
    }  # fmt: skip
    config = {"arch": {"type": "BERT", "args": arguments}, "dataset": {"args": {"classes": list(labels)}}}
    path = folder / f"tiny_{kind}.ckpt"
    torch.save({"state_dict": model.state_dict(), "config": config}, path)
    return path


def classifier_folder(
    folder: Path, labels: Sequence[str], *, multi: bool = False, seed: int = 2, **settings: Any
) -> Path:
    """A `text-classification` model as transformers saves it."""
    problem = "multi_label_classification" if multi else "single_label_classification"
    model, tokenizer = tiny_model("xlm", labels, seed, problem_type=problem, **settings)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def nearly(ours: list[dict[str, Any]], others: list[dict[str, Any]]) -> bool:
    """Whether two models found the same; sums in another order differ in the seventh digit."""
    if len(ours) != len(others) or any(a.keys() != b.keys() for a, b in zip(ours, others, strict=True)):
        return False
    return all(abs(a[name] - b[name]) < 1e-5 for a, b in zip(ours, others, strict=True) for name in a)
