from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "sandbox.demo"
    label = "demo"
    default_auto_field = "django.db.models.BigAutoField"
