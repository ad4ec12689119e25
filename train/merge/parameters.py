"""A step's parameters against what mergekit's method takes: its own names, scopes and inputs, and sensible values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from train.merge.settings import LORA, Problems, Source, Step
from train.merge.silence import silence_warnings

#: The values that parameters may take.
_RANGES = {"density": (0.0, 1.0), "t": (0.0, 1.0), "epsilon": (0.0, 0.5), "gamma": (0.0, 1.0)}
_OPEN_BELOW = ("density",)


def registry() -> Any:
    """mergekit's methods by name; what its libraries say while they are loaded is kept off the terminal."""
    with silence_warnings():
        from mergekit.merge_methods import registry as methods
    return methods


def method_names() -> list[str]:
    """Every method by name, lora first."""
    return [LORA, *sorted(method.spec.name for method in registry().registered_methods())]


def check_parameters(step: Step, problems: Problems) -> None:
    """Adds to `problems` what the step's method will not take."""
    if step.method not in method_names():
        problems.append(f"{step.at}: method {step.method} is unknown: known are {', '.join(method_names())}")
        return
    spec = registry().get(step.method).spec
    problems.extend(f"{step.at}: {step.name}: {line}" for line in _inputs(step, spec))
    problems.extend(_of_step(step, spec))
    for source in step.sources:
        problems.extend(f"{source.at}: {source.name}: {line}" for line in _of_source(step, source, spec))
    problems.extend(f"{step.at}: {step.name}: {line}" for line in _weights(step, spec))


def ignored(step: Step) -> list[str]:
    """Parameters of a mergekit file that its method does not know: mergekit passes over them."""
    if step.document is None or step.method not in method_names():
        return []
    parameters = {parameter.name for parameter in registry().get(step.method).spec.parameters}
    names = [*step.parameters, *(name for source in step.sources for name in source.parameters)]
    return [name for name in dict.fromkeys(names) if name not in parameters]


def takes_base(step: Step) -> bool:
    """Whether the method looks at the base at all."""
    from mergekit.merge_methods.base import BasePolicy

    policy = registry().get(step.method).spec.contract.base
    return policy in (BasePolicy.REQUIRED, BasePolicy.OPTIONAL)


def _inputs(step: Step, spec: Any) -> Iterator[str]:
    """Base and number of models, by mergekit's own contract."""
    if step.slices:
        return
    names: list[str] = [source.name for source in step.sources]
    if step.base is not None and step.base not in names and takes_base(step):
        names.append(step.base)
    elif step.base is not None and step.base not in names and step.document is None:
        yield f"method {step.method} has no base: leave base out, or give it as one of models"
        return
    try:
        spec.contract.validate_ids(names, step.base if takes_base(step) else None)
    except ValueError as error:
        hint = " (base: FOLDER, or the name of one of models)" if step.base is None else ""
        yield f"method {step.method}: {str(error)[0].lower()}{str(error)[1:]}{hint}"


def _of_step(step: Step, spec: Any) -> Iterator[str]:
    parameters = {parameter.name: parameter for parameter in spec.parameters}
    for name, value in step.parameters.items():
        at = f"{step.at}: {step.name}: parameters.{name}"
        if name not in parameters:
            if step.document is not None:
                continue
            yield f"{at} is unknown to {step.method}: it takes {', '.join(parameters) or 'none'}"
            continue
        yield from (f"{at} {line}" for line in _value(parameters[name], value))
    for parameter in spec.shared_parameters:
        if parameter.required and parameter.name not in step.parameters and not step.slices:
            yield f"{step.at}: {step.name}: method {step.method} needs parameters.{parameter.name}"


def _of_source(step: Step, source: Source, spec: Any) -> Iterator[str]:
    parameters = {parameter.name: parameter for parameter in spec.input_parameters}
    shared = {parameter.name for parameter in spec.shared_parameters}
    for name, value in source.parameters.items():
        if name in shared and step.document is None:
            yield f"{name} is of the whole step: write it under parameters"
        elif name not in parameters and step.document is None:
            yield f"{name} is unknown to {step.method}: a model takes {', '.join(parameters) or 'no settings'}"
        elif name in parameters:
            yield from (f"{name} {line}" for line in _value(parameters[name], value))
    if source.name == step.base and takes_base(step):
        return
    for parameter in spec.input_parameters:
        is_absent = parameter.name not in source.parameters and parameter.name not in step.parameters
        if parameter.required and is_absent and not step.slices:
            yield f"method {step.method} needs a {parameter.name}"
    yield from _epsilon(step, source, parameters)


def _value(parameter: Any, value: Any) -> Iterator[str]:
    line = out_of_range(parameter.name, value)
    if line:
        yield line
        return
    try:
        for entry in _plain(value):
            parameter.validate(entry)
    except ValueError:
        expected = getattr(parameter.value_type, "__name__", str(parameter.value_type))
        yield f"must be {expected}, not {value!r}"


def _plain(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from _plain(value.get("value"))
    elif isinstance(value, list):
        for entry in value:
            yield from _plain(entry)
    else:
        yield value


def _epsilon(step: Step, source: Source, parameters: Mapping[str, Any]) -> Iterator[str]:
    """DELLA keeps a weight with a chance of density -/+ epsilon: both ends must be chances."""
    if "epsilon" not in parameters:
        return
    values = {name: source.parameters.get(name, step.parameters.get(name)) for name in ("density", "epsilon")}
    epsilon = max(numbers_in(values["epsilon"]), default=float(parameters["epsilon"].default))
    for density in numbers_in(values["density"]):
        if 0 < density < 1 and not epsilon < min(density, 1 - density):
            yield f"density {density:g} -/+ epsilon {epsilon:g} leaves (0, 1): lower epsilon below {_room(density)}"


def _room(density: float) -> str:
    return f"{min(density, 1 - density):g}"


def _weights(step: Step, spec: Any) -> Iterator[str]:
    """Weights that add up to nothing cannot be divided by."""
    names = {parameter.name: parameter for parameter in spec.parameters}
    if "weight" not in names or "normalize" not in names:
        return
    if not step.parameters.get("normalize", names["normalize"].default):
        return
    weights = [
        source.parameters.get("weight", step.parameters.get("weight"))
        for source in step.sources
        if not (source.name == step.base and takes_base(step))
    ]
    plain = [value for value in weights if isinstance(value, int | float)]
    if weights and len(plain) == len(weights) and abs(math.fsum(plain)) < 1e-8:
        yield "the weights add up to 0, and normalize divides by their sum"


def numbers_in(value: Any) -> Iterator[float]:
    """Every number of a parameter: plain, a gradient over the layers, or filters with a value each."""
    if isinstance(value, Mapping):
        yield from numbers_in(value.get("value"))
    elif isinstance(value, list):
        for entry in value:
            yield from numbers_in(entry)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield float(value)


def out_of_range(name: str, value: Any) -> str | None:
    """What is wrong with the numbers of a parameter, None where nothing is."""
    least, most = _RANGES.get(name, (-math.inf, math.inf))
    for number in numbers_in(value):
        if not math.isfinite(number):
            return f"must be a finite number, not {number}"
        if not least <= number <= most or (name in _OPEN_BELOW and number == least):
            return f"must lie in {'(' if name in _OPEN_BELOW else '['}{least:g}, {most:g}], not {number:g}"
    return None
