"""`python -m ingest [CONFIG.toml]`: one ingest worker, until SIGTERM or Ctrl-C."""

import os
import sys
from pathlib import Path

import structlog

from ingest.config import load_settings
from ingest.errors import ConfigError
from ingest.service import serve
from ingest.stopping import stopper


def log_to_stderr() -> None:
    """One JSON object a line."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def main(arguments: list[str]) -> int:
    try:
        settings = load_settings(Path(arguments[0]) if arguments else None, os.environ)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    log_to_stderr()
    serve(settings, stopper())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
