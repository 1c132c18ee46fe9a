"""What every command shares: the home, and ``--json``."""

from __future__ import annotations

import sys

import click

pass_home = click.pass_obj
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def log_to_stderr() -> None:
    """One JSON object a line, on standard error: standard output is for answers."""
    import structlog

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),  # whatever it is when something is said
    )
