"""mergekit at work: a step as its configuration, run without its noise, and the files that it leaves to others."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from train.errors import TrainError, one_line
from train.merge.adapters import STYLE_FILES, copy_files, settle_chat
from train.merge.compatibility import Checked
from train.merge.inspect import chat_template_of, tensors_of, vocabulary_of
from train.merge.mergekit_file import with_folders
from train.merge.parameters import takes_base
from train.merge.settings import Merge, Step
from train.merge.silence import silence_warnings
from train.models.checkpoint import TOKENIZER_FILES, read_json
from train.progress import progress

_HEADS = ("lm_head.weight", "embed_out.weight")


def run(checked: Checked, merge: Merge, folders: Mapping[str, Path], out: Path) -> list[str]:
    """Merge the models in `folders` (Hugging Face form; by name, `base` too where it is none of the models) to `out`.

    mergekit reads one tensor of each model at a time and holds out_shard_size bytes of results. The random numbers of
    DARE and DELLA are drawn in the order of the tensors from the step's seed: same bytes each time, on one device.

    Returns what mergekit warned of.

    Raises:
        TrainError: mergekit refuses, or left tensors out.
    """
    step = checked.step
    with silence_warnings() as warned, _own_bars(step.name):
        from mergekit.merge import MergeOptions, run_merge

        options = MergeOptions(
            device=merge.device, low_cpu_memory=merge.low_cpu_memory, lazy_unpickle=merge.lazy_unpickle,
            out_shard_size=merge.out_shard_size, random_seed=step.seed, trust_remote_code=merge.trust_remote_code,
            # Its model card asks the hub about each folder's name; its copy takes the tokenizer of any model.
            write_model_card=False, copy_tokenizer=False, quiet=True,
        )  # fmt: skip
        _forget()
        try:
            run_merge(configuration(step, checked.dtype, folders), str(out), options)
        except (RuntimeError, ValueError, KeyError, TypeError, AssertionError) as error:
            line = one_line(error, 300)
            raise TrainError(f"step {step.name}: mergekit: {line}") from error
        finally:
            _forget()
    _complete(checked, folders, out)
    return _warnings(warned)


def configuration(step: Step, dtype: str, folders: Mapping[str, Path]) -> Any:
    """mergekit's configuration of a step.

    Its own class lists the models of a set, in an order that changes from process to process; ours keeps the
    recipe's, so that nothing random is drawn in another order and no configuration comes from another model.
    """
    from mergekit.config import MergeConfiguration

    class Ordered(MergeConfiguration):
        def referenced_models(self) -> list[Any]:
            models = [self.base_model] if self.base_model else []
            models += [entry.model for entry in self.models or ()]
            models += [source.model for piece in self.slices or () for source in piece.sources]
            for module in (self.modules or {}).values():
                models += [source.model for piece in module.slices or () for source in piece.sources]
            return list(dict.fromkeys(models))

    try:
        return Ordered.model_validate(mergekit_settings(step, dtype, folders))
    except (ValueError, RuntimeError) as error:
        line = one_line(error, 300)
        raise TrainError(f"{step.at}: step {step.name}: mergekit: {line}") from error


def mergekit_settings(step: Step, dtype: str, folders: Mapping[str, Path]) -> dict[str, Any]:
    """The step in mergekit's own words."""
    if step.document is not None:

        def folder(label: str) -> dict[str, Any]:
            name = label if label in folders else "base"
            return _reference(folders[name])

        own = {"merge_method": step.method, "dtype": step.compute_dtype, "out_dtype": dtype, "chat_template": None}
        return with_folders(step.document, folder) | own
    settings: dict[str, Any] = {
        "merge_method": step.method,
        "dtype": step.compute_dtype,
        "out_dtype": dtype,
        "parameters": dict(step.parameters),
    }
    if step.slices:
        settings["slices"] = [_slice(piece, folders) for piece in step.slices]
    else:
        settings["models"] = [
            {"model": _reference(folders[source.name]), "parameters": dict(source.parameters)}
            for source in step.sources
        ]
    if step.base is not None and (takes_base(step) or step.base in folders):
        settings["base_model"] = _reference(folders[step.base if step.base in folders else "base"])
    if step.tokenizer in ("base", "union"):
        settings["tokenizer_source"] = step.tokenizer
    elif step.tokenizer is not None:
        settings["tokenizer_source"] = _reference(folders[step.tokenizer])
    return settings


def _reference(folder: Path) -> dict[str, Any]:
    # As text, a + or an @ in a folder's name would be taken for an adapter or a revision.
    return {"model": {"path": str(folder.resolve()), "revision": None}}


def _slice(piece: Mapping[str, Any], folders: Mapping[str, Path]) -> dict[str, Any]:
    sources = []
    for source in piece.get("sources") or ():
        name = str(source.get("model")) if isinstance(source, Mapping) else ""
        if name not in folders:
            raise TrainError(f"a slice takes {name!r}, which is none of models: {', '.join(folders)}")
        sources.append({**source, "model": _reference(folders[name])})
    return {**piece, "sources": sources}


