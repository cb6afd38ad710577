"""Streamer: tag events from Kafka to Meta's Conversions API."""
