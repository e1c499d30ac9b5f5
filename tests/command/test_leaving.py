"""The app taken out of ``INSTALLED_APPS`` again: the site's pages go on with the renditions made for them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from wagtail.images import get_image_model
from wagtail.models import Page

from tests.conftest import ROOT
from tests.test_sandbox import run_demo, small_pictures

__all__ = ["small_pictures"]

SETTINGS = """
from tests.settings import *

INSTALLED_APPS = [app for app in INSTALLED_APPS if app not in ("wagtail_sourcegroups", "tests.testapp")]
"""

VISIT = """
import json, sys, django
django.setup()
from django.apps import apps
from django.test import Client
from wagtail.images import get_image_model

assert not apps.is_installed("wagtail_sourcegroups")
client = Client()
answers = {url: client.get(url).status_code for url in sys.argv[1:]}
renditions = get_image_model().get_rendition_model().objects.count()
print(json.dumps({"answers": answers, "renditions": renditions}))
"""


def test_pages_work_and_make_nothing(
    process_site: Any, small_pictures: Path, tmp_path: Path, settings: Any
) -> None:
    run_demo()
    made = get_image_model().get_rendition_model().objects.count()
    urls = [page.url for page in Page.objects.live().filter(depth__gt=1)]
    assert len(urls) > 5 and made > 100
    (tmp_path / "without_app.py").write_text(SETTINGS)

    visit = subprocess.run(
        [sys.executable, "-c", VISIT, *urls],
        cwd=ROOT,
        env={
            **process_site.env,
            "DJANGO_SETTINGS_MODULE": "without_app",
            "PYTHONPATH": f"{ROOT}:{tmp_path}",
        },
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert visit.returncode == 0, visit.stderr
    assert json.loads(visit.stdout.splitlines()[-1]) == {
        "answers": dict.fromkeys(urls, 200),
        "renditions": made,
    }


@pytest.mark.parametrize("command", [["check"], ["migrate", "--plan"]])
def test_commands_work(process_site: Any, tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "without_app.py").write_text(SETTINGS)
    env = {**process_site.env, "DJANGO_SETTINGS_MODULE": "without_app", "PYTHONPATH": f"{ROOT}:{tmp_path}"}
    done = subprocess.run(
        [sys.executable, "-m", "django", *command],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
