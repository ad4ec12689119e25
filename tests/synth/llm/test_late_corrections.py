"""A correction that comes when its request has left the window changes nothing; no test here hangs in order to fail."""

from __future__ import annotations

import asyncio

from synth.llm.rate_limits import RateWindow


def test_a_late_correction_does_not_shift_the_window() -> None:
    now = [0.0]

    async def run() -> int:
        window = RateWindow(None, 100, seconds=60, clock=lambda: now[0])
        first = await window.admit(90)
        now[0] = 61.0
        second = await window.admit(50)
        # The first has left the window meanwhile: what it really took is nobody's business any more.
        window.correct(first, 400)
        assert window.used == 50
        window.correct(second, 20)
        return window.used

    assert asyncio.run(asyncio.wait_for(run(), 10)) == 20


def test_a_request_given_up_leaves_its_tokens() -> None:
    async def run() -> int:
        window = RateWindow(5, 100, seconds=60, clock=lambda: 0.0)
        reservation = await window.admit(80)
        window.correct(reservation, 0)
        await window.admit(100)
        return window.used

    assert asyncio.run(asyncio.wait_for(run(), 10)) == 100
