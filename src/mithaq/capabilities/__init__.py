"""The capabilities that come with Mithaq, by name. Each is a package here and is loaded when it is used."""

from __future__ import annotations

from importlib import import_module

from mithaq.kernel.plug import Capability

BUILT_IN = ("intelligence",)


def load(name: str) -> Capability:
    """The built-in capability of that name."""
    capability = import_module(f"mithaq.capabilities.{name}").capability
    assert isinstance(capability, Capability)  # noqa: S101 - our own package data
    return capability
