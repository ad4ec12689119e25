"""What speaks against a merge before a weight is loaded: reported all together, each with its line of the file."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from train.errors import TrainError
from train.merge.inspect import Facts, adapter_facts, facts_of
from train.merge.parameters import check_parameters, ignored
from train.merge.settings import LORA, STEP, Merge, Problems, Source, Step

DTYPE_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}


@dataclass(frozen=True)
class Checked:
    """A step and what its models are. facts: by name of the model; base: the same, None where the method needs none.

    tokenizer_source: the model whose chat template, special tokens and generation settings the merged model gets.
    """

    step: Step
    facts: Mapping[str, Facts]
    base: Facts | None
    tokenizer_source: str
    notes: tuple[str, ...] = ()

    @property
    def like(self) -> Facts:
        """The model whose configuration the merged one has."""
        return self.base or next(iter(self.facts.values()))

    @property
    def dtype(self) -> str:
        return self.step.dtype or (self.like.dtype if self.like.dtype in DTYPE_BYTES else "float32")

    @property
    def bytes_out(self) -> int:
        """Size of the merged weights."""
        return self.like.parameters * DTYPE_BYTES[self.dtype]


def check(merge: Merge, problems: Problems, finished_folders: Mapping[str, Path]) -> list[Checked]:
    """Every step against its models' folders; `finished_folders`: of steps that are finished, others are foreseen."""
    foreseen: dict[str, Facts] = {}
    checked = []
    for step in merge.steps:
        if step.name in finished_folders:
            foreseen[step.name] = facts_of(finished_folders[step.name])
        result = check_step(step, foreseen, problems)
        if result is None:
            continue
        checked.append(result)
        foreseen.setdefault(step.name, _result_of(result, merge))
        if any(facts.remote_code for facts in result.facts.values()) and not merge.trust_remote_code:
            problems.append(f"{step.at}: {step.name} takes a model with code of its own: trust_remote_code allows it")
    problems.extend(_disk(merge, [result for result in checked if result.step.name not in finished_folders]))
    if merge.device == "cuda" and not _has_cuda():
        problems.append(f"{merge.path}: device: cuda, and PyTorch sees no GPU here")
    return checked


def check_step(step: Step, foreseen: Mapping[str, Facts], problems: Problems) -> Checked | None:
    """One step against its models; None where a model cannot be read."""
    before = len(problems)
    facts = {source.name: _facts(step, source, foreseen, problems) for source in step.sources}
    readable = {name: model for name, model in facts.items() if model is not None}
    base = _base(step, readable, foreseen, problems) if step.method != LORA else None
    if step.method != LORA:
        check_parameters(step, problems)
    if step.base is not None and "base" in facts and step.base != "base":
        problems.append(f"{step.at}: {step.name}: a model is called base, and the base is another: rename the model")
    if len(readable) < len(facts) or not readable or (len(problems) > before and base is None and step.base):
        return None
    problems.extend(f"{step.at}: {line}" for line in _unlike(step, readable, base))
    tokenizer_source = _tokenizer_source(step, readable, base, problems)
    return Checked(step, readable, base, tokenizer_source, tuple(_notes(step, readable, base, tokenizer_source)))


def _facts(step: Step, source: Source, foreseen: Mapping[str, Facts], problems: Problems) -> Facts | None:
    if source.model.startswith(STEP):
        return foreseen.get(source.model.removeprefix(STEP))
    facts_in = adapter_facts if step.method == LORA else facts_of
    try:
        return facts_in(Path(source.model), Path(source.base) if source.base else None)
    except TrainError as error:
        problems.append(f"{source.at}: {step.name}: {error}")
        return None


def _base(step: Step, readable: Mapping[str, Facts], foreseen: Mapping[str, Facts], problems: Problems) -> Facts | None:
    if step.base is None:
        return None
    if step.base in readable:
        return readable[step.base]
    if step.base.startswith(STEP):
        return foreseen.get(step.base.removeprefix(STEP))
    if step.base in [source.name for source in step.sources]:
        return None
    try:
        return facts_of(Path(step.base))
    except TrainError as error:
        problems.append(f"{step.at}: {step.name}: base: {error}")
        return None


def _models(step: Step, readable: Mapping[str, Facts], base: Facts | None) -> dict[str, Facts]:
    """All models by name, the base first."""
    base_entry = {"base": base} if base is not None and step.base not in readable else {}
    return {**base_entry, **readable}


