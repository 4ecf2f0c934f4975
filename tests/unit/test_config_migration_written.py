"""A migrated configuration is put in place at once, the old one is kept, and whatever fails loses nothing."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.harness.postgres import server_user
from unstick.recovery.config.migration import plan_migration, write_migration
from unstick.recovery.errors import ConfigError

OLD = b"# mine\r\n[defaults]\r\nrefresh = 5 # kept\r\n"
NEW = b'version = 2\r\n\r\n# mine\r\n[defaults]\r\nrefresh = "5s" # kept\r\n'


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that belongs to somebody without privileges, who can get to it."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        (path / "config.toml").write_bytes(OLD)
        if (user := server_user()) is not None:
            for each in (path, path / "config.toml"):
                os.chown(each, user, -1)
        yield path
        path.chmod(0o755)


@contextmanager
def without_privileges() -> Iterator[None]:
    """Root may write everywhere: be somebody else for a while."""
    user, before = server_user(), os.geteuid()
    if user is not None:
        os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(before)


def migrate(file: Path) -> None:
    write_migration(plan_migration(str(file)))


def test_the_old_file_is_kept_and_mode_and_owner_stay(folder: Path) -> None:
    file = folder / "config.toml"
    file.chmod(0o640)
    before = file.stat()
    migrate(file)
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == {
        "config.toml": NEW,
        "config.toml.format-1": OLD,
    }
    for each in folder.iterdir():
        now = each.stat()
        assert (stat.S_IMODE(now.st_mode), now.st_uid, now.st_gid) == (0o640, before.st_uid, before.st_gid)


def test_again_there_is_nothing_to_do(folder: Path) -> None:
    file = folder / "config.toml"
    migrate(file)
    state = file.stat()
    assert not plan_migration(str(file)).changes
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (state.st_ino, state.st_mtime_ns)


def test_a_link_stays_a_link_and_the_old_file_lies_beside_the_real_one(folder: Path, tmp_path: Path) -> None:
    link = tmp_path / "unstick.toml"
    link.symlink_to(folder / "config.toml")
    migrate(link)
    assert link.is_symlink()
    assert link.read_bytes() == NEW
    assert not Path(f"{link}.format-1").exists()
    assert (folder / "config.toml.format-1").read_bytes() == OLD


def read_only_folder(folder: Path) -> None:
    folder.chmod(0o555)


def read_only_file(folder: Path) -> None:
    (folder / "config.toml").chmod(0o444)


@pytest.mark.parametrize(
    ("protect", "named"),
    [(read_only_folder, "config.toml.format-1"), (read_only_file, "config.toml")],
)
def test_what_may_not_be_written_stays_as_it_is(
    folder: Path, protect: Callable[[Path], None], named: str
) -> None:
    planned = plan_migration(str(folder / "config.toml"))
    protect(folder)
    with without_privileges(), pytest.raises(ConfigError) as caught:
        write_migration(planned)
    assert str(caught.value) == f"{folder / named}: can't be written: Permission denied"
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == {"config.toml": OLD}


def test_another_old_file_is_not_written_over(folder: Path) -> None:
    kept = folder / "config.toml.format-1"
    kept.write_text("older")
    with pytest.raises(ConfigError, match="move it away first"):
        migrate(folder / "config.toml")
    assert kept.read_text() == "older"
    assert (folder / "config.toml").read_bytes() == OLD


def test_the_same_old_file_may_be_there_already(folder: Path) -> None:
    file = folder / "config.toml"
    migrate(file)
    file.write_bytes(OLD)
    migrate(file)
    assert file.read_bytes() == NEW


def test_a_file_that_was_changed_meanwhile_is_left_alone(folder: Path) -> None:
    file = folder / "config.toml"
    planned = plan_migration(str(file))
    file.write_text("theme = 'dark'\n")
    with pytest.raises(ConfigError, match="changed meanwhile"):
        write_migration(planned)
    assert {each.name: each.read_text() for each in folder.iterdir()} == {"config.toml": "theme = 'dark'\n"}
