"""A process that dies while it calls hooks: the journal knows which rows were changed and not told about."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.contract.world import add_stuck
from tests.harness.application import Application, Call
from tests.proof.proof import Proof, check_books
from tests.proof.test_killed import settled
from unstick.recovery.hooks import Hook
from unstick.recovery.hooks_again import call_again, due_rows
from unstick.recovery.hooks_outcome import NOT_CALLED

ROOT = Path(__file__).parents[2]


def config(proof: Proof, application: Application, folder: Path) -> Path:
    file = folder / "config.toml"
    file.write_text(
        f'[sources.proof]\nurl = "{proof.url}"\nprofile = "{proof.system}"\n'
        f'[sources.proof.hooks.recover]\nurl = "{application.url}/{{job}}"\n'
    )
    return file


async def test_what_a_killed_process_did_not_live_to_see_is_not_called_and_can_be(
    proof: Proof, application: Application, tmp_path: Path
) -> None:
    jobs = await add_stuck(proof.world, "a", "b", "c")
    backend = await proof.console(hooks={"recover": Hook("recover", f"{application.url}/{{job}}")})
    words = ["recover", "--yes", "--source", "proof", "--config", str(config(proof, application, tmp_path))]
    process = subprocess.Popen(
        [sys.executable, "-m", "unstick.cli", *words], cwd=ROOT, stdout=subprocess.DEVNULL
    )

    def die(call: Call) -> int:
        os.kill(process.pid, signal.SIGKILL)
        return 204

    application.answer = die
    assert await asyncio.to_thread(process.wait, 60) == -signal.SIGKILL

    [operation] = await settled(backend)
    await check_books(proof, backend, jobs, operation.id)
    found = await backend.operation(operation.id)
    assert [row.hook for row in found.rows] == [NOT_CALLED] * 3
    first = {call.path: call.key for call in application.calls}

    application.answer = lambda call: 204
    application.calls.clear()
    await call_again(backend, found)
    assert application.paths == sorted(f"/{job}" for job in jobs)
    assert all(first.get(call.path, call.key) == call.key for call in application.calls)
    assert due_rows(await backend.operation(operation.id)) == ()
