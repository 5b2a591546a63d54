"""Userd on a PostgreSQL database of many users, and tokens of their sessions."""
import pathlib
import secrets

from driver.postgres import Postgres
from driver.service import Userd
from driver.signing import Hs256, Signer, refresh_secret

FIRST_USER = "first"


class Population:
    def __init__(self, folder: pathlib.Path, postgres: Postgres, users: int, sessions_each: int, **settings: str) -> None:
        """With the server's keys known, so that a token needs no login."""
        self._postgres = postgres
        self.database = postgres.new_database()
        self._secret_key, self._master_key = secrets.token_hex(32), secrets.token_hex(32)
        self.userd = Userd(
            folder, "HS256", DATABASE_URL=postgres.url(self.database), SECRET_KEY=self._secret_key,
            MASTER_KEY=self._master_key, **settings)
        self.userd.start()
        try:
            self.userd.register([FIRST_USER])
            self.userd.log_in([FIRST_USER])
            postgres.fill(self.database, users - 1, sessions_each)
        except BaseException:
            self.userd.stop()
            raise

    def names(self, count: int) -> list[str]:
        """Of as many users, in no order."""
        return [name for name, in self._postgres.query(
            "SELECT username FROM users ORDER BY random() LIMIT %s", (count,), self.database)]

    def tokens(self, count: int) -> tuple[list[str], list[str]]:
        """Fresh access and refresh tokens of as many living sessions, in no order."""
        sessions = self._postgres.query(
            "SELECT id::text, user_id::text, generation FROM sessions WHERE ended_at IS NULL ORDER BY random() LIMIT %s",
            (count,), self.database)
        pair = self.userd.log_in([FIRST_USER])[0]
        access = Signer(pair["access_token"], Hs256(self._secret_key.encode()))
        refresh = Signer(pair["refresh_token"], Hs256(refresh_secret(self._master_key)))
        return ([access.token(user, session) for session, user, _ in sessions],
                [refresh.token(user, session, jti=f"{session}.{generation}") for session, user, generation in sessions])
