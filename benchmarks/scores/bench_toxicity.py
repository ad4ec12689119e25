"""Toxicity: documents a second beside Detoxify's own `predict`, with the same random model of the real size.

Weights do not matter for speed, so no hub is asked: a checkpoint is made as Detoxify's are, `original` (bert-base) or
`multilingual` (XLM-R base, but a small vocabulary: looking a token up costs the same in a large one). Both load that
file. `predict` has TOKENS in a batch, padding included, that is TOKENS / 512 documents, as any of them may have 512;
ours takes its own small batches without padding. Texts are made of drawn words; how long they are is drawn from the
articles in ../shared/data/it_news_2024 where they are, else from a law near theirs.

Detoxify reads the first 512 tokens of a text. In the rows "cut" the texts are cut there, and both do the same work. In
the row "whole" ours reads all of it in pieces, and only texts that Detoxify sees the whole of are compared.
Seconds are the processor's (all threads; a GPU's by the clock), which other work on the machine moves less.
"Ours to it" is the ratio of speeds, "apart at most" the largest difference of a score, "range" that of all scores.
The int8 columns are about `--toxicity-int8`: its ratio to Detoxify, the largest and mean difference of a score.
Run: python benchmarks/scores/bench_toxicity.py [--model original|multilingual] [--documents N] [--repeats N] …
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

# The benchmarks belong to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from synth.scorers.padded_batches import CPU_TOKENS, GPU_TOKENS
from synth.scorers.toxicity.models import Choice

ROOT = Path(__file__).resolve().parents[2]
WINDOW = 512
SYLLABLES = [a + b for a in "bcdfglmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er", "in", "on", "ul")]
#: Words there are, and the most frequent ones that are one token; with the others 1.4 tokens a word, as Italian has.
LEXICON, KNOWN = 20_000, 6_000
CLASSES = {
    "original": ["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"],
    "multilingual": ["toxicity", "severe_toxicity", "obscene", "identity_attack", "insult", "threat", "sexual_explicit",
                     *(f"group_{number}" for number in range(9))],
}  # fmt: skip


class Texts(NamedTuple):
    """What one row of the table is about."""

    name: str
    texts: list[str]
    #: of each, the special ones included, as far as ours reads it.
    tokens: list[int]


def lexicon(rng: np.random.Generator) -> list[str]:
    """Different words of one to four syllables, short ones first, as the frequent ones are."""
    words: dict[str, None] = {}
    while len(words) < LEXICON:
        longest = 2 + 3 * len(words) // LEXICON
        words["".join(rng.choice(SYLLABLES, size=rng.integers(1, longest + 1)))] = None
    return list(words)


def random_text(words: Sequence[str], length: int, rng: np.random.Generator) -> str:
    """Words by Zipf's law, in sentences of 24."""
    ranks = np.minimum(np.exp(rng.random(length) * np.log(len(words))).astype(int), len(words) - 1)
    return " ".join(words[number] + ("." if position % 24 == 23 else "") for position, number in enumerate(ranks))


def tokenizer_of(model: str, words: Sequence[str]) -> Any:
    from transformers import BertTokenizer, XLMRobertaTokenizer

    if model == "original":
        pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", *words[:KNOWN], *SYLLABLES]
        pieces += [f"##{syllable}" for syllable in SYLLABLES]
        vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
        return BertTokenizer(vocab=vocabulary, model_max_length=WINDOW)
    special = ("<s>", "<pad>", "</s>", "<unk>")
    piece_scores = dict.fromkeys([*(f"▁{word}" for word in words[:KNOWN]), *(f"▁{each}" for each in SYLLABLES)], -8.0)
    piece_scores |= dict.fromkeys([*SYLLABLES, ".", "▁"], -10.0)
    scored = [*((piece, 0.0) for piece in special), *piece_scores.items(), ("<mask>", 0.0)]
    return XLMRobertaTokenizer(vocab=scored, model_max_length=WINDOW)


