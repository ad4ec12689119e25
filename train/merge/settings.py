"""A merge as values: steps in their order, each with the models it takes; problems are reported together."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from train.errors import TrainError
from train.recipes import Recipe

#: `step:NAME` stands for what an earlier step of the recipe wrote.
STEP = "step:"
LORA = "lora"
DTYPES = ("float32", "bfloat16", "float16")
#: A step may leave these to the recipe's top level.
_INHERITED = ("base", "seed", "dtype", "compute_dtype", "tokenizer", "files_from")
_STEP_KEYS = {*_INHERITED, "method", "models", "adapter", "parameters", "slices"}
RUN_KEYS = {
    "out_dir", "cache_dir", "device", "low_cpu_memory", "out_shard_size", "lazy_unpickle", "trust_remote_code",
    "smoke_test", "gate", "steps",
}  # fmt: skip
_SMOKE_TEST_KEYS = {"texts", "limit", "max_difference", "prompt"}
_SIZE = re.compile(r"(\d+)([KMB]?)", re.IGNORECASE)
_FACTORS = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9}


@dataclass(frozen=True)
class Source:
    """A model that a step takes.

    model: a folder, or step:NAME. base: the base of an adapter folder, where it is not the one that the adapter
    names. parameters: of mergekit, for this model (density, weight, …). at: FILE:LINE.
    """

    name: str
    model: str
    base: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    at: str = ""


@dataclass(frozen=True)
class Step:
    """One merge.

    base: the name of one of the models, a folder, or step:NAME. dtype: of the merged weights; None: as the base's.
    compute_dtype: of the arithmetic. tokenizer: base, union, or the name of a model; None: all must be equal.
    files_from: the model whose chat template and generation settings the merged one gets. document: the step in
    mergekit's own words, where it was written so.
    """

    name: str
    method: str
    sources: tuple[Source, ...]
    base: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    slices: tuple[Mapping[str, Any], ...] = ()
    seed: int = 42
    dtype: str | None = None
    compute_dtype: str = "float32"
    tokenizer: str | None = None
    files_from: str | None = None
    at: str = ""
    document: Mapping[str, Any] | None = None

    def needs(self) -> list[str]:
        """Names of the steps this one builds on."""
        references = [source.model for source in self.sources] + ([self.base] if self.base else [])
        return [name.removeprefix(STEP) for name in dict.fromkeys(references) if name.startswith(STEP)]


@dataclass(frozen=True)
class SmokeTest:
    """What the merged model is tried on: real texts, the prompt it answers, the difference of logits allowed."""

    texts: Path | None = None
    limit: int = 4
    max_difference: float | None = None
    prompt: str | None = None


@dataclass(frozen=True)
class Merge:
    """A whole recipe. out_shard_size: bytes of weights held in memory until a file of them is written."""

    path: Path
    out: Path
    cache: Path
    steps: tuple[Step, ...]
    device: str = "cpu"
    low_cpu_memory: bool = False
    lazy_unpickle: bool = True
    trust_remote_code: bool = False
    out_shard_size: int = 2 * 10**9
    smoke_test: SmokeTest = field(default_factory=SmokeTest)


class Problems(list[str]):
    """What is wrong with a recipe, gathered so that all of it is reported at once."""

    def raise_all(self) -> None:
        """Raises: TrainError: with every problem, where there is any."""
        if len(self) == 1:
            raise TrainError(self[0])
        if self:
            raise TrainError(f"{len(self)} problems:\n" + "\n".join(f"  {problem}" for problem in self))


def settings_of(recipe: Recipe, problems: Problems) -> Merge | None:
    """The recipe's settings; what is wrong with them is added to `problems`. None where no step can be read."""
    single = "steps" not in recipe.settings
    reader = Reader(recipe, problems)
    reader.check_keys((), recipe.settings, RUN_KEYS | (_STEP_KEYS if single else set(_INHERITED)))
    out = reader.text("out_dir")
    if recipe.get("out_dir") is None:
        problems.append(f"{recipe.path} gives no out_dir: the folder of the merged model")
    steps = [reader.step((), "merge")] if single else reader.steps()
    _check_order(steps, problems)
    return reader.merge(steps, out)


