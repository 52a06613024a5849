"""Rows of many small queries by one statement: a page about one thing asks a dozen tables, and most have few rows.

ROWS = Together(reviews=select(t.review).where(t.review.c.message_id == MESSAGE), …)   # once
found = await ROWS.read(conn, message=message_id)                                      # found["reviews"]
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, LargeBinary, Row, Select, Uuid, func, select
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import NullType

Read = Callable[[Any], Any]
_FROM_JSON: dict[type, Read] = {
    Uuid: UUID,
    DateTime: datetime.fromisoformat,
    LargeBinary: lambda told: bytes.fromhex(told[2:]),
}
"""How a value is read that JSON has no word for; all the others are what they are."""


class Together:
    """Queries that are asked together. Parameters of the same name are one."""

    def __init__(self, **queries: Select[Any]) -> None:
        self._columns = {name: _columns(query) for name, query in queries.items()}
        asked = []
        for name, query in queries.items():
            rows = query.subquery(f"{name}_")
            asked.append(select(func.json_agg(rows.table_valued())).select_from(rows).scalar_subquery().label(name))
        self._statement = select(*asked)

    async def read(self, conn: AsyncConnection, **values: Any) -> dict[str, list[Row[Any]]]:
        """The rows of each query by its name, in the query's order, as the query alone would give them."""
        told = (await conn.execute(self._statement, values)).one()
        return {name: _rows(self._columns[name], found or []) for name, found in told._mapping.items()}


def _columns(query: Select[Any]) -> dict[str, Read | None]:
    """By name how each is read."""
    return {str(column.key): _reader(column.type) for column in query.selected_columns}


def _reader(kind: Any) -> Read | None:
    if isinstance(kind, NullType):
        raise TypeError("A column that is read together with others needs a type.")
    if isinstance(kind, ARRAY) and (read := _reader(kind.item_type)):
        return lambda told: [None if one is None else read(one) for one in told]
    return next((read for one, read in _FROM_JSON.items() if isinstance(kind, one)), None)


def _rows(columns: dict[str, Read | None], found: list[dict[str, Any]]) -> list[Row[Any]]:
    if not found:
        return []
    values = [
        tuple(one[name] if read is None or one[name] is None else read(one[name]) for name, read in columns.items())
        for one in found
    ]
    result: IteratorResult[Any] = IteratorResult(SimpleResultMetaData(list(columns)), iter(values))
    return list(result.all())
