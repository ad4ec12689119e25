"""One training step on tensors that have sizes but no contents: what it would hold in memory, and would compute.

The step is the installed library's own code, run on PyTorch's "meta" device; a 70-billion-parameter model takes a few
seconds and no memory. Every tensor storage is counted from its creation to its release, as a CUDA allocator does.
What a meta device does otherwise than a GPU is replaced for the duration: attention (a GPU's fused kernel saves
queries, keys, values, output and one number a row, not the matrix of scores) and dropout (a GPU saves one byte an
element).
"""

from __future__ import annotations

import contextlib
import math
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from unittest import mock

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter
from torch.utils.flop_counter import flop_registry

from train.models.quick_imports import bitsandbytes
from train.plan.memory import Work

if TYPE_CHECKING:
    from collections.abc import Callable

#: Smallest piece a CUDA allocator hands out: c10/cuda/CUDACachingAllocator kMinBlockSize; 64 is glibc's and torch's
#: alignment on a CPU.
_ROUNDING = {"cuda": 512, "cpu": 64}
#: Operations that only look at memory in another way.
_VIEWS = frozenset(
    {"view", "_unsafe_view", "t", "transpose", "permute", "expand", "slice", "split", "split_with_sizes", "select",
     "unsqueeze", "squeeze", "detach", "alias", "as_strided", "unbind", "chunk", "_reshape_alias", "empty",
     "empty_like", "new_empty", "new_empty_strided", "empty_strided", "lift_fresh"}
)  # fmt: skip


@dataclass
class _Storage:
    # Its callback tells of the release.
    reference: Any
    size: int
    phase: str


def _key(tensor: torch.Tensor) -> int:
    """The address of a tensor's storage: tensors that share it have the same."""
    return int(tensor.untyped_storage()._cdata)  # noqa: SLF001 - nothing public tells them apart without contents


def _signature(item: Any) -> Any:
    """All that the size of an operation's result depends on, as something that has a hash."""
    if isinstance(item, torch.Tensor):
        return item.shape, item.stride(), item.dtype, item.device.type, item.is_conj(), item.is_neg()
    if isinstance(item, (list, tuple)):
        return tuple(_signature(each) for each in item)
    if isinstance(item, dict):
        return tuple((name, _signature(each)) for name, each in item.items())
    # 1, 1.0 and True are equal, but not of one type.
    return type(item), item


def _is_fresh(out: Any, args: Any, kwargs: Any) -> bool:
    """Whether it is one meta tensor with a storage of its own, which is as large as its sizes say."""
    if type(out) is not torch.Tensor or out.device.type != "meta" or out.storage_offset():
        return False
    own = _key(out)
    if any(isinstance(item, torch.Tensor) and _key(item) == own for item in tree_iter((args, kwargs))):
        return False
    again = torch.empty_strided(out.shape, out.stride(), dtype=out.dtype, device="meta")
    return again.untyped_storage().nbytes() == out.untyped_storage().nbytes()


