"""A plan for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from train.plan.gpus import GIB
from train.plan.memory import PARTS


def text_of(plan: dict[str, Any]) -> str:
    """The plan in lines: model, data, steps, memory, GPUs, advice, what to run next."""
    return "\n".join([
        *_model(plan), *_data(plan), *_memory(plan), "", *_gpus(plan), *_notes(plan), *_long_rows(plan),
        *_advice(plan), *_next(plan),
    ])  # fmt: skip


def _model(plan: dict[str, Any]) -> Iterator[str]:
    kind = f"QLoRA ({plan['quantize']})" if plan["quantize"] else "LoRA"
    method = "" if plan["method"] == "sft" else f"{plan['method'].upper()}, "
    with_ = "LitGPT" if plan["backend"] == "litgpt" else "Hugging Face"
    on = "one GPU" if plan["processes"] == 1 else f"{plan['processes']} GPUs"
    yield f"{plan['recipe'][0]}: {method}{kind} of {plan['model']} with {with_} on {on}, {plan['precision']}"
    share = plan["trainable"] / (plan["parameters"] + plan["trainable"])
    yield (
        f"model    {plan['parameters']:,} parameters and {plan['trainable']:,} trained ({share:.2%}); "
        f"sizes from {plan['sizes_from']}"
    )


def _data(plan: dict[str, Any]) -> Iterator[str]:
    data, steps = plan["data"], plan["steps"]
    yield f"data     {data['source']}"
    if data["rows"] is not None:
        about = "" if data["exact"] else "about "
        padding = 1 - data["tokens"] / data["padded"] if data["padded"] else 0
        val = "" if data["val_rows"] is None else f", {data['val_rows']:,} to validate"
        yield (
            f"         {data['rows']:,} rows{val}; {about}{data['tokens']:,} tokens, {data['answer']:,} learnt "
            f"({data['learned_share']:.0%}), longest {data['longest']:,}; {padding:.1%} of what is computed is padding"
        )
    for line in data["over"]:
        yield f"         {line}"
    processes = f" x {plan['processes']} GPUs" if plan["processes"] > 1 else ""
    batch = f"{plan['micro_batch']} rows x {plan['accumulation']} accumulated{processes} = {plan['rows_a_step']:,}"
    many = "unknown" if steps["steps"] is None else f"{steps['steps']:,}"
    rest = "" if steps["micro_batches"] is None else f" ({steps['micro_batches']:,} micro-batches each GPU)"
    yield f"steps    {many}{rest}, {batch} rows a step; {steps['validation_batches']:,} batches of validation"


def _memory(plan: dict[str, Any]) -> Iterator[str]:
    memory = plan["memory"]
    what = "pairs" if plan["method"] == "orpo" else "rows"
    recomputation = ", blocks computed anew in the backward pass" if plan["recompute"] else ""
    yield (
        f"memory   {memory['needed'] / GIB:.2f} GiB a GPU, with {what} of {plan['length']:,} tokens, "
        f"{plan['micro_batch']} at once{recomputation}"
    )
    for part, size in memory["parts"].items():
        if size >= 2**20:
            yield f"         {size / GIB:8.2f}  {PARTS[part]}"
    if memory["validation"] > memory["training"]:
        more = (memory["validation"] - memory["training"]) / GIB
        yield f"         {more:8.2f}  more in validation, whose logits are computed at once"
    yield f"         {memory['context'] / GIB:8.2f}  CUDA context and cuBLAS (assumed)"
    yield f"         {memory['fragmentation'] / GIB:8.2f}  fragmentation (assumed)"
    if memory["paged"] >= 2**20:
        paged = memory["paged"] / GIB
        yield f"         {paged:8.2f}  of optimizer state besides, paged: in the host's memory if need be"


def _gpus(plan: dict[str, Any]) -> Iterator[str]:
    costs = any(gpu["cost"] for gpu in plan["gpus"])
    yield f"{'GPU':<12}{'GiB':>6}  {'fits':<16}{'tokens/s':>15}{'time':>20}{'kWh':>14}" + (
        "        US$" if costs else ""
    )
    for gpu in [*([plan["cpu"]] if plan.get("cpu") else []), *plan["gpus"]]:
        room = gpu["free"] / GIB
        fits = f"yes, {room:.1f} free" if gpu["fits"] else f"no, {-room:.1f} short"
        if not gpu["bf16"]:
            fits = "no bf16"
        if not gpu.get("usable", True):
            fits = "no 4-bit weights"
        speed = "-".join(f"{each:,.0f}" for each in gpu["tokens_a_second"])
        time = duration(gpu["seconds"]) if gpu["seconds"] else "-"
        energy = _range(gpu["kwh"]) if gpu["kwh"] else "-"
        cost = f"{_range(gpu['cost']):>11}" if gpu["cost"] else ""
        yield f"{gpu['name']:<12}{gpu['memory']:>6.1f}  {fits:<16}{speed:>15}{time:>20}{energy:>14}{cost}"
    yield "time     from products, memory traffic and launches of a mean step; what GPUs reach: docs/planning.md"
    if plan.get("cpu"):
        cpu = plan["cpu"]
        measured = cpu["probe"]
        yield (
            f"CPU      this machine with {measured['threads']} threads, by a probe of {measured['seconds']:.0f} s: "
            f"{measured['rates'][-1][1] / 1e9:,.0f} GFLOP/s, {measured['bandwidth'] / 1e9:.1f} GB/s; "
            f"{cpu['needed'] / GIB:.2f} GiB of memory"
        )
    if plan["processes"] > 1:
        yield "         without the exchange between GPUs; weights are those of one GPU, before they are split"


def _notes(plan: dict[str, Any]) -> Iterator[str]:
    for note in plan["steps"]["notes"]:
        yield f"note     {note}"
    if plan["backend"] == "litgpt" and plan["quantize"]:
        gradient = " and a gradient of it that nothing reads" if plan["stable_embedding"] else ""
        yield f"note     LitGPT's QLoRA holds the embedding twice{gradient}; backend: huggingface does not"


def _long_rows(plan: dict[str, Any]) -> Iterator[str]:
    """What becomes of rows that are too long, and what to change."""
    long = plan.get("long_rows")
    if long is None:
        return
    yield ""
    yield (
        f"{long['rows']:,} of {long['of']:,} rows are longer than max_seq_length {long['limit']:,} (up to "
        f"{long['longest']:,} tokens): {long['lost']:.1%} of all tokens are cut or left out; to keep more:"
    )
    for number, change in enumerate(long["changes"], 1):
        yield (
            f"  {number}. {change['change']}: {change['needed'] / GIB:.2f} GiB, {change['time']:.2f} times the time "
            f"({change['cost']})"
        )


def _advice(plan: dict[str, Any]) -> Iterator[str]:
    advice = plan["advice"]
    if advice is None:
        return
    yield ""
    verdict = "these changes, in this order, make it fit" if advice["fits"] else "no combination found fits"
    yield f"{advice['gpu']} ({advice['memory']:.1f} GiB): {verdict}"
    for number, step in enumerate(advice["steps"], 1):
        yield (
            f"  {number}. {step['change']}: {step['saved'] / GIB:.2f} GiB less, {step['needed'] / GIB:.2f} "
            f"({step['cost']})"
        )
    if not advice["fits"]:
        yield "  then: several GPUs (docs/several-gpus.md), a larger GPU, or a smaller model"


def _next(plan: dict[str, Any]) -> Iterator[str]:
    if plan["advice"] is not None:
        yield "next     change the recipe, or lay these settings over it with a second --config, and plan again"
        return
    command = "litgpt finetune_lora" if plan["backend"] == "litgpt" else "train finetune"
    configs = " ".join(f"--config {path}" for path in plan["recipe"])
    yield f"next     {command} {configs}"


def duration(span: list[float]) -> str:
    """Two times with the unit that suits the longer."""
    longest = max(span)
    for size, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if longest >= 1.5 * size:
            return f"{_range([each / size for each in span])} {unit}"
    return f"{_range(span)} s"


def _range(span: list[float]) -> str:
    low, high = min(span), max(span)
    digits = 0 if high >= 20 else 1 if high >= 1 else 2
    first, last = f"{low:,.{digits}f}", f"{high:,.{digits}f}"
    return first if first == last else f"{first}-{last}"
