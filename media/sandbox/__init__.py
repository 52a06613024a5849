"""The one way any program touches a hostile file (DESIGN section 10, SECURITY "Hostile files").

A `Job` names a program (ffmpeg or a module of `media/inside/`), one input file, one empty folder. A
`Provider` turns it into a command that runs it with no network, no other file, an empty environment, no
open descriptors but input and output, no privileges and limits on memory, size and time. `run` watches it.
Only the folder's files and lines on standard output come back, and both are checked again by the caller.

If no provider works, `choose` raises Rejected(no_sandbox) and nothing is opened.
"""

from media.sandbox.bubblewrap import Bubblewrap
from media.sandbox.job import Job, Outcome, Provider
from media.sandbox.landlock import Landlock
from media.sandbox.running import choose, run, works

PROVIDERS: tuple[Provider, ...] = (Bubblewrap(), Landlock())

__all__ = ["PROVIDERS", "Bubblewrap", "Job", "Landlock", "Outcome", "Provider", "choose", "run", "works"]
