from wagtail.snippets.models import register_snippet

from .models import Guest, Profile

register_snippet(Profile)
register_snippet(Guest)
