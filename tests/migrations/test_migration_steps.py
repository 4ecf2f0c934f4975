"""Steps that are taken by name: planned, journalled and put back like any other action."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.migrations.acme import Acme
from tests.profiles.place import act
from unstick.cli import main

PAUSED = "SELECT id FROM orders WHERE paused ORDER BY id"


class Steps:
    """`unstick migrate --step pause_mail` on one system."""

    def __init__(self, acme: Acme, capsys: pytest.CaptureFixture[str]) -> None:
        self.acme, self._capsys = acme, capsys

    async def __call__(self, *more: str, code: int = 0, step: str = "pause_mail") -> dict[str, Any]:
        """Run it and return the one object that it prints."""
        self._capsys.readouterr()
        argv = ["migrate", "--source", "shop", "--step", step, "--json", *more]
        ran = await asyncio.to_thread(main, argv)
        out, err = self._capsys.readouterr()
        assert ran == code, (out, err)
        found: dict[str, Any] = json.loads(out)
        return found

    async def paused(self) -> list[int]:
        return [row[0] for row in await self.acme.place.rows(PAUSED)]


@pytest.fixture
def steps(
    acme: Acme, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, home: Path
) -> Steps:
    config = home / "config.toml"
    config.write_text(f'[sources.shop]\nurl = "{acme.url}"\nprofile = "{acme.path}"\n')
    monkeypatch.setenv("UNSTICK_CONFIG", str(config))
    return Steps(acme, capsys)


async def test_a_step_is_shown_first_and_taken_with_apply(acme: Acme, steps: Steps) -> None:
    await acme.applies()
    shown = await steps()
    assert (shown["dry_run"], shown["planned"]) == (True, 2)
    assert [change["job"] for change in shown["changes"]] == ["1", "3"]
    assert await steps.paused() == []
    done = await steps("--apply", "--yes")
    assert done["outcomes"]["applied"] == 2
    assert await steps.paused() == [1, 3]


async def test_a_step_is_put_back_where_it_changed_something(acme: Acme, steps: Steps) -> None:
    await acme.applies()
    await acme.place.run("UPDATE orders SET paused = TRUE WHERE id = 3")
    before = await acme.place.rows("SELECT * FROM orders ORDER BY id")
    await steps("--apply", "--yes")
    shown = await steps("--rollback")
    assert shown["dry_run"] is True
    assert await steps.paused() == [1, 3]
    await steps("--rollback", "--apply", "--yes")
    assert await acme.place.rows("SELECT * FROM orders ORDER BY id") == before
    gone = await steps("--rollback", "--apply", "--yes", code=2)
    assert gone["error"] == "the journal has no step pause_mail that could be put back"


async def test_an_action_of_the_same_kind_by_hand_is_not_the_step(acme: Acme, steps: Steps) -> None:
    await acme.applies()
    await act(await acme.console(), "pause", "2")
    assert "no step pause_mail" in (await steps("--rollback", code=2))["error"]
    assert await steps.paused() == [2]


async def test_before_its_columns_are_there_a_step_says_what_is_missing(acme: Acme, steps: Steps) -> None:
    refused = await steps("--apply", "--yes", code=3)
    assert "orders.paused" in refused["error"]
    assert "unstick migrate --apply" in refused["error"]
    assert await acme.is_bare()


async def test_a_step_that_the_profile_does_not_have_is_refused_with_those_it_has(
    acme: Acme, steps: Steps
) -> None:
    refused = await steps(step="pause_male", code=2)
    assert "did you mean pause_mail?" in refused["error"]
