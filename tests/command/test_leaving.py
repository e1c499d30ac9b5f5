"""
The app taken out of ``INSTALLED_APPS`` again, and its tags out of the templates: the site's pages go on with the
renditions made for them.
"""

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
from pathlib import Path
from tests.settings import *

INSTALLED_APPS = [app for app in INSTALLED_APPS if app not in ("wagtail_sourcegroups", "tests.testapp")]
DJANGO, JINJA = TEMPLATES
DJANGO["DIRS"] = [Path(__file__).parent / "templates"]
JINJA["DIRS"] = [Path(__file__).parent / "jinja2"]
JINJA["OPTIONS"]["extensions"].remove("wagtail_sourcegroups.jinja2tags.sourcegroups")
"""

#: What stands in the sandbox's templates, and what Wagtail's own tags have in its place.
WITHOUT_TAGS = {
    "templates/blog/card.html": {
        '{% generateimage "blog:card" source=post.hero sizes="(max-width: 40rem) 92vw, 380px" --': (
            "{% srcset_image post.hero fill-{480x320,960x640} format-webp"
        ),
    },
    "templates/blog/home_page.html": {
        '{% generateimage "home:feature" source=feature.hero sizes="(max-width: 60rem) 100vw, 720px" --': (
            "{% picture feature.hero format-{avif,webp,jpeg} fill-{840x630,1680x1260}"
        ),
        '{% prefetch_generateimages "blog:card" posts source="hero" %}': "",
    },
    "templates/blog/blog_index_page.html": {
        '{% prefetch_generateimages "blog:card" posts source="hero" %}': "",
    },
    # Renditions of plain files were this package's own.
    "templates/blog/blog_page.html": {
        '{% thumbnail "100x100" page.author.avatar -- class="avatar" alt="" %}': "{{ page.author.avatar.url }}",
    },
    "templates/blog/people_page.html": {
        '{% prefetch_generateimages "people:profile:avatar_thumbnail" profiles %}': "",
        '{% prefetch_generateimages "people:guest:portrait_card" guests %}': "",
        '{% generateimage "people:profile:avatar_thumbnail" source=profile -- class="avatar" alt="" %}': "",
        '{% generateimage "people:guest:portrait_card" source=guest -- alt=guest.name loading="lazy" %}': "",
    },
    "jinja2/blog/album_page.html": {
        '{{ prefetch_generateimages("album:strip", "album:sheet", "album:cover", images) }}': "",
        'generateimage("album:strip", picture_,': 'srcset_image(picture_, "height-{64,128}",',
        'generateimage("album:sheet", picture_,': (
            'picture(picture_, "format-{webp,jpeg}|max-{420x420,840x840}|preserve-svg",'
        ),
    },
}

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


def leave(directory: Path) -> None:
    """Write the settings and the templates of a site that has taken the app out."""
    (directory / "without_app.py").write_text(SETTINGS)
    for name, replaced in WITHOUT_TAGS.items():
        text = (ROOT / "sandbox/blog" / name).read_text()
        for ours, stock in replaced.items():
            assert ours in text
            text = text.replace(ours, stock)
        template = directory / name
        template.parent.mkdir(parents=True, exist_ok=True)
        template.write_text(text.replace("sourcegroups_tags", "wagtailimages_tags"))


def test_pages_work_and_make_nothing(
    process_site: Any, small_pictures: Path, tmp_path: Path, settings: Any
) -> None:
    run_demo()
    made = get_image_model().get_rendition_model().objects.count()
    urls = [page.url for page in Page.objects.live().filter(depth__gt=1)]
    assert len(urls) > 5 and made > 100
    leave(tmp_path)

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
    leave(tmp_path)
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
