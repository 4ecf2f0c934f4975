"""TLS to real servers: what each mode accepts and refuses, in the URL and as a source's settings."""

import os
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest
import sqlalchemy as sa

from tests.harness.certificates import Authority
from tests.harness.mariadb import MariaDBServer
from tests.harness.pgbouncer import PgBouncer
from tests.harness.postgres import PostgresServer, server_user
from tests.harness.server import PASSWORD, USER, private_folder
from unstick.backends.sql.session import make_session
from unstick.recovery.errors import UnstickError
from unstick.recovery.source import Source

MODES = {
    "disable": "disabled",
    "prefer": "preferred",
    "require": "required",
    "verify-ca": "verify_ca",
    "verify-full": "verify_identity",
}


@pytest.fixture(scope="module")
def authority() -> Authority:
    folder = private_folder("tls")
    folder.chmod(0o755)
    return Authority(folder)


@pytest.fixture(scope="module")
def stranger(authority: Authority) -> Authority:
    """Another authority, which signed nothing here."""
    return Authority(authority.file.parent, "stranger")


@pytest.fixture(scope="module")
def postgres(authority: Authority, postgres_server: PostgresServer) -> Iterator[PgBouncer]:
    """PgBouncer speaks TLS; the PostgreSQL of the tests was built without."""
    certificate, key = authority.certificate("postgres", "localhost")
    user = server_user()
    if user is not None:
        os.chown(key, user, -1)
    names = ("client_tls_cert_file", "client_tls_key_file")
    given = {"client_tls_sslmode": "allow", **dict(zip(names, (str(certificate), str(key)), strict=True))}
    with PgBouncer(postgres_server, mode="session", settings=given) as server:
        yield server


@pytest.fixture(scope="module")
def mariadb(authority: Authority) -> Iterator[MariaDBServer]:
    certificate, key = authority.certificate("mariadb", "localhost")
    with MariaDBServer(settings={"ssl-cert": str(certificate), "ssl-key": str(key)}) as server:
        yield server


@pytest.fixture(params=["postgresql", "mysql"])
def url(request: pytest.FixtureRequest) -> str:
    """A server with a certificate for the name localhost."""
    name = {"postgresql": "postgres", "mysql": "mariadb"}[request.param]
    database = {"postgresql": "postgres", "mysql": "mysql"}[request.param]
    made: str = request.getfixturevalue(name).url(database)
    return made.replace("127.0.0.1", "localhost")


