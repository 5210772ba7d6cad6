"""The requirement by which pip installs the assistctl that runs here, as far as another machine can."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import metadata

from assistctl import __version__
from assistctl.secrets.addresses import without_credentials

# No name for an index to fill, where somebody else may have it: what a runner cannot find, it does not install.
_WHEEL = f"./vendor/assistctl-{__version__}-py3-none-any.whl"


def installed_requirement(extras: Sequence[str] = ()) -> tuple[str, bool]:
    """The requirement, with these ``extras``, and whether a runner can install it as it stands.

    It cannot install what came from a folder or file of this machine; then it is the path of a wheel that is still
    to be put into the project. Installers record where it came from in ``direct_url.json``, without which it came
    from an index:
    https://packaging.python.org/en/latest/specifications/direct-url/
    """
    more = f"[{','.join(extras)}]" if extras else ""
    name, wheel = f"assistctl{more}", f"{_WHEEL}{more}"
    try:
        recorded = metadata.distribution("assistctl").read_text("direct_url.json")
        origin = json.loads(recorded) if recorded else None
    except (metadata.PackageNotFoundError, OSError, ValueError):
        return wheel, False
    if origin is None:
        return f"{name}=={__version__}", True
    url = str(origin["url"])
    if url.startswith(("https://", "http://")):  # of ssh, the user is a part of the address
        url = without_credentials(url, keep_query=True)
    if "vcs_info" in origin and not url.startswith("file:"):
        version_control = origin["vcs_info"]
        return f"{name} @ {version_control['vcs']}+{url}@{version_control['commit_id']}", True
    if url.startswith(("https://", "http://")):
        hashes = origin.get("archive_info", {}).get("hashes", {})
        return f"{name} @ {url}" + (f"#sha256={hashes['sha256']}" if "sha256" in hashes else ""), True
    return wheel, False
