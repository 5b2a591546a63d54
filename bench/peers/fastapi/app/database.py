from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends
from sqlmodel import Session, SQLModel, create_engine

from app import models  # noqa: F401: the tables
from app.settings import settings

# As many connections as there are threads for routes, so that none waits for a connection while its holder waits for
# a thread.
engine = create_engine(
    settings.DATABASE_URL, pool_size=settings.DATABASE_POOL_SIZE, max_overflow=settings.DATABASE_MAX_OVERFLOW)


def get_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


def create_tables() -> None:
    SQLModel.metadata.create_all(engine)


if __name__ == "__main__":
    create_tables()
