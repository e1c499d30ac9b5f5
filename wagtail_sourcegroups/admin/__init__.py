"""What this adds to Wagtail's admin."""
