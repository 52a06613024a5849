"""From a bare checkout to something that runs: `python3 tools/bootstrap.py run|test|check`.

Standard library only. Every step leaves a stamp in .venv, so a second call does nothing and takes no time.
Where something is missing it prints the one command that mends it, and ends with exit code 1.
"""

import compileall
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import venv
from itertools import takewhile
from pathlib import Path

import assets

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)
LOCKS = {"run": "requirements.lock", "test": "requirements-test.lock", "check": "requirements-test.lock"}
NEEDED_BYTES = {"run": 1_500_000_000, "test": 3_000_000_000, "check": 2_000_000_000}
SOURCE_ONLY = ("docopt", "font-roboto")  # no wheels are published; their sources are checked against their hashes too
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class Missing(Exception):
    """Something that we cannot mend ourselves; the text says how to."""


def main(arguments: list[str]) -> int:
    """Do what `arguments[0]` needs; 0, or 1 after a sentence."""
    goal = arguments[0] if arguments else ""
    if goal not in LOCKS:
        print("usage: python3 tools/bootstrap.py run|test|check")
        return 2
    try:
        _check_machine(goal)
        for step in (_make_venv, _install, _assets, _compile, _browser):
            step(goal)
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 1
    return 0


def _check_machine(goal: str) -> None:
    if platform.system() != "Linux":
        raise Missing("This runs on Linux only. On another system use a Linux container or virtual machine.")
    if sys.version_info < OLDEST:
        raise Missing(f"Python 3.11 or newer is needed; this is {platform.python_version()}.")
    if not shutil.which("setpriv") or not shutil.which("unshare"):
        raise Missing("The commands setpriv and unshare are missing. On Debian or Ubuntu: apt install util-linux")
    free = shutil.disk_usage(ROOT).free
    if not _installed(goal) and free < NEEDED_BYTES[goal]:
        needed = NEEDED_BYTES[goal] / 1e9
        raise Missing(f"{needed:.1f} GB are needed in {ROOT}, {free / 1e9:.1f} GB are free. Make room, then try again.")


def _make_venv(goal: str) -> None:
    """An isolated Python. Debian may ship `venv` without pip: then virtualenv is tried."""
    if _installed(goal) and _works(str(PYTHON), "-c", ""):
        return
    if _works(str(PYTHON), "-m", "pip", "--version"):
        return
    say(f"Making an isolated Python {platform.python_version()} in .venv …")
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        venv.create(VENV, with_pip=True, symlinks=True)
    except (subprocess.CalledProcessError, OSError, SystemExit):
        shutil.rmtree(VENV, ignore_errors=True)
        _make_venv_with_virtualenv()
    if not _works(str(PYTHON), "-m", "pip", "--version"):
        raise Missing(_no_venv())


def _make_venv_with_virtualenv() -> None:
    """virtualenv brings its own pip; it is put into build/, nothing outside the checkout changes."""
    place = ROOT / "build" / "virtualenv"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(place), "virtualenv"]
    if not _works(*pip):
        raise Missing(_no_venv())
    environment = {**os.environ, "PYTHONPATH": str(place)}
    run([sys.executable, "-m", "virtualenv", "--quiet", str(VENV)], env=environment)


def _no_venv() -> str:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return (
        "This Python can make no isolated environment. On Debian or Ubuntu, as root:\n"
        f"    apt install python{version}-venv\nThen run the same command again."
    )


def _install(goal: str) -> None:
    """Exactly the packages of the lock file, each checked against its hashes; then the checkout itself."""
    if _installed(goal):
        return
    lock = _lock(goal)
    say(f"Installing the packages of {lock.name} (each checked against its hash) …")
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    locked = [*pip, "--require-hashes", "--no-build-isolation", "--only-binary=:all:"]
    run([*locked, "-r", str(_builder(lock))])
    run([*locked, *(f"--no-binary={name}" for name in SOURCE_ONLY), "-r", str(lock)])
    run([*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)])
    _stamp("install", lock)


def _installed(goal: str) -> bool:
    """The packages of the tests hold those of a run."""
    return _stamped("install", _lock(goal)) or (goal == "run" and _stamped("install", _lock("test")))


def _builder(lock: Path) -> Path:
    """The lines of the lock file for setuptools alone, which builds the packages that come as source only."""
    lines = lock.read_text(encoding="utf-8").splitlines(keepends=True)
    start = next(number for number, line in enumerate(lines) if line.startswith("setuptools=="))
    hashes = takewhile(lambda line: line.startswith(" "), lines[start + 1 :])
    alone = VENV / "builder.lock"
    alone.write_text(lines[start] + "".join(hashes), encoding="utf-8")
    return alone


def _assets(_goal: str) -> None:
    if not assets.is_current():
        run([str(PYTHON), str(ROOT / "tools" / "assets.py")])


def _compile(goal: str) -> None:
    """Byte code beside the sources, once: else (PYTHONDONTWRITEBYTECODE) every process makes its own at each start."""
    if goal == "run":
        for package in ("exchange", "workers", "media"):
            compileall.compile_dir(ROOT / package, quiet=1)


def _browser(goal: str) -> None:
    """Chromium for the browser tests: the one on PATH, else the system's when root, else playwright's own."""
    if goal != "test" or any(map(shutil.which, BROWSERS)) or _stamped("browser", _lock("test")):
        return
    say("Getting Chromium for the browser tests …")
    if os.geteuid() == 0 and shutil.which("apt-get"):
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]
        if _works("apt-get", "update", "-qq") and _works(*install):
            return
    if not _works(str(PYTHON), "-m", "playwright", "install", "chromium", quiet=False):
        raise Missing("No Chromium could be had. Install one, on Debian or Ubuntu: apt install chromium")
    _stamp("browser", _lock("test"))


def _lock(goal: str) -> Path:
    return ROOT / LOCKS[goal]


def _stamped(name: str, source: Path) -> bool:
    stamp = VENV / "stamps" / name
    return stamp.exists() and source.exists() and stamp.read_text() == _state(source)


def _stamp(name: str, source: Path) -> None:
    stamp = VENV / "stamps" / name
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(_state(source))


def _state(source: Path) -> str:
    """What a step was done for: the file's content and the checkout's place (a moved one is done again)."""
    return hashlib.sha256(source.read_bytes() + os.fsencode(ROOT)).hexdigest()


def _works(*command: str, quiet: bool = True) -> bool:
    sink = subprocess.DEVNULL if quiet else None
    try:
        return subprocess.run(command, stdout=sink, stderr=sink, check=False).returncode == 0
    except OSError:
        return False


def run(command: list[str], env: dict[str, str] | None = None) -> None:
    """Run one step; what it says is shown, and a failure ends everything with its command."""
    if subprocess.run(command, env=env, cwd=ROOT, check=False).returncode:
        raise Missing("This step failed (its reason stands above): " + " ".join(command))


def say(sentence: str) -> None:
    """One line about what is being done."""
    print(sentence, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
