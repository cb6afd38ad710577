"""Avro: wire formats, schema lookup, the tag event."""
