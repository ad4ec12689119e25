"""Rows, tokens and padding of a recipe's data: counted with the code that trains where data and tokenizer are there,
estimated from characters where only the data are, an assumption where neither is.
"""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.data.sets import DataSet, Mixture, sets_of
from train.errors import TrainError

if TYPE_CHECKING:
    from train.plan.job import PlannedRun

#: Characters a token holds, where no tokenizer is there: of news in the tokenizers of Llama 3 and Gemma, which were
#: trained on these languages among many. A tokenizer of English text alone needs twice as many tokens for Vietnamese.
CHARACTERS = {"en": 4.4, "it": 3.5, "vi": 3.2, "fr": 3.7, "es": 3.8, "de": 3.6, "pt": 3.7}
_OTHER = 3.5
#: Share of tokens that are learnt, where nothing is known: an answer is about a fifth of sources and summary.
_LEARNED = 0.2


@dataclass(frozen=True)
class Assumed:
    """What the user says of data that are not there: rows, mean tokens a row, characters a token."""

    rows: int | None = None
    tokens: int | None = None
    characters: float | None = None


@dataclass
class Rows:
    """The training rows. None: not known.

    lengths: tokens of each row. padded: positions an epoch computes, padding included. answer: tokens that are learnt.
    over: lines on rows that were not used whole. batches: micro-batches of an epoch, over all GPUs. source: what
    the figures rest on.
    """

    rows: int | None
    val_rows: int | None
    tokens: int | None
    answer: int | None
    padded: int | None
    longest: int
    batches: int | None
    source: str
    over: list[str] = field(default_factory=list)
    exact: bool = False
    assumed_share: float = _LEARNED

    @property
    def learned_share(self) -> float:
        return self.answer / self.tokens if self.answer and self.tokens else self.assumed_share

    @property
    def mean_batch(self) -> float | None:
        """Positions of a mean micro-batch."""
        return self.padded / self.batches if self.padded and self.batches else None


def rows_of(run: PlannedRun, assumed: Assumed) -> Rows:
    """The rows of a recipe's data, as well as they can be known.

    Raises:
        TrainError: the data are there and cannot be read.
    """
    path = _path(run)
    absent = [each for each in _sets(run) if not each.path.exists()]
    if path is None or absent:
        return _assumed(run, assumed, absent[0].path if absent else path)
    if not _has_tokenizer(run.checkpoint):
        return _estimated(run, assumed, path)
    check_vocabulary(run)
    if run.backend == "huggingface":
        return _huggingface(run)
    return _litgpt(run)


def check_vocabulary(run: PlannedRun) -> None:
    """Raises:
    TrainError: the tokenizer has tokens that the model's embeddings have no row for.
    """
    from train.models.formats import equivalence
    from train.styles import STYLES, style_named

    folder = run.checkpoint
    if not any((folder / name).is_file() for name in ("config.json", "model_config.yaml")):
        return
    name = str(run.recipe.get("data", "init_args", "prompt_style", default=""))
    style = style_named(name).of_model(folder) if name in (*STYLES, "own") else None
    tokenizer = equivalence.load_tokenizer(folder)
    for problem in equivalence.check_vocabulary(tokenizer, folder, folder, style=style):
        raise TrainError(f"{problem}: it is another model's tokenizer, or tokens were added to it")


def _path(run: PlannedRun) -> Path | None:
    arguments = run.recipe.get("data", "init_args", default={})
    arguments = arguments if isinstance(arguments, Mapping) else {}
    path = arguments.get("path") or arguments.get("json_path")
    if isinstance(path, list):
        return Path(" + ".join(f"{each.path} x {each.weight:g}" for each in sets_of(path)))
    return Path(str(path)) if path else None


def _sets(run: PlannedRun) -> list[DataSet]:
    arguments = run.recipe.get("data", "init_args", default={})
    path = (arguments.get("path") or arguments.get("json_path")) if isinstance(arguments, Mapping) else None
    return sets_of(path) if path else []


