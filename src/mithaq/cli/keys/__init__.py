"""``mithaq keys``: the offline root, the manifests it signs, and the keys of node and officials."""

from __future__ import annotations

import click

from mithaq.cli.keys.approve import approve
from mithaq.cli.keys.install import install, protect
from mithaq.cli.keys.make import personal, root
from mithaq.cli.keys.request import request
from mithaq.cli.keys.revoke import revoke
from mithaq.cli.keys.status import status


@click.group()
def keys() -> None:
    """The offline root and its ceremony, key manifests, rotation, revocation, and the keys of officials."""


for each in (status, personal, root, request, approve, install, revoke, protect):
    keys.add_command(each)
