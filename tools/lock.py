"""Writes requirements.lock and requirements-test.lock anew: names, versions and hashes, no index.

Run by `make lock`. The second file holds the first one's versions and the tools of the `test` extra.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OPTIONS = [
    "--quiet",
    "--generate-hashes",
    "--allow-unsafe",
    "--no-emit-index-url",
    "--no-emit-trusted-host",
    "--no-emit-find-links",
    "--no-emit-options",
    "--no-annotate",
    "--no-header",
    "--strip-extras",
    "--extra=install",
]


def main() -> int:
    """Both files; the exit code of the first that fails."""
    runtime = [*OPTIONS, "--output-file=requirements.lock"]
    test = [
        *OPTIONS,
        "--extra=test",
        "--constraint=requirements.lock",
        "--output-file=requirements-test.lock",
    ]
    for options in (runtime, test):
        command = [sys.executable, "-m", "piptools", "compile", *options, "pyproject.toml"]
        if code := subprocess.run(command, cwd=ROOT, check=False).returncode:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
