"""What a process makes ready, so that nobody's first page waits for it."""

import jinja2
import pytest
from aiohttp import web

from exchange.steps import oversight, watching
from exchange.store import ledger_read
from exchange.store.read import needs_you_now
from exchange.store.service import Service
from exchange.store.unit import reading
from exchange.web.console.app import create as create_console
from exchange.web.frame import make_ready, readying
from exchange.web.portal.app import create as create_portal
from tests.support.console_site import running_console
from tests.support.world import make_world


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the templates that are compiled, each time one is; nothing is known before."""
    names: list[str] = []
    real = jinja2.Environment.compile
    monkeypatch.setattr(readying.Compiled, "_known", {})

    def noted(env: jinja2.Environment, source: str, name: str | None = None, *more: object, **known: object) -> object:
        names.append(str(name))
        return real(env, source, name, *more, **known)  # type: ignore[call-overload]  # handed on as it came

    monkeypatch.setattr(jinja2.Environment, "compile", noted)
    return names


async def test_after_it_no_page_compiles_a_template(service: Service, compiled: list[str]) -> None:
    """All templates of a site and the macros they use; once for every application of the process."""
    world = await make_world(service)
    letter = await world.letter()
    await make_ready(await create_console(service))
    ready = len(compiled)
    assert ready > 100
    assert len(set(compiled)) == ready
    async with running_console(service) as console:
        lead = await console.as_(world.facilitator)
        paths = ("/", "/cases", f"/messages/{letter}", f"/messages/{letter}/review", f"/cases/{world.case}", "/nothing")
        assert [(await lead.get(path))[0] for path in paths] == [200] * 5 + [404]
    assert compiled[ready:] == []


async def test_after_it_nobody_s_first_page_compiles_a_statement(service: Service) -> None:
    """Whoever comes first after a start, in whichever role, waits no longer than the next."""
    world = await make_world(service)
    kept = service.engine.sync_engine._compiled_cache
    kept.clear()
    await make_ready(await create_console(service))
    ready = len(kept)
    for actor in (world.facilitator, world.supervisor, world.administrator, world.auditor):
        await needs_you_now(service, actor)
    assert ready > 4
    assert len(kept) == ready


async def test_the_record_is_looked_through_before_the_first_auditor_comes(service: Service) -> None:
    """Under the very span of time that the page asks for, and nobody is recorded as having looked."""
    world = await make_world(service)
    await make_ready(await create_console(service))
    kept = watching.of(service)._kept
    (first,) = kept
    async with reading(service) as conn:
        assert "record.read" not in {one.leaf["act"] for one in await ledger_read.leaves(conn)}
    await oversight.overview(service, world.auditor, days=oversight.USUAL_DAYS)
    assert list(kept) == [first]


async def test_the_portals_are_its_own(service: Service, compiled: list[str]) -> None:
    """A process that faces the internet compiles no page of the console."""
    portal: web.Application = await create_portal(service)
    await make_ready(portal)
    assert len([name for name in compiled if name.startswith("portal/")]) > 20
    assert [name for name in compiled if name.startswith("console/")] == []


async def test_a_template_that_has_changed_is_compiled_anew() -> None:
    """What was compiled is known by its source: in tests, in development, after an update."""
    pages = {"page.html": "one"}
    made = [jinja2.Environment(loader=jinja2.DictLoader(pages), bytecode_cache=readying.Compiled(), autoescape=True)]
    assert made[0].get_template("page.html").render() == "one"
    pages["page.html"] = "two"
    made.append(
        jinja2.Environment(loader=jinja2.DictLoader(pages), bytecode_cache=readying.Compiled(), autoescape=True)
    )
    assert made[1].get_template("page.html").render() == "two"
