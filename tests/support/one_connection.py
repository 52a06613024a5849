"""An engine that is one connection, so that everything can be rolled back to any point."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection


class OneConnection:
    """Stands where the engine stands: every transaction of a step is a savepoint of one connection."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """One step's transaction."""
        async with self._conn.begin_nested():
            yield self._conn

    connect = begin

    def execution_options(self, **_options: object) -> "OneConnection":
        """Nothing here commits by itself: leaves get their places within the walk's own transaction."""
        return self
