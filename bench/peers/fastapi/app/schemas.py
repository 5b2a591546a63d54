from datetime import datetime

from pydantic import BaseModel, EmailStr, Field


class UserRegister(BaseModel):
    username: str = Field(min_length=3, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    email: EmailStr
    password: str = Field(min_length=8, max_length=1024)


class UserLogin(BaseModel):
    username: str = Field(max_length=254)
    password: str = Field(max_length=1024)


class RefreshRequest(BaseModel):
    old_refresh_token: str


class TokenPair(BaseModel):
    access_token: str
    token_type: str = "bearer"
    refresh_token: str


class UserPublic(BaseModel):
    username: str
    email: str
    created_at: datetime
    updated_at: datetime


class Message(BaseModel):
    message: str
