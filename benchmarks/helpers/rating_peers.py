"""Krippendorff's alpha and Bradley and Terry's strengths by other packages, alone in an environment of their own.

    python benchmarks/helpers/rating_peers.py < ratings.json > answers.json

In: {"alpha": {name: {"level": nominal|ordinal, "ratings": [raters x items, null where there is none]}}, "strengths":
{name: [[first, second, outcome]]}}, outcome 0 where the first is preferred, 1 where neither is, 2 the second. Out:
{name: {"value": …, "ms": milliseconds}}; strengths are logarithms around their mean, each tie half a win of both.

    python -m venv PEERS && PEERS/bin/pip install krippendorff==0.9.0 evalica==0.4.2
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any


def alpha(task: dict[str, Any]) -> float:
    import krippendorff
    import numpy as np

    ratings = np.array([[np.nan if mark is None else mark for mark in row] for row in task["ratings"]], dtype=float)
    return float(krippendorff.alpha(reliability_data=ratings, level_of_measurement=task["level"]))


def strengths(rows: list[tuple[str, str, int]]) -> dict[str, float]:
    import evalica
    import numpy as np

    winners = [(evalica.Winner.X, evalica.Winner.Draw, evalica.Winner.Y)[outcome] for _, _, outcome in rows]
    result = evalica.bradley_terry(
        [row[0] for row in rows], [row[1] for row in rows], winners, tolerance=1e-14, limit=100_000
    )
    logarithms = np.log(result.scores)
    return {str(name): float(value) for name, value in (logarithms - logarithms.mean()).items()}


def measured(function: Callable[[Any], Any], task: Any) -> dict[str, Any]:
    """What it says, and the best of three times: the first loads what the package compiles."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        value = function(task)
        times.append(time.perf_counter() - began)
    return {"value": value, "ms": 1000 * min(times)}


def main() -> None:
    tasks = json.load(sys.stdin)
    answers = {name: measured(alpha, task) for name, task in tasks["alpha"].items()}
    answers |= {name: measured(strengths, task) for name, task in tasks["strengths"].items()}
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
