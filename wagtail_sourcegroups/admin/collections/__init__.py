"""Specs on collections: the panel on Wagtail's own pages, and the matrix of all assignments."""
