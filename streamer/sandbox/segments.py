"""Customer segments (Meta, server event parameters): Meta's pages show them in the event and in its custom data."""

from streamer.sandbox.values import one_of

_LEVELS = ("business", "business_line", "product_area", "medium")
SEGMENTATION = one_of(
    *(f"new_customer_to_{level}" for level in _LEVELS),
    *(f"existing_customer_to_{level}" for level in _LEVELS),
    "customer_in_loyalty_program",
)
"""Whether a value is a segment."""
