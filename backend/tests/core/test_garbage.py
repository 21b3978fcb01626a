"""What a process is made of is left alone by the collector: in a process of its own, since it is for good."""

import subprocess
import sys

PROGRAM = """
import gc
from factotum.core.garbage import keep_what_is_here
class Loop:
    def __init__(self): self.itself = self
kept = Loop()
keep_what_is_here()
assert gc.get_freeze_count() > 1_000, gc.get_freeze_count()
assert not any(each is kept for each in gc.get_objects())
assert gc.get_threshold()[0] > 700
Loop()
assert gc.collect() >= 1, "what comes later is looked at"
"""


def test_only_what_comes_later_is_looked_at() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
