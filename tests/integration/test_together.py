"""Rows that are read together are the rows that each query gives alone."""

import pytest
from sqlalchemy import Uuid, bindparam, func, insert, literal, select

from exchange.core.disclosure import BASES, KINDS
from exchange.store import tables as t
from exchange.store.service import Service
from exchange.store.tables import metadata
from exchange.store.together import Together
from exchange.store.unit import reading
from tests.support.many import make_many


async def test_every_table_reads_together_as_it_reads_alone(service: Service) -> None:
    """Ids, times, bytes, lists of ids, JSON and NULL alike: a service with a message in every state."""
    many = await make_many(service, cases=2, facilitators=3)
    named = [table for name, table in metadata.tables.items() if not name.startswith("procrastinate")]
    asked = {table.name: select(table).order_by(*table.primary_key.columns) for table in named}
    async with reading(service) as conn:
        person = (await conn.execute(select(t.participant).limit(1))).one()
        ids = [person.id, person.case_id]
        row = {"case_id": person.case_id, "kind": min(KINDS), "basis": min(BASES), "recorded_by": many.supervisor.id}
        await conn.execute(insert(t.disclosure).values(**row, concerned=ids, consents=ids[::-1]))
        alone = {name: (await conn.execute(query)).all() for name, query in asked.items()}
        together = await Together(**asked).read(conn)
    assert together == alone
    assert len([name for name, rows in alone.items() if rows]) > 20
    assert [row._fields for row in together["message"]] == [row._fields for row in alone["message"]]


async def test_parameters_of_one_name_are_one_and_no_row_is_an_empty_list(service: Service) -> None:
    """The order is the query's."""
    many = await make_many(service, cases=1, facilitators=2)
    case = bindparam("case", type_=Uuid)
    asked = Together(
        messages=select(t.message.c.reference)
        .where(t.message.c.case_id == case)
        .order_by(t.message.c.reference.desc()),
        people=select(t.participant.c.side, func.now().label("read_at")).where(t.participant.c.case_id == case),
    )
    async with reading(service) as conn:
        first = (await conn.execute(select(t.cases.c.id))).scalar_one()
        found = await asked.read(conn, case=first)
        assert await asked.read(conn, case=many.supervisor.id) == {"messages": [], "people": []}
    references = [row.reference for row in found["messages"]]
    assert references == sorted(references, reverse=True)
    assert len(references) > 10
    assert {row.side for row in found["people"]} == {"harmed", "responsible"}
    assert found["people"][0].read_at.tzinfo is not None


def test_a_value_of_a_type_that_nobody_knows_is_refused_when_the_queries_are_put_together() -> None:
    """It would come as whatever JSON makes of it."""
    with pytest.raises(TypeError):
        Together(one=select(func.least(literal(1), literal(2)).label("least"), func.some_function().label("what")))
