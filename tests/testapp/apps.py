from django.apps import AppConfig


class TestAppConfig(AppConfig):
    name = "tests.testapp"
    label = "testapp"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from wagtail.models import ReferenceIndex

        from .models import Advert, Promotion

        # As a snippet's viewset would.
        for model in (Advert, Promotion):
            ReferenceIndex.register_model(model)
