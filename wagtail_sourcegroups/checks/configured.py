"""Checks of the settings: their values, and where they send tasks."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks

from .. import conf, queueing
from ..exceptions import NoSuchQueue, SourceGroupsError
from ..strategies import default_strategy
from .said import identified, settings_are_right


def check_settings(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    configured = getattr(settings, conf.SETTING, {})
    found: list[checks.CheckMessage] = [
        checks.Error(sentence, hint="Every key is optional; see docs/settings.md.", id=identified("E001"))
        for sentence in conf.complaints(configured)
    ]
    if not found:
        try:
            default_strategy()
        except SourceGroupsError as error:
            hint = f"Correct {conf.SETTING}['DEFAULT_STRATEGY'] in the settings."
            found.append(checks.Error(str(error), hint=hint, id=identified("E002")))
    return found


def check_task_backend(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    if not settings_are_right():
        return []
    try:
        queueing.destination()
    except NoSuchQueue as error:
        hint = "TASKS names the task backends and their QUEUES; see docs/background.md."
        return [checks.Error(str(error), hint=hint, id=identified("E006"))]
    return []
