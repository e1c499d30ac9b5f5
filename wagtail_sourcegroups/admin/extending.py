"""Adding to views that Wagtail mounts itself."""

from __future__ import annotations

from typing import Any


def extend_view(urlpatterns: list[Any], name: str, mixin: type) -> None:
    """
    Put ``mixin`` in front of the class-based view of this name.

    Whatever class is mounted is extended, so that other packages may do the same; no class of Wagtail is touched.
    A view that is extended already stays as it is.
    """
    for pattern in urlpatterns:
        base = getattr(pattern.callback, "view_class", None)
        if pattern.name == name and base is not None and not issubclass(base, mixin):
            extended: Any = type(
                f"SourceGroups{base.__name__}", (mixin, base), {"__module__": mixin.__module__}
            )
            pattern.callback = extended.as_view(**pattern.callback.view_initkwargs)
