"""What other packages build their platforms from stays what it is, and brings no vendor's SDK with it."""

from __future__ import annotations

import subprocess
import sys

from assistctl.platforms import building_blocks

NAMES = """
    COMMON_OPTIONS PAGE_SIZE ClosedAtEnd Connection ErrorMeaning ErrorTable HttpWire Listing RawAnswer Refusal
    RequestPacer SdkWire Sent SourceReader VendorSdk all_items all_items_by_token as_object checked_address
    checked_key classify_no_response classify_status explained function_findings functions_in headers http_client
    inexpressible_in_servers is_function is_transient left_out left_out_of_servers listed listing_of
    objects_in observed outcome_unknown own_tool_findings path_of refuse_inexpressible servers_in timeout
    wait_asked_for with_servers_as without_nulls without_strict
"""


def test_no_name_goes() -> None:
    assert sorted(building_blocks.__all__) == sorted(NAMES.split())
    assert all(getattr(building_blocks, name, None) is not None for name in building_blocks.__all__)


def test_no_sdk_is_imported() -> None:
    program = (
        "import sys; import assistctl.platforms.building_blocks; "
        "sdks = ('openai', 'anthropic', 'azure.ai.projects', 'mistralai'); "
        "print([name for name in sdks if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
