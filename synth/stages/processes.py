"""Batches of a stage in several processes; reading and writing stay in the one that began.

Processes are spawned, not forked: a client of MongoDB does not outlive a fork. Each has one batch at a time and sends
back what is to be written. Whatever is killed, no batch is written twice or by halves: a process that ends takes its
batch with it, unwritten, and the processes of a run that ends find their pipe closed and end, too.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import pickle
import signal
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from synth.stages.stage import Work
    from synth.stages.workers import Outcome

Documents = list[dict[str, Any]]
#: Seconds that a process gets to end once its pipe is closed.
_GRACE = 5.0


def run_in_processes(count: int, work: Work, batches: Iterator[Documents]) -> Iterator[Outcome]:
    """The outcome of each batch, in whatever order they come; at most `count` processes, and no more than batches.

    Raises:
        ChildProcessError: a process ended before its batch was done.
        Exception: what `work` raised there.
    """
    with contextlib.ExitStack() as stack:
        idle: list[Connection] = []
        busy: list[Connection] = []
        upcoming = next(batches, None)
        while upcoming is not None or busy:
            while upcoming is not None and len(busy) < count:
                connection = idle.pop() if idle else stack.enter_context(_process(work))
                _send(connection, upcoming)
                busy.append(connection)
                upcoming = next(batches, None)
            for connection in cast("list[Connection]", wait(busy)):
                busy.remove(connection)
                idle.append(connection)
                yield _outcome(connection)


@contextlib.contextmanager
def _process(work: Work) -> Iterator[Connection]:
    """The pipe to a new process that does the work of batches, until the pipe is closed."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    try:
        _send(ours, work)
        yield ours
    finally:
        ours.close()
        process.join(_GRACE)
        if process.is_alive():
            process.terminate()
            process.join()


def _serve(connection: Connection) -> None:
    """What a process does: (outcome, None) or (None, error) for each batch."""
    # Ctrl-C reaches all of them; the one that began closes the pipes.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        work = connection.recv()
        while True:
            connection.send_bytes(_reply(work, connection.recv()))


def _reply(work: Any, batch: Documents) -> bytes:
    try:
        return pickle.dumps((work(batch), None))
    except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the process that began.
        try:
            pickle.loads(reply := pickle.dumps((None, error)))
        except Exception:  # noqa: BLE001 - errors with arguments of their own cannot be sent.
            return pickle.dumps((None, RuntimeError(f"{type(error).__name__}: {error}")))
        return reply


def _send(connection: Connection, message: Any) -> None:
    try:
        connection.send(message)
    except (BrokenPipeError, ConnectionResetError) as error:
        raise _ended() from error


def _outcome(connection: Connection) -> Outcome:
    try:
        outcome, error = connection.recv()
    except (EOFError, ConnectionResetError) as lost:
        raise _ended() from lost
    if error is not None:
        raise error
    result: Outcome = outcome
    return result


def _ended() -> ChildProcessError:
    return ChildProcessError(
        "a process of --workers ended before its batch was done (too little memory?); run it again"
    )
