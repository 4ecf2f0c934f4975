"""What the keys of the sweep do that switch it, and those of the question whether it may be armed."""

from __future__ import annotations

from tests.tui.driver import Console
from tests.tui.keys_expected import Keys, comes_back, expect, leaves, opens, scope_of, status, top
from unstick.recovery.sweep import Mode
from unstick.tui.source_sweep import SourceSweep


def sweep_of(c: Console) -> SourceSweep:
    return c.app.sweep_of(c.app.session)


@expect("sweep.arm", "sweep")
async def asks_whether_it_may_be_armed(c: Console, keys: Keys) -> None:
    for key in keys:
        before = top(c)
        await opens(c, key, "arm")
        assert sweep_of(c).mode is Mode.OFF
        await comes_back(c, before)


@expect("sweep.shadow", "sweep", stays=True)
async def lets_it_tell_only(c: Console, keys: Keys) -> None:
    for key in keys:
        await c.press(key)
        assert sweep_of(c).mode is Mode.SHADOW
        await c.until(lambda: sweep_of(c).runs and not sweep_of(c).running, "for its run")
        assert "Sweep > shadow" in c.text
        await c.press("o")


@expect("sweep.off", "sweep", stays=True)
async def switches_it_off(c: Console, keys: Keys) -> None:
    for key in keys:
        await c.press(key)
        assert "the sweep is off already" in status(c)
        c.app.set_sweep(c.app.session, Mode.SHADOW)
        await c.press(key)
        assert sweep_of(c).mode is Mode.OFF
        assert "Sweep > off" in c.text


@expect("sweep.now", "sweep", stays=True)
async def runs_at_once(c: Console, keys: Keys) -> None:
    sweep = sweep_of(c)
    for key in keys:
        await c.press(key)
        assert "the sweep is off" in status(c)
        c.app.set_sweep(c.app.session, Mode.SHADOW)
        await c.until(lambda: sweep.last is not None and not sweep.running, "for its first run")
        await c.press(key)
        await c.until(lambda: len(sweep.runs) > 1 and not sweep.running, "for the run that was asked for")
        await c.press("o")


@expect("arm.cancel", "arm")
async def leaves_it_as_it_is(c: Console, keys: Keys) -> None:
    for key in keys:
        await leaves(c, key)
    assert scope_of(c) == "sweep"
    assert sweep_of(c).mode is Mode.OFF


@expect("arm.confirm", "arm")
async def arms_it(c: Console, keys: Keys) -> None:
    for key in keys:
        await leaves(c, key)
    assert sweep_of(c).mode is Mode.ARMED
    c.app.set_sweep(c.app.session, Mode.OFF)


@expect("arm.reason", "arm", stays=True)
async def asks_for_a_reason(c: Console, keys: Keys) -> None:
    for key in keys:
        await c.press(key)
        await c.type("night shift")
        await c.press("enter")
        assert top(c).confirm.reason == "night shift"
        await c.read_first()
