"""The command line. ``mithaq --help`` must be quick: everything heavy is loaded by the command that needs it."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import cast

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
    "witness": "a witness of its own: it cosigns the logs it was told of",
    "gate": "the program that faces abroad for a core, and holds sealed envelopes alone",
    "bundle": "deliveries in files, carried by hand where there is no line",
    "backup": "copies that nobody can read without the secret: make, verify, restore",
    "export": "everything this node holds, in files that are read without Mithaq",
    "standby": "a second server a few seconds behind: ship, follow, take over",
    "attachment": "pictures that records name: give one, get one",
    "people": "officers, programs, roles: who may do what",
    "new": "begin something: a capability of your own",
}
CORE = {
    "release": "what a partner sees of a record, and releases that wait for a second person",
    "acts": "acts that wait for a second person, or were done without one",
    "audit": "who did and read what, for those who oversee",
}
COMMANDS = {
    "preview": "ours beside what they will see, with a clause for each change",
    "why": "why a record was released or withheld",
    "doctor": "what is wrong with this node, in plain words, and what to do",
    "sign-in": "an officer signs in at this terminal",
    "sign-out": "an officer signs out",
    "demo": "three nations on this machine: a covenant and a border day, narrated",
}


class Loaded(click.Group):
    """A group whose commands are known by name and summary, and imported only when one of them runs.

    After our own come the capabilities, built in and installed. Their commands, and those of ``CORE``, are generated
    from what is declared.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*GROUPS, *CORE, *COMMANDS, *_capabilities()]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in GROUPS or name in COMMANDS:
            module = {"export": "plain"}.get(name, name.replace("-", "_"))
            found = getattr(import_module(f"mithaq.cli.{module}"), name.replace("-", "_"))
            assert isinstance(found, click.Command)  # noqa: S101 - our own module
            return found
        generated = import_module("mithaq.cli.generated")
        if name in CORE:
            return cast(click.Group, generated.core_group(name, CORE[name]))
        return cast(click.Group, generated.group_for(name)) if name in _capabilities() else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([*GROUPS.items(), *CORE.items(), *COMMANDS.items()])
        with formatter.section("Capabilities"):
            formatter.write_dl([*_capabilities().items()])


def _capabilities() -> dict[str, str]:
    from mithaq.capabilities import ALWAYS, known

    return {**ALWAYS, **known()}


@click.group(cls=Loaded, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--home", metavar="DIR", help="The node's home. Default: $MITHAQ_HOME, else ~/.mithaq.")
@click.option("--as", "acting", metavar="NAME", help="Act as this officer, who has signed in. Default: $MITHAQ_AS.")
@click.version_option(package_name="mithaq", message="mithaq %(version)s")
@click.pass_context
def mithaq(ctx: click.Context, home: str | None, acting: str | None) -> None:
    """Border agencies of neighbouring states working together, each under its own law.

    Each nation runs its own node. Nothing leaves it except under a co-signed agreement and the nation's own law;
    everything that leaves is redacted as agreed, signed, sealed and kept in a log that both sides hold.
    """
    from mithaq.config import home as find

    ctx.obj = find(home, acting)


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