def _unlike(step: Step, readable: Mapping[str, Facts], base: Facts | None) -> Iterator[str]:
    """How the models differ where they must not."""
    (first, reference), *rest = _models(step, readable, base).items()
    if step.slices:
        # Layers may be taken from models of other depths.
        reference, rest = _of_any_depth(reference), [(name, _of_any_depth(model)) for name, model in rest]
    for name, model in rest:
        yield from (f"{name} and {first} {line}" for line in differences(reference, model))
        if step.tokenizer is None and step.document is None:
            yield from (f"{name} and {first} {line}" for line in vocabulary_differences(reference, model))
    if step.tokenizer not in (None, "base", "union", *readable):
        yield f"tokenizer: {step.tokenizer} is neither base, union nor one of {', '.join(readable)}"
    for name, model in _models(step, readable, base).items():
        if model.vocabulary and model.rows and max(model.vocabulary.values()) >= model.rows:
            most = max(model.vocabulary.values())
            yield f"{name} has a token {most}, its embedding only {model.rows} rows: {model.folder}"


def _of_any_depth(facts: Facts) -> Facts:
    return replace(facts, sizes={name: size for name, size in facts.sizes.items() if name != "layers"}, shapes={})


def differences(first: Facts, second: Facts) -> Iterator[str]:
    """Differences of architecture and shapes: none of them can be merged over."""
    if first.architecture and second.architecture and first.architecture != second.architecture:
        yield f"are of different architectures: {second.architecture} and {first.architecture}"
        return
    unlike = [
        f"{size} {second.sizes[size]} and {first.sizes[size]}"
        for size in first.sizes
        if size in second.sizes and second.sizes[size] != first.sizes[size]
    ]
    if unlike:
        yield f"differ in {', '.join(unlike)}"
        return
    shapes = [
        f"{name} {list(second.shapes[name])} and {list(shape)}"
        for name, shape in first.shapes.items()
        # Rows of the embedding are a matter of the vocabulary.
        if name in second.shapes and second.shapes[name][1:] != shape[1:]
    ]
    if shapes:
        yield f"differ in {len(shapes)} shapes: {shapes[0]}"
    absent = [name for name in first.shapes if second.shapes and name not in second.shapes and not _may_be_tied(name)]
    if absent:
        yield f"differ in their tensors: the former lacks {len(absent)}, such as {absent[0]}"


def _may_be_tied(name: str) -> bool:
    return name in ("lm_head.weight", "embed_out.weight", "output.weight")


def vocabulary_differences(first: Facts, second: Facts) -> Iterator[str]:
    """Differences of vocabulary, each with what chooses between them."""
    choose = "choose tokenizer: union (every token of all), base, or the name of a model"
    if first.vocabulary is not None and second.vocabulary is not None and first.vocabulary != second.vocabulary:
        yield f"{describe_vocabularies(first.vocabulary, second.vocabulary)}: {choose}"
    elif first.rows and second.rows and first.rows != second.rows:
        yield f"have embeddings of {second.rows} and {first.rows} rows: {choose}"


def describe_vocabularies(first: Mapping[str, int], second: Mapping[str, int]) -> str:
    """In words: tokens only there, only here, under other ids."""
    parts = []
    for what, tokens in (
        ("only in the former", [token for token in second if token not in first]),
        ("only in the latter", [token for token in first if token not in second]),
        ("with other ids", [token for token, number in first.items() if second.get(token, number) != number]),
    ):
        if tokens:
            parts.append(f"{len(tokens)} {what} ({', '.join(map(repr, tokens[:2]))}{' …' if len(tokens) > 2 else ''})")
    return f"differ in tokens: {'; '.join(parts)}"


def _tokenizer_source(step: Step, readable: Mapping[str, Facts], base: Facts | None, problems: Problems) -> str:
    """The model whose files the merged one gets: the one that is named, else the first with a chat template."""
    models = _models(step, readable, base)
    if step.files_from is not None:
        if step.files_from not in models:
            problems.append(f"{step.at}: files_from: {step.files_from} is none of {', '.join(models)}")
        return step.files_from if step.files_from in models else next(iter(models))
    templates: dict[str, str] = {}
    for name, facts in models.items():
        # What the base says counts only where no tuned model says anything.
        if facts.chat_template and facts is not base:
            templates.setdefault(facts.chat_template, name)
    if len(templates) > 1 and step.document is None:
        names = ", ".join(templates.values())
        problems.append(f"{step.at}: the chat templates of {names} differ: choose one with files_from: NAME")
    return next(iter(templates.values()), next(iter(models)))


