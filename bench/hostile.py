"""The hostile campaign: every file of the corpus through the real `media.make` in each sandbox (`make hostile`).

    python -m bench.hostile --of-each 24 --seed 1 [--only PDF] [--sandbox landlock] [--also FOLDER]

Prints a line for each class and ends with 1 if a promise was broken. The memory is the largest resident set of any
child (RUSAGE_CHILDREN of a worker that reaps all its descendants), the time is that of `media.make`. With --also every
file of a folder is run too, as letter, sound or video by its name: test images of Pillow's, pikepdf's and oletools'
source distributions, for example (`pip download --no-deps --no-binary :all: pillow pikepdf oletools`).
"""

import argparse
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from media.sandbox import PROVIDERS, works
from media.sniff import FAMILIES
from tests.support.campaign import Ran, broken, run
from tests.support.traps import watching
from tests.vectors.media.hostile import corpus
from tests.vectors.media.hostile.case import Case

MIB = 1 << 20
LARGEST = 16 * MIB


def also(folder: Path) -> Iterator[Case]:
    """Every file of a folder that may be a message by its name; all others as photos and as sound."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and 0 < path.stat().st_size <= LARGEST:
            ending = path.suffix.lower().lstrip(".")
            family = next((name for name, endings in FAMILIES.items() if ending in endings), "")
            kind = "audio" if family == "av" else "letter"
            yield Case(f"public {ending or 'file'}", kind, path.name if family else "page.jpg", path.read_bytes())


def _line(of: str, runs: list[Ran]) -> str:
    said = Counter(ran.said for ran in runs)
    words = ", ".join(f"{what} {count}" for what, count in said.most_common())
    longest, peak = max(ran.seconds for ran in runs), max(ran.peak for ran in runs)
    return f"{of:45} {len(runs):5} {longest:7.1f} s {peak // MIB:6} MiB  {words}"


def main() -> int:
    """Run the corpus in every sandbox that works here."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--of-each", type=int, default=24)
    parser.add_argument("--only", default="")
    parser.add_argument("--sandbox", default="")
    parser.add_argument("--also", type=Path)
    asked = parser.parse_args()
    here = [provider for provider in PROVIDERS if asked.sandbox in provider.name and works(provider)]
    runs, began = list[Ran](), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="traps-") as name, watching(Path(name)) as watch:
        found = also(asked.also) if asked.also else corpus.cases(watch.traps, asked.seed, asked.of_each)
        for case in found:
            if asked.only in case.of:
                runs += [run(case, provider, watch) for provider in here]
                _soon(runs[-len(here) :])
    return _told(runs, len(here), time.monotonic() - began)


def _soon(runs: list[Ran]) -> None:
    """What went wrong or was slow, at once."""
    for ran in runs:
        if ran.wrong or ran.seconds > 15:
            print(f"{ran.seconds:6.1f} s  {ran.provider} {ran.case!r}: {ran.said} {'; '.join(ran.wrong)}", flush=True)


def _told(runs: list[Ran], providers: int, seconds: float) -> int:
    by_class = defaultdict[str, list[Ran]](list)
    for ran in runs:
        by_class[ran.case.of].append(ran)
    print("\n".join(_line(of, some) for of, some in by_class.items()))
    for provider in sorted({ran.provider for ran in runs}):
        print(_line(f"all, {provider}", [ran for ran in runs if ran.provider == provider]))
    wrong = broken(runs)
    print(f"{len(runs) // providers} files in {providers} sandboxes, {seconds:.0f} s; promises broken: {len(wrong)}")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
