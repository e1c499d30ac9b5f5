"""Making renditions: what is missing, made in bulk, kept safely. Knows sources and specs, no groups."""
