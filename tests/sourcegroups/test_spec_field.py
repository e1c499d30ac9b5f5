from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core import checks
from django.core.management import call_command
from django.db import models
from django.test.utils import isolate_apps

from tests.testapp.models import Colleague, Employee, Mistaken, Person, Pictured, Place, Product, Shop
from wagtail_sourcegroups import fields
from wagtail_sourcegroups.exceptions import InvalidFilters, InvalidSpec
from wagtail_sourcegroups.fields import ImageSpecField
from wagtail_sourcegroups.generation.renditionset import RenditionSet
from wagtail_sourcegroups.registry import get_registry
from wagtail_sourcegroups.sourcegroups import ImageFieldSourceGroup
from wagtail_sourcegroups.strategies import Eager

from .conftest import png

ROOT = Path(__file__).resolve().parents[2]
OWN = ("testapp:", "people:card")


def declared() -> dict[str, list[Any]]:
    """Spec ids of the test models, with the groups bound to each."""
    found: dict[str, list[Any]] = {}
    for spec, group in get_registry().bindings:
        if spec.id.startswith(OWN):
            found.setdefault(spec.id, []).append(group)
    return found


# Declaring -------------------------------------------------------------------------------------------------


def test_specs_and_groups_are_registered_by_themselves() -> None:
    assert declared() == {
        "testapp:person:avatar_thumbnail": [ImageFieldSourceGroup(Person, "avatar")],
        "people:card": [ImageFieldSourceGroup(Person, "portrait")],
        # One for each concrete child of the abstract model: none for Shop, which is a Place.
        "testapp:place:photo_card": [ImageFieldSourceGroup(Place, "photo")],
        "testapp:product:photo_card": [ImageFieldSourceGroup(Product, "photo")],
        # An id of its own would be shared; Product takes the field away.
        "testapp:cover": [ImageFieldSourceGroup(Place, "cover")],
    }


def test_a_spec_has_the_fields_options() -> None:
    spec = get_registry().spec("people:card")
    assert (spec.filters, spec.label, spec.strategy) == (("width-320", "width-640"), "Card", None)


def test_a_message_about_the_spec_names_the_line_of_the_field() -> None:
    file, _, line = get_registry().location("testapp:person:avatar_thumbnail").rpartition(":")
    assert file == str(ROOT / "tests" / "testapp" / "models.py")
    assert "avatar_thumbnail = ImageSpecField" in Path(file).read_text().splitlines()[int(line) - 1]


def test_it_is_no_column_and_makes_no_migration(db: None) -> None:
    assert [field.name for field in Person._meta.get_fields() if "thumbnail" in field.name] == []
    # Exits if a migration is wanted. The sandbox's people have such fields, and migrations written out.
    call_command("makemigrations", "people", check=True, dry_run=True, verbosity=0)


def test_models_load_with_it_before_anything_else() -> None:
    program = (
        "import django\n"
        "from django.conf import settings\n"
        "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'\n"
        "from wagtail_sourcegroups.registrations import waiting\n"
        "from django.apps import apps\n"
        "from django.conf import settings\n"
        "apps.populate([app for app in settings.INSTALLED_APPS if app != 'wagtail_sourcegroups'])\n"
        "print(sorted(spec_id for spec_id in waiting.specs if spec_id.startswith('testapp:')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT), "SOURCEGROUPS_DATABASE": "sqlite"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines()[-1:] == [
        "['testapp:cover', 'testapp:person:avatar_thumbnail', 'testapp:place:photo_card', "
        "'testapp:product:photo_card']"
    ], done.stderr


def test_models_of_a_registry_of_their_own_register_nothing() -> None:
    before = get_registry().version
    with isolate_apps("tests.testapp"):

        class Historic(Pictured):
            picture = models.ImageField()
            picture_card = ImageSpecField("width-10", source="picture")

            class Meta:
                app_label = "testapp"

    assert get_registry().version == before


def test_bad_filters_fail_while_the_model_is_loaded() -> None:
    with pytest.raises(InvalidFilters, match="Spec 'testapp:wrong:card'"), _temporary_model():

        class Wrong(models.Model):  # noqa: DJ008 - nobody sees one
            picture = models.ImageField()
            card = ImageSpecField("fill-{1x1", source="picture")

            class Meta:
                app_label = "testapp"


def test_a_source_is_a_name() -> None:
    with pytest.raises(InvalidSpec) as error:
        ImageSpecField("width-10", source="")
    assert str(error.value) == (
        "ImageSpecField has source=''; it must be the name of the model's ImageField, or of its ForeignKey to an "
        "image model."
    )


