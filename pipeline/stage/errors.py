"""The one exception that a user is meant to see."""

# Of memory in XLA's messages, of disk in TensorStore's.
RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"


class UserError(Exception):
    """A mistake in the user's input: printed as one line, exit code 1, never a traceback.

    The message names the file or key, what was found and what was expected.
    """
