"""Log records without secrets, whoever writes them: an SDK that logs in full logs whole requests."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from assistctl.secrets.redaction import mask


def mask_log_records() -> None:
    """Mask the known secrets in every log record of this process, its traceback too."""
    make = logging.getLogRecordFactory()
    if not isinstance(make, _MaskedRecords):
        logging.setLogRecordFactory(_MaskedRecords(make))


@dataclass(frozen=True, slots=True)
class _MaskedRecords:
    """Makes log records as ``make`` does, and masks their text and traceback."""

    make: Callable[..., logging.LogRecord]

    def __call__(self, *args: object, **options: object) -> logging.LogRecord:
        record = self.make(*args, **options)
        record.msg, record.args = mask(record.getMessage()), ()
        if record.exc_info:
            # Formatters take the text that is there; an error may quote what it could not send.
            record.exc_text = mask(logging.Formatter().formatException(record.exc_info))
        return record
