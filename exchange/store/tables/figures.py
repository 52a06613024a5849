"""What was counted of a quarter that has ended (core/statistics.py): numbers without persons, as they are."""

from sqlalchemy import Column, Date, Integer, Table, Text, UniqueConstraint

from exchange.store.tables.base import key, metadata

# `figure` "counted" says that the quarter was counted, also where there was nothing to count. Never shown as it is.
figure = Table(
    "figure",
    metadata,
    key(),
    Column("quarter", Date, nullable=False),
    Column("figure", Text, nullable=False),
    Column("division", Text, nullable=False),
    Column("part", Text, nullable=False),
    Column("number", Integer, nullable=False),
    UniqueConstraint("quarter", "figure", "division", "part"),
)
