"""House rules that no linter knows: sizes of files and functions (docstrings apart), names, a docstring per test.

Prints each breach as `file:line: rule` and ends with 1 if there is one.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MOST_LINES = 400
MOST_FUNCTION_LINES = 40
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def main() -> int:
    """Check every tracked Python file."""
    listed = subprocess.run(["git", "ls-files", "-z", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    found = [line for name in listed.stdout.split("\0") if name for line in _breaches(name)]
    print("\n".join(found) or "House rules: kept.")
    return 1 if found else 0


def _breaches(name: str) -> Iterator[str]:
    path = ROOT / name
    if not path.exists() or "migrations/versions" in name:
        return
    text = path.read_text(encoding="utf-8")
    if text.count("\n") > MOST_LINES:
        yield f"{name}:1: more than {MOST_LINES} lines; split it by what it knows"
    if path.stem == "utils" or path.parent.name == "utils":
        yield f"{name}:1: nothing is called utils; say what it is for"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef) and node.name.endswith("Manager"):
            yield f"{name}:{node.lineno}: a class called Manager; say what it does"
        if isinstance(node, FUNCTIONS):
            yield from _function(name, node)


def _function(name: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    lines = _length(node) - (_length(node.body[0]) if ast.get_docstring(node) else 0)
    if lines > MOST_FUNCTION_LINES:
        yield f"{name}:{node.lineno}: {node.name} has {lines} lines, more than {MOST_FUNCTION_LINES}"
    if node.name.startswith("test_") and name.startswith("tests/") and not ast.get_docstring(node):
        yield f"{name}:{node.lineno}: {node.name} does not say what it shows"


def _length(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


if __name__ == "__main__":
    sys.exit(main())
