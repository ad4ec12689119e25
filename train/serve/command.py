"""`train serve`: a model behind OpenAI's chat completions on this machine, by transformers' own server.

It is `transformers serve`, with put right what the server of transformers 5.3.0 gets wrong:

- every chat request is answered 422, because FastAPI does not find the class of a parameter that is imported inside a
  function (https://github.com/huggingface/transformers/issues/44483, mended in later versions);
- the cache of the conversation before is taken for any longer one that begins alike, though in between another
  request may have left its own: with several requests at a time, answers to somebody else's text;
- an error while writing is never told, the request waits for ever: so with `stop`, which is passed on without the
  tokenizer that it needs;
- `max_completion_tokens`, OpenAI's present name of `max_tokens`, is ignored, and so is a temperature where the model's
  own settings do not sample;
- replies name the folder's place on this machine and count no tokens.
"""

from __future__ import annotations

import argparse
import json
import os
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from train.errors import TrainError, one_line

#: Seconds that a request waits for those before it. Who asked may have given up, which nobody tells the server: without
#: an end to waiting, a slow model would write for them alone.
WAIT = 60.0


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = """example:
  train serve --checkpoint hf/tiny-news --port 8000
  LLM_BASE_URL=http://127.0.0.1:8000/v1 synth summarize --llm openai:tiny-news --concurrency 1"""
    parser.add_argument("--checkpoint", type=Path, required=True, help="folder in Hugging Face's form (train convert)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at; nobody is asked who they are")
    parser.add_argument("--port", type=int, default=8000, help="port to listen at (8000)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda (auto)")
    parser.add_argument("--dtype", default="auto", help="type to compute in: auto (as the weights are), bfloat16 …")
    parser.add_argument("--quantization", choices=("bnb-4bit", "bnb-8bit"), help="load the weights quantised")
    parser.add_argument("--seed", type=int, default=0, help="of sampling, set once (0); a request may bring its own")


def main(options: argparse.Namespace) -> int:
    import sys

    check_servable(options.checkpoint)
    if not 0 < options.port < 65536:
        raise TrainError("--port must be 1 to 65535")
    check_free(options.host, options.port)
    # The folder is all there is: nothing is asked for, or asked after, at a hub.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("USE_TF", "0")
    server = server_class()
    if not sys.stderr.isatty():
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
    name, address = options.checkpoint.resolve().name, f"http://{options.host}:{options.port}/v1"
    print(f"{options.checkpoint}: LLM_BASE_URL={address}, model openai:{name}; Ctrl-C ends it", file=sys.stderr)
    try:
        server(
            force_model=str(options.checkpoint), host=options.host, port=options.port, device=options.device,
            dtype=options.dtype, quantization=options.quantization, default_seed=options.seed,
            log_level="error", model_timeout=0,
        )  # fmt: skip
    except (OSError, ValueError, AttributeError) as error:
        raise TrainError(
            f"cannot serve {options.checkpoint}: {one_line(error, 300) or type(error).__name__}"
        ) from error
    return 0


def check_servable(folder: Path) -> None:
    """Raises:
    TrainError: the folder is no whole model in Hugging Face's form, or has no chat template.
    """
    from train.models.checkpoint import kind, read_json

    found = kind(folder)
    if found != "huggingface":
        raise TrainError(f"{folder} is in the form {found}: `train convert --to huggingface` makes what can be served")
    path = folder / "tokenizer_config.json"
    settings = read_json(path) if path.is_file() else {}
    if not settings.get("chat_template") and not (folder / "chat_template.jinja").is_file():
        raise TrainError(f"{folder} has no chat template: convert it again with --style NAME")


def check_free(host: str, port: int) -> None:
    """Raises:
    TrainError: nothing can listen there, told before minutes of loading.
    """
    import socket

    try:
        with socket.create_server((host, port)):
            pass
    except OSError as error:
        raise TrainError(f"cannot listen at {host}:{port}: {error.strerror or error}") from error


