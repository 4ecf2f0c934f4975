"""A job system whose migration has not been applied opens and works without the columns."""

import pytest

from tests.migrations.acme import PROFILE, Acme, statements
from tests.profiles.place import act, job, plan, undo
from unstick.backends import migrate
from unstick.backends.sql.doctor import check
from unstick.recovery.engine import apply
from unstick.recovery.errors import SchemaMismatch
from unstick.recovery.plan import Options
from unstick.recovery.query import Query


async def test_without_its_columns_the_system_opens_and_the_history_counts(acme: Acme) -> None:
    before = await acme.dump()
    console = await acme.console()
    done = await act(console, "recover", "1")
    assert done.counts.applied == 1
    assert (await job(console, "1")).retries == 1
    assert [found.id for found in (await console.page(Query(stuck_only=True))).rows] == ["2"]
    await undo(console, done)
    assert await acme.dump() == before
    assert "tries" not in (await acme.tables())["orders"]


async def test_the_plan_says_what_it_does_not_write(acme: Acme) -> None:
    console = await acme.console()
    made = await plan(console, "recover")
    assert {"state", "beat_at"} == set(made.rows[0].after)
    assert (
        "orders has no tries yet: `unstick migrate --apply` adds it; until then unstick's own history counts "
        "the retries"
    ) in made.warnings
    assert "orders has no why yet: `unstick migrate --apply` adds it" in made.warnings
    await acme.applies()
    made = await plan(await acme.console(), "recover")
    assert {"state", "beat_at", "tries", "why"} == set(made.rows[0].after)
    assert not [warning for warning in made.warnings if "yet" in warning]


async def test_an_action_that_means_something_else_without_a_column_is_not_offered(acme: Acme) -> None:
    names = {info.name for info in (await acme.console()).capabilities.actions}
    assert names == {"recover"}
    await acme.applies()
    names = {info.name for info in (await acme.console()).capabilities.actions}
    assert names == {"recover", "pause", "tidy"}


async def test_the_column_counts_from_the_migration_on_and_the_history_keeps_the_rest(acme: Acme) -> None:
    first = await acme.console()
    await act(first, "recover", "1")
    applied = await acme.applies()
    assert any(
        "orders.tries counts from 0; retries made so far stay in the history" in sql for sql in applied.sql
    )
    second = await acme.console()
    assert (await job(second, "1")).retries == 0
    assert len(await second.attempts()) == 1
    await act(second, "recover", "2")
    assert (await job(second, "2")).retries == 1
    assert await acme.place.value("SELECT tries FROM orders WHERE id = 2") == 1


async def test_a_plan_from_before_the_migration_never_writes_what_it_did_not_show(acme: Acme) -> None:
    made = await plan(await acme.console(), "recover")
    before = await acme.dump()
    await acme.applies()
    result = await apply(await acme.console(), made)
    assert result.counts.drifted == result.counts.total == 2
    assert "planned without tries, why" in result.rows[0].detail
    assert await acme.dump() == before
    assert (await act(await acme.console(), "recover")).counts.applied == 2


async def test_a_console_that_is_open_all_the_while_goes_on(acme: Acme) -> None:
    before = await acme.console()
    await acme.applies()
    assert (await before.counts()).total == 3
    after = await acme.console()
    assert "orders.tries" not in after.capabilities.not_migrated
    await acme.applies(rollback=True)
    for console in (before, after):
        assert [found.id for found in (await console.page(Query(stuck_only=True))).rows] == ["1", "2"]
    assert "orders.tries" in after.capabilities.not_migrated
    assert (await act(after, "recover", "1")).counts.applied == 1


async def test_what_was_recovered_before_the_roll_back_can_be_undone_after_it(acme: Acme) -> None:
    bare = await acme.dump()
    await acme.applies()
    result = await act(await acme.console(), "recover", "1")
    await acme.applies(rollback=True, drop=["all"])
    console = await acme.console()
    shown = await console.plan_undo(result.operation or "", Options())
    assert [set(row.after) for row in shown.rows] == [{"state", "beat_at"}]
    assert (await apply(console, shown)).counts.applied == 1
    assert await acme.dump() == bare


async def test_the_columns_are_not_needed_to_recognise_the_system(
    acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    from unstick.backends.profile import load

    folder = load.user_folder()
    folder.mkdir(parents=True)
    (folder / "acme.toml").write_text(PROFILE)
    found = await migrate(acme.source(profile=None))
    assert found.profile == "acme"
    assert len(statements(found, "ADD COLUMN")) == 4


async def test_a_profile_that_can_t_do_without_says_what_to_do(acme: Acme) -> None:
    needing = PROFILE.replace(
        'status = "state"', "state_sql = \"CASE WHEN j.paused THEN 'done' ELSE 'running' END\""
    )
    path = acme.place.profile(needing)
    with pytest.raises(
        SchemaMismatch, match=r"can't do without .*orders\.paused.*`unstick migrate --apply` adds"
    ):
        await acme.place.console_of(path)
    await migrate(acme.source(profile=path), apply=True)
    console = await acme.place.console_of(path)
    assert (await console.counts()).total == 3


async def test_a_rule_that_asks_an_absent_column_finds_nothing_rather_than_more(acme: Acme) -> None:
    asking = PROFILE.replace('older_than = "10m"', 'older_than = "10m"\nwhen = "j.tries > 0"')
    path = acme.place.profile(asking)
    console = await acme.place.console_of(path)
    assert (await console.page(Query(stuck_only=True))).rows == ()
    await migrate(acme.source(profile=path), apply=True)
    await acme.place.run("UPDATE orders SET tries = 1 WHERE id = 2")
    console = await acme.place.console_of(path)
    assert [found.id for found in (await console.page(Query(stuck_only=True))).rows] == ["2"]


async def test_doctor_tells_of_it_and_falls_silent_afterwards(acme: Acme) -> None:
    [found] = [one for one in await check(acme.source()) if one.name == "migration"]
    assert found.ok
    assert "orders.tries" in found.detail
    assert "unstick migrate" in found.advice
    await acme.applies()
    assert not [one for one in await check(acme.source()) if one.name == "migration"]
