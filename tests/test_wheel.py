"""The wheel holds what the package needs and nothing else, and a site runs on it away from the source tree."""

from __future__ import annotations

import json
import os
import shutil
import site
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "wagtail_sourcegroups"
pytestmark = pytest.mark.once


def run(*command: object, **options: object) -> str:
    """What a process prints; its failure fails the test, with all it said."""
    result = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=300, **options
    )  # type: ignore[call-overload]
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return str(result.stdout)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", directory, ROOT)
    (built,) = directory.glob("*.whl")
    return built


def test_holds_every_file_of_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / PACKAGE).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert names == expected
    assert {f"{PACKAGE}/py.typed", f"{PACKAGE}/migrations/0001_initial.py"} <= names


def test_metadata(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode())
        licenses = [name for name in archive.namelist() if name.endswith("/licenses/LICENSE")]
    required = {line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line}
    assert {line.split(">=")[0].lower() for line in required} == {"django", "wagtail", "tqdm"}
    assert set(metadata.get_all("Provides-Extra", [])) == {"benchmark", "db", "dev", "rq", "s3"}
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "BSD-3-Clause"
    assert len(licenses) == 1


@dataclass(frozen=True)
class InstalledSite:
    """A copy of the sandbox beside an environment that has the wheel installed and does not know the source tree."""

    directory: Path
    python: Path

    def manage(self, *args: str) -> str:
        env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DJANGO"))}
        env["SANDBOX_DIR"] = str(self.directory / "data")
        return run(self.python, "sandbox/manage.py", *args, cwd=self.directory, env=env)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> InstalledSite:
    directory = tmp_path_factory.mktemp("site")
    run(sys.executable, "-m", "venv", "--without-pip", directory / "venv")
    (packages,) = (directory / "venv").glob("lib/python*/site-packages")
    run(
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        packages,
        wheel,
    )
    # A directory named in a .pth file is searched, but the .pth files in it are not read: an editable installation in
    # the test environment stays unseen.
    (packages / "beside.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    shutil.copytree(ROOT / "sandbox", directory / "sandbox", ignore=shutil.ignore_patterns("__pycache__"))
    installed = InstalledSite(directory, directory / "venv" / "bin" / "python")
    installed.manage("migrate", "--verbosity", "0")
    return installed


def test_the_site_runs_on_what_was_installed(installed: InstalledSite) -> None:
    location = installed.manage(
        "shell", "--verbosity", "0", "-c", f"import {PACKAGE}; print({PACKAGE}.__file__)"
    )
    assert Path(location.strip()).is_relative_to(installed.directory / "venv")


def test_the_site_has_nothing_to_complain_of(installed: InstalledSite) -> None:
    assert installed.manage("check").startswith("System check identified no issues")


def test_no_migration_is_missing(installed: InstalledSite) -> None:
    assert installed.manage("makemigrations", "--check", "--dry-run").strip() == "No changes detected"


UPLOAD = """
from io import BytesIO
from PIL import Image
from django.core.files.base import ContentFile
from wagtail.images import get_image_model
from wagtail.models import Collection
# The sandbox registers a group for this one.
Collection.objects.get(depth=1).add_child(name="Odd formats")
buffer = BytesIO()
Image.new("RGB", (400, 300), "teal").save(buffer, "JPEG")
get_image_model().objects.create(title="Teal", file=ContentFile(buffer.getvalue(), "teal.jpg"))
get_image_model().objects.get(title="Teal").renditions.all().delete()
"""


def test_generateimages_makes_what_is_missing(installed: InstalledSite) -> None:
    installed.manage("shell", "--verbosity", "0", "-c", UPLOAD)
    first = json.loads(installed.manage("generateimages", "--json"))
    second = json.loads(installed.manage("generateimages", "--json"))
    assert first["generated"] == first["expected"] > 0
    assert (second["generated"], second["existing"]) == (0, first["expected"])
