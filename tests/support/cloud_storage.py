"""A stand-in for Google Cloud Storage: what journals use of its XML API, over HTTP.

No emulator that a package registry has heeds ``x-goog-if-generation-match`` in that API, on which all of a lock
rests (tried: gcp-storage-emulator 2026.7, fake-gcs-server 1.54). Who asks is not checked.
What ``page`` and ``pause`` are, ``Buckets`` says.
"""

from __future__ import annotations

import base64
import hashlib
import sys
from email.utils import format_datetime
from xml.etree.ElementTree import Element, SubElement, tostring

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from support.cloud_buckets import PAGE, Buckets, Page, RefusedError, StoredObject

_XML = "application/xml; charset=UTF-8"
_CONDITION = "x-goog-if-generation-match"


def create_app(buckets: Buckets) -> Starlette:
    """The XML API over ``buckets``."""

    async def bucket(request: Request) -> Response:
        name = request.path_params["bucket"]
        if request.method == "PUT":
            buckets.make(name)
            return Response()
        asked = request.query_params
        after = max(_place(asked.get("continuation-token", "")), asked.get("start-after", ""))
        page = buckets.list(name, asked.get("prefix", ""), asked.get("delimiter", ""), after)
        return Response(_list(name, page), media_type=_XML)

    async def one_object(request: Request) -> Response:
        place = request.path_params["bucket"], request.path_params["name"]
        condition = request.headers.get(_CONDITION)
        if request.method == "PUT":
            # Read whole first: from there on nothing comes in between.
            data = await request.body()
            return Response(headers=_headers(buckets.put(*place, data, condition)))
        if request.method == "DELETE":
            buckets.delete(*place, condition)
            return Response(status_code=204)
        found = buckets.get(*place)
        modified = {"last-modified": format_datetime(found.modified, usegmt=True)}
        return Response(found.data, headers=_headers(found) | modified, media_type="application/octet-stream")

    async def refused(_: Request, error: Exception) -> Response:
        status = error.status if isinstance(error, RefusedError) else 500
        return Response(_error(error), status, media_type=_XML)

    return Starlette(
        routes=[
            Route("/{bucket}", bucket, methods=["GET", "PUT"]),
            Route("/{bucket}/{name:path}", one_object, methods=["GET", "PUT", "DELETE"]),
        ],
        exception_handlers={RefusedError: refused},
    )


def _headers(found: StoredObject) -> dict[str, str]:
    """What an answer says of an object (https://cloud.google.com/storage/docs/xml-api/reference-headers)."""
    digest = base64.b64encode(hashlib.md5(found.data, usedforsecurity=False).digest()).decode()
    return {
        "etag": _e_tag(found),
        "x-goog-generation": str(found.generation),
        "x-goog-metageneration": "1",
        "x-goog-hash": f"md5={digest}",
    }


def _e_tag(found: StoredObject) -> str:
    return f'"{hashlib.md5(found.data, usedforsecurity=False).hexdigest()}"'


def _list(bucket: str, page: Page) -> bytes:
    """See https://cloud.google.com/storage/docs/xml-api/get-bucket-list."""
    top = Element("ListBucketResult", xmlns="http://doc.s3.amazonaws.com/2006-03-01")
    SubElement(top, "Name").text = bucket
    SubElement(top, "IsTruncated").text = "false" if page.next is None else "true"
    if page.next is not None:
        SubElement(top, "NextContinuationToken").text = base64.urlsafe_b64encode(page.next.encode()).decode()
    for name, found in page.objects.items():
        contents = SubElement(top, "Contents")
        said = {
            "Key": name,
            "Generation": str(found.generation),
            "MetaGeneration": "1",
            "LastModified": found.modified.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "ETag": _e_tag(found),
            "Size": str(len(found.data)),
        }
        for word, text in said.items():
            SubElement(contents, word).text = text
    for prefix in page.prefixes:
        SubElement(SubElement(top, "CommonPrefixes"), "Prefix").text = prefix
    return bytes(tostring(top, "utf-8", xml_declaration=True))


def _place(token: str) -> str:
    return base64.urlsafe_b64decode(token).decode()


def _error(error: Exception) -> bytes:
    top = Element("Error")
    SubElement(top, "Code").text = error.code if isinstance(error, RefusedError) else "InternalError"
    SubElement(top, "Message").text = str(error)
    return bytes(tostring(top, "utf-8", xml_declaration=True))


def main(port: str, page: str = str(PAGE), pause: str = "0") -> None:
    """Serve an empty storage on loopback until it is killed."""
    app = create_app(Buckets(int(page), float(pause)))
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="critical", access_log=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
