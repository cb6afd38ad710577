"""Offset progress of one assignment (being written)."""


class Progress:
    """Offset progress of one partition under one assignment."""
