"""What the command line tells its user in one line on standard error, ending with status 2."""


class UsageError(Exception):
    """What the user asked for cannot be done; the message is one line."""
