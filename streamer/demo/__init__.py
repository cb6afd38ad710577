"""The whole product on one machine with nothing else installed: embedded Kafka, the sandbox, invented tag events."""
