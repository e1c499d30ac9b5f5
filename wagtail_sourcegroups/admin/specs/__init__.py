"""Specs: those that admins define, with a preview of what they make, and those of code beside them."""
