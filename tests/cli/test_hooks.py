"""Hooks on the command line: shown in the plan, told in the result, listed and called again."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cli.conftest import Cli
from tests.harness.application import Application, nobody
from unstick.backends.hooks import http
from unstick.recovery.hooks import Hook, Hooks
from unstick.recovery.memory import MemoryBackend

SECRET = "s3cret"


def configure(cli: Cli, url: str, **options: object) -> None:
    """Give the source in memory a hook for recover."""
    template = f"{url}/jobs/{{job}}/run?token={SECRET}".replace("://", f"://ann:{SECRET}@")
    headers = {"Authorization": f"Bearer {SECRET}"} if options.pop("header", False) else {}
    hook = Hook("recover", template, headers=headers, timeout_s=5.0)
    cli.backend = MemoryBackend.example(60, 5, hooks=Hooks({"recover": hook}, http))


@pytest.fixture
def hooked(cli: Cli, application: Application) -> Cli:
    configure(cli, application.url)
    return cli


def shown(url: str) -> str:
    return f"POST {url}/jobs/{{job}}/run?token=***".replace("://", "://ann:***@")


def failing(hooked: Cli, application: Application) -> str:
    """Recover everything while one job's hook fails; return the operation."""
    unlucky = hooked.stuck()[0]
    application.answer = lambda call: 503 if f"/{unlucky}/" in call.path else 204
    ran = hooked("recover", "--yes", "--json")
    assert ran.code == 1
    operation: str = ran.json["operation"]
    return operation


def test_a_dry_run_says_what_is_called_and_how_often(hooked: Cli, application: Application) -> None:
    ran = hooked("recover", "--dry-run")
    line = f"afterwards calls {shown(application.url)}, once for each changed row: 5 calls if all are changed"
    assert line in ran.out
    document = hooked("recover", "--dry-run", "--json").json
    assert document["hooks"] == [{"call": shown(application.url), "times": 5}]
    assert application.calls == []


def test_without_a_hook_there_is_none_in_the_document(cli: Cli) -> None:
    assert cli("recover", "--dry-run", "--json").json["hooks"] == []
    assert "afterwards" not in cli("recover", "--dry-run").out


def test_outcomes_are_part_of_the_rows_and_of_the_sum(hooked: Cli, application: Application) -> None:
    ran = hooked("recover", "--yes")
    assert (ran.code, len(application.calls)) == (0, 5)
    assert "hooks: 5 called" in ran.out
    assert {row["hook"] for row in hooked("operations", "op-0001", "--json").json["operation"]["rows"]} == {
        "204"
    }


def test_a_hook_that_failed_is_told_by_row_and_by_the_exit_code(
    hooked: Cli, application: Application
) -> None:
    application.status = 503
    ran = hooked("recover", "--yes")
    assert ran.code == 1
    assert ran.out.count("hook failed: 503 Service Unavailable") == 5
    assert "recover: 5 applied of 5 rows" in ran.out
    assert "hooks: 5 failed" in ran.out
    assert "unstick hooks op-0001 --retry" in ran.err


def test_the_journal_s_list_says_which_operation_lacks_hooks(hooked: Cli, application: Application) -> None:
    operation = failing(hooked, application)
    assert "1 hook missing" in hooked("operations").out
    [listed] = hooked("operations", "--json").json["operations"]
    assert (listed["id"], listed["hooks_due"]) == (operation, 1)


def test_the_hooks_of_an_operation_are_listed(hooked: Cli, application: Application) -> None:
    operation = failing(hooked, application)
    ran = hooked("hooks", operation)
    assert ran.code == 0
    assert ran.out.count("204") == 4
    assert "failed: 503 Service Unavailable" in ran.out
    assert "hooks: 4 called, 1 failed" in ran.out
    assert f"1 hook can be called again: unstick hooks {operation} --retry" in ran.err
    document = hooked("hooks", operation, "--json").json
    assert list(document) == [
        *("source", "profile", "operation", "action", "hook", "retried", "outcomes", "rows")
    ]
    assert document["outcomes"] == {"called": 4, "failed": 1, "not_called": 0}
    assert (document["hook"], document["retried"]) == (shown(application.url), False)
    assert [row["due"] for row in document["rows"]].count(True) == 1


