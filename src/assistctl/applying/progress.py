"""The events of an apply, for whoever watches it."""

from __future__ import annotations

from assistctl.model.change import Result
from assistctl.model.check_report import CheckOutcome
from assistctl.model.plan import Plan


class ProgressListener:
    """Is told of everything as it happens; this one looks away.

    Subclass it, and override what is of interest.
    """

    def started(self, plan: Plan) -> None:
        """The changes of this plan are about to be made."""

    def ended(self) -> None:
        """Nothing more is to come, whatever became of the changes."""

    def uploading(self, files: int, size: int) -> None:
        """So many files are going to be uploaded, of so many bytes together."""

    def sent(self, size: int) -> None:
        """So many bytes of some file were sent; negative, when they must be sent once more."""

    def uploaded(self) -> None:
        """A file was uploaded."""

    def indexing(self, key: str, done: int, files: int, failed: int) -> None:
        """Of so many files that a vector store was given, so many are indexed, and so many failed."""

    def checked(self, outcome: CheckOutcome) -> None:
        """A check was asked: before the changes when nothing has ``started`` yet, else after them."""

    def putting_back(self, plan: Plan) -> None:
        """The changes of ``plan`` are about to be made, to put back assistants that answer worse than before."""

    def put_back(self) -> None:
        """That is over, whatever became of it; what is ``finished`` now is of the first plan again."""

    def finished(self, result: Result) -> None:
        """A change was made, or failed."""
