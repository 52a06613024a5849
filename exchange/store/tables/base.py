"""Column shorthands. Every id is a UUID made by PostgreSQL; every time is `timestamptz` from its clock."""

from typing import Any

from sqlalchemy import TIMESTAMP, CheckConstraint, Column, ForeignKey, LargeBinary, MetaData, Table, Text, Uuid, text

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def key() -> Column[Any]:
    """The primary key."""
    return Column("id", Uuid, primary_key=True, server_default=text("gen_random_uuid()"))


def ref(name: str, target: str, *, nullable: bool = False, ondelete: str | None = None, index: bool = True) -> Any:
    """A foreign key to `target` ("table.id")."""
    return Column(name, Uuid, ForeignKey(target, ondelete=ondelete), nullable=nullable, index=index)


def now(name: str = "at") -> Column[Any]:
    """A time set by the database when the row is made."""
    return Column(name, TIMESTAMP(timezone=True), nullable=False, server_default=text("now()"))


def when(name: str) -> Column[Any]:
    """A time that may not have come."""
    return Column(name, TIMESTAMP(timezone=True))


def word(name: str, *, nullable: bool = False, default: str | None = None) -> Column[Any]:
    """A word of one of the enums of `core/model.py`."""
    return Column(name, Text, nullable=nullable, server_default=default)


def sealed(name: str, *, nullable: bool = True) -> Column[Any]:
    """Personal or free text, sealed to the case (or the service) before it comes here."""
    return Column(name, LargeBinary, nullable=nullable)


def plain(table: Table) -> tuple[Column[Any], ...]:
    """The columns of a table without the sealed ones: all that a process without keys can use, and may read."""
    return tuple(column for column in table.c if not column.name.endswith("_sealed"))


def one_of(column: str, values: Any) -> CheckConstraint:
    """The database knows the words too."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} in ({listed})", name=column)
