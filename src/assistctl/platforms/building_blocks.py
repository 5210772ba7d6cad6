"""The parts that platforms are made of, for packages that bring one of their own.

Listing page by page whatever a server says of its pages, requests that are paced together when a server throttles,
paths that an id cannot break out of, the errors of SDKs, and the translation that platforms with other shapes than
the Assistants API share. What is not named here may change at any time.
"""

from __future__ import annotations

from assistctl.platforms.connection import (
    COMMON_OPTIONS,
    ClosedAtEnd,
    Connection,
    checked_address,
    checked_key,
    headers,
    timeout,
)
from assistctl.platforms.http.client import http_client
from assistctl.platforms.http.error_meanings import ErrorMeaning, ErrorTable
from assistctl.platforms.http.pager import PAGE_SIZE, Listing, all_items, all_items_by_token, listed, listing_of
from assistctl.platforms.http.sdk_errors import (
    Refusal,
    classify_no_response,
    classify_status,
    explained,
    is_transient,
    wait_asked_for,
)
from assistctl.platforms.http.sdk_wire import SdkWire, VendorSdk
from assistctl.platforms.http.url_path import path_of
from assistctl.platforms.http.wire import HttpWire, RawAnswer, RequestPacer, Sent, outcome_unknown
from assistctl.platforms.mcp_tools import (
    inexpressible_in_servers,
    left_out_of_servers,
    servers_in,
    with_servers_as,
)
from assistctl.platforms.source_reader import SourceReader
from assistctl.platforms.translation import (
    as_object,
    function_findings,
    functions_in,
    is_function,
    left_out,
    objects_in,
    observed,
    own_tool_findings,
    refuse_inexpressible,
    without_nulls,
    without_strict,
)

__all__ = [
    "COMMON_OPTIONS",
    "PAGE_SIZE",
    "ClosedAtEnd",
    "Connection",
    "ErrorMeaning",
    "ErrorTable",
    "HttpWire",
    "Listing",
    "RawAnswer",
    "Refusal",
    "RequestPacer",
    "SdkWire",
    "Sent",
    "SourceReader",
    "VendorSdk",
    "all_items",
    "all_items_by_token",
    "as_object",
    "checked_address",
    "checked_key",
    "classify_no_response",
    "classify_status",
    "explained",
    "function_findings",
    "functions_in",
    "headers",
    "http_client",
    "inexpressible_in_servers",
    "is_function",
    "is_transient",
    "left_out",
    "left_out_of_servers",
    "listed",
    "listing_of",
    "objects_in",
    "observed",
    "outcome_unknown",
    "own_tool_findings",
    "path_of",
    "refuse_inexpressible",
    "servers_in",
    "timeout",
    "wait_asked_for",
    "with_servers_as",
    "without_nulls",
    "without_strict",
]
