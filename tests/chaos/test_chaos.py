"""Real processes killed, bad lines, jumping clocks and full disks: nothing is lost, doubled or out of order.

Twenty seeds of 300 messages, new on every run; the long form is ``make soak``.
"""

from __future__ import annotations

import gc
import secrets
import subprocess
import warnings
from collections.abc import Iterator

import pytest

from tests.chaos.run import chaos, zygote

SEEDS, MESSAGES = 6, 300  # the long runs take more of both


@pytest.fixture(scope="module")
def parent() -> Iterator[subprocess.Popen[str]]:
    with zygote() as process:
        yield process
    with warnings.catch_warnings():  # Python's ssl does not close a socket whose caller is killed in the handshake
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("number", range(SEEDS))
def test_a_seed(parent: subprocess.Popen[str], number: int) -> None:
    seed = secrets.randbelow(2**32)
    print(f"seed {seed}")
    found = chaos(parent, seed, MESSAGES)
    assert found.sound, found
    assert min(found.kills.values()) >= 1
