"""Tables for the models as they stand, so that a new test model is written in ``models.py`` alone.

An app without any migration would not do: Django makes its tables before those of the migrated apps, and PostgreSQL
refuses a foreign key to a table that is not there yet.
"""

from django.apps import apps
from django.db import migrations
from django.db.migrations.state import ModelState


def create(model):
    state = ModelState.from_model(model)
    # A relation through a model of its own has no column, and that model's table comes later.
    through = {
        field.name
        for field in model._meta.local_many_to_many
        if not field.remote_field.through._meta.auto_created
    }
    fields = [(name, field) for name, field in state.fields.items() if name not in through]
    return migrations.CreateModel(state.name, fields, state.options, state.bases, state.managers)


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("gallery", "0001_initial"),
        ("taggit", "0005_auto_20220424_2025"),
        ("gallery", "__first__"),
        ("wagtailcore", "0094_alter_page_locale"),
        ("wagtailimages", "0027_image_description"),
    ]

    operations = [create(model) for model in apps.get_app_config("testapp").get_models()]
