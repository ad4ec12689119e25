"""What the commands of the tests import on their way: a set for each server of tests/fork_server.py."""

from __future__ import annotations

import importlib
import pkgutil
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

#: Per server: packages of which every module is imported.
PACKAGES = {
    "scrapy": [
        "crawler", "scrapy.commands", "scrapy.core", "scrapy.downloadermiddlewares", "scrapy.extensions",
        "scrapy.spidermiddlewares",
    ],
    "synth": ["synth"],
}  # fmt: skip
#: Per server: modules that those, or other people's commands, import in functions.
MODULES = {
    "scrapy": [
        "pymongo", "trafilatura", "scrapy.cmdline", "scrapy.dupefilters", "scrapy.logformatter", "scrapy.pqueues",
        "scrapy.squeues", "scrapy.statscollectors",
    ],
    "synth": [
        "pymongo", "openai", "openai.resources.chat", "numpy", "crawler.mongo", "pandas", "pyarrow.parquet", "rensa",
        "scipy.cluster.hierarchy", "scipy.stats", "sklearn.cluster", "sklearn.feature_extraction.text",
    ],
    "torch": ["torch", "torch._dynamo", "numpy", "pymongo"],
    "train": [
        "torch", "torch._dynamo", "numpy", "lightning", "litgpt.__main__", "transformers", "peft", "bitsandbytes",
        "datasets", "trl", "train.__main__", "train.data",
    ],
}  # fmt: skip
#: Hugging Face's libraries read these when they are imported.
AT_IMPORT = {"train": ("HF_", "TRANSFORMERS_", "USE_TF", "USE_TORCH", "TORCH_HOME", "XDG_CACHE_HOME")}
#: pyarrow, which pandas and lightning import, starts a thread otherwise.
NO_THREAD = {"JE_ARROW_MALLOC_CONF": "background_thread:false"}
#: One thread each: a library's other threads would be missing in what is forked.
ONE_THREAD = NO_THREAD | dict.fromkeys(
    ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"], "1"
)
SENTENCE = "Il Comune di Sarnico ha riaperto sabato il ponte sul fiume Oglio."
#: What belongs to a process or reads its environment.
OWN = {"twisted.internet.reactor", "crawler.settings"}


def import_set(name: str) -> None:
    """Import what the commands of a set import, and start no thread: only the thread that forks goes on."""
    for module in _names(name):
        # Scrapy has modules for libraries that are not here.
        with suppress(ImportError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            importlib.import_module(module)
    _warm(name)
    if found := OWN & set(sys.modules):
        raise AssertionError(f"{found} must be imported by the command itself")
    if threading.active_count() > 1 or len([*Path("/proc/self/task").iterdir()]) > 1:
        raise AssertionError(f"importing {name} has started a thread")


def _warm(name: str) -> None:
    """Have read what is read at its first use and then shared: the detector's models alone take three seconds."""
    if name == "scrapy":
        from crawler.language import detect

        # The models of its pipeline.
        detect(SENTENCE, precise=False)
    if name == "synth":
        from synth.language import detect
        from synth.prompts.quoting import addresses_to_models
        from synth.reverse.refusals import refusals
        from synth.translation.checks import doubts

        assert detect(SENTENCE)[0] == "it"
        addresses_to_models([SENTENCE])
        refusals("Racconta che cosa succede a Sarnico.", SENTENCE, "it")
        pair = {"instruction": "Name a town by the river.", "output": "Sarnico lies by the river Oglio."}
        doubts(pair, {"instruction": "Nomina una città sul fiume.", "output": SENTENCE}, "en", "it")


def _names(name: str) -> Iterator[str]:
    yield from MODULES[name]
    for package in PACKAGES.get(name, []):
        folder = importlib.import_module(package).__path__
        for module in pkgutil.walk_packages(folder, f"{package}."):
            if not module.name.endswith(("__main__", ".settings")):
                yield module.name
