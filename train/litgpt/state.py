"""What a fine-tuning run of LitGPT needs to go on with the same losses: weights, optimizer, random states, position.

Each process saves its own part; of a model that is split among processes, its own shards.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Position:
    """An endless walk over a loader's batches, as LitGPT's CycleIterator, that can be batches up again anywhere.

    epoch: passes ended. batches: batches of the present pass. calls, states: how often the loader was walked, and the
    random states, when the present pass began: they decide its order.
    """

    def __init__(self, loader: Any) -> None:
        self.loader = loader
        self.epoch, self.batches, self.calls = 0, 0, 0
        self.states: dict[str, Any] = {}
        self._walk: Iterator[Any] | None = None

    def __iter__(self) -> Position:
        return self

    def __next__(self) -> Any:
        if self._walk is None:
            self._begin()
        assert self._walk is not None
        try:
            batch = next(self._walk)
        except StopIteration:
            self.epoch += 1
            self._begin()
            batch = next(self._walk)
        self.batches += 1
        return batch

    def _begin(self) -> None:
        self.calls = getattr(self.loader, "_num_iter_calls", 0)
        self.states = random_states(self.loader)
        self.batches = 0
        self._walk = iter(self.loader)

    def snapshot(self) -> dict[str, Any]:
        """What `go_on` takes."""
        return {"epoch": self.epoch, "batches": self.batches, "calls": self.calls, "states": self.states}

    def go_on(self, saved: dict[str, Any]) -> None:
        """Walk to where it was: the pass is drawn as it was, its first batches are read and not used."""
        set_random_states(saved["states"], self.loader)
        if hasattr(self.loader, "_num_iter_calls"):
            self.loader._num_iter_calls = saved["calls"]  # noqa: SLF001  Fabric's own count decides the epoch's order
        self._begin()
        for _ in range(saved["batches"]):
            next(self)
        self.epoch = saved["epoch"]


def random_states(loader: Any = None) -> dict[str, Any]:
    """The states of all random generators, the loader's own included, as plain values and tensors."""
    import numpy as np
    import torch

    version, numbers, gauss = random.getstate()
    kind, keys, at, has_gauss, cached = np.random.get_state(legacy=True)
    generator = getattr(loader, "generator", None)
    return {
        "python": [version, list(numbers), gauss],
        "numpy": [str(kind), [int(key) for key in keys], int(at), int(has_gauss), float(cached)],
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "loader": generator.get_state() if generator is not None else None,
    }


def set_random_states(states: dict[str, Any], loader: Any = None) -> None:
    """Set what `random_states` gave."""
    import numpy as np
    import torch

    version, numbers, gauss = states["python"]
    random.setstate((version, tuple(numbers), gauss))
    kind, keys, at, has_gauss, cached = states["numpy"]
    np.random.set_state((kind, np.array(keys, np.uint32), at, has_gauss, cached))
    torch.set_rng_state(states["torch"].cpu())
    if states["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all([state.cpu() for state in states["cuda"]])
    if states["loader"] is not None:
        loader.generator.set_state(states["loader"].cpu())


def weights_of(model: Any) -> dict[str, Any]:
    """The adapter's tensors by name, the model's own memory; of a split model, this process's shards."""
    return {name: tensor for name, tensor in model.state_dict().items() if "lora_" in name}


def local(value: Any) -> Any:
    """The value with this process's shard for each tensor that is split, all the way down."""
    if isinstance(value, dict):
        return {key: local(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(local(each) for each in value)
    return value.to_local() if hasattr(value, "to_local") else value


def like(value: Any, model: Any) -> Any:
    """A shard as the model's tensor is split; any other value as it is."""
    if not hasattr(model, "to_local") or getattr(value, "shape", None) != model.to_local().shape:
        return value
    from torch.distributed.tensor import DTensor

    return DTensor.from_local(value.to(model.to_local().device), model.device_mesh, model.placements)


def save(path: Path, job: Any, position: Position, more: dict[str, Any]) -> None:
    """Write this process's state.

    Raises:
        OSError, RuntimeError: the disk is full.
    """
    import torch

    optimizer = job.optimizer.optimizer
    state = {
        "weights": local(weights_of(job.model)), "optimizer": local(optimizer.state_dict()),
        "scheduler": job.scheduler.state_dict(), "precision": job.fabric.strategy.precision.state_dict(),
        "position": position.snapshot(), "random": random_states(job.train_dataloader), **more,
    }  # fmt: skip
    torch.save(state, path)


def load(path: Path, job: Any, position: Position) -> dict[str, Any]:
    """Put a state back where it was, random generators last; the state."""
    import torch

    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    with torch.no_grad():
        for name, tensor in weights_of(job.model).items():
            (tensor.to_local() if hasattr(tensor, "to_local") else tensor).copy_(state["weights"][name])
    job.optimizer.load_state_dict(_split(state["optimizer"], job.optimizer.optimizer))
    job.scheduler.load_state_dict(state["scheduler"])
    job.fabric.strategy.precision.load_state_dict(state["precision"])
    position.go_on(state["position"])
    set_random_states(state["random"], job.train_dataloader)
    return state


def _split(saved: dict[str, Any], optimizer: Any) -> dict[str, Any]:
    """An optimizer's state whose tensors are split as their parameters are."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    state = {
        number: {name: like(value, parameters[number]) for name, value in values.items()}
        for number, values in saved["state"].items()
    }
    return saved | {"state": state}


def load_weights(path: Path, model: Any) -> None:
    """Take an adapter that `save_lora_checkpoint` wrote, whole, into the model, split or not."""
    import torch

    saved = torch.load(path, map_location="cpu", weights_only=True)["model"]
    with torch.no_grad():
        for name, tensor in weights_of(model).items():
            if hasattr(tensor, "to_local"):
                from torch.distributed.tensor import distribute_tensor

                whole = saved[name].to(tensor.device)
                tensor.copy_(distribute_tensor(whole, tensor.device_mesh, tensor.placements))
            else:
                tensor.copy_(saved[name])
