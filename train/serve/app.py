"""OpenAI's /v1/models and /v1/chat/completions over a language model of `train.models`, as a Starlette application."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator
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
from train.serve.request import LENGTH, ChatRequest, RequestError, read_request

#: Seconds that a request waits for those before it. Who asked may have given up, which nobody tells the server: without
#: an end to waiting, a slow model would write for them alone.
WAIT = 60.0


class Turn:
    """One request at a time: they share the model's threads and its cache, and would only slow each other down."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self.closed = False

    @asynccontextmanager
    async def wait(self) -> AsyncIterator[None]:
        """Within: it is the request's turn.

        Raises:
            RequestError: it was not within `WAIT` seconds.
        """
        try:
            await asyncio.wait_for(self._lock.acquire(), WAIT)
        except TimeoutError as error:
            raise RequestError("the model is still writing for others: ask again later", 503) from error
        try:
            yield
        finally:
            self._lock.release()

    def close(self) -> None:
        """Let whoever is writing stop after its present token."""
        self.closed = True


def build_app(model: LanguageModel, name: str, seed: int = 0) -> Starlette:
    """The application; `seed` is for requests that bring none."""
    app = Starlette(
        routes=[
            Route("/health", _health),
            Route("/v1/models", _models),
            Route("/v1/chat/completions", _complete, methods=["POST"]),
        ],
        exception_handlers={RequestError: _refused, HTTPException: _refused, Exception: _failed},
    )
    app.state.model, app.state.name, app.state.seed, app.state.turn = model, name, seed, Turn()
    return app


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _models(request: Request) -> Response:
    row = {"id": request.app.state.name, "object": "model", "created": 0, "owned_by": "local"}
    return JSONResponse({"object": "list", "data": [row]})


async def _complete(request: Request) -> Response:
    try:
        body = await request.json()
    except ValueError as error:
        raise RequestError("the body is no JSON") from error
    chat = read_request(body)
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
        async with self._turn.wait():
            text = "".join([piece async for piece in self._pieces()])
        choice = {
            "index": 0, "message": {"role": "assistant", "content": text},
            "finish_reason": self._stream.finish_reason or "stop", "logprobs": None,
        }  # fmt: skip
        return JSONResponse({"object": "chat.completion", **self._common, "choices": [choice], "usage": self._usage()})

    async def streamed(self) -> Response:
        waiting = self._turn.wait()
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
        headers = {"Retry-After": "10"} if error.status == 503 else None
        return _error(str(error), error.status, error.parameter, headers)
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _error(getattr(error, "detail", None) or str(error), status)


async def _failed(_: Request, error: Exception) -> Response:
    return _error(one_line(error, 300) or type(error).__name__, 500)


def _error(message: str, status: int, parameter: str | None = None, headers: dict[str, str] | None = None) -> Response:
    kind = "invalid_request_error" if status < 500 else "server_error"
    body = {"message": message, "type": kind, "param": parameter, "code": None}
    return JSONResponse({"error": body}, status_code=status, headers=headers)
