"""Configuration, profiles, doctor, migrate, the console's start, and hostile text."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from unstick.backends.demo.database import create
from unstick.backends.demo.hostile import TEXTS
from unstick.cli import main
from unstick.recovery.memory import MemoryBackend
from unstick.recovery.port import Backend
from unstick.recovery.source import Source

UNSAFE = {*map(chr, range(32)), "\x7f", *map(chr, range(0x80, 0xA0)), *"\u200b\u200d\u202e\u2066\ufeff"} - {
    "\n"
}


def test_hostile_text_is_inert_in_human_output(cli: Cli) -> None:
    for number, text in enumerate(TEXTS.values()):
        job = cli.backend.worker.add(f"9{number}", "failed", kind=text[:50], error=text)
        cli.backend.worker.add_event(job, text)
        for argv in (("show", job), ("retry", job, "--dry-run")):
            ran = cli(*argv)
            assert ran.code == 0
            assert not UNSAFE & set(ran.out + ran.err), text
    ran = cli("jobs", "--limit", "0")
    assert not UNSAFE & set(ran.out + ran.err)
    assert cli("jobs", "--json", "--limit", "0").out.isascii()


def test_hostile_arguments_are_inert_too(cli: Cli) -> None:
    for text in TEXTS.values():
        for argv in (("show", text), ("jobs", "--filter", text), ("operations", text), (text,)):
            ran = cli(*argv)
            assert not UNSAFE & set(ran.err), argv


def test_config_path_and_schema(cli: Cli, home: Path) -> None:
    assert cli("config", "path").out.strip() == str(home / ".config" / "unstick" / "config.toml")
    assert cli("config", "path", "--json").json["exists"] is False
    assert "sources" in cli("config", "schema").json["properties"]


def test_config_show_tells_who_won(prod: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNSTICK_REFRESH", "3s")
    live = prod("config", "show", "--json").json["sources"]["live"]
    assert live["refresh"] == {"value": 3.0, "origin": "UNSTICK_REFRESH"}
    assert live["read_only"] == {"value": True, "origin": "environment is prod"}
    assert live["url"]["value"] == "postgresql://ann:***@db/jobs"
    assert live["url"]["origin"].endswith("config.toml:2")
    shown = prod("config", "show", "--origin").out
    assert "UNSTICK_REFRESH" in shown
    assert "s3cret" not in shown


def test_config_show_names_the_themes_and_what_is_wrong_with_ones_own(cli: Cli, home: Path) -> None:
    folder = home / ".config" / "unstick" / "themes"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text('base = "dark"\n')
    (folder / "pale.toml").write_text('base = "dark"\n[colours]\ndim = "#333333"\n')
    (folder / "broken.toml").write_text('base = "dark"\n\n[colours]\nstcuk = "#333333"\n')
    shown = cli("config", "show")
    assert "themes: dark, light, " in shown.out
    assert "prod-red, mine, pale" in shown.out
    assert "broken.toml:4: colours.stcuk: is not a colour of a theme; did you mean stuck?" in shown.err
    assert "theme pale is hard to read" in shown.err
    told = cli("config", "show", "--json").json
    assert told["themes"][-2:] == ["mine", "pale"]
    assert len(told["theme_problems"]) == 2


def test_config_show_runs_no_command(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('[sources.a]\nurl_command = "touch ran"\n[sources.b]\nurl_env = "NOT_SET"\n')
    shown = cli("config", "show", "--config", str(file)).out
    assert "printed by: touch ran" in shown
    assert "$NOT_SET" in shown


def test_a_wrong_configuration_names_file_line_and_key(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('[sources.a]\nurl = "sqlite:///x"\nrefesh = 3\n')
    ran = cli("jobs", "--config", str(file))
    assert ran.code == 2
    assert f"{file}:3: sources.a.refesh" in ran.err
    assert "did you mean refresh?" in ran.err


def test_profiles(cli: Cli) -> None:
    names = {info["name"] for info in cli("profiles", "--json").json["profiles"]}
    assert {"artitec", "extraction"} <= names
    assert "artitec" in cli("profiles").out
    assert 'name = "artitec"' in cli("profiles", "artitec").out
    ran = cli("profiles", "artitek")
    assert ran.code == 2
    assert "did you mean artitec?" in ran.err


@pytest.fixture
def demo(tmp_path: Path) -> str:
    return f"sqlite:///{create(tmp_path)['extraction']}"


@pytest.fixture
def bare(cli: Cli, demo: str) -> str:
    """A database that has no journal of its own yet."""
    assert cli("migrate", "--source", demo, "--rollback", "--apply", "--yes").code == 0
    return demo


def test_doctor(cli: Cli, demo: str, tmp_path: Path) -> None:
    found = cli("doctor", "--source", demo, "--json").json
    assert found["ok"] is True
    assert set(found["checks"][0]) == {"name", "ok", "note", "detail", "advice"}
    ran = cli("doctor", "--source", f"sqlite:///{tmp_path}/none.db")
    assert ran.code in (1, 3)
    assert "Traceback" not in ran.err


def test_migrate_shows_applies_and_takes_away(cli: Cli, bare: str) -> None:
    def migrate(*more: str) -> list[str]:
        ran = cli("migrate", "--source", bare, "--json", *more)
        assert ran.code == 0, ran
        sql: list[str] = json.loads(ran.out)["sql"]
        return sql

    statements = migrate()
    assert any("CREATE TABLE" in statement for statement in statements)
    assert migrate() == statements
    assert cli("migrate", "--source", bare, "--apply").code == 2
    assert cli("migrate", "--source", bare, "--apply", "--yes", "--read-only").code == 3
    assert migrate("--apply", "--yes") == statements
    assert migrate() == []
    assert any("DROP TABLE" in statement for statement in migrate("--rollback"))
    migrate("--rollback", "--apply", "--yes")
    assert migrate() == statements


def test_migrate_asks_on_a_terminal(cli: Cli, bare: str) -> None:
    assert cli("migrate", "--source", bare, "--apply", answers="n\n").code == 2
    assert cli("migrate", "--source", bare, "--apply", answers="y\n").code == 0


def test_bare_unstick_opens_the_console(
    cli: Cli, prod: Cli, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    seen: dict[str, object] = {}

    def run_console(sources: Sequence[tuple[Callable[[], Backend], Source]], **options: object) -> int:
        seen.update(options, names=[source.name for _, source in sources])
        for make, _ in sources:
            make()
        return 7

    monkeypatch.setattr("unstick.tui.app.run_console", run_console)
    monkeypatch.setattr("unstick.cli.console.require_terminal", lambda session: None)
    monkeypatch.setenv("UNSTICK_THEME", "light")
    assert cli("--ascii").code == 7
    assert (seen["theme"], seen["ascii"], seen["keymap"]) == ("light", True, {})
    assert cli.opened[-1].name == "live"
    assert cli("sqlite:///other.db", "--theme", "dark").code == 7
    assert (cli.opened[-1].name, seen["theme"]) == ("other.db", "dark")
    assert cli("--source", "live", "--write").code == 7
    assert cli.opened[-1].read_only is False
    assert cli("--source", "live", "sqlite:///other.db").code == 7
    assert seen["names"] == ["live", "other.db"]


def test_a_profile_of_ones_own_with_a_mistake_is_told_about(
    cli: Cli, demo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.toml"
    own.write_text('name = "own"\ntitel = "Mine"\n')
    monkeypatch.setattr("unstick.backends.profile.load.user_folder", lambda: tmp_path)
    ran = cli("profiles")
    assert (ran.code, "can't be used" in ran.out) == (0, True)
    assert f"{own}:2: titel: there is no such key" in ran.err
    problems = {info["name"]: info["problem"] for info in cli("profiles", "--json").json["profiles"]}
    assert [name for name, problem in problems.items() if problem] == ["own"]
    ran = cli("doctor", "--source", demo)
    assert (ran.code, f"{own}:2: titel" in ran.out) == (1, True)
    assert main(["jobs", "--source", demo, "--json"]) == 0
    assert main(["jobs", "--source", demo, "--limit", "1"]) == 0


def test_problems_of_a_source_are_told_on_stderr(cli: Cli) -> None:
    def troubled(backend: MemoryBackend) -> None:
        known = backend.capabilities
        monkey.setattr(
            MemoryBackend, "capabilities", property(lambda _: replace(known, problems=("mind\x1b[31m this",)))
        )

    with pytest.MonkeyPatch.context() as monkey:
        cli.prepare = troubled
        ran = cli("jobs", "--json")
    assert ran.json["jobs"]
    assert "note: mind\\x1b[31m this" in ran.err
