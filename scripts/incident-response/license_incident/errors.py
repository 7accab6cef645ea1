"""What the tool refuses, before anything is done."""


class Refused(Exception):
    """The words make no sense, or would do harm: nothing was run."""


class Busy(Refused):
    """Another run of the same incident is under way."""
