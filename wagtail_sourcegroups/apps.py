"""The app: it owns the registry and connects what listens."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SourceGroupsConfig(AppConfig):
    """Asks the database nothing; neither does anything it starts."""

    name = "wagtail_sourcegroups"
    label = "wagtail_sourcegroups"
    verbose_name = _("Source groups")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # A worker has to know of all tasks.
        from . import checks, counting, pruning, receivers, tasks  # noqa: F401
        from .generation import collect
        from .models import stored
        from .registrations import waiting
        from .registry import Registry
        from .runs import starting

        self.registry = Registry(waiting)
        collect.enqueue_with(tasks.enqueue)
        receivers.connect()
        starting.connect()
        stored.connect()
        checks.register()