# On instances ----------------------------------------------------------------------------------------------


def test_an_instance_has_a_rendition_set(db: None) -> None:
    person = Person.objects.create(avatar=png("ann.png"))
    rendition_set = person.avatar_thumbnail
    assert isinstance(rendition_set, RenditionSet)
    assert rendition_set.spec == get_registry().spec("testapp:person:avatar_thumbnail")
    assert rendition_set.source.file == person.avatar


def test_so_has_one_with_a_foreign_key(make_image: Any) -> None:
    image = make_image()
    rendition_set = Person.objects.create(portrait=image).portrait_card
    assert rendition_set.spec.id == "people:card"
    assert rendition_set.source.image == image


@pytest.mark.parametrize("name", ["avatar_thumbnail", "portrait_card"])
def test_an_instance_without_a_picture_has_none(name: str) -> None:
    assert getattr(Person(), name) is None


@pytest.mark.parametrize(
    ("model", "field", "spec_id"),
    [
        (Employee, "avatar_thumbnail", "testapp:person:avatar_thumbnail"),
        (Colleague, "avatar_thumbnail", "testapp:person:avatar_thumbnail"),
        (Place, "photo_card", "testapp:place:photo_card"),
        (Shop, "photo_card", "testapp:place:photo_card"),
        (Product, "photo_card", "testapp:product:photo_card"),
    ],
)
def test_children_have_the_spec_of_the_model_that_declares_it(
    db: None, model: Any, field: str, spec_id: str
) -> None:
    source = "avatar" if field == "avatar_thumbnail" else "photo"
    instance = model.objects.create(**{source: png("child.png")})
    assert getattr(instance, field).spec.id == spec_id


def test_the_class_has_the_field_itself() -> None:
    assert isinstance(Person.avatar_thumbnail, ImageSpecField)
    assert Person.avatar_thumbnail.spec_of(Person).id == "testapp:person:avatar_thumbnail"
    assert repr(Person.avatar_thumbnail) == "<ImageSpecField avatar_thumbnail: 'fill-100x100' of avatar>"


def test_a_child_may_do_without() -> None:
    assert Product.cover_card is None
    assert "testapp:cover" in declared()


def test_it_cannot_be_set() -> None:
    with pytest.raises(AttributeError) as error:
        Person().avatar_thumbnail = "a.png"  # type: ignore[misc]
    assert str(error.value) == "avatar_thumbnail is made from avatar; set that instead."


# Checks ----------------------------------------------------------------------------------------------------


def test_sound_fields_pass_the_checks() -> None:
    assert [message for message in checks.run_checks(tags=["models"]) if "E010" in str(message.id)] == []


class _temporary_model:  # noqa: N801
    """Forgets models and registrations made inside."""

    def __enter__(self) -> None:
        self.override = get_registry().override()
        self.override.__enter__()
        self.models = dict(apps.all_models["testapp"])
        self.declared = list(fields._declared)

    def __exit__(self, *error: Any) -> None:
        fields._declared[:] = self.declared
        apps.all_models["testapp"].clear()
        apps.all_models["testapp"].update(self.models)
        apps.clear_cache()
        self.override.__exit__(*error)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("picture", "testapp.Wrong has no field 'picture'; its fields are caption, id, mistaken."),
        (
            "caption",
            "testapp.Wrong.caption is a CharField; it must be an ImageField, or a ForeignKey to an image model.",
        ),
        (
            "mistaken",
            "testapp.Mistaken is no image model; give one that inherits wagtail.images.models.AbstractImage "
            "and has a table.",
        ),
    ],
)
def test_a_source_that_is_no_picture_is_found_by_the_models_checks(source: str, problem: str) -> None:
    with _temporary_model():

        class Wrong(models.Model):  # noqa: DJ008 - nobody sees one
            caption = models.CharField(max_length=10)
            mistaken = models.ForeignKey(Mistaken, on_delete=models.CASCADE, related_name="+")
            card = ImageSpecField("width-10", source=source, strategy=Eager())

            class Meta:
                app_label = "testapp"

        config = apps.get_app_config("testapp")
        found = [m for m in checks.run_checks(app_configs=[config], tags=["models"]) if m.obj is Wrong]
    assert found == [
        checks.Error(
            f"The source of testapp.Wrong.card is no image: {problem}",
            hint=f"Declared at {Wrong.card._location}.",
            obj=Wrong,
            id="wagtail_sourcegroups.E010",
        )
    ]
