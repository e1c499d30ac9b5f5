"""``manage.py findspecs``: for people, for programs, as a module."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from wagtail_sourcegroups import RenditionSpec, register
from wagtail_sourcegroups.findspecs.scan import scan
from wagtail_sourcegroups.registry import Registry, get_registry

from .conftest import Write

pytestmark = pytest.mark.django_db

RICH_TEXT = ("width-800", "width-500")


@pytest.fixture(autouse=True)
def here(site: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(site)
    return site


def findspecs(*args: str, status: int = 0) -> str:
    """What it prints on stdout; ``status`` is what it has to end with."""
    out = io.StringIO()
    try:
        call_command("findspecs", *args, stdout=out, stderr=out, no_color=True)
        ended = 0
    except SystemExit as stop:
        ended = int(stop.code or 0)
    assert ended == status, out.getvalue()
    return out.getvalue()


@pytest.fixture
def cards(write: Write, registry: Registry) -> None:
    """A site with something of everything."""
    register.spec("rich:text", RICH_TEXT)
    register.spec("blog:card", "fill-{40x30,80x60}|format-webp")
    register.spec("blog:hero", "format-webp|width-90")
    write(
        {
            "django/card.html": "{% srcset_image x fill-{40x30,80x60} format-webp %}\n\n{% image_url x size %}",
            "django/hero.html": "{% load odd %}{% image x width-90 format-webp %}\n"
            "{% generateimage 'blog:hreo' source=x %}",
            "django/broken.html": "{% if %}",
            "jinja/album.html": '{{ image(x, "fill-7x7") }}',
        }
    )


def test_for_people(cards: None, make_image: Any) -> None:
    image = make_image()
    for filter_spec in ("width-3", "width-90|format-webp", "max-165x165"):
        image.get_rendition(filter_spec)
    printed = findspecs()
    formats = next(use.template for use in scan().uses if use.tag == "richtext")
    assert printed == (
        "django/card.html\n"
        "    1  srcset_image   fill-40x30|format-webp  blog:card\n"
        "                      fill-80x60|format-webp  blog:card\n"
        "\n"
        "django/hero.html\n"
        "    1  image          width-90|format-webp    no spec; almost blog:hero\n"
        "    2  generateimage  blog:hreo               no such spec; almost blog:hero\n"
        "\n"
        "jinja/album.html\n"
        "    1  image          fill-7x7                no spec\n"
        "\n"
        f"{formats}\n"
        "  101  richtext       width-800               rich:text\n"
        "  104  richtext       width-500               rich:text\n"
        "  107  richtext       width-500               rich:text\n"
        "\n"
        "Known only when a page is rendered\n"
        "  django/card.html:3  image_url\n"
        f"  {story_place()}\n"
        "\n"
        "Cannot be read\n"
        "  django/broken.html: Line 1: Unexpected end of expression in if tag.\n"
        "\n"
        "Renditions that there are, and nothing above asks for\n"
        "  1  width-3\n"
        "\n"
        "6 filter specs in 4 files: no spec covers 2, 1 tag with an unknown spec. findspecs --as-hook writes what "
        "would.\n"
        "Wagtail's own admin asks for 5 filter specs besides, none of them covered: the ADMIN_SPEC setting has all of "
        "them made ahead.\n"
    )  # fmt: skip


def story_place() -> str:
    """The one of the test app's pages."""
    use = next(use for use in scan().uses if use.tag == "ImageChooserBlock")
    return f"{use.place}  {use.tag}  {use.note}"


def test_only_what_is_uncovered(cards: None) -> None:
    printed = findspecs("--uncovered", status=1)
    assert "card.html" not in printed and "richtext" not in printed
    assert "  1  image          width-90|format-webp  no spec; almost blog:hero\n" in printed
    assert "  2  generateimage  blog:hreo             no such spec; almost blog:hero\n" in printed


def test_nothing_is_uncovered(write: Write, registry: Registry) -> None:
    register.spec("a", ["width-9", *RICH_TEXT])
    write({"django/a.html": "{% image x width-9 %}"})
    assert findspecs("--uncovered").startswith("Every filter spec is covered. 3 filter specs in 2 files.\n")
    assert findspecs("--uncovered", "-v0") == ""


def test_an_unknown_spec_alone_is_uncovered(write: Write, registry: Registry) -> None:
    register.spec("a", RICH_TEXT)
    write({"django/a.html": "{% load odd %}{% generateimage 'b' source=x %}"})
    findspecs("--uncovered", status=1)
    assert "2 filter specs in 1 file: 1 tag with an unknown spec.\n" in findspecs()


def test_what_is_dynamic_is_not_uncovered(write: Write, registry: Registry) -> None:
    register.spec("a", RICH_TEXT)
    write({"django/a.html": "{% image_url x size %}"})
    findspecs("--uncovered")


