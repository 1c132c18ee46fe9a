"""Every page that the capabilities of a node declare, with what it is of; and which of them an actor may open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import resources

from msgspec import Struct, inspect

from mithaq.errors import Clash, NotAllowed, NotFound
from mithaq.kernel.node import Node
from mithaq.kernel.people import permit
from mithaq.kernel.people.actor import Actor
from mithaq.kernel.plug import Capability, Command, Page, Question


class Listed(Struct, frozen=True):
    """A page, the question or command it is of, and the capability that declares it."""

    page: Page
    of: Command | Question
    capability: Capability

    @property
    def required(self) -> tuple[str, ...]:
        """What has to be known to ask at all."""
        info = inspect.type_info(self.of.takes)
        assert isinstance(info, inspect.StructType)  # noqa: S101 - what a declaration takes is a Struct
        return tuple(field.encode_name for field in info.fields if field.required)

    @property
    def stands_alone(self) -> bool:
        """Whether it can be opened with nothing in hand: not one row in detail, nor the form of one record."""
        if self.page.sort == "form":
            return "id" not in self.required
        return not self.required


class Pages:
    """The pages of one node, by name."""

    def __init__(self, capabilities: Iterable[Capability]) -> None:
        self._pages: dict[str, Listed] = {}
        for listed in _declared(capabilities):
            if listed.page.name in self._pages:
                raise Clash("page", "two capabilities take this name", where=f"page {listed.page.name}")
            self._pages[listed.page.name] = listed

    def __iter__(self) -> Iterator[Listed]:
        return iter(self._pages.values())

    def get(self, name: str) -> Listed | None:
        return self._pages.get(name)

    def named(self, name: str) -> Listed:
        """NotFound if no capability declares it."""
        found = self._pages.get(name)
        if found is None:
            raise NotFound("page", "there is no such page")
        return found

    def open_to(self, node: Node, actor: Actor) -> tuple[Listed, ...]:
        """Those whose question or command one of the actor's roles may use, as of this moment."""
        with node.store.read() as tx:
            try:
                now = permit.standing(tx, actor)
            except NotAllowed:  # suspended since it was made known
                return ()
            return tuple(each for each in self if permit.may(tx, now, each.of))


def template_of(listed: Listed) -> str:
    """The text of a page's own template: in ``templates/`` of the package that its capability comes from."""
    package = listed.of.run.__module__
    while package := package.rpartition(".")[0]:
        file = resources.files(package).joinpath("templates", listed.page.template)
        if file.is_file():
            return file.read_text(encoding="utf-8")
    raise NotFound("template", f"no file templates/{listed.page.template}", where=f"page {listed.page.name}")


def _declared(capabilities: Iterable[Capability]) -> Iterator[Listed]:
    for capability in capabilities:
        acts: dict[str, Command | Question] = {each.name: each for each in capability.questions}
        acts.update({each.name: each for each in capability.commands})
        for page in capability.pages:
            yield Listed(page, acts[page.of], capability)
