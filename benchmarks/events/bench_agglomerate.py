"""Time and memory of `agglomerate` beside scikit-learn and fastcluster: dense rows of 512 dimensions, rows of TF-IDF.

Each method runs in a process of its own, on vectors that lie in a file: `MB` is how much its peak resident set grew
after it had read them, `seconds` is the clustering, from vectors to labels. scikit-learn gets its dense cosine matrix;
fastcluster that matrix's upper half (`pip install fastcluster` puts it into the table; it is no dependency of ours).

    python benchmarks/events/bench_agglomerate.py [--sizes 5000,10000,20000] [--linkage average]
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy import sparse

# The helpers belong to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.helpers.synthetic import dense_rows, tfidf_rows

ROOT = Path(__file__).resolve().parents[2]
#: Between the distances of one event's rows and those of two events'.
THRESHOLDS = {"dense": 0.6, "tfidf": 0.75}


def newsmill(vectors: Any, threshold: float, linkage: str) -> np.ndarray:
    from synth.cluster import agglomerate

    return agglomerate(vectors, distance_threshold=threshold, linkage=linkage)


def scikit_learn(vectors: Any, threshold: float, linkage: str) -> np.ndarray:
    from sklearn.cluster import AgglomerativeClustering
    from sklearn.metrics.pairwise import cosine_distances

    model = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage=linkage, distance_threshold=threshold
    )
    return model.fit_predict(cosine_distances(vectors))


def fastcluster(vectors: Any, threshold: float, linkage: str) -> np.ndarray:
    import fastcluster as library
    from scipy.cluster.hierarchy import fcluster
    from scipy.spatial.distance import squareform
    from sklearn.metrics.pairwise import cosine_distances

    condensed = squareform(cosine_distances(vectors), checks=False)
    tree = library.linkage(condensed, method=linkage, preserve_input=False)
    return fcluster(tree, np.nextafter(threshold, -np.inf), criterion="distance")


METHODS: dict[str, Callable[[Any, float, str], np.ndarray]] = {
    "newsmill": newsmill, "scikit-learn": scikit_learn, "fastcluster": fastcluster,
}  # fmt: skip


def work(method: str, kind: str, folder: Path, linkage: str) -> None:
    """Inside a process of its own: seconds and MB on stdout, labels in a file."""
    vectors = np.load(folder / "rows.npy") if kind == "dense" else sparse.load_npz(folder / "rows.npz")
    # Imports and thread pools are no part of the measurement.
    METHODS[method](vectors[:300], THRESHOLDS[kind], linkage)
    before, began = forget_peak(), time.perf_counter()
    labels = METHODS[method](vectors, THRESHOLDS[kind], linkage)
    seconds = time.perf_counter() - began
    grown = (resident("VmHWM") - before) / 1024
    np.save(folder / f"{method}.npy", labels)
    print(json.dumps({"seconds": seconds, "mb": grown}))


def forget_peak() -> int:
    """kB resident now; from here on the peak is counted anew (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")
    return resident("VmRSS")


def resident(name: str) -> int:
    """kB, as the kernel counts them."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def write_rows(kind: str, n: int, folder: Path) -> None:
    if kind == "dense":
        np.save(folder / "rows.npy", dense_rows(n))
    else:
        rng = np.random.default_rng(0)
        # Uncompressed: what unpacks it would count as memory.
        sparse.save_npz(folder / "rows.npz", tfidf_rows(rng.integers(n // 4, size=n), 0), compressed=False)


def measure(kind: str, n: int, linkage: str, methods: list[str]) -> list[list[str]]:
    """Rows of the table."""
    from sklearn.metrics import adjusted_rand_score

    with tempfile.TemporaryDirectory() as name:
        folder, rows = Path(name), []
        write_rows(kind, n, folder)
        labels: dict[str, np.ndarray] = {}
        for method in methods:
            words = [sys.executable, __file__, "--work", method, kind, name, "--linkage", linkage]
            process = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
            if process.returncode:
                last = process.stderr.strip().splitlines()[-1:] or [f"status {process.returncode}"]
                rows.append([kind, f"{n:,}", method, "failed", last[0][:60], ""])
                continue
            figures = json.loads(process.stdout)
            labels[method] = np.load(folder / f"{method}.npy")
            agrees = adjusted_rand_score(labels[methods[0]], labels[method])
            agreement = "" if method == methods[0] else f"{agrees:.6f}"
            rows.append([kind, f"{n:,}", method, f"{figures['seconds']:.2f}", f"{figures['mb']:,.0f}", agreement])
        return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sizes", default="5000,10000,20000")
    parser.add_argument("--kinds", default="dense,tfidf")
    parser.add_argument("--linkage", default="average", choices=["average", "complete", "single"])
    parser.add_argument("--work", nargs=3, metavar=("METHOD", "KIND", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.work[0], options.work[1], Path(options.work[2]), options.linkage)
        return
    methods = [name for name in METHODS if name != "fastcluster" or importlib.util.find_spec("fastcluster")]
    table = Table(title=f"Agglomerative clustering, {options.linkage} linkage")
    for column in ("rows", "n", "method", "seconds", "MB", "adjusted Rand to newsmill"):
        table.add_column(column, justify="left" if column in ("rows", "method") else "right")
    for kind in options.kinds.split(","):
        for size in options.sizes.split(","):
            for row in measure(kind, int(size), options.linkage, methods):
                table.add_row(*row)
    Console(width=120).print(table)
    if "fastcluster" not in methods:
        print("fastcluster is not here: pip install fastcluster")


if __name__ == "__main__":
    main()