def _forget() -> None:
    """mergekit keeps opened files and inferred shapes by path, though a folder may have been written again."""
    from mergekit.architecture.auto import infer_architecture_info
    from mergekit.io.tasks import LoaderCache

    LoaderCache().loaders.clear()
    infer_architecture_info.cache_clear()


@contextmanager
def _own_bars(title: str) -> Iterator[None]:
    """One bar of ours, on a terminal only, in place of mergekit's three."""
    import mergekit.graph
    import mergekit.merge
    import mergekit.tokenizer.build

    class Ours:
        @staticmethod
        def tqdm(steps: Any, *_: Any, **__: Any) -> Any:
            return progress(steps, f"merge {title}")

    class Silent:
        @staticmethod
        def tqdm(steps: Any, *_: Any, **__: Any) -> Any:
            return steps

    places = ((mergekit.graph, Ours), (mergekit.merge, Silent), (mergekit.tokenizer.build, Silent))
    before = [module.tqdm for module, _ in places]
    for module, stand_in in places:
        module.tqdm = stand_in
    try:
        yield
    finally:
        for (module, _), bars in zip(places, before, strict=True):
            module.tqdm = bars


def _warnings(warned: list[str]) -> list[str]:
    """What of mergekit's warnings a person can use."""
    noise = ("Inferred ", "No JSON architecture", "  '", "'default'", "with multiple different settings")
    return [line for line in warned if not line.startswith(noise[:4]) and noise[4] not in line][:5]


def _complete(checked: Checked, folders: Mapping[str, Path], out: Path) -> None:
    """Configuration, tokenizer and generation settings as the source's; every tensor of the model is there."""
    source = folders[checked.tokenizer_source]
    _tensors_there(checked, folders, out)
    if checked.step.tokenizer is None:
        tokenizer = next((path for path in (source, *folders.values()) if vocabulary_of(path)), source)
        copy_files(tokenizer, source, out, TOKENIZER_FILES)
    template = chat_template(checked.step, source)
    if template is not None and chat_template_of(out) != template:
        (out / "chat_template.jinja").write_text(template + "\n", encoding="utf-8")
    ids = _new_ids(source, out)
    for name in ("config.json", "generation_config.json"):
        _write_config(name, source, out, ids, checked.dtype)
    if chat_template_of(source) == template:
        copy_files(source, source, out, STYLE_FILES)
    settle_chat(out)
    _head(out)


def _tensors_there(checked: Checked, folders: Mapping[str, Path], out: Path) -> None:
    if checked.step.slices:
        return
    like = folders.get(checked.step.base or "", folders.get("base", next(iter(folders.values()))))
    names = {name for name, _ in tensors_of(out)}
    absent = [name for name, _ in tensors_of(like) if name not in names and name not in _HEADS]
    if absent:
        raise TrainError(
            f"step {checked.step.name}: mergekit does not know {len(absent)} tensors of {like}, such as {absent[0]}: "
            "this architecture cannot be merged with it"
        )


def chat_template(step: Step, source: Path) -> str | None:
    """The template that mergekit's settings give, as text or by one of mergekit's names; else that of `source`.

    Raises:
        TrainError: mergekit has none of that name.
    """
    from importlib.resources import files

    name = (step.document or {}).get("chat_template")
    if not name or name == "auto":
        return chat_template_of(source)
    if "{" in name:
        return str(name).strip()
    path = files("mergekit._data.chat_templates").joinpath(f"{name}.jinja")
    if not path.is_file():
        raise TrainError(f"{step.at}: chat_template {name} is neither a template nor one of mergekit's names")
    return path.read_text(encoding="utf-8").strip()


def _new_ids(source: Path, out: Path) -> dict[int, int]:
    """Where the source's token ids went in the merged vocabulary."""
    old, new = vocabulary_of(source), vocabulary_of(out)
    if not old or not new or old == new:
        return {}
    return {number: new[token] for token, number in old.items() if token in new}


def _write_config(name: str, source: Path, out: Path, ids: Mapping[int, int], dtype: str) -> None:
    if not (source / name).is_file():
        return
    original = read_json(source / name)
    if name == "config.json":
        settings = read_json(out / name)
        settings["dtype"] = dtype
        settings.pop("torch_dtype", None)
    else:
        settings = dict(original)
    for key, value in original.items():
        if key.endswith("_token_id"):
            settings[key] = (
                [ids.get(token_id, token_id) for token_id in value]
                if isinstance(value, list)
                else ids.get(value, value)
            )
    (out / name).write_text(json.dumps(settings, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _head(out: Path) -> None:
    """A head of its own must not be tied away when the model is loaded.

    A LoRA on the head (as LIMA's recipe trains) leaves a head unlike the embedding; the configuration, which is the
    base's, may still say that they are one, and transformers would then drop what was merged.
    """
    config = read_json(out / "config.json")
    text = config.get("text_config") or config
    names = {name for name, _ in tensors_of(out)}
    # transformers ties by default where the family does, whether or not the file says so.
    if any(name in names for name in _HEADS) and text.get("tie_word_embeddings") is not False:
        text["tie_word_embeddings"] = config["tie_word_embeddings"] = False
        (out / "config.json").write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
