"""The layer rule: who may import whom, and which third-party package belongs where."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).parent.parent / "src" / "mithaq"
RANK = {
    "errors": -1,
    "lib": 0,
    "laws": 0,
    "scenarios": 0,
    "kernel": 1,
    "config": 2,
    "treaty": 2,
    "adapters": 2,
    "capabilities": 2,
    "api": 3,
    "console": 3,
    "assembly": 4,
    "servers": 5,
    "cli": 6,
    "__main__": 7,
    "__init__": 7,
}
THIRD_PARTY = {
    "errors": set(),
    "lib": set(),
    "laws": set(),
    "scenarios": set(),
    "kernel": {"msgspec", "cryptography"},
    "config": {"msgspec"},
    "treaty": {"babel", "msgspec"},
    "adapters/copies": {"cryptography", "msgspec"},
    "adapters/evidence": {"structlog"},
    "adapters/metrics": {"prometheus_client"},
    "adapters/pictures": {"PIL", "msgspec"},
    "adapters/store": {"cryptography", "msgspec", "psycopg", "sqlalchemy", "structlog"},
    "adapters/transport": {"cryptography", "httpx2", "msgspec"},
    "adapters/keystore": {"cryptography", "msgspec", "pkcs11"},
    "adapters/witness": {"httpx2"},
    "capabilities": {"msgspec"},
    "api": {"anyio", "msgspec", "starlette", "structlog", "uvicorn"},
    "console": {"anyio", "babel", "jinja2", "msgspec", "segno", "starlette"},
    "servers": {"msgspec"},
    "assembly": {"msgspec"},
    "cli": {"click", "httpx2", "msgspec", "rich", "segno", "structlog"},
    "__main__": set(),
    "__init__": set(),
}
FILES = sorted(SRC.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SRC)))
def test_a_file_imports_only_what_its_layer_may(path: Path) -> None:
    layer = path.relative_to(SRC).parts[0].removesuffix(".py")
    for module in imported(path):
        top, _, rest = module.partition(".")
        if top == "mithaq" and rest:
            target = rest.partition(".")[0]
            same_rank_ok = target == layer or RANK[target] < RANK[layer]
            assert same_rank_ok or (layer, target) in {("api", "adapters")}, f"{layer} may not import {module}"
            if layer == target == "capabilities":
                assert shares_capability(path, module), f"a capability may not import a sibling: {module}"
        elif top not in sys.stdlib_module_names and top != "mithaq":
            assert top in allowed(path), f"{path.relative_to(SRC)} may not import {top}"


def test_the_table_names_every_layer() -> None:
    present = {path.relative_to(SRC).parts[0].removesuffix(".py") for path in FILES}
    assert present <= RANK.keys()


def test_no_file_passes_400_lines() -> None:
    long = {str(path): n for path in FILES if (n := len(path.read_text().splitlines())) > 400}
    assert not long


def test_time_and_environment_come_from_one_place() -> None:
    for path in FILES:
        text = path.read_text()
        if path.name != "clock.py":
            assert "datetime.now(" not in text, path
        if path.name != "config.py":
            assert "os.environ" not in text, path


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def allowed(path: Path) -> set[str]:
    parts = path.relative_to(SRC).parts
    folder = "/".join(parts[:2])
    return THIRD_PARTY.get(folder, THIRD_PARTY.get(parts[0].removesuffix(".py"), set()))


def shares_capability(path: Path, module: str) -> bool:
    parts = path.relative_to(SRC / "capabilities").parts
    named = module.split(".")[2:3]
    return not named or len(parts) == 1 or named[0] == parts[0]
