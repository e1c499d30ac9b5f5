"""Wagtail's own image tests, with this package installed, under each strategy (``make test-peer``)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.peer.run import STRATEGIES

pytestmark = [pytest.mark.peer, pytest.mark.once]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("peer")


# "stock": after leaving, they pass as they did before.
@pytest.mark.parametrize("strategy", [*STRATEGIES, "stock"])
def test_wagtails_image_tests_pass(strategy: str, files: Path) -> None:
    script = Path(__file__).with_name("run.py")
    # A strategy of its own process: Wagtail's settings, and what the app config owns, cannot be changed in this one.
    result = subprocess.run(
        [sys.executable, script, strategy, "--files", files], capture_output=True, text=True, timeout=900
    )
    assert result.returncode == 0, f"{result.stdout[-3000:]}\n{result.stderr[-20000:]}"
    assert result.stdout.splitlines()[-1].startswith(f"{strategy}: 0 failed;")
