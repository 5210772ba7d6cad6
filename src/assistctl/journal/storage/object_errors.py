"""Errors of obstore, as a sentence and what to do next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from assistctl.errors import JournalError
from assistctl.journal.storage.address import ObjectAddress
from assistctl.secrets.redaction import mask

_CREDENTIALS = {
    "s3": "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION (a profile: aws configure export-credentials)",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or AZURE_TENANT_ID, AZURE_CLIENT_ID and"
    " AZURE_CLIENT_SECRET",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS (the path of a service account's key file, or of what gcloud auth"
    " application-default login wrote) or GOOGLE_BEARER_TOKEN (an access token, as from gcloud auth"
    " print-access-token)",
}
_NO_CONTAINER = re.compile(r"NoSuchBucket|ContainerNotFound|The specified bucket does not exist")
# Where obstore asks for credentials when none are given (the clouds' metadata services), and its own words.
_NO_CREDENTIALS = re.compile(
    r"latest/api/token|meta-data/iam|metadata/identity|metadata\.google|169\.254\.|credential|Account must be"
    r"|Azure Cli|invalid_client|invalid_grant",
    re.IGNORECASE,
)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_LONGEST = 300


class ObjectGoneError(JournalError):
    """The object does not exist."""


class UnansweredError(JournalError):
    """No clear refusal: the request may have been carried out."""


@contextmanager
def explained(address: ObjectAddress, doing: str) -> Iterator[None]:
    """Turn obstore's errors into ``JournalError``; a lost race (``PreconditionError``) is for the caller.

    The original is left out, as it holds all that obstore knows of the request.
    """
    from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError

    try:
        yield
    except (AlreadyExistsError, PreconditionError):
        raise
    except (BaseError, OSError, ValueError) as error:
        raise _explanation(error, address, doing) from None


def _explanation(error: Exception, address: ObjectAddress, doing: str) -> JournalError:
    from obstore.exceptions import PermissionDeniedError, UnauthenticatedError

    summary = f"the journal at {address} cannot be {_DONE[doing]}"
    # What is quoted before anything was asked is a setting, which may be a secret.
    text = _QUOTED.sub('"..."', str(error)) if doing == "open" else str(error)
    if _NO_CONTAINER.search(text):
        word = address.container_word
        return JournalError(
            f"{summary}: there is no {word} {address.container}", f"Create the {word}, or correct it."
        )
    if isinstance(error, FileNotFoundError):
        return ObjectGoneError(f"{summary}: something that was there is gone")
    if isinstance(error, PermissionDeniedError):
        needs = f"It takes leave to read, write, list and delete objects in {address.container}."
        return JournalError(f"{summary}: access is denied", needs)
    if isinstance(error, UnauthenticatedError):
        return JournalError(f"{summary}: the credentials are not accepted", _set_credentials(address))
    if doing == "open" or _NO_CREDENTIALS.search(text):
        return JournalError(
            f"{summary}: there are no usable credentials ({_brief(text)})", _set_credentials(address)
        )
    return UnansweredError(
        f"{summary}: {_brief(text)}", "Check that the service can be reached from here, then try again."
    )


_DONE = {"read": "read", "write": "written", "list": "listed", "delete": "pruned", "open": "opened"}


def _set_credentials(address: ObjectAddress) -> str:
    return f"Set {_CREDENTIALS[address.scheme]} in the environment or in .env."


def _brief(text: str) -> str:
    """The first line: what follows is the service's whole answer, or obstore's own view of it."""
    # Masked before it is cut: half a secret may not be found any more.
    return mask(text).partition("\n")[0].partition(": <?xml")[0].strip(" :")[:_LONGEST]
