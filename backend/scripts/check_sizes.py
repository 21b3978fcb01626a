"""Fails when a file or a function has grown past its bound. There is no list of exceptions."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON_LINES = 400
TEST_LINES = 600
LOOP_LINES = 200
TSX_LINES = 250
FUNCTION_LINES = 60


def main() -> int:
    """Print every excess; return 1 when there is one."""
    excesses = [excess for path in sources() for excess in check(path)]
    for excess in excesses:
        print(excess)
    if not excesses:
        print("sizes: all files and functions are within their bounds")
    return 1 if excesses else 0


def sources() -> Iterator[Path]:
    """Yield our source files: what git tracks or would track."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "*.py", "*.tsx"],
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        names = listed.stdout.splitlines()
        yield from (ROOT / name for name in names if (ROOT / name).is_file())
        return
    foreign = {"node_modules", ".tools", ".venv", ".venv-sandbox"}
    for pattern in ("*.py", "*.tsx"):
        yield from (path for path in ROOT.rglob(pattern) if not foreign & set(path.parts))


def bound(path: Path) -> int:
    """Return how many lines `path` may have."""
    if path.suffix == ".tsx":
        return TSX_LINES
    if path.parts[-2:] == ("agent", "loop.py"):
        return LOOP_LINES
    return TEST_LINES if "tests" in path.parts else PYTHON_LINES


def check(path: Path) -> Iterator[str]:
    """Yield a line for each bound that `path` exceeds."""
    text = path.read_text(encoding="utf-8")
    name = path.relative_to(ROOT)
    lines = text.count("\n")
    if lines > bound(path):
        yield f"{name}: {lines} lines, at most {bound(path)}"
    if path.suffix == ".py":
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES:
                    yield f"{name}:{node.lineno}: {node.name} has {length} lines, at most {FUNCTION_LINES}"


if __name__ == "__main__":
    sys.exit(main())