def make_checkpoint(folder: Path, model: str, words: Sequence[str], layers: int) -> Path:
    """A random model in Detoxify's format, sizes of bert-base and XLM-R base; the seed is fixed."""
    import torch
    import transformers

    tokenizer = tokenizer_of(model, words)
    kind = "Bert" if model == "original" else "XLMRoberta"
    model_class = getattr(transformers, f"{kind}ForSequenceClassification")
    # Wider than random models are: else all texts have nearly the same score and a mistake would not show.
    config = model_class.config_class(
        vocab_size=len(tokenizer), num_hidden_layers=layers, num_labels=len(CLASSES[model]), initializer_range=0.05,
        pad_token_id=tokenizer.pad_token_id, max_position_embeddings=WINDOW if kind == "Bert" else WINDOW + 2,
    )  # fmt: skip
    torch.manual_seed(0)
    config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    arguments = {"model_type": str(folder), "model_name": model_class.__name__, "tokenizer_name": f"{kind}Tokenizer",
                 "num_classes": len(CLASSES[model])}  # fmt: skip
    settings = {"arch": {"args": arguments}, "dataset": {"args": {"classes": CLASSES[model]}}}
    torch.save({"state_dict": model_class(config).state_dict(), "config": settings}, folder / "made.ckpt")
    return folder / "made.ckpt"


def lengths(folder: Path, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, str]:
    """(words of headlines, words of bodies, where they are from)."""
    path = folder / "data/it_news_2024/articles.jsonl"
    if not path.is_file():
        bodies = np.exp(rng.normal(5.8, 0.75, size=1000)).clip(30, 3000).astype(int)
        return rng.integers(7, 20, size=1000), bodies, "a law near theirs"
    rows = [json.loads(line) for line in path.open(encoding="utf-8")]
    words = [[len((row.get(name) or "").split()) for row in rows] for name in ("title", "content")]
    return *(np.array([each for each in column if each]) for column in words), f"{len(rows)} Italian articles"  # type: ignore[return-value]


