"""Runs: asking for one, watching it, steering it."""
