"""What every model of the API has in common: closed, capped, without characters that no store takes."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

WORD = r"^[a-z][a-z0-9_]{0,39}$"


class Asked(BaseModel):
    """Base of every request: unknown fields and values of another type are refused, not guessed at."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, str_max_length=600_000)


class Answer(BaseModel):
    """Base of every answer; reads rows and dataclasses by their attributes."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Made(Answer):
    """What was made, by its id."""

    id: UUID


def _no_nul(value: str) -> str:
    """PostgreSQL keeps no NUL in a text."""
    if "\x00" in value:
        raise ValueError("a character that cannot be kept")
    return value


_NO_NUL = AfterValidator(_no_nul)
Line = Annotated[str, StringConstraints(max_length=200), _NO_NUL]
Words = Annotated[str, StringConstraints(max_length=10_000), _NO_NUL]
Long = Annotated[str, StringConstraints(max_length=500_000), _NO_NUL]
Word = Annotated[str, StringConstraints(pattern=WORD)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Code = Annotated[str, StringConstraints(max_length=40), _NO_NUL]
# The store and the record hold years of four digits; nothing of this service lies further away.
Moment = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC))]
