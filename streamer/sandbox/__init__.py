"""A stand-in for Meta's Graph API, strict where Meta is strict."""
