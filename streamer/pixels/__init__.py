"""Who the pixels are, their tokens and settings, and the state of each connection."""
