"""Tags of the sandbox's own templates."""

from typing import Any

from django import template
from wagtail.models import Site

register = template.Library()


@register.inclusion_tag("blog/navigation.html", takes_context=True)
def navigation(context: dict[str, Any]) -> dict[str, Any]:
    """Links to the home page's children, the current one marked."""
    request, page = context.get("request"), context.get("page")
    site = Site.find_for_request(request) if request else None
    home = site.root_page if site else None
    items = home.get_children().live().in_menu() if home else []
    return {
        "items": [(item, bool(page) and page.path.startswith(item.path)) for item in items],
        "home": home,
        "request": request,
    }
