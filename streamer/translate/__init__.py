"""Tag event to server events: routing, mapping, normalising, hashing, checks. Pure."""