def _has_tokenizer(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer.model"))


# ---- nothing there


def _assumed(run: PlannedRun, assumed: Assumed, path: Path | None) -> Rows:
    where = f"no data at {path}" if path else f"data of {run.recipe.get('data', 'class_path', default='Alpaca')}"
    longest, share = run.max_seq_length, _share_learned(run)
    if assumed.rows is None:
        lengths = f", {assumed.tokens:,} tokens each" if assumed.tokens else ", all of max_seq_length"
        # One batch stands for all: its size is what matters for a step's time.
        mean_batch = (assumed.tokens * run.micro_batch * _sequences(run), 1) if assumed.tokens else (None, None)
        source = f"{where}: rows unknown{lengths} (--rows, --tokens)"
        return Rows(None, None, None, None, mean_batch[0], longest, mean_batch[1], source, assumed_share=share)
    mean = min(assumed.tokens or longest, longest)
    tokens = assumed.rows * mean * _sequences(run)
    source = f"{where}: assumed {assumed.rows:,} rows of {mean:,} tokens" + ("" if assumed.tokens else " (--tokens)")
    batches = _batches(run, assumed.rows)
    return Rows(assumed.rows, None, tokens, round(tokens * share), tokens, longest, batches, source)


def _share_learned(run: PlannedRun) -> float:
    """Where nothing is known of the rows: all of a text, or of a chat whose requests are learnt, too."""
    whole = run.recipe.get("data", "init_args", "mask_prompt", default=True) is False
    return 1.0 if whole or _of_texts(run) else _LEARNED


def _of_texts(run: PlannedRun) -> bool:
    return bool(run.recipe.get("data", "class_path") == "train.data.Text")


def _sequences(run: PlannedRun) -> int:
    """Of a row: a pair has two."""
    return 2 if run.method == "orpo" else 1


def _batches(run: PlannedRun, rows: int) -> int:
    return math.ceil(rows / run.micro_batch / run.processes) * run.processes


# ---- data without a tokenizer


def _estimated_texts(run: PlannedRun, assumed: Assumed, path: Path) -> Rows:
    """Packed texts: rows are full, as many as their tokens fill."""
    from train.data.texts import read_texts

    each = assumed.characters or _OTHER
    tokens = val = count = 0
    for own in _sets(run):
        texts = read_texts(own.path, float(own.options.get("val_share", 0.05)), 42)
        whole = sum(math.ceil(len(text) / each) + 1 for text in texts.train)
        tokens, count = tokens + round(own.weight * whole), count + round(own.weight * len(texts.train))
        val += sum(math.ceil(len(text) / each) + 1 for text in texts.val)
    rows = math.ceil(tokens / run.max_seq_length)
    return Rows(
        rows=rows, val_rows=math.ceil(val / run.max_seq_length), tokens=tokens, answer=tokens - count,
        padded=rows * run.max_seq_length, longest=run.max_seq_length, batches=_batches(run, rows),
        source=f"{path}: {count:,} texts; no tokenizer in {run.checkpoint}: tokens by characters",
    )  # fmt: skip


def _estimated(run: PlannedRun, assumed: Assumed, path: Path) -> Rows:
    if _of_texts(run):
        return _estimated_texts(run, assumed, path)
    train, val, division = _read(run)
    lengths, tokens, learned = [], 0, 0
    for texts, answers, language in train:
        each = assumed.characters or CHARACTERS.get(language, _OTHER)
        whole = [math.ceil((shared + answer) / each) for shared, answer in zip(texts, answers, strict=True)]
        whole = [min(length, run.max_seq_length) for length in whole]
        lengths.append(max(whole))
        tokens += sum(whole)
        learned += sum(math.ceil(answer / each) for answer in answers)
    if not lengths:
        raise TrainError(f"{path}: no rows to train on")
    over = sum(length >= run.max_seq_length for length in lengths)
    many = "characters by --chars-per-token" if assumed.characters else "characters by language"
    return Rows(
        rows=len(lengths), val_rows=val, tokens=tokens, answer=learned, longest=max(lengths),
        padded=_padded(run, lengths) * _sequences(run), batches=_batches(run, len(lengths)),
        source=f"{path}: {division}; no tokenizer in {run.checkpoint}: tokens estimated from {many}",
        over=[f"about as long as max_seq_length or longer: {over:,}"] if over else [],
    )  # fmt: skip


def _read(run: PlannedRun) -> tuple[list[tuple[list[int], list[int], str]], int, str]:
    """([(characters before the answers, characters of the answers, language)], validation rows, how divided)."""
    from train.data.encode import divide, read_pairs, read_splits

    pairs = run.method == "orpo"
    parts, held_out, division, seed = (
        [],
        0,
        "split as exported",
        run.recipe.get("data", "init_args", "seed", default=42),
    )
    sets = _sets(run)
    for each in sets:
        splits: Any = (read_pairs if pairs else read_splits)(each.path)
        train, val = list(splits["train"]), list(splits.get("val", []))
        share = each.options.get("val_share", run.recipe.get("data", "init_args", "val_share", default=0.05))
        if not val and share:
            train, val, division = divide(train, share, seed)
        parts.append(train)
        held_out += len(val)
    mixture = Mixture([len(part) for part in parts], [each.weight for each in sets], seed)
    rows = [_characters(row) for part in parts for row in part]
    return [rows[number] for number in mixture.rows(0)], held_out, division


def _characters(row: Any) -> tuple[list[int], list[int], str]:
    if hasattr(row, "chosen"):
        shared = sum(len(message["content"]) for message in row.messages)
        return [shared, shared], [len(row.chosen), len(row.rejected)], row.language
    answers = sum(len(message["content"]) for message in row.messages if message["role"] == "assistant")
    return [sum(len(message["content"]) for message in row.messages) - answers], [answers], row.language


def _padded(run: PlannedRun, lengths: Sequence[int]) -> int:
    """Positions of an epoch, each batch as long as its longest row, in the order training takes."""
    if run.recipe.get("data", "init_args", "batching", default="grouped") == "grouped" and _ours(run):
        ordered = sorted(lengths)
    else:
        import random

        # Any shuffle will do: the mean over batches hardly differs.
        ordered = random.Random(0).sample(list(lengths), len(lengths))
    size = run.micro_batch
    batches = [ordered[at : at + size] for at in range(0, len(ordered), size)]
    return sum(max(batch) * len(batch) for batch in batches)


def _ours(run: PlannedRun) -> bool:
    return str(run.recipe.get("data", "class_path", default="")).startswith("train.")


# ---- everything there


def _litgpt(run: PlannedRun) -> Rows:
    """From the data module itself; what it tokenises is kept in its cache for training."""
    module = _module(run)
    from litgpt.tokenizer import Tokenizer

    limit = run.recipe.get("train", "max_seq_length")
    module.connect(tokenizer=Tokenizer(run.checkpoint), batch_size=run.micro_batch, max_seq_length=limit)
    # It tells people what it did; the plan tells it in its own words.
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            module.prepare_data()
            module.setup()
    except (OSError, ValueError, KeyError) as error:
        raise TrainError(f"{_path(run)}: {type(module).__name__} cannot read it: {error}") from error
    loader, val = module.train_dataloader(), module.val_dataloader()
    lengths, answer, over = _counted(module, loader.dataset)
    batched = getattr(loader.sampler, "plan", None)
    # What the batches of the first epoch are, and of the others nearly.
    padded = sum(max(lengths[row] for row in rows) * len(rows) for rows in batched(0)) if batched else None
    if (mixture := getattr(loader.dataset, "mixture", None)) is not None:
        inner, numbers = loader.dataset.rows, mixture.rows(0).tolist()
        lengths, answer = (
            [lengths[number] for number in numbers],
            sum(int((inner[at][1:] >= 0).sum()) for at in numbers),
        )
    return Rows(
        rows=len(lengths), val_rows=len(val.dataset), tokens=sum(lengths), answer=answer,
        padded=padded or _padded(run, lengths), longest=max([*lengths, _longest(val.dataset)]),
        batches=len(loader), over=over, exact=True,
        source=f"{_path(run)}, tokenised with {run.checkpoint}",
    )  # fmt: skip


def _module(run: PlannedRun) -> Any:
    import importlib
    import warnings

    module, _, name = str(run.recipe.get("data", "class_path")).rpartition(".")
    arguments = dict(run.recipe.get("data", "init_args", default={}) or {})
    for key in ("path", "json_path", "cache"):
        if isinstance(arguments.get(key), str):
            arguments[key] = Path(arguments[key])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return getattr(importlib.import_module(module), name)(**arguments)
    except (ImportError, AttributeError, TypeError, ValueError, OSError) as error:
        at = run.recipe.at("data", "class_path")
        raise TrainError(f"{at}: the data module {module}.{name} refuses its settings: {error}") from error


def _counted(module: Any, rows: Any) -> tuple[list[int], int, list[str]]:
    """(tokens of each row, tokens learnt, lines on those too long)."""
    if _ours_too(module):
        from train.data import described

        report = [line.removeprefix("data: ") for line in described(module.counts, None)]
        return [int(length) for length in rows.rows.lengths], int(module.counts["train"]["labels"]), report
    lengths, answer = [], 0
    for row in rows:
        lengths.append(len(row["input_ids"]))
        answer += int((row["labels"] != -100).sum())
    at_limit = sum(length == module.max_seq_length for length in lengths)
    return lengths, answer, [f"cut at max_seq_length, the answer first: {at_limit:,}"] if at_limit else []


def _ours_too(module: Any) -> bool:
    return type(module).__module__.startswith("train.")


def _longest(rows: Any) -> int:
    inner = getattr(rows, "rows", None)
    lengths = inner.lengths if inner is not None else [len(row["input_ids"]) for row in rows]
    return max((int(length) for length in lengths), default=1)


def _huggingface(run: PlannedRun) -> Rows:
    import dataclasses

    from train.huggingface.datasets import load_data
    from train.huggingface.rows import order_of

    assert run.settings is not None
    settings = dataclasses.replace(run.settings, max_seq_length=run.max_seq_length)
    data = load_data(settings)
    lengths, size = data.train.lengths, run.micro_batch
    batch = dataclasses.replace(settings, micro_batch_size=size, global_batch_size=run.global_batch)
    order = list(order_of(batch, lengths, data.mixture))
    batches = [order[at : at + size] for at in range(0, len(order), size)]
    padded = sum(max(lengths[row] for row in rows) * len(rows) for rows in batches) * data.train.each
    taken = data.train if data.mixture is None else data.train.pick(data.mixture.rows(0).tolist())
    return Rows(
        rows=len(taken), val_rows=len(data.val), tokens=len(taken.tokens), padded=padded,
        answer=int((taken.tokens >= 0).sum()), longest=max([*lengths, *data.val.lengths]),
        batches=_batches(run, len(taken)), over=[line.removeprefix("data: ") for line in data.report], exact=True,
        source=f"{_path(run)}, tokenised with {run.checkpoint}",
    )  # fmt: skip


# ---- steps


@dataclass(frozen=True)
class Steps:
    """Optimizer steps and micro-batches of a run, each GPU's; None: not known. notes: what to know about them."""

    steps: int | None
    micro_batches: int | None
    validation_batches: int
    notes: tuple[str, ...] = ()


def steps_of(run: PlannedRun, rows: Rows) -> Steps:
    """The steps of a run, by LitGPT's own arithmetic (finetune/lora.py) or transformers'."""
    own = None if rows.batches is None or rows.rows is None else rows.batches // run.processes
    notes: list[str] = []
    if run.backend == "huggingface":
        steps = _huggingface_steps(run, rows.rows)
        micro = None if steps is None else steps * run.accumulation
    else:
        steps, micro, notes = _litgpt_steps(run, own)
    val = math.ceil((rows.val_rows or 0) / run.micro_batch) if rows.val_rows is not None else None
    evaluations = (steps or 0) // run.eval_interval
    if val is None:
        validation = evaluations * run.eval_batches
    else:
        first = val if run.initial_validation else min(val, 2)
        validation = evaluations * min(val, run.eval_batches) + first + (val if run.final_validation else 0)
    return Steps(steps, micro, validation, tuple(notes))


def _litgpt_steps(run: PlannedRun, batches: int | None) -> tuple[int | None, int | None, list[str]]:
    if batches is None or run.epochs is None:
        most = run.max_steps
        return most, None if most is None else most * run.accumulation, []
    per_epoch = batches // run.accumulation
    scheduled = min(run.epochs * per_epoch, run.max_steps or math.inf)
    # Batches left over at an epoch's end count towards the next step: a run makes more steps than its schedule has.
    steps = min(run.epochs * batches // run.accumulation, run.max_steps or math.inf)
    notes = []
    warmup = run.recipe.get("train", "lr_warmup_steps", default=100) or 0
    if steps == 0:
        notes.append(f"no step at all: {batches} micro-batches in all are fewer than the {run.accumulation} of a step")
    elif steps > scheduled:
        notes.append(
            f"LitGPT's schedule ends at step {scheduled:,} and the run at {steps:,}: the learning rate rises again in "
            f"the last {steps - scheduled:,}; a number of rows that train.global_batch_size divides avoids it"
        )
    if warmup >= scheduled > 0:
        notes.append(f"train.lr_warmup_steps {warmup} is not below the {scheduled:,} steps of the run: it never ends")
    micro = run.epochs * batches if steps < (run.max_steps or math.inf) else int(steps) * run.accumulation
    return int(steps), micro, notes


def _huggingface_steps(run: PlannedRun, rows: int | None) -> int | None:
    from train.huggingface.schedule import total_steps

    assert run.settings is not None
    if rows is None:
        return run.max_steps
    return total_steps(run.settings, rows)