def all_texts(options: argparse.Namespace, tokenizer: Any, words: Sequence[str]) -> list[Texts]:
    rng = np.random.default_rng(1)
    heads, bodies, source = lengths(options.shared, rng)
    print(f"lengths from {source}: headlines {np.mean(heads):.0f} words, bodies {np.mean(bodies):.0f}\n")
    n = options.documents
    long = [random_text(words, each, rng) for each in rng.choice(bodies, size=n)]
    short = [random_text(words, each, rng) for each in rng.choice(heads, size=n - n // 2)]
    mixed = [*short, *long[: n // 2]]
    order = rng.permutation(n)
    mixed = [mixed[number] for number in order]
    return [
        count_tokens("headlines and bodies, cut", cut(mixed, tokenizer), tokenizer),
        count_tokens("bodies, cut", cut(long, tokenizer), tokenizer),
        count_tokens("headlines and bodies, whole", mixed, tokenizer),
    ]


def count_tokens(name: str, texts: list[str], tokenizer: Any) -> Texts:
    return Texts(name, texts, [len(ids) for ids in tokenizer(texts, verbose=False)["input_ids"]])


def cut(texts: Sequence[str], tokenizer: Any) -> list[str]:
    """Without the words that would not fit the window whole."""
    prefixes = []
    for text in texts:
        words = text.split()
        sizes = np.cumsum([len(ids) for ids in tokenizer(words, add_special_tokens=False)["input_ids"]])
        prefixes.append(" ".join(words[: int(np.searchsorted(sizes, WINDOW - 2, side="right"))]))
    return prefixes


def detoxify_scores(theirs: Any, texts: Sequence[str], size: int) -> dict[str, np.ndarray]:
    parts = [theirs.predict(list(texts[start : start + size])) for start in range(0, len(texts), size)]
    return {name: np.concatenate([np.atleast_1d(part[name]) for part in parts]) for name in theirs.class_names}


def timed(compute: Callable[[], Any], clock: Callable[[], float]) -> tuple[float, Any]:
    """(seconds, what it computed)."""
    start = clock()
    result = compute()
    return clock() - start, result


def differences(ours: Any, results: dict[str, Any], name: str, numbers: Sequence[int]) -> np.ndarray:
    """How far `name` is from Detoxify, for every field of these texts."""
    apart = [abs(results[name][n][field] - results["theirs"][field][n]) for n in numbers for field in ours.columns]
    return np.array(apart or [np.nan])


def compare(texts: Texts, ours: Any, int8: Any, theirs: Any, options: argparse.Namespace) -> str:
    """A row of the table; the three take turns, and which begins changes, so that a busy moment meets all."""
    runs = {
        "theirs": lambda: detoxify_scores(theirs, texts.texts, max(1, options.tokens // WINDOW)),
        "ours": lambda: ours.scores(texts.texts),
        "int8": lambda: int8.scores(texts.texts) if int8 else [],
    }
    clock = time.perf_counter if ours.device.type == "cuda" else time.process_time
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    results: dict[str, Any] = {}
    for repeat in range(options.repeats):
        for name in sorted(runs, reverse=repeat % 2 == 0):
            took, results[name] = timed(runs[name], clock)
            seconds[name].append(took)
    whole = [number for number, tokens in enumerate(texts.tokens) if tokens <= WINDOW]
    spread = np.ptp(results["theirs"]["toxicity" if "toxicity" in results["theirs"] else "toxic"])
    rates = {name: len(texts.texts) / statistics.median(values) for name, values in seconds.items()}
    gain, int8_gain = (statistics.median(b / a for a, b in zip(seconds[name], seconds["theirs"], strict=True))
                       for name in ("ours", "int8"))  # fmt: skip
    about = f"| {texts.name} | {len(texts.texts)} | {np.mean(texts.tokens):.0f} |"
    speed = f"{rates['theirs']:.2f} | {rates['ours']:.2f} | {gain:.2f}x"
    row = f"{about} {speed} | {differences(ours, results, 'ours', whole).max():.1e} of {len(whole)} | {spread:.2f} |"
    if not int8:
        return f"{row} | |"
    coarse = differences(ours, results, "int8", whole)
    return f"{row} {int8_gain:.2f}x | {coarse.max():.4f}, {coarse.mean():.4f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", choices=CLASSES, default="original", help="which of Detoxify's (original)")
    parser.add_argument("--documents", type=int, default=256, metavar="N", help="texts in a row of the table (256)")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="turns of each; the median counts (3)")
    parser.add_argument("--layers", type=int, default=12, metavar="N", help="fewer than 12 only to try it out")
    parser.add_argument("--tokens", type=int, metavar="N", help="of a batch of Detoxify, padding included")
    parser.add_argument("--shared", type=Path, default=ROOT / "../shared", help="the folder of real articles")
    options = parser.parse_args()
    try:
        from detoxify import Detoxify
    except ImportError:
        print("no detoxify: pip install 'newsmill[toxicity]'", file=sys.stderr)
        return
    import torch

    words = lexicon(np.random.default_rng(0))
    with tempfile.TemporaryDirectory() as folder:
        path = make_checkpoint(Path(folder), options.model, words, options.layers)
        ours = Choice(options.model, (), path).load()
        int8 = None if ours.device.type == "cuda" else Choice(options.model, (), path, int8=True).load()
        theirs = Detoxify(checkpoint=str(path), device=ours.device)
    options.tokens = options.tokens or (GPU_TOKENS if ours.device.type == "cuda" else CPU_TOKENS)
    device = torch.cuda.get_device_name() if ours.device.type == "cuda" else f"{torch.get_num_threads()} threads"
    count = sum(each.numel() for each in ours.model.parameters()) / 1e6
    print(f"{options.model}, {count:.0f} M weights, {device}, {options.repeats} turns")
    table = all_texts(options, ours.tokenizer, words)
    print("| texts | documents | tokens each | Detoxify, documents/s | ours | ours to it", end="")
    print(" | apart at most | range | int8 to it | apart: most, mean |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for texts in table:
        print(compare(texts, ours, int8, theirs, options), flush=True)


if __name__ == "__main__":
    main()