def server_class() -> type[Any]:
    """transformers' `Serve` with the faults named above mended; making one starts it and returns when it is stopped.

    Raises:
        TrainError: what the server needs is not installed.
    """
    try:
        import fastapi
        import uvicorn  # noqa: F401
        from fastapi.responses import JSONResponse
        from transformers.cli import serve
    except ImportError as error:
        raise TrainError(f"serving needs {error.name}: pip install 'newsmill[serve]'") from error
    # Where FastAPI looks for the classes of its handlers' parameters.
    vars(serve).setdefault("Request", fastapi.Request)

    class Server(serve.Serve):
        def __init__(self, **options: Any) -> None:
            # One at a time: requests share the model's threads and would only slow each other down.
            self._turn = threading.Lock()
            self._failure: Exception | None = None
            self._usage: dict[str, int] = {}
            self._sampled = False
            self._name = Path(options["force_model"]).resolve().name
            super().__init__(**options)

        def is_continuation(self, req: dict[str, Any]) -> bool:
            return False

        def get_gen_models(self, cache_dir: str | None = None) -> list[dict[str, Any]]:  # type: ignore[override]
            return [{"id": self._name, "object": "model", "created": 0, "owned_by": "local"}]

        def load_model_and_processor(self, model_id_and_revision: str) -> tuple[Any, Any]:
            model, processor = super().load_model_and_processor(model_id_and_revision)
            if "generate" not in vars(model):
                model.generate = self._telling(model, processor)
            return model, processor

        def _telling(self, model: Any, processor: Any) -> Any:
            """model.generate, whose errors and counts of tokens are told to who waits for the request."""
            generate, longest = model.generate, model.config.get_text_config().max_position_embeddings

            def told(**given: Any) -> Any:
                try:
                    fit(given, longest, sampled=self._sampled)
                    out = generate(**given, tokenizer=processor)
                except Exception as error:
                    self._failure = error
                    given["streamer"].end()
                    return SimpleNamespace(past_key_values=None)
                prompt = given["input_ids"].shape[1]
                self._usage = {"prompt_tokens": prompt, "completion_tokens": out.sequences.shape[1] - prompt}
                return out

            return told

        def generate_chat_completion(self, req: dict[str, Any]) -> Any:
            if req.get("max_tokens") is None and req.get("max_completion_tokens") is not None:
                req["max_tokens"] = req["max_completion_tokens"]
            if not self._turn.acquire(timeout=WAIT):
                told = {"error": {"message": "the model is still writing for others: ask again later"}}
                return JSONResponse(told, status_code=503, headers={"Retry-After": "10"})
            try:
                return self._answer(req)
            finally:
                self._turn.release()

        def _answer(self, req: dict[str, Any]) -> Any:
            self._failure, self._usage, self._sampled = None, {}, bool(req.get("temperature"))
            try:
                reply = super().generate_chat_completion(req)
            except Exception as error:  # A chat that the template refuses, above all.
                self._failure = error
            if self._failure is not None:
                return JSONResponse(
                    {"error": {"message": one_line(self._failure, 300) or type(self._failure).__name__}},
                    status_code=400,
                )
            return reply if req.get("stream") or reply is None else self._named(reply)

        def _named(self, reply: Any) -> Any:
            """The reply with the folder's name, not its place on this machine, and with the tokens it took."""
            content = json.loads(bytes(reply.body))
            used = self._usage | {"total_tokens": sum(self._usage.values())}
            return JSONResponse(content | {"model": self._name, "usage": used})

    return Server


def fit(given: dict[str, Any], longest: int, *, sampled: bool) -> None:
    """Keep a request to `model.generate` within the model's context; sample where a temperature was asked for.

    Raises:
        ValueError: the prompt alone is too long.
    """
    prompt, settings = given["input_ids"].shape[1], given["generation_config"]
    if prompt >= longest:
        raise ValueError(f"the prompt is too long: {prompt} tokens of a context length of {longest}")
    if settings.max_new_tokens is not None:
        settings.max_new_tokens = min(settings.max_new_tokens, longest - prompt)
    if sampled:
        settings.do_sample = True
