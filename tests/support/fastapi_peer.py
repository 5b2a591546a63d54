"""The contract's three request bodies in FastAPI and Pydantic, as a peer whose 422 answers userd's must equal."""
from typing import Annotated

import email_validator
from fastapi import FastAPI, Form
from pydantic import AfterValidator, BaseModel, StringConstraints
from pydantic_core import PydanticCustomError, PydanticKnownError

from support.common_passwords import is_common

MAX_EMAIL = 254
MAX_PASSWORD = 1024
MIN_PASSWORD = 8

# What EmailStr refuses beyond the contract's form: names that are reserved, not malformed.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()


def refuse_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("NUL characters are not allowed")
    return text


def at_most(most: int):
    """Pydantic's max_length counts characters, the contract bytes."""
    def check(text: str) -> str:
        if len(text.encode()) > most:
            raise PydanticKnownError("string_too_long", {"max_length": most})
        return text
    return check


def at_least(least: int):
    def check(text: str) -> str:
        if len(text.encode()) < least:
            raise PydanticKnownError("string_too_short", {"min_length": least})
        return text
    return check


def refuse_common(text: str) -> str:
    if is_common(text):
        raise ValueError("this password is among the most common ones; choose another")
    return text


def email(text: str) -> str:
    """EmailStr without its normalisations: the contract takes ASCII as it is."""
    try:
        email_validator.validate_email(text, check_deliverability=False, allow_smtputf8=False, strict=True)
        if not text.isascii():
            raise email_validator.EmailSyntaxError("Internationalized characters are not supported.")
    except email_validator.EmailNotValidError as fault:
        raise PydanticCustomError("value_error", "value is not a valid email address: {reason}",
                                  {"reason": str(fault)}) from fault
    return text


Username = Annotated[str, StringConstraints(min_length=3, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Email = Annotated[str, AfterValidator(email)]
LoginName = Annotated[str, AfterValidator(at_most(MAX_EMAIL)), AfterValidator(refuse_nul)]
LoginPassword = Annotated[str, AfterValidator(at_most(MAX_PASSWORD)), AfterValidator(refuse_nul)]
NewPassword = Annotated[str, AfterValidator(at_least(MIN_PASSWORD)), AfterValidator(at_most(MAX_PASSWORD)),
                        AfterValidator(refuse_nul), AfterValidator(refuse_common)]


class Registration(BaseModel):
    username: Username
    email: Email
    password: NewPassword


class Login(BaseModel):
    username: LoginName
    password: LoginPassword


class Refresh(BaseModel):
    old_refresh_token: str


app = FastAPI()


@app.post("/user/register")
def register(body: Registration) -> dict:
    return {}


@app.post("/user/login")
def log_in(body: Login) -> dict:
    return {}


@app.post("/user/login/refresh")
def refresh(body: Refresh) -> dict:
    return {}


@app.post("/form/user/login")
def log_in_by_form(grant_type: Annotated[str | None, Form(pattern="^password$")] = None, *,
                   username: Annotated[LoginName, Form()], password: Annotated[LoginPassword, Form()]) -> dict:
    """OAuth2PasswordRequestForm's fields with the contract's bounds."""
    return {}