def _check_order(steps: list[Step], problems: Problems) -> None:
    earlier: list[str] = []
    for step in steps:
        for name in step.needs():
            if name not in earlier:
                why = "comes later" if name in [later.name for later in steps] else "is not in the recipe"
                problems.append(f"{step.at}: step {step.name} takes {STEP}{name}, which {why}")
        earlier.append(step.name)


class Reader:
    """Typed access to a recipe: what has the wrong type becomes a problem with its line, and the default is used."""

    def __init__(self, recipe: Recipe, problems: Problems) -> None:
        self.recipe, self.problems = recipe, problems

    def wrong(self, keys: tuple[str, ...], what: str) -> None:
        self.problems.append(f"{self.recipe.at(*keys)}: {'.'.join(keys)} {what}")

    def check_keys(self, keys: tuple[str, ...], names: Iterable[str], allowed: set[str]) -> None:
        for key in map(str, names):
            if key not in allowed:
                near = difflib.get_close_matches(key, allowed, 1)
                hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(allowed))}"
                self.wrong((*keys, key), f"is unknown: {hint}")

    def text(self, *keys: str) -> str | None:
        value = self.recipe.get(*keys)
        if value is None or (isinstance(value, str) and value.strip()):
            return value
        self.wrong(keys, f"must be a word or a path, not {value!r}")
        return None

    def flag(self, key: str, default: bool) -> bool:
        value = self.recipe.get(key, default=default)
        if isinstance(value, bool):
            return value
        self.wrong((key,), f"must be true or false, not {value!r}")
        return default

    def choice(self, keys: tuple[str, ...], allowed: tuple[str, ...], default: Any) -> Any:
        value = self.recipe.get(*keys)
        if value is None:
            return default
        if value in allowed:
            return value
        self.wrong(keys, f"must be one of {', '.join(allowed)}, not {value!r}")
        return default

    def size(self, key: str, default: int) -> int:
        value = str(self.recipe.get(key, default=default))
        match = _SIZE.fullmatch(value)
        if match and int(match[1]) > 0:
            return int(match[1]) * _FACTORS[match[2].upper()]
        self.wrong((key,), f"must be a number of bytes such as 500M or 2B, not {value!r}")
        return default

    def mapping(self, *keys: str) -> Mapping[str, Any]:
        value = self.recipe.get(*keys)
        if value is None or isinstance(value, Mapping):
            return value or {}
        self.wrong(keys, f"must hold `name: value` pairs, not {value!r}")
        return {}

    def merge(self, steps: Sequence[Step], out: str | None) -> Merge | None:
        """The steps with the settings of the whole run; None without a step or a folder to write."""
        if out is None or not steps:
            return None
        cache = self.text("cache_dir")
        return Merge(
            path=self.recipe.path,
            out=Path(out),
            cache=Path(cache) if cache else Path(f"{out.rstrip('/')}.parts"),
            steps=tuple(steps),
            device=self.choice(("device",), ("cpu", "cuda", "auto"), "cpu"),
            low_cpu_memory=self.flag("low_cpu_memory", False),
            lazy_unpickle=self.flag("lazy_unpickle", True),
            trust_remote_code=self.flag("trust_remote_code", False),
            out_shard_size=self.size("out_shard_size", 2 * 10**9),
            smoke_test=self.smoke_test(),
        )

    def smoke_test(self) -> SmokeTest:
        # `gate` was its name.
        key = "smoke_test" if "smoke_test" in self.recipe.settings else "gate"
        self.check_keys((key,), self.mapping(key), _SMOKE_TEST_KEYS)
        texts, prompt = self.text(key, "texts"), self.text(key, "prompt")
        limit, allowed = self.recipe.get(key, "limit", default=4), self.recipe.get(key, "max_difference")
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
            self.wrong((key, "limit"), f"must be 1 at least, not {limit!r}")
            limit = 4
        if allowed is not None and not (_number(allowed) and allowed > 0):
            self.wrong((key, "max_difference"), f"must be a number above 0, not {allowed!r}")
            allowed = None
        return SmokeTest(Path(texts) if texts else None, limit, allowed, prompt)

    def seed(self, *keys: str) -> int:
        value = self.recipe.get(*keys, default=42)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**32:
            return value
        self.wrong(keys, f"must be a whole number from 0 to 2^32-1, not {value!r}")
        return 42

    def steps(self) -> list[Step]:
        names = list(self.mapping("steps"))
        if not names:
            self.wrong(("steps",), "is empty: name a step at least")
        for name in names:
            if isinstance(self.recipe.get("steps", name), Mapping):
                self.check_keys(("steps", name), self.mapping("steps", name), _STEP_KEYS)
            if not re.fullmatch(r"[\w.-]+", str(name)) or str(name).startswith("."):
                self.wrong(("steps", str(name)), "is no name of a step: letters, digits, - and _ only")
        return [self.step(("steps", name), str(name)) for name in names]

    def inherited(self, keys: tuple[str, ...], key: str) -> tuple[str, ...]:
        """Where the setting is written: in the step, else at the top."""
        return (*keys, key) if self.recipe.get(*keys, key) is not None else (key,)

    def step(self, keys: tuple[str, ...], name: str) -> Step:
        self.mapping(*keys) if keys else None
        method = self.text(*keys, "method")
        if self.recipe.get(*keys, "method") is None:
            self.problems.append(f"{self.recipe.at(*keys)}: step {name} names no method: lora, linear, slerp, ties, …")
        seed = self.seed(*self.inherited(keys, "seed"))
        base = self.text(*self.inherited(keys, "base"))
        return Step(
            name=name,
            method=(method or "").lower().replace("-", "_"),
            sources=self.sources(keys, name, method, base),
            base=base,
            parameters=self.mapping(*keys, "parameters"),
            slices=self.slices(keys),
            seed=seed,
            dtype=self.choice(self.inherited(keys, "dtype"), DTYPES, None),
            compute_dtype=self.choice(self.inherited(keys, "compute_dtype"), DTYPES, "float32"),
            tokenizer=self.text(*self.inherited(keys, "tokenizer")),
            files_from=self.text(*self.inherited(keys, "files_from")),
            at=self.recipe.at(*keys) if keys else self.recipe.at("method"),
        )

    def sources(self, keys: tuple[str, ...], name: str, method: str | None, base: str | None) -> tuple[Source, ...]:
        if method == LORA:
            return self.adapter(keys, name, base)
        if self.recipe.get(*keys, "adapter") is not None:
            self.wrong((*keys, "adapter"), "belongs to method lora; list models under models")
        models = self.mapping(*keys, "models")
        if method is not None and not models:
            self.problems.append(f"{self.recipe.at(*keys)}: step {name} names no models")
        return tuple(source for label in models if (source := self.source((*keys, "models", label))) is not None)

    def adapter(self, keys: tuple[str, ...], name: str, base: str | None) -> tuple[Source, ...]:
        for key in ("models", "slices", "parameters"):
            if self.recipe.get(*keys, key):
                self.wrong((*keys, key), "is not for method lora: it takes an adapter and its base")
        adapter = self.text(*keys, "adapter")
        if adapter is None:
            self.problems.append(f"{self.recipe.at(*keys)}: step {name} names no adapter: the folder of the LoRA")
            return ()
        return (Source("adapter", adapter, base, {}, self.recipe.at(*keys, "adapter")),)

    def source(self, keys: tuple[str, ...]) -> Source | None:
        entry = self.recipe.get(*keys)
        at = self.recipe.at(*keys)
        if isinstance(entry, str):
            return Source(str(keys[-1]), entry, at=at)
        if not isinstance(entry, Mapping) or not isinstance(entry.get("model"), str):
            self.problems.append(f"{at}: {keys[-1]} names no folder: give `model: FOLDER`")
            return None
        parameters = {str(key): value for key, value in entry.items() if key not in ("model", "base")}
        return Source(str(keys[-1]), entry["model"], self.text(*keys, "base"), parameters, at)

    def slices(self, keys: tuple[str, ...]) -> tuple[Mapping[str, Any], ...]:
        value = self.recipe.get(*keys, "slices")
        if value is None:
            return ()
        if isinstance(value, list) and value and all(isinstance(entry, Mapping) for entry in value):
            return tuple(value)
        self.wrong((*keys, "slices"), "must be a list as mergekit's: - sources: [{model: NAME, layer_range: [0, 8]}]")
        return ()


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
