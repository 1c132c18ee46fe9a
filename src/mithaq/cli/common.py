"""What every command shares: the home, and ``--json``."""

from __future__ import annotations

import click

pass_home = click.pass_obj
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
