"""When a spec's renditions are made, in words: strategies, as people would put them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from ...exceptions import SourceGroupsError
from ...models import StoredSpec
from ...strategies import default_strategy


def when_in_words(strategy: Any) -> str:
    """What a strategy does, and whether that is because the site's settings say so."""
    if strategy is None:
        return _("%(when)s (the site's default)") % {"when": briefly(strategy)}
    return briefly(strategy)


def briefly(strategy: Any) -> str:
    """What a strategy does; of one of the site's own, the name of its class."""
    if strategy is None:
        try:
            strategy = default_strategy()
        except SourceGroupsError:
            # A system check says what is wrong with it.
            return str(StoredSpec.When.DEFAULT.label)
    path = f"{type(strategy).__module__}.{type(strategy).__qualname__}"
    return str(StoredSpec.When(path).label) if path in StoredSpec.When.values else type(strategy).__name__
