"""The spec ``wagtail:admin``: off unless the settings ask for it; then no page of Wagtail's admin makes an image."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import wagtail
from django.core.management import call_command
from django.urls import reverse
from wagtail.images import get_image_model
from wagtail.images.components import ImageDisplay
from wagtail.images.formats import get_image_formats

from wagtail_sourcegroups.findspecs.report import report
from wagtail_sourcegroups.findspecs.scan import scan
from wagtail_sourcegroups.findspecs.wagtails import ADMIN_FILTERS, ADMIN_ID
from wagtail_sourcegroups.registry import Registry, get_registry
from wagtail_sourcegroups.sourcegroups import ImageModelSourceGroup

WAGTAIL = Path(wagtail.__file__).parent
FILTER_SPEC = re.compile(r"((fill|max|min)-\d+x\d+|(width|height)-\d+)(\|.*)?")


@pytest.fixture
def admin_spec(settings: Any) -> Iterator[Registry]:
    settings.WAGTAIL_SOURCEGROUPS = {"ADMIN_SPEC": True}
    with get_registry().override() as registry:
        # What was read before the settings changed is read again.
        registry._registrations.version += 1
        yield registry


def test_is_off() -> None:
    assert ADMIN_ID not in get_registry().specs


def test_is_bound_to_every_image_by_itself(admin_spec: Registry) -> None:
    spec = admin_spec.spec(ADMIN_ID)
    assert spec.filters == ADMIN_FILTERS
    assert spec in admin_spec.specs_of(ImageModelSourceGroup())
    assert admin_spec.problems == ()


def test_is_not_read_from_settings_that_are_wrong(settings: Any) -> None:
    settings.WAGTAIL_SOURCEGROUPS = ["ADMIN_SPEC"]
    from wagtail_sourcegroups.findspecs.wagtails import admin_groups, admin_specs

    assert (admin_specs(), admin_groups()) == ([], [])


def test_has_what_wagtails_templates_ask_for() -> None:
    asked = {asked.filter_spec for asked in report(scan(), {}).admin if asked.uses}
    assert asked | {ImageDisplay.rendition_spec} == set(ADMIN_FILTERS)


def test_has_what_wagtails_python_asks_for() -> None:
    """Every text in Wagtail's code that is a filter spec is a size of the admin or of rich text."""
    found: dict[str, str] = {}
    for path in sorted(WAGTAIL.rglob("*.py")):
        if not {"tests", "test", "migrations"} & set(path.relative_to(WAGTAIL).parts):
            for node in ast.walk(ast.parse(path.read_text())):
                if (
                    isinstance(node, ast.Constant)
                    and isinstance(node.value, str)
                    and FILTER_SPEC.fullmatch(node.value)
                ):
                    found[node.value] = str(path)
    assert "max-165x165" in found
    rich_text = {each.filter_spec for each in get_image_formats()}
    assert set(found) - set(ADMIN_FILTERS) - rich_text == set(), found


def test_its_templates_are_not_the_sites() -> None:
    found = report(scan(), {})
    assert not [
        use for asked in found.asked for use in asked.uses if use.template.endswith("results_image.html")
    ]
    assert not [asked for asked in found.admin if asked.filter_spec == "fill-600x338"], (
        "that is what blocks show"
    )


PAGES = [
    ("wagtailimages:index", False),
    ("wagtailimages:index_results", False),
    ("wagtailimages_chooser:choose", False),
    ("wagtailimages_chooser:choose_results", False),
    ("wagtailimages_chooser:chosen", True),
    ("wagtailimages_chooser:select_format", True),
    ("wagtailimages:edit", True),
    ("wagtailimages:delete", True),
]


@pytest.mark.django_db
class TestPages:
    @pytest.fixture
    def images(self, make_image: Any) -> list[Any]:
        return [make_image(f"picture-{number}.jpg") for number in range(3)]

    def visit(self, client: Any, images: list[Any]) -> dict[str, set[str]]:
        """The filter specs of the renditions that each page has made."""
        renditions = get_image_model().get_rendition_model()
        made = {}
        for name, of_one in PAGES:
            before = set(renditions.objects.values_list("pk", flat=True))
            for layout in ("grid", "list"):
                url = reverse(name, args=[images[0].pk] if of_one else [])
                assert client.get(url, {"layout": layout}).status_code == 200, url
            made[name] = set(renditions.objects.exclude(pk__in=before).values_list("filter_spec", flat=True))
        return made

    def test_make_nothing_after_a_run(
        self, admin_spec: Registry, images: list[Any], admin_client: Any
    ) -> None:
        call_command("generateimages", ADMIN_ID, verbosity=0)
        assert self.visit(admin_client, images) == {name: set() for name, _ in PAGES}

    def test_make_them_without(self, images: list[Any], admin_client: Any) -> None:
        with get_registry().override(empty=True):
            made = self.visit(admin_client, images)
        assert made["wagtailimages:index"] == {"max-165x165"}
        assert set().union(*made.values()) == {"max-165x165", "max-800x600", "original"}
