"""Faults that a user can cause, and put right: each is a sentence, never a traceback."""


class UserError(Exception):
    """What was wrong, where (file and key; topic, partition, offset) and what to do, as text for people.

    The command line prints it on standard error and ends with :attr:`exit_status`. The text never holds a secret or
    a person's data.
    """

    exit_status = 2


class ConfigError(UserError):
    """The configuration, or a file that it names, cannot be used; the text has a line for each fault."""

    def __init__(self, faults: str | list[str]) -> None:
        """Take one fault, or all that were found."""
        self.faults: tuple[str, ...] = (faults,) if isinstance(faults, str) else tuple(faults)
        super().__init__("\n".join(self.faults))
