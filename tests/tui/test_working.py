"""Work beside the painting, and what is left of it when it was cancelled."""

from __future__ import annotations

import gc
import warnings

from tests.tui.driver import console
from unstick.tui.working import Work


async def test_work_that_is_cancelled_before_it_has_begun_leaves_no_coroutine_behind() -> None:
    begun: list[str] = []

    async def work(text: str) -> None:
        begun.append(text)

    async with console() as c:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            Work(c.app, "test").begin(work, "first").cancel()
            Work(c.app, "test").begin(work, "second")
            await c.until(lambda: begun, "for the second")
            gc.collect()
        assert begun == ["second"]
        assert [each for each in told if "never awaited" in str(each.message)] == []
