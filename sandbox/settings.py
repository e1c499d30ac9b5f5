"""Settings of the sandbox. For trying things on one's own machine: DEBUG is on and the secret key is public."""

import os
from pathlib import Path

PACKAGE_DIR = Path(__file__).resolve().parent
# Everything that the sandbox writes. SANDBOX_DIR=/elsewhere starts with another, empty site.
SANDBOX_DIR = Path(os.environ.get("SANDBOX_DIR") or PACKAGE_DIR.parent / ".sandbox").resolve()
# SQLite makes no directories, and a source group looks into this one.
PRESS_DIR = SANDBOX_DIR / "press"
PRESS_DIR.mkdir(parents=True, exist_ok=True)

DEBUG = True
SECRET_KEY = "the sandbox keeps no secrets"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", "testserver"]

INSTALLED_APPS = [
    "wagtail_sourcegroups",
    "sandbox.demo",
    "sandbox.gallery",
    "sandbox.people",
    "sandbox.blog",
    "wagtail.contrib.redirects",
    "wagtail.embeds",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "django_filters",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "wagtail.contrib.redirects.middleware.RedirectMiddleware",
]

ROOT_URLCONF = "sandbox.urls"
WSGI_APPLICATION = "sandbox.wsgi.application"

_CONTEXT_PROCESSORS = [
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": _CONTEXT_PROCESSORS},
    },
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "APP_DIRS": True,
        "OPTIONS": {
            "environment": "sandbox.jinja.environment",
            "extensions": [
                "wagtail.jinja2tags.core",
                "wagtail.images.jinja2tags.images",
                "wagtail_sourcegroups.jinja2tags.sourcegroups",
            ],
            "context_processors": _CONTEXT_PROCESSORS,
        },
    },
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": SANDBOX_DIR / "db.sqlite3",
        # The site may be looked at while a command writes.
        "OPTIONS": {"timeout": 30, "transaction_mode": "IMMEDIATE"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/Lisbon"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = SANDBOX_DIR / "static"
MEDIA_URL = "media/"
MEDIA_ROOT = SANDBOX_DIR / "media"

# Where the demo keeps the pictures that it paints, so that it paints each once.
PICTURES_DIR = SANDBOX_DIR / "pictures"

WAGTAIL_SITE_NAME = "Saltmarsh"
WAGTAILADMIN_BASE_URL = "http://localhost:8000"
WAGTAILIMAGES_IMAGE_MODEL = "gallery.CustomImage"
WAGTAILIMAGES_EXTENSIONS = ["avif", "gif", "jpg", "jpeg", "png", "svg", "webp"]
WAGTAILIMAGES_MAX_UPLOAD_SIZE = 40 * 1024 * 1024
WAGTAILIMAGES_MAX_IMAGE_PIXELS = 50_000_000
# By default Wagtail shows AVIF and WebP as PNG where a filter spec names no format.
WAGTAILIMAGES_FORMAT_CONVERSIONS = {"avif": "avif", "webp": "webp"}
