"""OpenAI's /v1/models and /v1/chat/completions over a language model of `train.models`, as a Starlette application."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from train.errors import TrainError, one_line
from train.models.language_model import LanguageModel
from train.models.streaming import TextStream
from train.serve.limits import Hosts, read_json
from train.serve.request import LENGTH, ChatRequest, RequestError, read_request

#: Seconds that a request waits for those before it. Who asked may have given up, which nobody tells the server: without
#: an end to waiting, a slow model would write for them alone.
WAIT = 60.0


#: Requests that may wait for their turn; one more is told to come back.
QUEUE = 16
#: Seconds after which it is looked whether who waits is still there.
_LOOK = 0.5


class Turn:
    """One request at a time: they share the model's threads and its cache, and would only slow each other down.

    most: requests that may wait.
    """

    def __init__(self, most: int = QUEUE) -> None:
        self._lock = asyncio.Lock()
        self._waiting, self.most = 0, most
        self.closed = False

    @asynccontextmanager
    async def wait(self, request: Request) -> AsyncIterator[None]:
        """Within: it is the request's turn.

        Raises:
            RequestError: too many wait already, it was not within `WAIT` seconds, or who asked has gone.
        """
        if self._lock.locked() and self._waiting >= self.most:
            raise RequestError(f"{self._waiting} requests are waiting already: ask again later", 429)
        self._waiting += 1
        try:
            await self._acquire(request)
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._lock.release()

    async def _acquire(self, request: Request) -> None:
        acquiring = asyncio.ensure_future(self._lock.acquire())
        end = time.monotonic() + WAIT
        try:
            while not acquiring.done():
                await asyncio.wait({acquiring}, timeout=max(0.0, min(_LOOK, end - time.monotonic())))
                if not acquiring.done() and await request.is_disconnected():
                    raise RequestError("who asked has gone", 499)
                if not acquiring.done() and time.monotonic() >= end:
                    raise RequestError("the model is still writing for others: ask again later", 503)
        except BaseException:
            # In the very moment in which it was given up, it may have had its turn.
            if not acquiring.cancel():
                self._lock.release()
            raise

    def close(self) -> None:
        """Let whoever is writing stop after its present token."""
        self.closed = True


def build_app(
    model: LanguageModel, name: str, seed: int = 0, *, queue: int = QUEUE, hosts: Sequence[str] = ()
) -> Starlette:
    """The application; `seed` is for requests that bring none, `queue` as `Turn`'s most, `hosts` as of `Hosts`."""
    app = Starlette(
        routes=[
            Route("/health", _health),
            Route("/v1/models", _models),
            Route("/v1/models/{name:path}", _model),
            Route("/v1/chat/completions", _complete, methods=["POST"]),
        ],
        exception_handlers={RequestError: _refused, HTTPException: _refused, Exception: _failed},
    )
    app.state.model, app.state.name, app.state.seed, app.state.turn = model, name, seed, Turn(queue)
    app.state.hosts = Hosts(hosts)
    return app


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


def _row(request: Request) -> dict[str, Any]:
    return {"id": request.app.state.name, "object": "model", "created": 0, "owned_by": "local"}


async def _models(request: Request) -> Response:
    request.app.state.hosts.check(request)
    return JSONResponse({"object": "list", "data": [_row(request)]})


async def _model(request: Request) -> Response:
    request.app.state.hosts.check(request)
    _check_model(request, request.path_params["name"])
    return JSONResponse(_row(request))


def _check_model(request: Request, model: Any) -> None:
    """Raises:
    RequestError: another model than the served one is asked for.
    """
    name = request.app.state.name
    if model is not None and model != name:
        raise RequestError(f"The model `{str(model)[:100]}` does not exist here; {name} does", 404, "model")


async def _complete(request: Request) -> Response:
    request.app.state.hosts.check(request)
    body = await read_json(request)
    chat = read_request(body)
    _check_model(request, body.get("model"))
    prompt, length = await run_in_threadpool(fit, request.app.state.model, chat)
    reply = Reply(request, chat, prompt, length)
    return await (reply.streamed() if chat.stream else reply.whole())


