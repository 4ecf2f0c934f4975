"""The wheel holds all of the five folders, under `unstick`, and nothing else."""

import subprocess
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.arch.checkout import ROOT, folders, relative, tracked

DATA = {".toml", ".sql", ".tcss"}
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
DATA_FOLDER = f"unstick-{VERSION}.data/data/"
"""What a wheel puts below the environment's own folder instead of into site-packages."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run([ROOT / "scripts" / "wheel", folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    return ZipFile(path)


def test_the_wheel_puts_only_unstick_into_site_packages(wheel: ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist() if not name.startswith(DATA_FOLDER)}
    (metadata,) = tops - {"unstick"}
    assert metadata.endswith(".dist-info")


def test_the_manual_page_goes_where_man_looks_and_nothing_else_goes_beside_site_packages(
    wheel: ZipFile,
) -> None:
    beside = [name for name in wheel.namelist() if name.startswith(DATA_FOLDER)]
    assert beside == [f"{DATA_FOLDER}share/man/man1/unstick.1"]
    assert wheel.read(beside[0]) == (ROOT / "docs" / "unstick.1").read_bytes()


def test_unstick_is_a_namespace(wheel: ZipFile) -> None:
    beside = {name for name in wheel.namelist() if name.startswith("unstick/") and name.count("/") == 1}
    assert not beside, "files here would keep other distributions from adding to the namespace"


def test_every_module_and_data_file_is_in_the_wheel(wheel: ZipFile) -> None:
    wanted = {
        f"{name.replace('.', '/')}/{path.relative_to(folder).as_posix()}"
        for name, folder in folders().items()
        for path in tracked()
        if path.is_relative_to(folder) and (path.suffix in {".py", *DATA} or path.name == "py.typed")
    }
    missing = wanted - set(wheel.namelist())
    assert not missing


def test_every_folder_says_that_it_is_typed() -> None:
    assert all((folder / "py.typed").exists() for folder in folders().values())


def test_every_folder_with_modules_is_a_package() -> None:
    homes = {path.parent for folder in folders().values() for path in folder.rglob("*.py")}
    without = [relative(home) for home in homes if not (home / "__init__.py").exists()]
    assert not without


def test_the_console_script_is_declared(wheel: ZipFile) -> None:
    (entry_points,) = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert "unstick = unstick.cli:main" in wheel.read(entry_points).decode()


def test_the_licence_ships(wheel: ZipFile) -> None:
    assert any(Path(name).name == "LICENSE" for name in wheel.namelist())
