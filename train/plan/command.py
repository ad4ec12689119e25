"""`train plan`: what a recipe will need, before anything is loaded: parameters, tokens, steps, GPU memory and time.

One training step of the installed libraries' own code runs on tensors that have sizes but no contents
(train.plan.meta_step), so that the plan follows LitGPT, transformers, PEFT and bitsandbytes as they are here.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from train.errors import TrainError
from train.plan.estimate import plan_of
from train.plan.gpus import CPU, DEFAULT, Table, load_table, select_gpus
from train.recipes import add_arguments


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = """examples:
  train plan --config llama-3-8b/news --gpu L4 --gpu RTX4090
  train plan --config bloom-7b1/alpaca_vi --rows 33000 --tokens 300 --price L4=0.7"""
    add_arguments(parser)
    parser.add_argument(
        "--gpu", action="append", default=[], metavar="NAME",
        help="a GPU of the table, or CPU: this machine's, by a probe of some seconds; all of them if none",
    )  # fmt: skip
    parser.add_argument(
        "--gpus", type=Path, default=DEFAULT, metavar="FILE", help="another table than Newsmill's gpus.yaml"
    )
    parser.add_argument("--rows", type=int, help="training rows, where the data are not here yet")
    parser.add_argument("--tokens", type=int, help="tokens of a mean row, where data or tokenizer are not here yet")
    parser.add_argument("--chars-per-token", type=float, metavar="NUMBER", help="where the tokenizer is not here yet")
    parser.add_argument(
        "--price", action="append", default=[], metavar="NAME=DOLLARS", help="of an hour of a GPU, or of a kWh=DOLLARS"
    )
    parser.add_argument("--no-advice", action="store_true", help="do not look for what to change")


def main(options: argparse.Namespace) -> int:
    """Print the plan."""
    table, prices = load_table(options.gpus), prices_of(options.price)
    named = [name for name in options.gpu if name.lower() != CPU]
    # CPU alone asks for no GPU.
    gpus = select_gpus(table, named) if named or not options.gpu else []
    check(options, table, prices)
    plan = plan_of(options, table, gpus, prices)
    if options.json:
        print(json.dumps(plan))
    else:
        from train.plan.tables import text_of

        print(text_of(plan))
    return 0


def prices_of(pairs: list[str]) -> dict[str, float]:
    """NAME=DOLLARS -> {name in small letters without blanks: dollars}.

    Raises:
        TrainError: one is not of that form.
    """
    prices = {}
    for each in pairs:
        name, _, value = each.partition("=")
        try:
            prices[name.lower().replace(" ", "")] = float(value)
        except ValueError as error:
            raise TrainError(f"--price {each}: give NAME=DOLLARS, such as L4=0.70 or kWh=0.30") from error
    return prices


def check(options: argparse.Namespace, table: Table, prices: dict[str, float]) -> None:
    """Raises:
    TrainError: an option is out of range, or a price is of no known GPU.
    """
    for name in ("rows", "tokens", "chars_per_token"):
        value = getattr(options, name)
        if value is not None and value <= 0:
            raise TrainError(f"--{name.replace('_', '-')} must be above 0")
    for name, price in prices.items():
        if price < 0:
            raise TrainError(f"--price {name}={price:g}: a price is 0 at least")
        if name != "kwh":
            select_gpus(table, [name])
