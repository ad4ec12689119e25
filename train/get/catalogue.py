"""What `train get` has to know of a model, and the models that there are."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import pkgutil
from dataclasses import dataclass
from pathlib import Path

from train.command_line import nearest
from train.errors import TrainError
from train.licence import Licence

#: What a loss may differ by where weights are kept or summed otherwise.
LOSS_TOLERANCE = 0.03


@dataclass(frozen=True)
class PackagedModel:
    """A model in packages of Python.

    folder: where its recipes look for it. parts: (package, path in it) of each part of the GGUF file, in order. sha256:
    of the whole file. terms: (package, path in it) of the terms of use. asks: what they come to, a line each. sentence,
    ids, loss: a text, the ids that its tokenizer must give, and the loss a token, after the begin token, that the model
    must have on it.
    """

    name: str
    litgpt_name: str
    folder: str
    extra: str
    summary: str
    parts: tuple[tuple[str, str], ...]
    file: str
    sha256: str
    licence: Licence
    terms: tuple[str, str]
    terms_sha256: str
    asks: tuple[str, ...]
    sentence: str
    ids: tuple[int, ...]
    loss: float

    def paths(self) -> list[Path]:
        """The parts on this disk.

        Raises:
            TrainError: a package is not installed, or holds something else.
        """
        return [self._path(*part) for part in self.parts]

    def terms_path(self) -> Path:
        """The terms on this disk.

        Raises:
            TrainError: as `paths`; they are not the ones that belong to it.
        """
        path = self._path(*self.terms)
        if hashlib.sha256(path.read_bytes()).hexdigest() != self.terms_sha256:
            raise TrainError(f"{path} is not the {self.licence.title} that belong to {self.name}: install them again")
        return path

    def _path(self, package: str, inner: str) -> Path:
        spec = importlib.util.find_spec(package)
        path = (
            Path(next(iter(spec.submodule_search_locations), "")) / inner
            if spec and spec.submodule_search_locations
            else None
        )
        if path is None or not path.is_file():
            what = f"the package {package}" if path is None else str(path)
            raise TrainError(f"{self.name} needs {what}, which is not here: pip install 'newsmill[{self.extra}]'")
        return path


def models() -> dict[str, PackagedModel]:
    """Name -> model, of every module in the folder `models`."""
    package = importlib.import_module("train.get.models")
    spec = [
        importlib.import_module(f"train.get.models.{each.name}").MODEL
        for each in pkgutil.iter_modules(package.__path__)
    ]
    return {model.name: model for model in spec}


def model_named(name: str) -> PackagedModel:
    """Raises:
    TrainError: there is none of that name; names the nearest.
    """
    by_name = models()
    if name in by_name:
        return by_name[name]
    near = nearest(name, by_name)
    hint = f"did you mean {near}?" if near else f"there {'are' if len(by_name) > 1 else 'is'} {', '.join(by_name)}"
    raise TrainError(f"no model {name!r}: {hint}")
