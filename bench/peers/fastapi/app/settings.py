from typing import Literal

from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    DATABASE_URL: str
    SECRET_KEY: str
    EXPIRY_TIME: int = 5
    REFRESH_EXPIRY_DAYS: int = 7
    PASSWORD_HASH: Literal["bcrypt", "argon2"] = "bcrypt"
    BOOTSTRAP_SERVER: str | None = None
    KAFKA_USER_TOPIC: str = "user-events"
    DATABASE_POOL_SIZE: int = 20
    DATABASE_MAX_OVERFLOW: int = 20


settings = Settings()
