"""Painting: templates filled with values. Everything is escaped; nothing that stands in a record is ever markup."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from mithaq.console.language import LANGUAGES, NAMES, Tongue


class Painter:
    """The templates of the console, and those that capabilities bring."""

    def __init__(self, own: Mapping[str, str]) -> None:
        """``own`` are the texts of templates that capabilities bring, by the name of their page."""
        self._environment = Environment(
            loader=PackageLoader(__package__), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip
        self.style = resources.files(__package__).joinpath("static", "console.css").read_bytes()
        self.style_path = f"/static/{hashlib.sha256(self.style).hexdigest()[:16]}/console.css"
        self._environment.globals.update(languages=[(each, NAMES[each]) for each in LANGUAGES], style=self.style_path)
        self._own = {name: self._environment.from_string(text) for name, text in own.items()}

    def paint(self, template: str, tongue: Tongue, **values: Any) -> str:
        """A whole page in one language."""
        return self._fill(self._environment.get_template(template), tongue, values)

    def paint_own(self, page: str, tongue: Tongue, **values: Any) -> str:
        """A page by the template that its capability brings."""
        return self._fill(self._own[page], tongue, values)

    def _fill(self, template: Template, tongue: Tongue, values: Mapping[str, Any]) -> str:
        return template.render(values, tongue=tongue, say=tongue.say, word=tongue.word, label=tongue.label)
