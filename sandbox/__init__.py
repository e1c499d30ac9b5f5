"""A small Wagtail site to try wagtail_sourcegroups on."""
