"""A server goes and comes back while it is swept: told once, and that it is over, to a real webhook."""

from __future__ import annotations

from tests.harness.application import Application
from tests.harness.postgres import PostgresServer
from tests.systems.databases import create_tables
from unstick.backends import create_backend
from unstick.backends.alerts import deliver
from unstick.recovery.alerting import Alerter, Subject
from unstick.recovery.alerts import AlertSettings, Target
from unstick.recovery.alerts_looks import Words
from unstick.recovery.source import Source
from unstick.recovery.sweep import Mode
from unstick.recovery.sweeping import Sweeper


async def test_a_server_that_goes_and_comes_back_is_told_by_two_messages(
    own_postgres: PostgresServer, application: Application
) -> None:
    url = own_postgres.create_database("swept")
    await create_tables(url, "extraction")
    source = Source("db7", url, profile="extraction")
    backend = create_backend(source)
    target = Target("json-1", application.url.replace("http://", "json://"))
    said: list[str] = []
    subject = Subject(backend, AlertSettings((target,)), Words("db7"))
    alerter = Alerter({"db7": subject}, deliver, said.append)
    sweeper = Sweeper(backend, source, Mode.SHADOW, "ann@bastion")

    async def sweep(times: int) -> list[str]:
        application.calls.clear()
        for _ in range(times):
            alerter.saw(await sweeper.run())
            await alerter.drain()
        return [call.json["title"] for call in application.calls]

    try:
        assert await sweep(2) == []
        # In good order: the harness trades the last commits for speed, and the tables would be gone.
        own_postgres.stop("fast")
        assert await sweep(3) == ["unstick db7: the database is not there"]
        assert "unstick doctor --source db7" in application.calls[0].json["message"]
        own_postgres.start()
        while (told := await sweep(1)) == []:
            assert sweeper.runs[0].down, "a run that comes through tells of it"
        assert told == ["unstick db7: over: the database is there again"]
        assert await sweep(1) == []
        assert said == []
    finally:
        await backend.close()
