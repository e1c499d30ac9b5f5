"""The renditions of one image, beside the form that edits it."""
