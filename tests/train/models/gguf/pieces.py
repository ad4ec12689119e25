"""Vocabularies of small tokenizers: SentencePiece's, with its processor, and BPE of bytes."""

from __future__ import annotations

from typing import Any

from tests.train.models.gguf.gguf_files import BYTE, CONTROL, NORMAL, UNKNOWN, USER

WORDS = "Il presidente della Repubblica ha parlato ieri a Roma; il presidente tornerà. Sáng nay thành phố. def f():"
SPACES, LINES = ["▁▁", "▁▁▁", "▁▁▁▁"], ["\n", "\n\n", "<td>", "</td>"]


def trained() -> tuple[list[str], list[float], list[int]]:
    """Pieces of a BPE trained on the words, in llama.cpp's order: specials, the user's, bytes, pieces."""
    import io

    import sentencepiece

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([WORDS] * 3), model_writer=model, vocab_size=400, model_type="bpe", byte_fallback=True,
        hard_vocab_limit=False, normalization_rule_name="identity", minloglevel=2, character_coverage=1.0,
    )  # fmt: skip
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    ids = range(processor.vocab_size())
    ordinary = [number for number in ids if not (processor.is_control(number) or processor.is_unknown(number))]
    pieces = ["<pad>", "<s>", "</s>", "<unk>", *SPACES, *LINES, *map(processor.id_to_piece, ordinary)]
    before = len(pieces) - len(ordinary)
    scores = [-1000.0] * before + [processor.get_score(number) for number in ordinary]
    kinds = [CONTROL, CONTROL, CONTROL, UNKNOWN] + [USER] * (before - 4)
    return pieces, scores, kinds + [BYTE if processor.is_byte(number) else NORMAL for number in ordinary]


def processor_of(pieces: list[str], scores: list[float], kinds: list[int], prefix: bool) -> Any:
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2

    proto = sentencepiece_model_pb2.ModelProto()
    for piece, score, kind in zip(pieces, scores, kinds, strict=True):
        proto.pieces.add(piece=piece, score=score, type=kind)
    trainer, normalizer = proto.trainer_spec, proto.normalizer_spec
    trainer.model_type, trainer.byte_fallback, trainer.vocab_size = 2, True, len(pieces)
    trainer.pad_id, trainer.bos_id, trainer.eos_id, trainer.unk_id = 0, 1, 2, 3
    normalizer.name, normalizer.add_dummy_prefix, normalizer.remove_extra_whitespaces = "identity", prefix, False
    return sentencepiece.SentencePieceProcessor(model_proto=proto.SerializeToString())


def sentencepiece_keys(*, prefix: bool, users: bool = True) -> dict[str, Any]:
    """What a GGUF file says of the tokenizer of `trained`, by the keys of tokenizer.ggml."""
    rows = [row for row in zip(*trained(), strict=True) if users or row[2] != USER]
    return {
        "model": "llama", "pre": "default", "add_space_prefix": prefix, "add_bos_token": True, "add_eos_token": False,
        # llama.cpp writes spaces in the user's pieces.
        "tokens": [piece.replace("▁", " ") if kind == USER else piece for piece, _, kind in rows],
        "scores": [score for _, score, _ in rows], "token_type": [kind for _, _, kind in rows],
        "padding_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "unknown_token_id": 3,
    }  # fmt: skip


def bytes_bpe(rule: str) -> Any:
    """A `tokenizers.Tokenizer` of bytes, trained on the words, that cuts them as Llama 3, Qwen 2, SmolLM or GPT-2."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(ignore_merges=rule == "llama3"))
    marks = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    start = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+"
    patterns = {"llama3": rf"{start}|\p{{N}}{{1,3}}|{marks}", "qwen2": rf"{start}|\p{{N}}|{marks}"}
    whole = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=rule not in patterns)
    first = {"smollm": pre_tokenizers.Digits(individual_digits=True)}
    if rule in patterns:
        first[rule] = pre_tokenizers.Split(Regex(patterns[rule]), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([first[rule], whole]) if rule in first else whole
    tokenizer.normalizer = normalizers.NFC() if rule == "qwen2" else None
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        [WORDS, "It's 12,345 o'clock: 2024-01-31  \n\n"] * 3,
        trainers.BpeTrainer(vocab_size=420, initial_alphabet=alphabet, show_progress=False),
    )
    tokenizer.add_special_tokens([AddedToken("<|end|>", normalized=False, special=True)])
    return tokenizer


def bytes_keys(rule: str, name: str | None = None) -> dict[str, Any]:
    """What a GGUF file says of the tokenizer of `bytes_bpe`; name: of the rule, llama.cpp's."""
    import json

    tokenizer = bytes_bpe(rule)
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda each: each[1])
    merges = [" ".join(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]]
    return {
        "model": "gpt2", "pre": name or rule, "tokens": [token for token, _ in vocabulary], "merges": merges,
        "token_type": [CONTROL if token == "<|end|>" else NORMAL for token, _ in vocabulary],
        "eos_token_id": tokenizer.token_to_id("<|end|>"), "bos_token_id": tokenizer.token_to_id("<|end|>"),
    }  # fmt: skip
