import uuid
from datetime import datetime, timedelta

import jwt
from passlib.context import CryptContext

from app.models import RefreshToken, User, now
from app.settings import settings

ALGORITHM = "HS256"

# passlib's own defaults for bcrypt (12 rounds); Argon2id with OWASP's minimum.
pwd_context = CryptContext(
    schemes=[settings.PASSWORD_HASH], argon2__memory_cost=19456, argon2__time_cost=2, argon2__parallelism=1)


def access_token(user: User) -> str:
    issued = now()
    return _encode(
        {"sub": str(user.id), "username": user.username, "type": "access", "iat": issued},
        issued + timedelta(minutes=settings.EXPIRY_TIME))


def new_refresh_token(user: User) -> tuple[str, RefreshToken]:
    """The token, and its row."""
    issued = now()
    row = RefreshToken(user_id=user.id, expires_at=issued + timedelta(days=settings.REFRESH_EXPIRY_DAYS))
    claims = {"sub": str(user.id), "jti": str(row.jti), "type": "refresh", "iat": issued}
    return _encode(claims, row.expires_at), row


def _encode(claims: dict, expires: datetime) -> str:
    return jwt.encode({**claims, "exp": expires}, settings.SECRET_KEY, algorithm=ALGORITHM)


def decode(token: str, kind: str) -> dict | None:
    """The claims of a valid token of that kind."""
    try:
        claims = jwt.decode(token, settings.SECRET_KEY, algorithms=[ALGORITHM], options={"require": ["exp", "sub"]})
    except jwt.InvalidTokenError:
        return None
    return claims if claims.get("type") == kind else None


def user_id(claims: dict) -> uuid.UUID:
    return uuid.UUID(claims["sub"])
