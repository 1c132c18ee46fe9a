"""The command line. ``mithaq --help`` must be quick: everything heavy is loaded by the command that needs it."""

from __future__ import annotations

import sys
from importlib import import_module

import click
from click.exceptions import NoArgsIsHelpError

from mithaq.errors import MithaqError

GROUPS = {
    "node": "make, serve and look at a node",
    "party": "the nations this node deals with",
    "keys": "the offline root, key manifests, rotation, keys of officials",
    "law": "agreements and laws: check, show, decide by, sign, adopt",
    "matter": "joint matters: what was said, where each party stands, what is owed",
    "link": "the links to partners: state and proofs",
    "bundle": "deliveries in files, carried by hand where there is no line",
    "intelligence": "alerts on vehicles: raise, correct, import, list",
}
COMMANDS = {
    "preview": "ours beside what they will see, with a clause for each change",
    "why": "why a record was released or withheld",
    "demo": "two nations on this machine exchange alerts, narrated",
}


class Loaded(click.Group):
    """A group whose commands are known by name and summary, and imported only when one of them runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*GROUPS, *COMMANDS]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in GROUPS and name not in COMMANDS:
            return None
        found = getattr(import_module(f"mithaq.cli.{name}"), name)
        assert isinstance(found, click.Command)  # noqa: S101 - our own module
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([*GROUPS.items(), *COMMANDS.items()])


@click.group(cls=Loaded, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--home", metavar="DIR", help="The node's home. Default: $MITHAQ_HOME, else ~/.mithaq.")
@click.version_option(package_name="mithaq", message="mithaq %(version)s")
@click.pass_context
def mithaq(ctx: click.Context, home: str | None) -> None:
    """Border agencies of neighbouring states working together, each under its own law.

    Each nation runs its own node. Nothing leaves it except under a co-signed agreement and the nation's own law;
    everything that leaves is redacted as agreed, signed, sealed and kept in a log that both sides hold.
    """
    from mithaq.config import home as find

    ctx.obj = find(home)


def main() -> None:
    """Run the command line; an error is one line with a code and what to do, never a traceback."""
    from mithaq.cli import fail

    as_json = "--json" in sys.argv
    try:
        mithaq(standalone_mode=False)
    except MithaqError as error:
        fail.fail(error, as_json=as_json)
    except NoArgsIsHelpError as error:
        click.echo(error.format_message())
    except click.ClickException as error:
        fail.fail(fail.usage(error), as_json=as_json)
    except UnicodeEncodeError:
        fail.fail(fail.usage(click.UsageError("a word is not UTF-8 text")), as_json=as_json)
    except (click.Abort, KeyboardInterrupt):
        raise SystemExit(130) from None