class Meter(TorchDispatchMode):
    """Bytes of live storages, now and at most, and the work done, while it is entered.

    Each storage belongs to the phase it was made in; `at_peak` are the bytes of each phase when most was held.
    Storages that exist before are made known with `hold`.
    """

    def __init__(self, device: str = "cuda") -> None:
        super().__init__()
        self.phase = "working"
        self.live: dict[str, int] = {}
        self.peak = 0
        self.at_peak: dict[str, int] = {}
        self.work = Work()
        self._sum = 0
        self._rounding = _ROUNDING[device]
        self._known: dict[int, _Storage] = {}
        #: Operation and sizes -> (shape, strides, type) of its result.
        self.sizes: dict[Any, Any] = {}

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # Nothing is compiled here, and the switch that keeps the compiler out costs as much as an operation.
        return False

    def hold(self, phase: str, tensors: Iterable[torch.Tensor]) -> None:
        """Count these tensors to a phase, also those counted to another before."""
        for tensor in tensors:
            self._count(tensor, phase)
            storage = self._known.get(_key(tensor))
            if storage and storage.phase != phase:
                self._add(storage.phase, -storage.size)
                storage.phase = phase
                self._add(phase, storage.size)

    def pass_by(self, size: float) -> None:
        """Memory that a kernel takes and gives back, unseen from outside."""
        self._add("working", int(size))
        self._add("working", -int(size))

    def restart(self) -> None:
        """Forget the peak and the work so far."""
        self.peak, self.at_peak, self.work = self._sum, dict(self.live), Work()

    def _add(self, phase: str, size: int) -> None:
        self.live[phase] = self.live.get(phase, 0) + size
        self._sum += size
        if self._sum > self.peak:
            self.peak, self.at_peak = self._sum, dict(self.live)

    def _count(self, tensor: torch.Tensor, phase: str) -> None:
        storage, key = tensor.untyped_storage(), _key(tensor)
        if key in self._known or tensor.device.type != "meta":
            return
        size = -(-storage.nbytes() // self._rounding) * self._rounding
        self._known[key] = _Storage(weakref.ref(storage, lambda _: self._release(key)), size, phase)
        self._add(phase, size)

    def _release(self, key: int) -> None:
        storage = self._known.pop(key)
        self._add(storage.phase, -storage.size)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        out = self._result(func, args, kwargs)
        outputs = [item for item in tree_iter(out) if isinstance(item, torch.Tensor)]
        for tensor in outputs:
            self._count(tensor, self.phase)
        name = func.overloadpacket.__name__
        if name == "gemm_4bit":
            self._product_4bit(args, out)
        elif name not in _VIEWS:
            self._measure(func, args, kwargs, out, outputs)
        return out

    def _result(self, func: Any, args: Any, kwargs: Any) -> Any:
        """What the operation gives; of one that was seen with such sizes before, a tensor of the same size.

        The layers of a model are alike, and PyTorch's rules for sizes are Python: a millisecond each.
        """
        if func.overloadpacket.__name__ in _VIEWS or func._schema.is_mutable:  # noqa: SLF001 - as torch's own modes
            return func(*args, **kwargs)
        try:
            key = (func, torch.get_default_dtype(), _signature(args), _signature(kwargs))
            sizes = self.sizes.get(key)
        except TypeError:
            # Something has no hash.
            return func(*args, **kwargs)
        if sizes is not None:
            return torch.empty_strided(*sizes[:2], dtype=sizes[2], device="meta")
        out = func(*args, **kwargs)
        if _is_fresh(out, args, kwargs):
            self.sizes[key] = (out.shape, out.stride(), out.dtype)
        return out

    def _measure(self, func: Any, args: Any, kwargs: Any, out: Any, outputs: list[torch.Tensor]) -> None:
        inputs = [item for item in tree_iter((args, kwargs)) if isinstance(item, torch.Tensor)]
        if not any(item.device.type == "meta" for item in (*inputs, *outputs)):
            return
        moved = sum(item.numel() * item.element_size() for item in (*inputs, *outputs))
        self.work.kernels += 1
        if func.overloadpacket in flop_registry:
            flop = float(flop_registry[func.overloadpacket](*args, **kwargs, out_val=out))
            self.note_product(flop, moved)
        elif func.overloadpacket.__name__ == "embedding":
            self.work.moved += 2 * sum(item.numel() * item.element_size() for item in outputs)
        else:
            self.work.moved += moved

    def note_product(self, flop: float, moved: float) -> None:
        self.work.flop += flop
        self.work.products.append((flop, moved))

    def _product_4bit(self, args: Any, out: torch.Tensor) -> None:
        # Above a few hundred rows bitsandbytes unpacks the weight, multiplies and throws it away again.
        source, packed, (rows, columns) = args[:3]
        unpacked = rows * columns * source.element_size()
        self.pass_by(unpacked)
        self.work.kernels += 2
        self.work.moved += packed.numel() + unpacked
        moved = unpacked + (source.numel() + out.numel()) * source.element_size()
        self.note_product(2.0 * source.numel() * rows, moved)


class _Attention(torch.autograd.Function):
    """Sizes of a fused attention kernel: PyTorch's flash and memory-efficient kernels, forward and backward."""

    @staticmethod
    def forward(ctx: Any, query: Any, key: Any, value: Any, mask: Any, causal: bool, meter: Meter) -> torch.Tensor:
        out = torch.empty_like(query[..., :1].expand(*query.shape[:-1], value.shape[-1]))
        rows = query.new_empty(query.shape[:-1], dtype=torch.float32)
        ctx.save_for_backward(query, key, value, out, rows, mask)
        ctx.causal, ctx.meter = causal, meter
        meter.note_product(_attention_flop(query, key, value, causal), 0.0)
        meter.work.kernels += 1
        return out

    @staticmethod
    def backward(ctx: Any, *_gradients: Any) -> tuple[Any, ...]:
        query, key, value, _, _, _ = ctx.saved_tensors
        # The kernel sums the queries' gradient in 32 bits.
        ctx.meter.pass_by(query.numel() * 4 + sum(item.numel() * item.element_size() for item in (query, key, value)))
        # Scores are computed anew: five products where the forward pass has two.
        ctx.meter.note_product(2.5 * _attention_flop(query, key, value, ctx.causal), 0.0)
        ctx.meter.work.kernels += 3
        return torch.empty_like(query), torch.empty_like(key), torch.empty_like(value), None, None, None


def _attention_flop(query: Any, key: Any, value: Any, causal: bool) -> float:
    heads = math.prod(query.shape[:-2])
    whole = 2.0 * heads * query.shape[-2] * key.shape[-2] * (query.shape[-1] + value.shape[-1])
    return whole / 2 if causal else whole


@contextlib.contextmanager
def as_on(device: str, meter: Meter) -> Iterator[None]:
    """Meta tensors behave as on that device ("cuda" or "cpu") where it matters for memory."""
    functional = torch.nn.functional

    def attention(
        query: Any, key: Any, value: Any, attn_mask: Any = None, dropout_p: float = 0.0, is_causal: bool = False,
        scale: float | None = None, enable_gqa: bool = False,
    ) -> Any:  # fmt: skip
        del dropout_p, scale, enable_gqa  # They change no size.
        if Autocast.active is not None:
            query, key, value = (item.to(Autocast.active) for item in (query, key, value))
        if attn_mask is not None and attn_mask.dtype == torch.bool:
            attn_mask = attn_mask.to(query.dtype)
        return _Attention.apply(query, key, value, attn_mask, is_causal, meter)

    def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
        del inplace  # On a GPU the mask takes its memory either way.
        return torch.native_dropout(input, p, True)[0] if training and p > 0 else input

    # PyTorch knows no autocast for the meta device, not even that there is none.
    patches: list[Any] = [
        mock.patch.object(functional, "scaled_dot_product_attention", attention),
        mock.patch.object(
            torch, "is_autocast_enabled", lambda kind="cuda": kind != "meta" and Autocast.active is not None
        ),
    ]
    if device == "cuda":
        patches.append(mock.patch.object(functional, "dropout", dropout))
    with contextlib.ExitStack() as stack:
        for patch in patches:
            stack.enter_context(patch)
        stack.enter_context(meter)
        yield


#: What autocast computes in 16 bits, and what it lifts to 32: the lists of torch/aten autocast_mode that models use.
_LOW = {"linear", "matmul", "__matmul__", "bmm", "baddbmm", "mm", "addmm", "conv1d", "scaled_dot_product_attention"}
_HIGH = {"layer_norm", "softmax", "log_softmax", "cross_entropy", "nll_loss", "norm", "pow", "rsqrt"}


class Autocast(torch.overrides.TorchFunctionMode):
    """Mixed precision for meta tensors, which torch.autocast passes over. active: its type while it is entered."""

    active: ClassVar[torch.dtype | None] = None

    def __init__(self, low: torch.dtype) -> None:
        super().__init__()
        self._low = low

    def __enter__(self) -> Any:
        self._before = Autocast.active
        Autocast.active = self._low
        return super().__enter__()

    def __exit__(self, *error: object) -> None:
        Autocast.active = self._before
        super().__exit__(*error)

    def __torch_function__(self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = getattr(func, "__name__", "")
        to = self._low if name in _LOW else torch.float32 if name in _HIGH else None
        if to is not None:
            args = tuple(self._cast(item, to) for item in args)
            kwargs = {name: self._cast(item, to) for name, item in (kwargs or {}).items()}
        return func(*args, **(kwargs or {}))

    @staticmethod
    def _cast(item: Any, to: torch.dtype) -> Any:
        floating = isinstance(item, torch.Tensor) and item.is_floating_point() and item.device.type == "meta"
        return item.to(to) if floating else item


def backward(loss: torch.Tensor) -> None:
    """`loss.backward()` under function modes, which are off in what a function they see calls: blocks computed anew in
    the backward pass need Autocast.
    """
    torch.autograd.graph._engine_run_backward(  # noqa: SLF001 - as `backward` itself calls it
        (loss,), (torch.ones_like(loss),), False, False, (), allow_unreachable=True, accumulate_grad=True
    )


def quantise(
    module: torch.nn.Module, kind: str, source: torch.dtype, compute: torch.dtype, skip: Iterable[str] = ()
) -> None:
    """Replace the linear layers of a meta model with bitsandbytes' 4-bit ones.

    kind: nf4, nf4-dq, fp4 or fp4-dq. source: type that the weights are quantised from, and unpacked to. skip: parts of
    the names of layers that stay as they are.
    """
    bnb = bitsandbytes()

    for name, child in list(module.named_modules()):
        for own, linear in list(child.named_children()):
            full = f"{name}.{own}" if name else own
            if type(linear) is not torch.nn.Linear or any(part in full for part in skip):
                continue
            with torch.device("meta"):
                new = bnb.nn.Linear4bit(linear.in_features, linear.out_features, linear.bias is not None, compute)
            # It keeps its table of 8-bit numbers for good, on the device it is first asked for.
            with mock.patch.dict(bnb.functional.name2qmap):
                weight, state = bnb.functional.quantize_4bit(
                    linear.weight.data.to(source),
                    compress_statistics=kind.endswith("-dq"),
                    quant_type=kind.removesuffix("-dq"),
                )
            new.weight = bnb.nn.Params4bit(weight, False, state, 64, state.nested, state.quant_type, bnb_quantized=True)
            new.weight.module, new.quant_state, new.bias = new, state, linear.bias
            setattr(child, own, new)


def constants(module: torch.nn.Module) -> list[torch.Tensor]:
    """The scales of quantised weights: one 32-bit number for 64 weights, or with double quantisation one byte, and one
    32-bit number for 256 of those.
    """
    scales: list[torch.Tensor] = []
    for parameter in module.parameters():
        state = getattr(parameter, "quant_state", None)
        if state is not None:
            scales += [state.absmax, *([state.state2.absmax] if state.nested else [])]
    return scales
