"""`train serve`: a model behind OpenAI's chat completions on this machine, so that `synth` can write with it."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from pathlib import Path
from types import ModuleType

from train.errors import TrainError

#: Of connections: each holds a body of `train.serve.limits.BODY` at most.
_BOUNDS = {"limit_concurrency": 64}


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `train serve`."""
    parser.epilog = """example:
  train serve --checkpoint hf/tiny-news --port 8000
  LLM_BASE_URL=http://127.0.0.1:8000/v1 synth summarize --llm openai:tiny-news --concurrency 1"""
    parser.add_argument("--checkpoint", type=Path, required=True, help="folder in Hugging Face's form (train convert)")
    parser.add_argument("--style", metavar="NAME", help="prompt style in place of the folder's chat template, such as "
                        "alpaca-en for a base model, which has none")  # fmt: skip
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at; nobody is asked who they are")
    parser.add_argument("--port", type=int, default=8000, help="port to listen at (8000)")
    parser.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME",
        help="a name under which it may be asked, besides localhost, this machine's name and addresses; several times",
    )  # fmt: skip
    parser.add_argument("--queue", type=int, default=16, metavar="N", help="requests that may wait for their turn (16)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 … (auto)")
    parser.add_argument(
        "--dtype", choices=("auto", "float32", "bfloat16", "float16"), default="auto",
        help="type to compute in (auto: bfloat16 on a GPU, float32 on a CPU)",
    )  # fmt: skip
    parser.add_argument(
        "--quantize", metavar="FORMAT", help="load in 4 or 8 bits: bnb.nf4, bnb.fp4 (-dq or not), bnb.int8"
    )
    parser.add_argument("--quantization", choices=("bnb-4bit", "bnb-8bit"), help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help="of sampling, where a request brings none (0)")


def check(options: argparse.Namespace) -> None:
    """Raises:
    TrainError: the folder cannot be served, or nothing can listen at the address.
    """
    check_servable(options.checkpoint, options.style)
    if not 0 < options.port < 65536:
        raise TrainError("--port must be 1 to 65535")
    if options.seed < 0:
        raise TrainError("--seed must be 0 at least")
    if options.queue < 1:
        raise TrainError("--queue must be 1 at least")
    check_free(options.host, options.port)


def check_servable(folder: Path, style: str | None = None) -> None:
    """Raises:
    TrainError: the folder is no whole model in Hugging Face's form, or has no chat template and no style is named.
    """
    from train.models.checkpoint import kind, lacks, read_json
    from train.styles import style_named

    form = kind(folder)
    # A folder of both forms, as `train get` leaves it, is LitGPT's by its kind; either is the same model.
    if form != "huggingface" and (form != "litgpt" or lacks(folder, "huggingface")):
        raise TrainError(f"{folder} is in the form {form}: `train convert --to huggingface` makes what can be served")
    if style:
        style_named(style)
        return
    path = folder / "tokenizer_config.json"
    settings = read_json(path) if path.is_file() else {}
    if not settings.get("chat_template") and not (folder / "chat_template.jinja").is_file():
        raise TrainError(f"{folder} has no chat template: name a --style, such as alpaca-en for a base model")


def check_free(host: str, port: int) -> None:
    """Raises:
    TrainError: nothing can listen there, found before minutes of loading.
    """
    listen(host, port).close()


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections there.

    Raises:
        TrainError: it cannot.
    """
    try:
        listening = socket.create_server((host, port))
    except OSError as error:
        raise TrainError(f"cannot listen at {host}:{port}: {error.strerror or error}") from error
    # Connections inherit it; asyncio sets it only on sockets that name their protocol. Without it a reply waits 40 ms
    # for the client to acknowledge its head.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def main(options: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    check(options)
    uvicorn = _server()
    # The folder is all there is: nothing is asked for, or asked after, at a hub.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("USE_TF", "0")
    from train.models.language_model import load_model
    from train.serve.app import build_app

    folder, device = options.checkpoint, None if options.device == "auto" else options.device
    quantize = options.quantize or {"bnb-4bit": "nf4", "bnb-8bit": "int8"}.get(options.quantization)
    dtype = None if options.dtype == "auto" else options.dtype
    model = load_model(folder, device=device, style=options.style, quantize=quantize, dtype=dtype)
    # Connections wait in it until the server takes them, so the line below is true when it is read.
    listening = listen(options.host, options.port)
    name, address = folder.resolve().name, f"http://{options.host}:{options.port}/v1"
    hosts = [options.host, *options.allow_host]
    app = build_app(model, name, options.seed, queue=options.queue, hosts=hosts)
    print(f"{folder}: LLM_BASE_URL={address}, model openai:{name}; Ctrl-C ends it", file=sys.stderr)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=2, **_BOUNDS))
    try:
        server.run(sockets=[listening])
    except KeyboardInterrupt:
        pass
    finally:
        app.state.turn.close()
    return 0


def _server() -> ModuleType:
    try:
        import starlette  # noqa: F401
        import uvicorn
    except ImportError as error:
        raise TrainError(f"serving needs {error.name}: pip install 'newsmill[serve]'") from error
    return uvicorn
