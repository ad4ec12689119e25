"""mergekit's own YAML as the steps of a merge: any file that mergekit-yaml or mergekit-multimerge runs.

A file of several documents is several merges; a document takes another's result by its `name`. What mergekit does not
know (out_dir, seed, smoke_test, an adapter for its base) stands under the key `newsmill`, which mergekit passes over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from train.errors import TrainError
from train.merge.settings import DTYPES, LORA, RUN_KEYS, STEP, Merge, Problems, Reader, Source, Step
from train.recipes import Recipe

OWN = "newsmill"
#: Name of the one merge of a file that needs none.
UNNAMED = "merge"
_OWN_KEYS = {*RUN_KEYS, "smoke_test", "seed", "files_from", "adapter", "base"} - {"gate", "steps"}
_KEYS = {
    "name", "merge_method", "models", "slices", "modules", "base_model", "dtype", "out_dtype", "tokenizer_source",
    "tokenizer", "chat_template", "parameters", OWN,
}  # fmt: skip


@dataclass
class Document:
    """One merge of a file. at: FILE:LINE of its beginning."""

    settings: dict[str, Any]
    at: str

    @property
    def own(self) -> dict[str, Any]:
        """What mergekit does not know."""
        value = self.settings.get(OWN)
        return value if isinstance(value, dict) else {}


def is_mergekit(path: Path) -> bool:
    """Whether the file is in mergekit's form; one that cannot be read is not."""
    try:
        return any({"merge_method", OWN} & document.settings.keys() for document in read_documents(path))
    except TrainError:
        return False


def read_documents(path: Path) -> list[Document]:
    """The documents of a YAML file, each a mapping.

    Raises:
        TrainError: it cannot be read, or holds something else; names the line.
    """
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
        nodes = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
        contents = list(yaml.safe_load_all(text))
    except (OSError, ValueError) as error:
        raise TrainError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
    except yaml.YAMLError as error:
        raise TrainError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    documents = []
    for node, content in zip(nodes, contents, strict=True):
        at = f"{path}:{node.start_mark.line + 1}"
        if not isinstance(content, dict):
            raise TrainError(f"{at}: a merge must hold settings as `name: value`")
        documents.append(Document(content, at))
    return documents


def merge_of(paths: Sequence[Path], out: Path | None, problems: Problems) -> Merge | None:
    """The merges of a file, with further files laid over it; what is wrong is added to `problems`.

    Raises:
        TrainError: a file cannot be read.
    """
    documents = read_documents(paths[0])
    for path in paths[1:]:
        _lay_over(documents, read_documents(path))
    own: dict[str, Any] = {}
    for document in documents:
        own |= document.own
    own |= {"out_dir": str(out)} if out is not None else {}
    reader = Reader(Recipe(paths[0], own), problems)
    reader.check_keys((), own, _OWN_KEYS)
    if own.get("out_dir") is None:
        problems.append(f"{paths[0]}: give --out, the folder of the merged model (or {OWN}: {{out_dir: FOLDER}})")
    names = [str(document.settings["name"]) for document in documents if "name" in document.settings]
    steps = [step for document in documents if (step := _step(document, names, problems)) is not None]
    return reader.merge(_ordered(steps, problems), reader.text("out_dir"))


def _lay_over(documents: list[Document], overrides: Iterable[Document]) -> None:
    """Settings of the second over those of the document of the same name; mappings are merged, lists replaced."""
    for override in overrides:
        name = override.settings.get("name")
        target = next((document for document in documents if document.settings.get("name") == name), documents[-1])
        _merge(target.settings, override.settings)


