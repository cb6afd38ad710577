"""Drafting a mapping from an Avro schema by the names of its fields."""
