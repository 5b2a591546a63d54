from typing import Annotated

from fastapi import Depends, HTTPException, status
from fastapi.security import OAuth2PasswordBearer

from app import security
from app.database import SessionDep
from app.models import User

BEARER = {"WWW-Authenticate": "Bearer"}
oauth2_scheme = OAuth2PasswordBearer(tokenUrl="/user/login")


def get_current_user(session: SessionDep, token: Annotated[str, Depends(oauth2_scheme)]) -> User:
    claims = security.decode(token, "access")
    user = session.get(User, security.user_id(claims)) if claims else None
    if not user or not user.is_active:
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "Could not validate credentials", BEARER)
    return user


CurrentUser = Annotated[User, Depends(get_current_user)]
