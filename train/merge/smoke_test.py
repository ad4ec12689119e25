"""A merged model tried before it takes its place: equal to what it must equal, whole, and able to write."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from train.errors import TrainError
from train.merge.compatibility import Checked
from train.merge.inspect import Facts
from train.merge.parameters import numbers_in
from train.merge.settings import LORA, Merge, SmokeTest, Step
from train.merge.silence import silence_warnings
from train.models.checkpoint import TOKENIZER_FILES
from train.models.formats.peft_adapters import beside, load_base, read_peft
from train.models.formats.streamed import Streamed, open_adapter, open_model

#: Asked of a merged model, and the length of its answer, where the recipe asks nothing else.
PROMPT = "Viết một câu về một thành phố của Việt Nam."
ANSWER_TOKENS = 24
_TASK_ARITHMETIC = (
    "task_arithmetic", "ties", "dare_ties", "dare_linear", "breadcrumbs", "breadcrumbs_ties", "della", "della_linear",
)  # fmt: skip


def smoke_test(merge: Merge, checked: Checked, folders: Mapping[str, Path], out: Path) -> dict[str, Any]:
    """The outcome: `equal` {to, max_difference, …}, where an equality exists; `prompt` and `text` that it wrote.

    folders: of the models in Hugging Face form, by name; none for a LoRA.

    Raises:
        TrainError: the logits differ by more than rounding explains, are no numbers, or a file beside them is wrong.
    """
    test = merge.smoke_test
    with silence_warnings():
        outcome: dict[str, Any] = {}
        equal = _equal(checked, folders)
        if equal is not None:
            outcome["equal"] = _compare(checked, *equal, out, test)
        remarks = _files(checked, folders, out)
        prompt, text = _sentence(out, test)
    return outcome | {"remarks": remarks, "prompt": prompt, "text": text}


def equal_to(step: Step) -> str | None:
    """The name of the model that the merged one must equal by the method's formula, `base` for another base.

    None where there is none, which is the rule: two models merged are neither.
    """
    weights = [_plain(source.parameters.get("weight", step.parameters.get("weight"))) for source in step.sources]
    if step.slices or step.tokenizer is not None:
        return None
    if step.method == "linear":
        weighted = [source.name for source, weight in zip(step.sources, weights, strict=True) if weight != 0]
        whole = step.parameters.get("normalize", True) or weights.count(1.0) == len(weighted) == 1
        return weighted[0] if len(weighted) == 1 and whole and None not in weights else None
    if step.method == "slerp":
        return _end_of_slerp(step)
    if step.method == "passthrough" and len(step.sources) == 1 and not step.sources[0].parameters:
        return step.sources[0].name
    other_weights = [weight for source, weight in zip(step.sources, weights, strict=True) if source.name != step.base]
    if step.method in _TASK_ARITHMETIC and other_weights and all(weight == 0 for weight in other_weights):
        return step.base if step.base in [source.name for source in step.sources] else "base"
    return None


def _end_of_slerp(step: Step) -> str | None:
    t = _plain(step.parameters.get("t"))
    names = [source.name for source in step.sources]
    if t not in (0.0, 1.0):
        return None
    first = step.base if step.base in names else "base"
    return first if t == 0.0 else next(name for name in names if name != first)


def _plain(value: Any) -> float | None:
    numbers = list(numbers_in(value))
    return numbers[0] if len(numbers) == 1 and isinstance(value, int | float) else None


def _equal(checked: Checked, folders: Mapping[str, Path]) -> tuple[str, Any, Path, str] | None:
    """What the merged model must equal: in words, the model, the folder of its tokenizer, the rounding between them."""
    dtype = "" if checked.dtype == "float32" else checked.dtype
    if checked.step.method == LORA:
        facts = next(iter(checked.facts.values()))
        tokens = facts.folder if any((facts.folder / name).is_file() for name in TOKENIZER_FILES[:2]) else facts.base
        return "base and adapter apart", _apart(facts, checked.step), tokens or facts.folder, dtype
    name = equal_to(checked.step)
    if name is None:
        return None
    same = checked.dtype == checked.facts.get(name, checked.like).dtype
    return name, folders[name], folders[name], "" if same else dtype


def _apart(facts: Facts, step: Step) -> Any:
    """The base with the adapter beside its layers, unmerged."""
    if facts.kind == "litgpt-adapter":
        return open_adapter(facts.folder, facts.base)
    try:
        read_peft(facts.folder)
    except TrainError:
        # Embeddings trained as a whole, and whatever else only peft itself computes.
        return _Whole(facts, step)
    return open_model(facts.folder, facts.base)


class _Whole(Streamed):
    """A base with its PEFT adapter in memory as a whole: what cannot be read a block at a time."""

    def __init__(self, facts: Facts, step: Step) -> None:
        # Nothing of the parent's is wanted but its kind: the weights are here, not on disk.
        self.window = None
        base = facts.base or facts.folder
        self._model = beside(load_base(base, step.compute_dtype), facts.folder, base)
        config = self._model.config.get_text_config()
        self.vocabulary = int(config.vocab_size)
        self.longest = int(getattr(config, "max_position_embeddings", 0) or 600)

    def logits(self, ids: Any, places: Any) -> Any:
        import torch

        with torch.no_grad():
            return self._model(input_ids=ids, use_cache=False).logits[places][:, : self.vocabulary].float()


def _compare(
    checked: Checked, words: str, model: Any, tokens: Path, rounded: str, out: Path, test: SmokeTest
) -> dict[str, Any]:
    from train.models.formats.equivalence import compare

    texts = _texts(test)
    measured = compare(
        model, out, **({"texts": texts} if texts else {}), tokenizer=tokens, tolerance=test.max_difference,
        rounded=rounded,
    )  # fmt: skip
    if not measured.passed:
        raise TrainError(
            f"step {checked.step.name}: the merged model is not {words}: {'; '.join(measured.problems)}; nothing was "
            "written (gate: max_difference allows more)"
        )
    return {
        "to": words, "max_difference": measured.max_difference, "allowed": measured.tolerance,
        "same_top1": measured.same_top1, "places": measured.places, "line": measured.line,
    }  # fmt: skip


def _texts(test: SmokeTest) -> list[str]:
    """Real texts of the recipe's file; none: own ones are read."""
    if test.texts is None:
        return []
    from train.data.export_files import read_corpus

    texts = [text for text in read_corpus([test.texts]) if text.strip()][: test.limit]
    if not texts:
        raise TrainError(f"test.texts: {test.texts} holds no text")
    return texts


