"""The circle closes: a model that was converted answers synth's own client, over OpenAI's chat completions."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.train.convert_fixtures import make_model

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A converted tiny model that knows Italian prompts in ChatML."""
    from train.__main__ import main

    made = tmp_path_factory.mktemp("served")
    make_model("SmolLM2-360M", made / "lit")
    words = ["convert", "--checkpoint", str(made / "lit"), "--out", str(made / "tiny-news"), "--to", "huggingface"]
    assert main([*words, "--style", "chatml-it"]) == 0
    return made / "tiny-news"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """Where the model is served, by the server of `train serve` in a thread of this process."""
    from train.serve.command import server_class

    port = free_port()
    server = server_class()(
        force_model=str(folder), host="127.0.0.1", port=port, device="cpu", log_level="error", model_timeout=0,
        non_blocking=True,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    for _ in range(200):
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5):
                break
        except OSError:
            time.sleep(0.05)
    yield f"{url}/v1"
    server.kill_server()


def ask(address: str, **body: Any) -> tuple[int, Any]:
    chat = {"model": "any", "messages": [{"role": "user", "content": "Riassumi: dodici voti a favore."}]}
    request = urllib.request.Request(
        f"{address}/chat/completions", json.dumps(chat | body).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, json.loads(reply.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_synth_gets_a_reply(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from synth.llm import load_llm

    monkeypatch.setenv("LLM_BASE_URL", address)
    monkeypatch.delenv("LLM_API_KEY", raising=False)
    messages = [{"role": "system", "content": "Sii breve."}, {"role": "user", "content": "Riassumi: sei contrari."}]
    reply = asyncio.run(load_llm("openai:tiny-news").complete(messages, temperature=0, max_tokens=8))
    assert reply.text
    assert reply.model == "tiny-news"
    assert reply.finish_reason in ("stop", "length")
    assert 0 < (reply.completion_tokens or 0) <= 8
    assert (reply.prompt_tokens or 0) > 10


def test_the_reply_is_what_the_model_writes_after_its_chat_template(address: str, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    status, reply = ask(address, temperature=0, max_tokens=6)
    assert status == 200
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    chat = [{"role": "user", "content": "Riassumi: dodici voti a favore."}]
    given = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    model = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True).eval()
    with torch.no_grad():
        out = model.generate(**given, max_new_tokens=6, do_sample=False)
    wanted = tokenizer.decode(out[0, given["input_ids"].shape[1] :], skip_special_tokens=True)
    assert reply["choices"][0]["message"]["content"] == wanted
    assert reply["usage"] == {
        "prompt_tokens": given["input_ids"].shape[1], "completion_tokens": 6,
        "total_tokens": given["input_ids"].shape[1] + 6,
    }  # fmt: skip


def test_requests_at_a_time_do_not_mix(address: str) -> None:
    """A longer chat that begins as another did must not be answered from that one's cache."""
    first = [{"role": "user", "content": "Uno."}]
    chats = [first, [*first, {"role": "assistant", "content": "Due."}, {"role": "user", "content": "Tre."}]] * 3
    alone = [ask(address, messages=chat, temperature=0, max_tokens=5)[1]["choices"] for chat in chats[:2]]
    answers: dict[int, Any] = {}

    def one(number: int) -> None:
        answers[number] = ask(address, messages=chats[number], temperature=0, max_tokens=5)[1]["choices"]

    threads = [threading.Thread(target=one, args=(number,)) for number in range(len(chats))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert all(answers[number] == alone[number % 2] for number in range(len(chats)))


def test_what_cannot_be_answered_is_told_and_does_not_hang(address: str) -> None:
    status, told = ask(address, max_tokens=-5)
    assert (status, "max_new_tokens" in told["error"]["message"]) == (400, True)
    status, told = ask(address, messages=[{"role": "user", "content": "parola " * 6000}])
    assert status == 400
    assert "context length" in told["error"]["message"]
    assert ask(address, unknown=1)[0] == 422
    status, reply = ask(address, max_completion_tokens=3, stop=["zzz"], temperature=0.7, seed=1)
    assert status == 200
    assert reply["usage"]["completion_tokens"] <= 3


def test_who_waits_too_long_is_told_to_come_back(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from train.serve import command as serve

    monkeypatch.setattr(serve, "WAIT", 0.01)
    server = object.__new__(serve.server_class())
    server._turn = threading.Lock()
    with server._turn:
        reply = server.generate_chat_completion({})
    assert (reply.status_code, reply.headers["Retry-After"]) == (503, "10")
    assert b"ask again later" in reply.body


def test_the_models_name_is_listed(address: str) -> None:
    with urllib.request.urlopen(f"{address}/models", timeout=10) as reply:
        assert [model["id"] for model in json.loads(reply.read())["data"]] == ["tiny-news"]


def test_what_cannot_be_served_is_one_line(folder: Path, tmp_path: Path) -> None:
    from train.errors import TrainError
    from train.serve.command import check_free, check_servable

    with pytest.raises(TrainError, match="train convert --to huggingface"):
        check_servable(folder.parent / "lit")
    bare = shutil.copytree(folder, tmp_path / "bare")
    (bare / "chat_template.jinja").unlink()
    settings = json.loads((bare / "tokenizer_config.json").read_text())
    (bare / "tokenizer_config.json").write_text(json.dumps({**settings, "chat_template": None}))
    with pytest.raises(TrainError, match="no chat template"):
        check_servable(bare)
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(TrainError, match="cannot listen"):
        check_free("127.0.0.1", taken.getsockname()[1])
