"""Logs are JSON lines on standard error, one event each, without personal data (DESIGN section 12).

Events are words, values are ids and numbers; a traceback names files and lines, never values of variables.
"""

import logging
import sys

import structlog


def to_json_lines(process: str) -> None:
    """Set up structlog and the standard library's logging for one process ("portal", "worker" …)."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    render = structlog.processors.JSONRenderer(sort_keys=True)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _named(process), render],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    # Only their warnings: at INFO they would print job arguments and SQL.
    for name in ("procrastinate", "sqlalchemy", "alembic", "aiohttp.access", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _named(process: str) -> structlog.typing.Processor:
    def add(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["process"] = process
        return event

    return add
