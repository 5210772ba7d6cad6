"""Events of an apply, for listeners."""

from __future__ import annotations

from assistctl.model.change import Result
from assistctl.model.check_report import CheckOutcome
from assistctl.model.plan import Plan


class ProgressListener:
    """Receives the events of an apply; this one ignores them.

    Subclass it, and override what is of interest.
    """

    def started(self, plan: Plan) -> None:
        """The changes of this plan are about to be made."""

    def ended(self) -> None:
        """Nothing more is to come, whatever became of the changes."""

    def uploading(self, files: int, size: int) -> None:
        """Uploads begin: the number of ``files``, and their ``size`` in bytes altogether."""

    def sent(self, size: int) -> None:
        """Bytes of a file were sent; ``size`` is negative when they must be sent again."""

    def uploaded(self) -> None:
        """A file was uploaded."""

    def indexing(self, key: str, done: int, files: int, failed: int) -> None:
        """The state of indexing: ``done`` and ``failed`` out of the ``files`` that a vector store was given."""

    def checked(self, outcome: CheckOutcome) -> None:
        """A check was asked: before the changes when nothing has ``started`` yet, else after them."""

    def putting_back(self, plan: Plan) -> None:
        """The changes of ``plan`` are about to be made, to put back assistants that answer worse than before."""

    def put_back(self) -> None:
        """That is over, whatever became of it; what is ``finished`` now is of the first plan again."""

    def finished(self, result: Result) -> None:
        """A change was made, or failed."""
