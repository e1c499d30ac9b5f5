"""What the options of a command line choose. Raises ``CommandError`` with exit status 2 for what there is not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from wagtail.images import get_image_model
from wagtail.models import Collection

from ..exceptions import SourceGroupsError, UnknownSpec
from ..registry import Registry
from ..selection import Selection
from ..sourcegroups import CollectionSourceGroup
from ..specs import RenditionSpec

USAGE = 2
MAX_BATCH_SIZE = 10_000


def usage_error(sentence: str) -> CommandError:
    return CommandError(sentence, returncode=USAGE)


def chosen_specs(registry: Registry, patterns: Iterable[str]) -> tuple[RenditionSpec, ...]:
    """The specs that patterns mean; all for none."""
    try:
        return registry.select(patterns)
    except UnknownSpec as error:
        raise usage_error(str(error)) from None
    except SourceGroupsError as error:
        # A registration that contradicts another one: nothing can be chosen.
        raise CommandError(str(error)) from error


def chosen_sources(*, collection: Any, images: Any, since: Any, only_failed: bool) -> Selection:
    """The selection that the options make together."""
    return Selection(
        collections=None if collection in (None, "") else chosen_collections(collection),
        images=None if images in (None, [], ()) else chosen_images(images),
        since=None if since is None else day(since),
        only_failed=only_failed,
    )


def chosen_collections(name_or_id: Any) -> frozenset[Any]:
    """The ids of a collection and of all below it, given by name path or id."""
    collection = find_collection(str(name_or_id))
    return frozenset(collection.get_descendants(inclusive=True).values_list("pk", flat=True))


def find_collection(name_or_id: str) -> Collection:
    """A number is an id, unless there is no such id and a collection of that name."""
    name_error = None
    by_name = None
    try:
        by_name = CollectionSourceGroup(name_or_id).find()
    except SourceGroupsError as error:
        name_error = error
    by_id = (
        Collection.objects.filter(pk=int(name_or_id)).first()
        if re.fullmatch(r"[0-9]{1,18}", name_or_id)
        else None
    )
    if by_id is not None and by_name is not None and by_id != by_name:
        raise usage_error(
            f"{name_or_id!r} is both the id of the collection {_path(by_id)!r} and the name of {_path(by_name)!r}; "
            "give one of these paths."
        )
    found = by_id or by_name
    if found is None and name_or_id.isdigit() and not Collection.objects.filter(name=name_or_id).exists():
        raise usage_error(f"There is no collection with the id {name_or_id}, and none of that name.")
    if found is None:
        raise usage_error(str(name_error))
    return found


def chosen_images(ids: Any) -> tuple[Any, ...]:
    """Primary keys of the site's image model."""
    model = get_image_model()
    given: Sequence[Any] = ids if isinstance(ids, list | tuple) else [ids]
    pks = []
    for each in given:
        try:
            pk = model._meta.pk.to_python(each)
            # A number that no column holds is an error to the database, not an unknown id.
            model._meta.pk.run_validators(pk)
            pks.append(pk)
        except ValidationError:
            raise usage_error(f"{each!r} is no id of an image.") from None
    known = set(model._default_manager.filter(pk__in=pks).values_list("pk", flat=True))
    unknown = [str(pk) for pk in dict.fromkeys(pks) if pk not in known]
    if unknown:
        raise usage_error(f"There is no image with the id {' or '.join(unknown)}.")
    return tuple(dict.fromkeys(pks))


def day(given: Any) -> date:
    """A day written ``YYYY-MM-DD``."""
    if isinstance(given, datetime):
        return given.date()
    if isinstance(given, date):
        return given
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(given)):
            return date.fromisoformat(str(given))
    except ValueError:
        pass
    raise usage_error(f"{given!r} is no day; write it as YYYY-MM-DD, such as 2026-03-09.")


def at_least_one(option: str, given: Any, most: int | None = None) -> int | None:
    """A whole number of at least one, or nothing."""
    if given is None:
        return None
    try:
        number = int(str(given))
    except ValueError:
        number = 0
    if number < 1 or (most is not None and number > most):
        accepted = "a whole number of at least 1" + (f" and at most {most:,}" if most else "")
        raise usage_error(f"{option} is {str(given)!r}; it must be {accepted}.")
    return number


def _path(collection: Collection) -> str:
    """A collection's name path, with the root's name where it stands alone below it."""
    names = [ancestor.name for ancestor in collection.get_ancestors()] + [collection.name]
    return "/".join(names if len(names) < 3 else names[1:])
