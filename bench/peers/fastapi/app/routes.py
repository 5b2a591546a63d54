from fastapi import APIRouter, BackgroundTasks, HTTPException, Response, status
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, delete, or_, select

from app import security
from app.database import SessionDep
from app.dependencies import BEARER, CurrentUser
from app.events import publisher, user_registered
from app.models import RefreshToken, User, now
from app.schemas import Message, RefreshRequest, TokenPair, UserLogin, UserPublic, UserRegister

router = APIRouter(prefix="/user")


@router.post("/register", response_model=Message)
def register(form: UserRegister, session: SessionDep, background: BackgroundTasks) -> Message:
    taken = session.exec(
        select(User.id).where(or_(User.username == form.username, User.email == form.email))).first()
    if taken:
        raise user_exists()
    user = User(username=form.username, email=form.email, password=security.pwd_context.hash(form.password))
    event = user_registered(user)
    key = str(user.id)
    session.add(user)
    try:
        session.commit()
    except IntegrityError:
        raise user_exists() from None
    background.add_task(publisher.publish, key, event)
    return Message(message="New User Created Successfully")


def user_exists() -> HTTPException:
    return HTTPException(status.HTTP_409_CONFLICT, "User with these credentials already exists")


@router.post("/login", response_model=TokenPair)
def login(form: UserLogin, session: SessionDep, response: Response) -> TokenPair:
    user = session.exec(select(User).where(or_(User.username == form.username, User.email == form.username))).first()
    if not user:
        security.pwd_context.dummy_verify()
    if not user or not security.pwd_context.verify(form.password, user.password) or not user.is_active:
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "Invalid username or password")
    return give_tokens(user, session, response)


@router.post("/login/refresh", response_model=TokenPair)
def refresh(form: RefreshRequest, session: SessionDep, response: Response) -> TokenPair:
    claims = security.decode(form.old_refresh_token, "refresh")
    # A token is used once: of two requests with it, one deletes the row.
    used = claims and session.exec(
        delete(RefreshToken).where(RefreshToken.jti == claims["jti"], RefreshToken.expires_at > now())).rowcount
    user = session.get(User, security.user_id(claims)) if used else None
    if not user or not user.is_active:
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "Invalid token, Please login again", BEARER)
    return give_tokens(user, session, response)


def give_tokens(user: User, session: Session, response: Response) -> TokenPair:
    access = security.access_token(user)
    refresh_token, row = security.new_refresh_token(user)
    session.add(row)
    session.commit()
    response.headers["Cache-Control"] = "no-store"
    return TokenPair(access_token=access, refresh_token=refresh_token)


@router.get("/me", response_model=UserPublic)
def me(user: CurrentUser, response: Response) -> User:
    response.headers["Cache-Control"] = "no-store"
    return user
