"""What a template is given: renditions that exist, and what is shown in the place of those that do not."""
