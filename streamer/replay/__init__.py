"""Replay: a bounded range of the topics, sent once more in a group of its own."""