def test_for_programs(cards: None, make_image: Any) -> None:
    make_image().get_rendition("width-3")
    data = json.loads(findspecs("--json"))
    assert list(data) == ["specs", "dynamic", "errors", "observed"]
    assert data["specs"][:4] == [
        {
            "filter_spec": "fill-40x30|format-webp",
            "uses": [{"template": "django/card.html", "line": 1, "tag": "srcset_image"}],
            "covered_by": ["blog:card"],
            "near": [],
        },
        {
            "filter_spec": "fill-80x60|format-webp",
            "uses": [{"template": "django/card.html", "line": 1, "tag": "srcset_image"}],
            "covered_by": ["blog:card"],
            "near": [],
        },
        {
            "filter_spec": "width-90|format-webp",
            "uses": [{"template": "django/hero.html", "line": 1, "tag": "image"}],
            "covered_by": [],
            "near": ["blog:hero"],
        },
        {
            "filter_spec": "fill-7x7",
            "uses": [{"template": "jinja/album.html", "line": 1, "tag": "image"}],
            "covered_by": [],
            "near": [],
        },
    ]
    assert data["dynamic"][0] == {"template": "django/card.html", "line": 3, "tag": "image_url"}
    assert data["errors"] == [
        {"template": "django/broken.html", "error": "Line 1: Unexpected end of expression in if tag."},
        {
            "template": "django/hero.html",
            "error": "Line 2: {% generateimage %} names the spec 'blog:hreo', which is not registered; "
            "did you mean 'blog:hero'?",
        },
    ]
    assert data["observed"] == [{"filter_spec": "width-3", "renditions": 1, "near": []}]


def test_for_programs_uncovered_is_told_by_the_status_too(cards: None) -> None:
    assert json.loads(findspecs("--json", "--uncovered", status=1)) == json.loads(findspecs("--json"))


def test_specs_that_admins_have_stored_cover_too(write: Write, registry: Registry) -> None:
    from wagtail_sourcegroups.models import StoredSpec

    register.spec("rich:text", RICH_TEXT)
    write({"django/a.html": "{% image x width-9 %}"})
    findspecs("--uncovered", status=1)
    StoredSpec.objects.create(spec_id="stored:nine", filters="width-9")
    findspecs("--uncovered")


def test_without_a_database(cards: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: Any) -> Any:
        raise OperationalError("nobody is there")

    monkeypatch.setattr(Registry, "refresh", away)
    monkeypatch.setattr("wagtail_sourcegroups.management.commands.findspecs.counted", away)
    printed = findspecs()
    assert "Without the specs that admins have stored, since the database refuses: nobody is there" in printed
    assert "Without the renditions that there are, since the database refuses: nobody is there" in printed
    assert "fill-40x30|format-webp  blog:card" in printed


def test_data_and_a_module_do_not_go_together() -> None:
    with pytest.raises(CommandError) as caught:
        call_command("findspecs", "--json", "--as-hook")
    assert caught.value.returncode == 2
    assert (
        str(caught.value) == "--json and --as-hook do not go together: one prints data, the other a module."
    )