def _files(checked: Checked, folders: Mapping[str, Path], out: Path) -> list[str]:
    """Tokenizer, special tokens and generation settings against those of their source: what is wrong ends the step.

    A model without generation settings passes with a note: its source had none either.
    """
    from train.models.formats.equivalence import check_files

    if checked.step.method == LORA and not (out / "config.json").is_file():
        return []
    source = out if checked.step.tokenizer is not None else folders.get(checked.tokenizer_source, out)
    # Whole models of LitGPT are read by LitGPT: transformers' loading of their tokenizer is a matter of conversion.
    if (out / "lit_model.pth").is_file() or not (source / "tokenizer_config.json").is_file():
        return []
    lines = check_files(out, source, None)
    wrong = [line for line in lines if not line.startswith("generation config:")]
    if wrong:
        raise TrainError(f"step {checked.step.name}: {'; '.join(wrong)}; nothing was written")
    return lines


def _sentence(out: Path, test: SmokeTest) -> tuple[str, str | None]:
    """A prompt and what the merged model answers, by its likeliest tokens; None where memory does not hold the model.

    Raises:
        TrainError: it computes no numbers.
    """
    from train.models.language_model import load_model

    prompt = test.prompt or PROMPT
    if not _fits(out):
        _check_finite(_nll_streamed(out, prompt))
        return prompt, None
    model = load_model(out, style=_style_to_ask_in(out))
    tokens = model.encode_prompt([{"role": "user", "content": prompt}], "vi")
    _check_finite(model.score([tokens], [tokens[-1:]])[0].nll)
    room = min(ANSWER_TOKENS, model.block_size - len(tokens) - 1)
    text = model.write([tokens], max_new_tokens=room, temperature=0.0)[0] if room > 0 else ""
    return prompt, text


def _style_to_ask_in(out: Path) -> str | None:
    """Plain text where the chat template that the models brought renders no chat; None: the model's own way."""
    from train.models.prompting import style_in

    try:
        style_in(out)
    except TrainError:
        return "plain"
    return None


def _check_finite(number: float) -> None:
    if not math.isfinite(number):
        raise TrainError("the merged model computes no finite numbers: are weights or densities too large?")


def _fits(out: Path) -> bool:
    """Whether memory holds the model in 32 bits; true where the system does not say what is free."""
    # Weights are stored in 2 or 4 bytes each: twice the files is enough in both cases.
    size = 2 * sum(path.stat().st_size for path in out.iterdir() if path.suffix in (".safetensors", ".pth", ".bin"))
    return size < available_memory()


def available_memory() -> float:
    """Bytes that a process can take without swapping, as Linux says; infinite elsewhere."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(1024.0 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError, IndexError):
        return math.inf


def _nll_streamed(out: Path, prompt: str) -> float:
    """A number that is finite where the logits are, computed with one block of the model in memory."""
    import torch

    from train.data.encode import tokenizer_of

    model = open_model(out)
    ids = torch.tensor([[token for token in tokenizer_of(out).encode(prompt) if token < model.vocabulary]])
    logits = model.logits(ids, (torch.tensor([0]), torch.tensor([ids.shape[1] - 1])))
    return float(logits.abs().sum())
