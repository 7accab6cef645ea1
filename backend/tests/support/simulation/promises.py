"""What a run may find: a promise that was not kept."""


class PromiseBroken(BaseException):
    """A promise by its id (S1 to S17, or a word where none has one), and whom it was given to.

    Not an ``Exception``, which the engine would answer with 503 and live on.
    """

    def __init__(self, promise: str, sentence: str, *, license: str, device: str = "") -> None:
        super().__init__(f"{promise}: {sentence}")
        self.promise = promise
        self.license = license
        self.device = device