def fit(model: LanguageModel, chat: ChatRequest) -> tuple[list[int], int]:
    """(tokens of the prompt, tokens of the answer at most) of a request, within the model's context.

    Raises:
        RequestError: the prompt alone is too long, or the chat template refuses the chat.
    """
    try:
        prompt = model.encode_whole(chat.messages)
    except TrainError as error:
        raise RequestError(str(error), parameter="messages") from error
    room = model.block_size - len(prompt)
    if room < 1:
        message = f"the prompt is too long: {len(prompt)} tokens of a context length of {model.block_size}"
        raise RequestError(message, parameter="messages")
    return prompt, min(chat.length or LENGTH, room)


class Reply:
    """One answer, whole or in chunks, as OpenAI writes them."""

    def __init__(self, request: Request, chat: ChatRequest, prompt: list[int], length: int) -> None:
        state = request.app.state
        seed = state.seed if chat.seed is None else chat.seed % 2**32
        self._request, self._turn, self._chat, self._prompt = request, state.turn, chat, prompt
        self._stream = TextStream(state.model, prompt, length, chat.sampling, seed=seed, stop=chat.stop)
        self._common = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": state.name}

    async def whole(self) -> Response:
        async with self._turn.wait(self._request):
            text = "".join([piece async for piece in self._pieces()])
        choice = {
            "index": 0, "message": {"role": "assistant", "content": text},
            "finish_reason": self._stream.finish_reason or "stop", "logprobs": None,
        }  # fmt: skip
        return JSONResponse({"object": "chat.completion", **self._common, "choices": [choice], "usage": self._usage()})

    async def streamed(self) -> Response:
        waiting = self._turn.wait(self._request)
        # Before the first byte, so that a refusal still has a status of its own.
        await waiting.__aenter__()

        async def events() -> AsyncIterator[str]:
            try:
                yield self._chunk({"role": "assistant", "content": ""})
                async for piece in self._pieces():
                    if piece:
                        yield self._chunk({"content": piece})
                yield self._chunk({}, self._stream.finish_reason or "stop")
                if self._chat.usage:
                    yield _event({**self._chunk_head(), "choices": [], "usage": self._usage()})
                yield "data: [DONE]\n\n"
            finally:
                await waiting.__aexit__(None, None, None)

        return StreamingResponse(events(), media_type="text/event-stream", headers={"Cache-Control": "no-cache"})

    async def _pieces(self) -> AsyncIterator[str]:
        """The text as it is written, in a thread, until nobody listens any more."""
        async for piece in iterate_in_threadpool(self._stream):
            yield piece
            if self._turn.closed or await self._request.is_disconnected():
                return

    def _chunk_head(self) -> dict[str, Any]:
        return {"object": "chat.completion.chunk", **self._common}

    def _chunk(self, delta: dict[str, str], finish_reason: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return _event({**self._chunk_head(), "choices": [choice]})

    def _usage(self) -> dict[str, int]:
        prompt, completion = len(self._prompt), self._stream.tokens
        return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _event(content: dict[str, Any]) -> str:
    return f"data: {json.dumps(content, ensure_ascii=False)}\n\n"


async def _refused(_: Request, error: Exception) -> Response:
    if isinstance(error, RequestError):
        headers = {"Retry-After": "10"} if error.status in (429, 503) else None
        if error.status == 413:
            # What is still to come is not read.
            headers = {"Connection": "close"}
        return _error(str(error), error.status, error.parameter, headers)
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _error(getattr(error, "detail", None) or str(error), status)


async def _failed(_: Request, error: Exception) -> Response:
    return _error(one_line(error, 300) or type(error).__name__, 500)


def _error(message: str, status: int, parameter: str | None = None, headers: dict[str, str] | None = None) -> Response:
    kind = "rate_limit_error" if status == 429 else "invalid_request_error" if status < 500 else "server_error"
    code = "model_not_found" if (status, parameter) == (404, "model") else None
    body = {"message": message, "type": kind, "param": parameter, "code": code}
    return JSONResponse({"error": body}, status_code=status, headers=headers)