def _notes(step: Step, readable: Mapping[str, Facts], base: Facts | None, tokenizer_source: str) -> Iterator[str]:
    """What is no mistake, and worth knowing."""
    models = _models(step, readable, base)
    yield from (f"{name}: {facts.remark}" for name, facts in models.items() if facts.remark)
    unused = ignored(step)
    if unused:
        yield f"{step.method} knows no {', '.join(unused)}: mergekit passes over such settings"
    if step.document is not None and step.tokenizer is None:
        (first, reference), *rest = models.items()
        for name, model in rest:
            yield from (f"{name} and {first} {line}" for line in vocabulary_differences(reference, model))
    templates = {facts.chat_template for facts in models.values() if facts.chat_template}
    if step.document is not None and len(templates) > 1:
        choice = f"that of {tokenizer_source} is kept"
        yield f"the chat templates differ: {choice} (newsmill: {{files_from: MODEL}} chooses another)"
    dtypes = {facts.dtype for facts in models.values()}
    if len(dtypes) > 1:
        yield f"weights are stored as {', '.join(sorted(dtypes))}; computed in {step.compute_dtype}"
    special = models[tokenizer_source].special
    for name, facts in models.items():
        unlike = [f"{key} {token!r}" for key, token in facts.special.items() if special.get(key, token) != token]
        if unlike:
            yield f"{name} has other special tokens ({', '.join(unlike)}); those of {tokenizer_source} are kept"
    plain = [name for name, facts in models.items() if not facts.chat_template and name != "base"]
    if plain and models[tokenizer_source].chat_template:
        yield f"{', '.join(plain)} without a chat template; that of {tokenizer_source} is kept"
    unread = [name for name, facts in models.items() if facts.vocabulary is None and facts.kind != "foreseen"]
    if unread:
        yield f"{', '.join(unread)} without a tokenizer: taken to have the others' vocabulary"


def _result_of(checked: Checked, merge: Merge) -> Facts:
    """What the step will leave, as far as it can be foreseen."""
    like, source = checked.like, (_models(checked.step, checked.facts, checked.base))[checked.tokenizer_source]
    mixed = checked.step.tokenizer is not None
    return replace(
        like,
        folder=folder_of(merge, checked.step),
        kind="litgpt" if like.kind == "litgpt-adapter" and checked.step.method == LORA else "foreseen",
        dtype=checked.dtype,
        shapes={},
        rows=0 if mixed else like.rows,
        vocabulary=None if mixed else like.vocabulary,
        chat_template=source.chat_template,
        special=source.special,
        base=None,
    )


def folder_of(merge: Merge, step: Step) -> Path:
    """Where a step is written: the last one to out_dir, earlier ones beside it."""
    return merge.out if step == merge.steps[-1] else merge.cache / "steps" / step.name


def _disk(merge: Merge, todo: Iterable[Checked]) -> Iterator[str]:
    """Room for what is left to be written: results, and LitGPT models and adapters made whole on the way."""
    todo = list(todo)
    need = sum(result.bytes_out + sum(size for _, size in on_the_way(result)) for result in todo)
    free = free_space(merge.out)
    if need > free:
        yield (
            f"{merge.path}: {gigabytes(need)} will be written, {gigabytes(free)} are free at {merge.out.absolute()}: "
            "make room, or give another out_dir and cache_dir"
        )


def on_the_way(checked: Checked) -> list[tuple[Facts, int]]:
    """Models that mergekit cannot read as they are, and the bytes of their Hugging Face form."""
    if checked.step.method == LORA:
        return []
    models = {facts.folder: facts for facts in (*checked.facts.values(), *([checked.base] if checked.base else []))}
    return [
        (facts, facts.parameters * DTYPE_BYTES.get(checked.step.compute_dtype if facts.is_adapter else facts.dtype, 4))
        for facts in models.values()
        if facts.kind not in ("huggingface", "foreseen")
    ]


def free_space(path: Path) -> int:
    """Bytes free where the path will be."""
    parent = next((folder for folder in (path, *path.absolute().parents) if folder.is_dir()), Path())
    return shutil.disk_usage(parent).free


def gigabytes(size: float) -> str:
    """A number of bytes in the unit that suits it."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6)):
        if size >= 0.1 * factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size / 1e3:.1f} kB"


def _has_cuda() -> bool:
    import torch

    return torch.cuda.is_available()
