"""`unstick config migrate`, and what others say of a file that is written for an older format."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from unstick.cli import main
from unstick.recovery.config import load_config

TEXT = """\
# mine
[sources.a]
url = "postgresql://ann:s3cret@db/x"
refresh = 5  # seconds
thresholds = { stuck = 30, other = "never" }
"""
NEW = f"version = 2\n\n{TEXT}".replace("= 5 ", '= "5s" ').replace("30", '"30m"')


@pytest.fixture
def file(home: Path) -> Path:
    """The configuration file, of format 1."""
    path = home / ".config" / "unstick" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(TEXT)
    return path


def test_what_would_change_is_shown_and_nothing_is_written(cli: Cli, file: Path) -> None:
    ran = cli("config", "migrate")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        f"{file}:1: version: (not there) -> 2",
        f'{file}:4: sources.a.refresh: 5 -> "5s"',
        f'{file}:5: sources.a.thresholds.stuck: 30 -> "30m"',
    ]
    assert "format 1 -> 2: every duration has its unit" in ran.err
    assert "3 changes, nothing was written: `unstick config migrate --apply` writes it" in ran.err
    assert file.read_text() == TEXT
    assert [each.name for each in file.parent.iterdir()] == ["config.toml"]


def test_it_is_written_once(cli: Cli, file: Path) -> None:
    ran = cli("config", "migrate", "--apply")
    assert ran.code == 0
    assert f"written: {file}; the old file is kept as {file}.format-1" in ran.err
    assert file.read_text() == NEW
    again = cli("config", "migrate", "--apply")
    assert (again.code, again.out) == (0, "")
    assert f"nothing to do: {file} is of format 2" in again.err
    assert file.read_text() == NEW
    assert Path(f"{file}.format-1").read_text() == TEXT


def test_the_object_tells_the_same(cli: Cli, file: Path) -> None:
    shown = cli("config", "migrate", "--json").json
    assert (shown["format"], shown["newest"], shown["written"], shown["kept"]) == (1, 2, False, None)
    assert shown["changes"][0] == {"line": 1, "key": "version", "before": None, "after": "2"}
    written = cli("config", "migrate", "--apply", "--json").json
    assert written == {**shown, "written": True, "kept": f"{file}.format-1"}
    current = cli("config", "migrate", "--apply", "--json").json
    assert (current["format"], current["changes"], current["written"]) == (2, [], False)


def test_without_a_file_there_is_nothing_to_do(cli: Cli, home: Path) -> None:
    ran = cli("config", "migrate", "--apply")
    assert (ran.code, ran.out) == (0, "")
    assert "nothing to do: there is no configuration file" in ran.err
    assert cli("config", "migrate", "--json").json["file"] is None


def test_a_file_with_mistakes_is_refused_with_the_usual_sentence(cli: Cli, file: Path) -> None:
    file.write_text(TEXT + "refrsh = 3\n")
    ran = cli("config", "migrate", "--apply")
    assert ran.code == 2
    assert f"{file}:6: sources.a.refrsh: there is no such key; did you mean refresh?" in ran.err
    assert file.read_text() == TEXT + "refrsh = 3\n"


def test_a_file_that_can_not_be_written_is_one_sentence(cli: Cli, file: Path) -> None:
    Path(f"{file}.format-1").mkdir()
    ran = cli("config", "migrate", "--apply")
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert f"{file}" in ran.err
    assert file.read_text() == TEXT


def test_applying_belongs_to_migrating(cli: Cli, file: Path) -> None:
    ran = cli("config", "show", "--apply")
    assert (ran.code, ran.out) == (2, "")
    assert "--apply belongs to unstick config migrate" in ran.err


def test_an_older_format_is_told_of_until_it_is_migrated(
    cli: Cli, file: Path, sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    note = f"note: {file} is written for format 1; `unstick config migrate` shows it in format 2"

    def told(*argv: str) -> int:
        capsys.readouterr()
        main(list(argv))
        return capsys.readouterr().err.splitlines().count(note)

    file.write_text(f'[sources.a]\nurl = "{sqlite_url}"\n')
    assert (told("config", "show"), told("doctor"), told("config", "path")) == (1, 1, 0)
    assert cli("config", "show", "--json").json["format"] == 1
    cli("config", "migrate", "--apply")
    assert (told("config", "show"), told("doctor")) == (0, 0)
    assert cli("config", "show", "--json").json["format"] == 2


def test_a_named_file_is_named_in_what_to_do_next(cli: Cli, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "my config.toml"
    file.rename(other)
    shown = cli("config", "show", "--config", str(other)).err
    assert f"`unstick config migrate --config '{other}'`" in shown
    assert f"--apply --config '{other}'" in cli("config", "migrate", "--config", str(other)).err


@pytest.mark.parametrize("what", ["show", "path", "schema"])
def test_only_migrating_imports_what_rewrites(file: Path, what: str) -> None:
    code = "import sys; from unstick.cli import main; main(sys.argv[1:]); assert 'tomlkit' not in sys.modules"
    subprocess.run([sys.executable, "-c", code, "config", what], check=True, capture_output=True)


def test_a_new_source_is_written_in_the_files_own_format(cli: Cli, file: Path, tmp_path: Path) -> None:
    import asyncio

    from tests.systems.databases import create_tables

    url = f"sqlite:///{tmp_path}/new.db"
    asyncio.run(create_tables(url, "artitec"))
    file.unlink()
    ran = cli("init", url, "--yes")
    assert file.read_text().startswith("version = 2\n\n[sources.new]\n")
    assert file.read_text() in ran.out
    assert load_config(None, {}).format == 2
    file.write_text(TEXT)
    assert cli("init", url, "--yes").code == 0
    assert file.read_text().startswith(f"{TEXT}\n[sources.new]\n")
    assert load_config(None, {}).format == 1
