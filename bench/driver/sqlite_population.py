"""Userd on a SQLite database of many users, and tokens of their sessions."""
import collections.abc
import contextlib
import pathlib
import secrets
import sqlite3
import subprocess
import tempfile

from driver.service import USERD, Userd
from driver.signing import Es256, Hs256, Signer, refresh_secret
from driver.sqlite_fill import Session, fill

FIRST_USER = "first"
COMMAND_SECONDS = 30


class SqlitePopulation:
    """Its userd serves only while it is measured: with a million sessions one that is idle has work too."""

    def __init__(self, folder: pathlib.Path, users: int, sessions_each: int) -> None:
        self._folder = folder
        self._secret_key, self._master_key = secrets.token_hex(32), secrets.token_hex(32)
        userd = self._userd("HS256").start()
        try:
            userd.register([FIRST_USER])
            userd.log_in([FIRST_USER])
        finally:
            userd.stop()
        self.database = userd.database
        self._sessions: list[Session] = fill(self.database, users - 1, sessions_each)

    @contextlib.contextmanager
    def serving(self, algorithm: str, under: list | None = None, **settings: str) -> collections.abc.Iterator["Serving"]:
        """`under` is the command of a tool that looks on."""
        userd = self._userd(algorithm, **settings)
        userd.under = under or []
        userd.start()
        try:
            key = Hs256(self._secret_key.encode()) if algorithm == "HS256" else self._sign_with_own_key(userd)
            yield Serving(userd, self._sessions, key, Hs256(refresh_secret(self._master_key)))
        finally:
            userd.stop()

    def _userd(self, algorithm: str, **settings: str) -> Userd:
        secret = {"SECRET_KEY": self._secret_key} if algorithm == "HS256" else {}
        return Userd(self._folder, algorithm, MASTER_KEY=self._master_key, **secret, **settings)

    def _sign_with_own_key(self, userd: Userd) -> Es256:
        """Lets the server sign with a key made here, as its administrator may."""
        key = Es256()
        with tempfile.NamedTemporaryFile(dir=self._folder) as file:
            file.write(key.pem())
            file.flush()
            for arguments in ["import", file.name], ["rotate", "--now"]:
                subprocess.run([USERD, "keys", *arguments], cwd=self._folder, env=userd.environment, check=True,
                               stdout=subprocess.DEVNULL, timeout=COMMAND_SECONDS)
        return key


class Serving:
    """A population's userd that runs, and the keys that it signs with."""

    def __init__(self, userd: Userd, sessions: list[Session], key: Hs256 | Es256, refresh_key: Hs256) -> None:
        self.userd = userd
        self._sessions, self._key, self._refresh_key = sessions, key, refresh_key

    def access_tokens(self, count: int) -> list[str]:
        """Fresh ones of as many sessions, in no order."""
        signer = Signer(self._genuine("access_token"), self._key)
        return [signer.token(str(each.user), str(each.id)) for each in self._first(count)]

    def refresh_tokens(self, count: int) -> list[str]:
        """The current ones of as many sessions: of those that access_tokens() gives too."""
        signer = Signer(self._genuine("refresh_token"), self._refresh_key)
        with contextlib.closing(sqlite3.connect(f"file:{self.userd.database}?mode=ro", uri=True)) as database:
            def generation(session: Session) -> int:
                return database.execute("SELECT generation FROM sessions WHERE id = ?", (session.id.bytes,)).fetchone()[0]

            return [signer.token(str(each.user), str(each.id), jti=f"{each.id}.{generation(each)}")
                    for each in self._first(count)]

    def names(self, count: int) -> list[str]:
        """Of as many users, in no order; their password is the first user's."""
        return [each.username for each in self._first(count)]

    def _first(self, count: int) -> list[Session]:
        if count > len(self._sessions):
            raise ValueError(f"{len(self._sessions)} sessions are known, not {count}")
        return self._sessions[:count]

    def _genuine(self, kind: str) -> str:
        return self.userd.log_in([FIRST_USER])[0][kind]
