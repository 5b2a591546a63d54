from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.events import publisher
from app.routes import router


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    await publisher.start()
    yield
    await publisher.stop()


app = FastAPI(title="User App", lifespan=lifespan)
app.include_router(router)