def test_registrations_that_contradict_each_other(
    registry: Registry, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wagtail_sourcegroups import registry as module
    from wagtail_sourcegroups.exceptions import InvalidSpec

    def contradict(*args: Any) -> Any:
        raise InvalidSpec("Spec 'a' is registered twice.")

    monkeypatch.setattr(module, "build_reading", contradict)
    with pytest.raises(CommandError, match="Spec 'a' is registered twice"):
        call_command("findspecs")


@pytest.mark.once
def test_whoever_reads_may_stop_reading(process_site_env: Callable[[], dict[str, str]]) -> None:
    done = subprocess.run(
        f"{sys.executable} -m django findspecs | head -n 1",
        shell=True,
        cwd=Path(__file__).resolve().parents[2],
        env=process_site_env(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout == "sandbox/blog/templates/blog/blog_page.html\n"
    assert "Traceback" not in done.stderr


@pytest.fixture
def process_site_env() -> Callable[[], dict[str, str]]:
    root = str(Path(__file__).resolve().parents[2])
    return lambda: {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": root}


class TestAsHook:
    def run_hook(self, text: str) -> None:
        exec(compile(text, "wagtail_hooks.py", "exec"), {})

    def test_registers_what_was_uncovered(self, write: Write, registry: Registry) -> None:
        register.spec("site:card", "width-{10,20}")
        write(
            {
                "django/blog/card.html": "{% picture x format-{webp,jpeg} fill-{4x3,8x6} %}\n{% image x width-20 %}",
                "django/blog/parts/a b.html": "{% srcset_image x width-{20,30} %}{% image x original %}",
                "jinja/album.html": '{{ image(x, "width-40") }}{{ image(x, "width-20|format-webp") }}',
                "jinja/other.html": '{{ image(x, "width-40") }}',
            }
        )
        findspecs("--uncovered", status=1)
        text = findspecs("--as-hook")
        self.run_hook(text)
        findspecs("--uncovered")
        specs = get_registry().specs
        assert {id_: spec.filters for id_, spec in specs.items() if id_ != "site:card"} == {
            "blog:card": (
                "format-webp|fill-4x3",
                "format-webp|fill-8x6",
                "format-jpeg|fill-4x3",
                "format-jpeg|fill-8x6",
            ),
            # width-20 has a spec already.
            "blog:parts:a-b": ("width-30", "original"),
            "site:album": ("width-40", "width-20|format-webp"),
            "wagtailimages:richtext": RICH_TEXT,
        }
        bound = {binding.spec.id: type(binding.group).__name__ for binding in get_registry().bindings}
        assert bound == dict.fromkeys(set(specs) - {"site:card"}, "ImageModelSourceGroup")

    def test_ids_that_are_taken_get_a_number(self, write: Write, registry: Registry) -> None:
        for id_ in ("blog:card", "blog:card-2"):
            register.spec(id_, "width-1")
        write({"django/blog/card.html": "{% image x width-2 %}"})
        self.run_hook(findspecs("--as-hook"))
        assert get_registry().spec("blog:card-3") == RenditionSpec("blog:card-3", "width-2")

    def test_near_misses_are_said(self, write: Write, registry: Registry) -> None:
        register.spec("blog:card", "width-2|format-webp")
        write({"django/blog/a.html": "{% image x format-webp width-2 %}"})
        assert (
            "# django/blog/a.html, line 1; almost blog:card, to Wagtail another rendition\n"
            'register.spec("blog:a", "format-webp|width-2")\n'
        ) in findspecs("--as-hook")

    def test_what_cannot_be_registered_is_said(self, write: Write, registry: Registry) -> None:
        write(
            {
                "django/blog/a.html": "{% load odd %}{% image x widht-2 %}\n{% srcset_image x width-{3,o} %}\n"
                "{% generateimage 'no:such' source=x %}",
            }
        )
        text = findspecs("--as-hook")
        self.run_hook(text)
        assert get_registry().spec("blog:a").filters == ("width-3",)
        place = str(Path("django/blog/a.html"))
        assert "# Not registered:\n" in text
        assert f"# {place}:1 asks for 'widht-2': Unrecognised operation: widht\n" in text
        assert f"# {place}:2 asks for 'width-o': invalid literal for int() with base 10: 'o'\n" in text
        assert f"# {place}:3 names the spec 'no:such', which is not registered.\n" in text

    def test_nothing_to_register(self, write: Write, registry: Registry) -> None:
        register.spec("rich:text", RICH_TEXT)
        text = findspecs("--as-hook")
        self.run_hook(text)
        assert text.startswith('"""Every filter spec that this site is known to ask for has a spec')

    def test_names_no_path_of_this_machine(self, write: Write, registry: Registry, site: Path) -> None:
        write({"django/blog/a.html": "{% image x width-2 %}"})
        text = findspecs("--as-hook")
        assert str(site) not in text and sys.prefix not in text

    @pytest.mark.once
    def test_is_formatted(self, write: Write, registry: Registry) -> None:
        many = "".join(f"{{% image x fill-{n}x{n} format-webp-lossless %}}\n" for n in range(100, 130))
        write(
            {
                "django/blog/many.html": many,
                "django/blog/one.html": "{% image x width-1 %}",
                "django/blog/long.html": "{% picture x format-{avif,webp,jpeg} fill-{10x10,20x20,30x30} "
                "bgcolor-ffffff jpegquality-80 webpquality-80 %}",
                "django/blog/two.html": "{% image x width-2 %}{% image x widht-2 %}",
            }
        )
        text = findspecs("--as-hook")
        checks = ["check", "--isolated", "--select", "E,F,I,UP,W", "--ignore", "E501"]
        for asked in (["format", "--check", "--isolated", "--line-length", "88"], checks):
            done = subprocess.run(
                [sys.executable, "-m", "ruff", *asked, "-"],
                input=text,
                capture_output=True,
                text=True,
                cwd="/",
            )
            assert done.returncode == 0, done.stdout + done.stderr


def test_the_sandbox_is_covered(settings: Any) -> None:
    from sandbox.settings import TEMPLATES

    settings.TEMPLATES = TEMPLATES
    assert findspecs("--uncovered").startswith("Every filter spec is covered. 33 filter specs in 8 files.")
