"""Imports point down the floors only; ``setup.cfg`` draws the floors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.once

LINT = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"


def lint_imports(directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LINT, "--config", str(ROOT / "setup.cfg"), "--no-cache", "--no-logo"],
        cwd=directory,
        env={"PYTHONPATH": str(directory), "PATH": "", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_imports_point_down_only() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Contracts: 2 kept, 0 broken." in result.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("rendering/__init__.py", "def look():\n    from wagtail_sourcegroups import models\n"),
        ("generation/__init__.py", "from wagtail_sourcegroups.sourcegroups import base\n"),
        ("sourcegroups/base.py", "def look():\n    from wagtail_sourcegroups.generation import plan\n"),
        ("specs.py", "from wagtail_sourcegroups import conf, registry\n"),
        ("__init__.py", "from wagtail_sourcegroups import models\n"),
    ],
)
def test_an_import_that_points_up_or_across_is_caught(module: str, line: str, tmp_path: Path) -> None:
    package = tmp_path / "wagtail_sourcegroups"
    for source in (ROOT / "wagtail_sourcegroups").rglob("*.py"):
        copy = package / source.relative_to(ROOT / "wagtail_sourcegroups")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(source.read_text())
    with (package / module).open("a") as file:
        file.write("\n\n" + line)

    result = lint_imports(tmp_path)

    assert result.returncode == 1, result.stdout + result.stderr
    assert "1 broken." in result.stdout or "2 broken." in result.stdout


@pytest.mark.parametrize("module", ["registry", "specs", "sourcegroups", "strategies", "signals"])
def test_what_apps_import_at_start_loads_no_model(module: str) -> None:
    """An ``apps.py`` imports them before there are any."""
    code = f"import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'sandbox.settings'; import wagtail_sourcegroups.{module}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
