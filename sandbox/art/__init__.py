"""Pictures that the sandbox paints itself, with Pillow alone: the same in every run, no binary in the repository."""
