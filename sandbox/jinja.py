"""The Jinja environment: what the sandbox's one Jinja template needs besides Wagtail's own globals."""

from typing import Any

from django.template.loader import render_to_string
from django.templatetags.static import static
from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup


@pass_context
def include_django(context: Context, template_name: str) -> Markup:
    """A Django template rendered with the Jinja template's own page and request."""
    values = {name: context.get(name) for name in ("page", "request")}
    return Markup(render_to_string(template_name, values))


def environment(**options: Any) -> Environment:
    env = Environment(**options)
    env.globals.update(static=static, include_django=include_django)
    return env
