"""Faults that a user can cause, and put right: each is a sentence, never a traceback."""


class UserError(Exception):
    """What was wrong, where (file and key; topic, partition, offset) and what to do, as text for people.

    The command line prints it on standard error and ends with :attr:`exit_status`. The text never holds a secret or
    a person's data.
    """

    exit_status = 2


class UnreachableError(UserError):
    """The brokers give no answer: that may pass without anybody's doing, so trying again makes sense."""

    exit_status = 1


class OffsetGoneError(UserError):
    """An offset that was to be read next is not in its partition any more."""

    def __init__(self, topic: str, partition: int, offset: int) -> None:
        """Take the place; the text is for ``streamer run``."""
        self.place = f"topic {topic}, partition {partition}"
        self.offset = offset
        super().__init__(
            f"{self.place}: the next offset to read, {offset}, is no longer in the topic, so records would be passed "
            "over unread. Set kafka.on_out_of_range to earliest or latest to accept that, or move the group's offset, "
            "then start again."
        )


class ConfigError(UserError):
    """The configuration, or a file that it names, cannot be used; the text has a line for each fault."""

    def __init__(self, faults: str | list[str]) -> None:
        """Take one fault, or all that were found."""
        self.faults: tuple[str, ...] = (faults,) if isinstance(faults, str) else tuple(faults)
        super().__init__("\n".join(self.faults))