def _merge(base: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            _merge(base[key], value)
        else:
            base[key] = value


def _ordered(steps: list[Step], problems: Problems) -> list[Step]:
    """Each after those that it builds on; the unnamed one, or else the last, at the end."""
    ordered: list[Step] = []
    remaining = sorted(steps, key=lambda step: step.name == UNNAMED)
    while remaining:
        names = {step.name for step in ordered}
        ready = next((step for step in remaining if set(step.needs()) <= names), None)
        if ready is None:
            problems.append(
                f"{remaining[0].at}: the merges {', '.join(step.name for step in remaining)} wait for one another"
            )
            return ordered
        remaining.remove(ready)
        ordered.append(ready)
    return ordered


def _step(document: Document, names: Sequence[str], problems: Problems) -> Step | None:
    settings, own = document.settings, document.own
    for key in settings.keys() - _KEYS:
        problems.append(f"{document.at}: {key} is unknown to mergekit: it knows {', '.join(sorted(_KEYS - {OWN}))}")
    if OWN in settings and not isinstance(settings[OWN], dict):
        problems.append(f"{document.at}: {OWN} must hold `name: value` pairs, not {settings[OWN]!r}")
    reader = Reader(Recipe(Path(document.at), {**settings, **own}), problems)
    step = Step(
        name=str(settings.get("name", UNNAMED)),
        method=str(settings.get("merge_method") or (LORA if own.get("adapter") else "")).lower().replace("-", "_"),
        sources=(),
        parameters=reader.mapping("parameters"),
        seed=reader.seed("seed"),
        dtype=reader.choice(("out_dtype",), DTYPES, None) or reader.choice(("dtype",), DTYPES, None),
        compute_dtype=reader.choice(("dtype",), DTYPES, "float32"),
        files_from=reader.text("files_from"),
        at=document.at,
    )
    if step.method == LORA:
        source = Source("adapter", str(own.get("adapter")), reader.text("base"), at=document.at)
        # Without out_dtype the sum is stored as the base is, in whatever it was computed.
        dtype = reader.choice(("out_dtype",), DTYPES, None)
        return replace(step, sources=(source,), base=source.base, dtype=dtype)
    if not step.method:
        problems.append(
            f"{document.at}: there is no merge_method: linear, slerp, ties, … (or {OWN}: {{adapter: FOLDER}})"
        )
        return None
    return _with_models(step, settings, names, problems)


def _with_models(step: Step, settings: Mapping[str, Any], names: Sequence[str], problems: Problems) -> Step | None:
    """The step with its models, base and tokenizer."""
    try:
        sources = tuple(_sources(settings, names, step.at))
        base = settings.get("base_model")
        tokenizer = settings.get("tokenizer_source")
        if tokenizer is None and isinstance(settings.get("tokenizer"), Mapping):
            tokenizer = settings["tokenizer"].get("source", "union")
        document = {key: value for key, value in settings.items() if key not in ("name", OWN)}
        return replace(
            step,
            sources=sources,
            base=None if base is None else _base(base, names, sources),
            slices=tuple(settings.get("slices") or ([settings["modules"]] if settings.get("modules") else [])),
            tokenizer=None if tokenizer is None else label(tokenizer),
            document=document,
        )
    except (TrainError, TypeError, AttributeError, KeyError) as error:
        # Shapes that mergekit's own classes describe in many lines.
        problems.append(f"{step.at}: models, slices or modules are not as mergekit writes them: {error}")
        return None


def _sources(settings: Mapping[str, Any], names: Sequence[str], at: str) -> Iterator[Source]:
    """Every model once, in the order of the file."""
    parameters: dict[str, dict[str, Any]] = {}
    references: dict[str, Any] = {}
    entries = [*(settings.get("models") or ()), *_slice_sources(settings)]
    for module in (settings.get("modules") or {}).values():
        entries += [*(module.get("models") or ()), *_slice_sources(module)]
    for entry in entries:
        name = label(entry["model"])
        references.setdefault(name, entry["model"])
        if entry in (settings.get("models") or ()):
            parameters.setdefault(name, {}).update(entry.get("parameters") or {})
    for name, reference in references.items():
        folder, adapter = split(reference)
        if adapter is not None:
            yield Source(name, adapter, folder, parameters.get(name, {}), at)
        else:
            yield Source(name, f"{STEP}{folder}" if folder in names else folder, None, parameters.get(name, {}), at)


def _slice_sources(settings: Mapping[str, Any]) -> Iterator[Any]:
    for piece in settings.get("slices") or ():
        yield from piece["sources"]


def _base(reference: Any, names: Sequence[str], sources: Sequence[Source]) -> str:
    name = label(reference)
    folder, adapter = split(reference)
    if name in [source.name for source in sources]:
        return name
    if adapter is not None:
        raise TrainError(f"base_model {name} is an adapter: merge it first, or list it under models")
    return f"{STEP}{folder}" if folder in names else folder


def label(reference: Any) -> str:
    """A model reference in one line, as mergekit writes it: FOLDER or FOLDER+ADAPTER."""
    folder, adapter = split(reference)
    return f"{folder}+{adapter}" if adapter else folder


def split(reference: Any) -> tuple[str, str | None]:
    """(folder, folder of an adapter) of a model reference: text, or mergekit's mapping.

    Raises:
        TrainError: it is neither, or names a revision, which only a hub has.
    """
    if isinstance(reference, Mapping):
        model = reference["model"]
        folder = str(model["path"] if isinstance(model, Mapping) else model)
        lora = reference.get("lora")
        return folder, str(lora["path"] if isinstance(lora, Mapping) else lora) if lora else None
    if not isinstance(reference, str) or not reference:
        raise TrainError(f"{reference!r} is no model")
    if Path(reference).is_dir():
        # A + or an @ of the folder's own name.
        return reference, None
    folder, _, adapter = reference.partition("+")
    if "@" in reference:
        raise TrainError(f"{reference} names a revision of the hub: fetch it and give its folder")
    return folder, adapter or None


def with_folders(document: Mapping[str, Any], folder: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """mergekit's settings with every model in place of its reference: `folder` makes it of the reference's label."""

    def replaced(settings: Mapping[str, Any], key: str) -> dict[str, Any]:
        value = settings.get(key)
        return {key: folder(label(value))} if value is not None and value not in ("union", "base") else {}

    def entries(values: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [{**entry, **replaced(entry, "model")} for entry in values]

    def layers(settings: Mapping[str, Any]) -> dict[str, Any]:
        changed = {**settings, **replaced(settings, "base_model"), **replaced(settings, "tokenizer_source")}
        if settings.get("models"):
            changed["models"] = entries(settings["models"])
        if settings.get("slices"):
            changed["slices"] = [
                {**piece, **replaced(piece, "base_model"), "sources": entries(piece["sources"])}
                for piece in settings["slices"]
            ]
        return changed

    changed = layers(document)
    if document.get("modules"):
        changed["modules"] = {name: layers(module) for name, module in document["modules"].items()}
    if isinstance(document.get("tokenizer"), Mapping):
        changed["tokenizer"] = {**document["tokenizer"], **replaced(document["tokenizer"], "source")}
    return changed
