"""What Jinja templates ask for: parsed, never rendered. Calls of Wagtail's functions and ours, whatever their names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wagtail.images.models import Filter
from wagtail.images.templatetags.wagtailimages_tags import image_url

from ..showing.thumbnails import is_size
from . import ourtags
from .templates import may_matter
from .uses import Scanned, Use

#: By the name of the function: whether its filter spec may have braces.
_STOCK = {"image": False, "image_url": False, "srcset_image": True, "picture": True}
_OURS = ("generateimage", "thumbnail")


def scan_environment(env: Any) -> Iterator[Scanned]:
    """What the templates of a ``jinja2.Environment`` ask for."""
    try:
        names = env.list_templates()
    except TypeError:
        # A loader that cannot say which templates it has.
        return
    tags = _tags(env)
    for name in names:
        path, text = name, ""
        try:
            text, filename, _ = env.loader.get_source(env, name)
            path = filename or name
            if "{" in text and "\0" not in text:
                yield Scanned(path, tuple(_uses(env.parse(text, name, filename), tags, path)))
        except UnicodeDecodeError:
            # A file that lies among the templates: an image, a font.
            continue
        except Exception as error:  # noqa: BLE001 - extensions of the site's may raise whatever they like
            if may_matter(path, text):
                yield Scanned(path, error=_sentence(error))


def _sentence(error: Exception) -> str:
    line, said = getattr(error, "lineno", None), str(error).strip().partition("\n")[0] or type(error).__name__
    return f"Line {line}: {said}" if line else said


def _tags(env: Any) -> dict[str, str]:
    """By the names that templates of this environment know them by: the functions that ask for renditions."""
    from wagtail.images import jinja2tags

    functions = {
        jinja2tags.image: "image",
        jinja2tags.srcset_image: "srcset_image",
        jinja2tags.picture: "picture",
        image_url: "image_url",
    }
    found = {name: name for name in (*_STOCK, *_OURS) if name in env.globals}
    for name, value in env.globals.items():
        try:
            known = functions.get(value)
        except TypeError:
            # What cannot be a key is none of them.
            continue
        if known:
            found[name] = known
    return found


def _uses(template: Any, tags: dict[str, str], path: str) -> Iterator[Use]:
    from jinja2 import nodes

    # A template's own macro of that name is another thing.
    own = {macro.name for macro in template.find_all(nodes.Macro)}
    for statement in template.find_all(nodes.FromImport):
        own |= {name if isinstance(name, str) else name[1] for name in statement.names}
    for call in template.find_all(nodes.Call):
        name = getattr(call.node, "name", None)
        if not isinstance(call.node, nodes.Name) or name not in tags or name in own:
            continue
        constants = _constants(call)
        if tags[name] in _STOCK:
            yield _stock(path, call.lineno, tags[name], constants)
        else:
            yield _ours(path, call.lineno, tags[name], constants)


def _constants(call: Any) -> dict[int | str, Any]:
    """The arguments of a call by position or name: those that are written out. ``None`` for any other."""
    given: dict[int | str, Any] = {
        **dict(enumerate(call.args)),
        **{each.key: each.value for each in call.kwargs},
    }
    return {key: _constant(value) for key, value in given.items()}


def _constant(node: Any) -> Any:
    from jinja2 import nodes

    try:
        return node.as_const()
    except (nodes.Impossible, TypeError, ValueError):
        return None


def _stock(path: str, line: int, tag: str, arguments: dict[int | str, Any]) -> Use:
    filter_spec = arguments.get(1, arguments.get("filterspec", arguments.get("filter_spec")))
    if not isinstance(filter_spec, str):
        return Use(path, line, tag)
    expanded = Filter.expand_spec(filter_spec) if _STOCK[tag] else [filter_spec]
    return Use(path, line, tag, tuple(expanded), filter_spec)


def _ours(path: str, line: int, tag: str, arguments: dict[int | str, Any]) -> Use:
    first, second = arguments.get(0), arguments.get(1)
    if tag == "generateimage":
        spec_id = arguments.get("spec", first)
        return ourtags.generateimage(path, line, tag, spec_id if isinstance(spec_id, str) else None)
    spec_id, size = ("", first) if isinstance(first, str) and is_size(first) else (first, second)
    if not isinstance(spec_id, str) or not isinstance(size, str):
        return Use(path, line, tag)
    options = {
        str(name): None if value is None else str(value)
        for name, value in arguments.items()
        if isinstance(name, str)
    }
    return ourtags.thumbnail(path, line, tag, spec_id, size, options)
