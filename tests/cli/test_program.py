"""The program itself: what it imports, how it fails, what it never prints."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from unstick.backends import profile_text
from unstick.cli.verbs import VERBS

HEAVY = ("textual", "rich", "sqlalchemy", "pydantic", "asyncpg", "pymysql", "argcomplete")
RUN = """
import sys
from unstick.cli import main
code = main(sys.argv[1:])
print(code, sorted({name.split('.')[0] for name in sys.modules} & set(%r)), file=sys.stderr)
""" % (HEAVY,)  # noqa: UP031 - braces are part of the program


def imported(*argv: str) -> tuple[str, list[str]]:
    """The exit code, and which of the heavy packages a command line imported."""
    done = subprocess.run([sys.executable, "-c", RUN, *argv], capture_output=True, text=True, check=False)
    code, _, names = done.stderr.splitlines()[-1].partition(" ")
    return code, [name.strip("' ") for name in names.strip("[]").split(",") if name]


def unstick(*argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "unstick.cli", *argv],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **environ},
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a demo database."""
    from unstick.backends.demo.database import create

    return f"sqlite:///{create(tmp_path_factory.mktemp('demo'))['artitec']}"


@pytest.mark.parametrize("argv", [("--help",), ("--version",), *((verb, "--help") for verb in VERBS)])
def test_help_imports_nothing_heavy(argv: tuple[str, ...]) -> None:
    assert imported(*argv) == ("0", [])


def test_help_imports_no_event_loop() -> None:
    done = subprocess.run([sys.executable, "-X", "importtime", "-m", "unstick.cli", "--help"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    names = [line.rpartition("|")[2].strip() for line in done.stderr.splitlines()]
    assert "unstick.cli.parser" in names
    assert "asyncio" not in names


@pytest.mark.parametrize(
    "argv",
    [
        ("jobs",),
        ("jobs", "--stuck", "--check"),
        ("recover", "--dry-run"),
        ("retry", "--filter", "state:failed", "--dry-run"),
        ("operations",),
        ("history",),
        ("stats",),
        ("doctor",),
        ("migrate",),
        ("profiles",),
        ("config", "show"),
        ("config", "schema"),
    ],
)
def test_headless_verbs_never_import_textual(argv: tuple[str, ...], demo: str) -> None:
    code, names = imported(*argv, "--source", demo)
    assert code in ("0", "5")
    assert not {"textual", "rich"} & set(names)


UNUSED = (
    *(
        "sqlalchemy.dialects.mysql",
        "sqlalchemy.dialects.postgresql",
        "sqlalchemy.orm",
        "asyncpg",
        "pymysql",
        "httpx",
    ),
    *("unstick.recovery.config.model", "unstick.recovery.sweeping", "unstick.backends.sql.engines.mysql"),
    *(
        "unstick.backends.sql.engines.postgresql",
        "unstick.backends.sql.privileges",
        "unstick.backends.sql.undo",
    ),
    *("unstick.backends.sql.writer", "unstick.backends.sql.planning"),
)


def test_jobs_of_a_sqlite_file_import_nothing_of_other_databases_nor_of_writing(
    demo: str, tmp_path: Path
) -> None:
    profile, file = tmp_path / "artitec.toml", tmp_path / "config.toml"
    profile.write_text(profile_text("artitec"))
    file.write_text(f'[sources.a]\nurl = "{demo}"\nprofile = "{profile}"\nrefresh = "5s"\n')
    code = (
        "import sys; from unstick.cli import main; code = main(sys.argv[1:])\n"
        f"print(code, set({UNUSED}) & set(sys.modules))"
    )
    argv = (sys.executable, "-c", code, "jobs", "--json", "--config", str(file))
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 set()"


def test_a_mistake_is_one_sentence_without_a_traceback() -> None:
    done = unstick("jobs", "--source", "oracle://ann:s3cret@db/x")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "s3cret" not in done.stderr


@pytest.mark.parametrize("json", [[], ["--json"]])
@pytest.mark.parametrize("url", ["postgresql://ann:s3cret@127.0.0.1:1/x", "mysql://ann:s3cret@127.0.0.1:1/x"])
def test_a_database_that_is_not_there(url: str, json: list[str]) -> None:
    done = unstick("jobs", "--source", url, *json)
    assert done.returncode == 3
    assert "s3cret" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    done = unstick("jobs", "--source", f"sqlite:///{tmp_path}/none.db")
    assert done.returncode == 3
    assert not (tmp_path / "none.db").exists()


def test_no_password_in_shown_configuration(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('[sources.a]\nurl = "mysql://ann:s3cret@db/x?ssl_password=s3cret"\n')
    for more in ([], ["--origin"], ["--json"]):
        done = unstick("config", "show", "--config", str(file), *more)
        assert done.returncode == 0
        assert "ann" in done.stdout
        assert "s3cret" not in done.stdout + done.stderr


def test_a_reader_that_goes_away_is_no_error(demo: str) -> None:
    command = (
        f'"{sys.executable}" -m unstick.cli jobs --source "{demo}" --json | true; echo "${{PIPESTATUS[0]}}"'
    )
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_an_ascii_terminal_gets_escapes_instead_of_an_error(demo: str) -> None:
    done = unstick("jobs", "--source", demo, PYTHONIOENCODING="ascii")
    assert done.returncode == 0


def test_the_console_needs_a_terminal(demo: str) -> None:
    done = unstick(demo)
    assert done.returncode == 2
    assert "unstick jobs" in done.stderr


def test_the_demo_prints_the_urls_of_its_databases(tmp_path: Path) -> None:
    done = unstick("demo", "--path", "--dir", str(tmp_path))
    urls = done.stdout.split()
    assert done.returncode == 0
    assert {Path(url.removeprefix("sqlite:///")).parent for url in urls} == {tmp_path}
    assert all(unstick("jobs", "--source", url).returncode == 0 for url in urls)


@pytest.mark.parametrize("argv", [("jobs", "--filter", "\udcff"), ("show", "\udcff")])
def test_bytes_that_are_no_text_are_refused_in_a_sentence(argv: tuple[str, ...], demo: str) -> None:
    done = unstick(*argv, "--source", demo)
    assert done.returncode == 2
    assert done.stderr == "unstick: '\\udcff' is not valid UTF-8; type it in a terminal that uses UTF-8\n"


def test_a_filter_of_the_greatest_size_is_taken(demo: str) -> None:
    most = " ".join("id:" + ",".join(f"a{number}*" for number in range(5)) for _ in range(100))
    done = unstick("jobs", "--source", demo, "--filter", most)
    assert (done.returncode, done.stderr) == (0, "artitec.sqlite3: no such jobs\n")
