"""Asks the databases of published holes about every version in the lock files; exit code 1 if there is one.

Run by `make holes`, before a release and once a week. Python packages: OSV by pip-audit; the pages' packages: npm's
own advisories, asked by npm. What cannot be asked counts as a hole, never as none. Only names and versions leave the
machine.
"""

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = Path(sys.executable).parent
LOCKS = ("requirements.lock", "requirements-test.lock")


def main() -> int:
    """Both questions, also where the first found something."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--osv-url", help="another copy of the OSV database")
    parser.add_argument("--npm-registry", help="another npm registry")
    chosen = parser.parse_args()
    found = [_python(chosen.osv_url, lock) for lock in LOCKS] + [_pages(chosen.npm_registry)]
    return int(any(found))


def _python(osv_url: str | None, lock: str) -> int:
    print(f"{lock}:", flush=True)
    options = ["--vulnerability-service=osv", *([f"--osv-url={osv_url}"] if osv_url else [])]
    options += ["--disable-pip", "--require-hashes", f"--requirement={ROOT / lock}", "--progress-spinner=off"]
    return subprocess.run([PROGRAMS / "pip-audit", *options], check=False).returncode


def _pages(registry: str | None) -> int:
    print("package-lock.json:", flush=True)
    options = ["audit", "--package-lock-only", *([f"--registry={registry}"] if registry else [])]
    return subprocess.run([PROGRAMS / "npm", *options], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
