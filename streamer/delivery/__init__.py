"""Windows, queues, retry, splitting, the CAPI client, and the reading of Meta's answers."""