def test_retry_calls_only_what_is_missing(hooked: Cli, application: Application) -> None:
    operation = failing(hooked, application)
    application.calls.clear()
    application.answer = lambda call: 200
    ran = hooked("hooks", operation, "--retry", "--yes", "--json")
    assert (ran.code, len(application.calls)) == (0, 1)
    assert (ran.json["retried"], ran.json["outcomes"]["called"]) == (True, 1)
    again = hooked("hooks", operation, "--retry", "--yes")
    assert (again.code, len(application.calls)) == (0, 1)
    assert f"no hook of {operation} is to be called" in again.err


def test_retry_that_fails_again_says_so(hooked: Cli, application: Application) -> None:
    operation = failing(hooked, application)
    ran = hooked("hooks", operation, "--retry", "--yes")
    assert ran.code == 1
    assert "hooks: 1 failed" in ran.out


def test_retry_asks_first(hooked: Cli, application: Application) -> None:
    operation = failing(hooked, application)
    before = len(application.calls)
    assert hooked("hooks", operation, "--retry").code == 2
    refused = hooked("hooks", operation, "--retry", answers="n\n")
    assert (refused.code, len(application.calls)) == (2, before)
    assert f"call {shown(application.url)} for 1 row" in refused.err
    dry = hooked("hooks", operation, "--retry", "--dry-run")
    assert (dry.code, len(application.calls)) == (0, before)
    assert "would call" in dry.err
    assert hooked("hooks", operation, "--retry", answers="y\n").code == 1
    assert len(application.calls) == before + 1


def test_retry_on_a_read_only_source_is_refused_but_may_be_looked_at(
    hooked: Cli, application: Application
) -> None:
    operation = failing(hooked, application)
    before = len(application.calls)
    ran = hooked("hooks", operation, "--retry", "--yes", "--read-only")
    assert (ran.code, len(application.calls)) == (3, before)
    assert "--write" in ran.err
    assert hooked("hooks", operation, "--retry", "--dry-run", "--read-only").code == 0


def test_options_of_retry_mean_nothing_without_it(hooked: Cli) -> None:
    assert "are for --retry" in hooked("hooks", "last", "--yes").err


def test_an_operation_without_hooks_says_so(cli: Cli) -> None:
    cli("recover", "--yes")
    ran = cli("hooks", "op-0001")
    assert (ran.code, ran.out) == (0, "")
    assert "op-0001 called no hook" in ran.err


def test_a_saved_plan_is_refused_when_the_hook_is_another_one(
    hooked: Cli, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = str(tmp_path_factory.mktemp("plans") / "plan.json")
    hooked("recover", "--dry-run", "--out", file)
    changed = Hook("recover", "http://other/")
    hooked.prepare = lambda backend: setattr(backend, "_hooks", Hooks({"recover": changed}, http))
    for more in (["--dry-run"], ["--yes"]):
        ran = hooked("apply", file, *more)
        assert ran.code == 2
        assert "is now configured with POST http://other/; make the plan again" in ran.err
    assert hooked("operations", "--json").json["operations"] == []


@pytest.mark.parametrize("refused", [False, True])
def test_no_secret_of_a_hook_is_ever_said(cli: Cli, application: Application, refused: bool) -> None:
    configure(cli, nobody() if refused else application.url, header=True)
    application.status = 500
    said = []
    for argv in (
        ("recover", "--dry-run"),
        ("recover", "--dry-run", "--json"),
        ("recover", "--yes"),
        ("operations", "op-0001"),
        ("operations", "op-0001", "--json"),
        ("hooks", "op-0001"),
        ("hooks", "op-0001", "--json"),
        ("hooks", "op-0001", "--retry", "--yes"),
    ):
        ran = cli(*argv)
        said.append(ran.out + ran.err)
    assert "hook failed" in said[2]
    assert not [text for text in said if SECRET in text]
    if not refused:
        assert {call.headers["authorization"] for call in application.calls} == {f"Bearer {SECRET}"}
        assert {call.path.partition("?")[2] for call in application.calls} == {f"token={SECRET}"}


def test_a_password_in_the_url_is_used(cli: Cli, application: Application) -> None:
    configure(cli, application.url)
    cli("recover", "--yes")
    # ann:s3cret, as HTTP has it.
    assert {call.headers["authorization"] for call in application.calls} == {"Basic YW5uOnMzY3JldA=="}


def test_nothing_of_http_is_imported_until_a_hook_is_called() -> None:
    code = "import sys, unstick.backends.sql.backend, unstick.cli.hooks; print('httpx' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
