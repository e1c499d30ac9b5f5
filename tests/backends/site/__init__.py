"""An app of the site's processes alone: what is wanted of which images, how to upload some, and where to die."""