@pytest.fixture(params=["postgresql", "mysql"])
def plain_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server without TLS."""
    if request.param == "postgresql":
        yield request.getfixturevalue("postgres_server").url()
        return
    with MariaDBServer(settings={"skip-ssl": "1"}) as server:
        yield server.url()


async def encrypted(url: str, **tls: str) -> bool:
    """Connect; whether it was with TLS."""
    session = make_session(Source("s", url, tls=tls), write=False)
    try:
        return await session.run(_is_encrypted)
    finally:
        await session.close()


def _is_encrypted(connection: sa.Connection) -> bool:
    driver = connection.connection.driver_connection
    assert driver is not None
    if isinstance(driver, pymysql.Connection):
        row = connection.execute(sa.text("SHOW STATUS LIKE 'Ssl_cipher'")).first()
        return bool(row and row[-1])
    connection.execute(sa.text("SELECT 1"))
    return driver._transport.get_extra_info("ssl_object") is not None


def with_options(url: str, mode: str, ca: Path | None = None) -> str:
    """The URL with the options that its own clients know."""
    if url.startswith("postgres"):
        return f"{url}?sslmode={mode}" + (f"&sslrootcert={ca}" if ca else "")
    return f"{url}?ssl-mode={MODES[mode].upper()}" + (f"&ssl-ca={ca}" if ca else "")


@pytest.mark.parametrize(
    ("mode", "secure"),
    [("disable", False), ("prefer", True), ("require", True), ("verify-ca", True), ("verify-full", True)],
)
async def test_each_mode_works_with_the_right_authority(
    url: str, authority: Authority, mode: str, secure: bool
) -> None:
    ca = authority.file if mode.startswith("verify") else None
    assert await encrypted(with_options(url, mode, ca)) is secure
    assert await encrypted(url, **{"mode": mode} | ({"ca": str(ca)} if ca else {})) is secure


async def test_an_authority_alone_means_to_verify(
    url: str, authority: Authority, stranger: Authority
) -> None:
    assert await encrypted(url, ca=str(authority.file))
    with pytest.raises(UnstickError, match="give the authority that signed it"):
        await encrypted(url, ca=str(stranger.file))


@pytest.mark.parametrize("mode", ["verify-ca", "verify-full"])
async def test_another_authority_is_refused_in_one_sentence(url: str, stranger: Authority, mode: str) -> None:
    for made, tls in (
        (with_options(url, mode, stranger.file), {}),
        (url, {"mode": mode, "ca": str(stranger.file)}),
    ):
        with pytest.raises(
            UnstickError, match="give the authority that signed it with sslrootcert"
        ) as caught:
            await encrypted(made, **tls)
        assert "\n" not in str(caught.value)
        assert "_ssl.c" not in str(caught.value)
        assert PASSWORD not in str(caught.value)


async def test_another_name_is_refused_where_names_count(url: str, authority: Authority) -> None:
    by_address = url.replace("localhost", "127.0.0.1")
    ca = str(authority.file)
    assert await encrypted(by_address, mode="verify-ca", ca=ca)
    with pytest.raises(UnstickError, match="it is for another host"):
        await encrypted(by_address, mode="verify-full", ca=ca)


async def test_what_the_url_says_goes_before_the_settings(url: str, stranger: Authority) -> None:
    assert not await encrypted(with_options(url, "disable"), mode="verify-full", ca=str(stranger.file))


@pytest.mark.parametrize("mode", ["require", "verify-full"])
async def test_a_server_without_tls_is_told_about(plain_url: str, authority: Authority, mode: str) -> None:
    with pytest.raises(UnstickError, match="this server has no TLS: set it up there, or ask for less"):
        await encrypted(plain_url, mode=mode, ca=str(authority.file))
    assert not await encrypted(plain_url, mode="prefer")


@pytest.mark.parametrize(
    ("tls", "says"),
    [
        ({"mode": "verify"}, "tls.mode can't be 'verify'; did you mean verify-ca"),
        (
            {"mode": "verify-full", "ca": "/no/such.pem"},
            r"there is no file /no/such.pem \(tls.ca\); check its path",
        ),
        ({"mode": "require", "cert": "/no/such.pem"}, r"there is no file /no/such.pem \(tls.cert\)"),
    ],
)
async def test_settings_that_make_no_sense_are_named(url: str, tls: dict[str, str], says: str) -> None:
    with pytest.raises(UnstickError, match=says):
        await encrypted(url, **tls)


async def test_a_file_that_is_no_certificate_is_named(url: str, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("no certificate")
    with pytest.raises(UnstickError, match="PEM files are needed") as caught:
        await encrypted(url, mode="verify-full", ca=str(file))
    assert str(file) in str(caught.value)


class TestPasswordFiles:
    async def test_pgpass_is_read(
        self, postgres: PgBouncer, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = home / ".pgpass"
        file.write_text(f"localhost:{postgres.port}:*:{USER}:{PASSWORD}\n")
        file.chmod(0o600)
        bare = f"postgresql://{USER}@localhost:{postgres.port}/postgres"
        assert await encrypted(bare)
        other = home / "elsewhere"
        file.rename(other)
        monkeypatch.setenv("PGPASSFILE", str(other))
        assert await encrypted(bare)

    async def test_one_that_others_can_read_is_ignored_and_told_about(
        self, postgres: PgBouncer, home: Path
    ) -> None:
        file = home / ".pgpass"
        file.write_text(f"*:*:*:*:{PASSWORD}\n")
        file.chmod(0o644)
        with pytest.raises(UnstickError, match=r"password file ~/\.pgpass is open to others"):
            await encrypted(f"postgresql://{USER}@localhost:{postgres.port}/postgres")

    async def test_variables_of_libpq_count(
        self, postgres: PgBouncer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, value in (
            ("PGHOST", "localhost"),
            ("PGPORT", str(postgres.port)),
            ("PGUSER", USER),
            ("PGPASSWORD", PASSWORD),
        ):
            monkeypatch.setenv(name, value)
        assert await encrypted("postgresql:///postgres")
        monkeypatch.setenv("PGSSLMODE", "disable")
        assert not await encrypted("postgresql:///postgres")

    async def test_a_service_file_counts(self, postgres: PgBouncer, home: Path) -> None:
        (home / ".pg_service.conf").write_text(
            f"[jobs]\nhost=localhost\nport={postgres.port}\nuser={USER}\npassword={PASSWORD}\n"
        )
        assert await encrypted("postgresql:///postgres?service=jobs")

    async def test_my_cnf_says_what_the_url_leaves_out(
        self, mariadb: MariaDBServer, home: Path, authority: Authority, stranger: Authority
    ) -> None:
        file = home / ".my.cnf"
        text = (
            f"!includedir /etc/none\n[client]\nuser={USER}\npassword='{PASSWORD}'\n"
            f"host = localhost\nport={mariadb.port}\n"
        )
        file.write_text(text)
        assert await encrypted("mysql:///mysql")
        assert await encrypted(f"mysql://localhost:{mariadb.port}/mysql")
        file.write_text(text + f"ssl-ca={stranger.file}\n")
        with pytest.raises(UnstickError, match="give the authority that signed it"):
            await encrypted("mysql:///mysql")
        file.write_text(text + f"ssl-ca={authority.file}\nssl-verify-server-cert\n")
        assert await encrypted("mysql:///mysql")
        assert await encrypted(f"mysql://{USER}:{PASSWORD}@127.0.0.1:{mariadb.port}/mysql?ssl-mode=REQUIRED")

    async def test_my_cnf_knows_the_socket(self, mariadb: MariaDBServer, home: Path) -> None:
        file = home / ".my.cnf"
        file.write_text(f"[client]\nuser={USER}\npassword={PASSWORD}\nsocket={mariadb.folder}/socket\n")
        assert await encrypted("mysql:///mysql", mode="disable") is False

    @pytest.mark.parametrize(
        ("text", "mode", "says"),
        [
            ("user=x\n", 0o600, r"~/.my.cnf:1: this is no option file"),
            ("[client]\nport=many\n", 0o600, r"~/.my.cnf: client.port: port has to be a number"),
            ("[client]\npassword=geheim\n", 0o666, r"can be written by everybody and is ignored: chmod 600"),
        ],
    )
    async def test_an_option_file_that_makes_no_sense_is_named(
        self, mariadb: MariaDBServer, home: Path, text: str, mode: int, says: str
    ) -> None:
        file = home / ".my.cnf"
        file.write_text(text)
        os.chmod(file, mode)
        with pytest.raises(UnstickError, match=says) as caught:
            await encrypted(f"mysql://{USER}@localhost:{mariadb.port}/mysql")
        assert "geheim" not in str(caught.value)
