"""Run every benchmark and write ``docs/benchmarks.md`` from their figures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SHARED = {"all", "cedar", "measure", "neighbours", "random_law", "rotation", "__init__"}


def main() -> None:
    names = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in SHARED)
    parts = [HEAD]
    for name in names:
        print(f"benchmarks.{name} …", file=sys.stderr)
        run = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}", "--json", *sys.argv[1:]],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        parts.append(section(name, json.loads(run.stdout)))
    (HERE.parent / "docs" / "benchmarks.md").write_text("\n".join(parts))


HEAD = """# Benchmarks

Written by `make bench`. Each file in `benchmarks/` runs by itself: `python -m benchmarks.NAME --json [--full]`.
Figures are of the machine named with them; a peer that is not installed is `null`.
"""


def section(name: str, found: dict[str, Any]) -> str:
    doc = (HERE / f"{name}.py").read_text().split('"""')[1].strip()
    rows = "".join(f"| {key} | {json.dumps(value)} |\n" for key, value in found.items())
    return f"## {name}\n\n{doc}\n\n| figure | value |\n|---|---|\n{rows}"


if __name__ == "__main__":
    main()
