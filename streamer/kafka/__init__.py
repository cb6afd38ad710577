"""The edge to Kafka: the consumer thread, assignments, offset progress, and the product's own topics."""
