"""An app of the site's processes alone: what is wanted of which images, and where to die."""
