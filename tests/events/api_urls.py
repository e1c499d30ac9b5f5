"""The sandbox with Wagtail's API for writing, which it does not mount itself."""

from django.urls import path
from wagtail.api.v3.urls import api

from sandbox.urls import urlpatterns as sandbox_urlpatterns

urlpatterns = [path("api/v3/", api.urls), *sandbox_urlpatterns]
