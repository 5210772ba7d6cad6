"""Messages about the models that manifests name, as far as ``assistctl.model.model_catalog`` knows those."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from assistctl.model.capabilities import Capabilities, Level
from assistctl.model.model_catalog import NEAR, SUGGESTED, Vendor, shutdown_of, takes_sampling, vendor_of
from assistctl.model.plan import Desired, Diagnostic, Severity

_SAMPLING = ("temperature", "top_p")
_WHILE_REASONING = "Leave it out. Some models take it when `reasoning_effort` is none."


def about_model(
    one: Desired, platform: str, capabilities: Capabilities, *, at_vendor: bool
) -> Iterator[Diagnostic]:
    """What of ``one`` its model refuses, and that its model is none of the platform's vendor.

    An error where that is certain: on the embedded platform, and ``at_vendor``'s own address. A warning on other
    servers, which may have models of others, and their own by these names.
    """
    model = model_of(one)
    if model is None:
        return
    severity = Severity.ERROR if capabilities.embedded else Severity.WARNING
    for name in _SAMPLING:
        support = capabilities.fields.get(name)
        is_asked = (
            one.fields.get(name) is not None and support is not None and support.level is not Level.UNSUPPORTED
        )
        if is_asked and not takes_sampling(model, one.fields.get("reasoning_effort")):
            yield _diagnostic(one, name, severity, f"the model {model!r} refuses {name}", _WHILE_REASONING)
    strange = other_vendor(model, capabilities)
    if strange and capabilities.vendor:
        severity = Severity.ERROR if at_vendor else Severity.WARNING
        summary = f"the model {model!r} is {strange}'s, and {platform} takes those of {capabilities.vendor}"
        yield _diagnostic(one, "model", severity, summary, a_current_one(capabilities.vendor))


def about_shutdown(one: Desired, today: dt.date) -> Iterator[Diagnostic]:
    """A warning when the model of ``one`` was shut down by its maker, or is about to be."""
    model = model_of(one)
    date = shutdown_of(model) if model else None
    if model is not None and date is not None and date - today <= NEAR:
        yield _diagnostic(
            one,
            "model",
            Severity.WARNING,
            f"the model {model!r} {when_shut_down(date, today)}",
            a_current_one(vendor_of(model)),
        )


def other_vendor(model: str, capabilities: Capabilities) -> Vendor | None:
    """Who makes ``model``, where the platform takes another's alone; ``None`` also where nobody can tell."""
    vendor = vendor_of(model)
    return vendor if capabilities.vendor and vendor is not capabilities.vendor else None


def when_shut_down(date: dt.date, today: dt.date) -> str:
    """``was shut down on 2026-10-23``, or ``will be``."""
    return f"{'was' if date <= today else 'will be'} shut down on {date}"


def a_current_one(vendor: Vendor | None) -> str:
    """What to do: name a current model, with one of the vendor's if any is known."""
    suggested = SUGGESTED.get(vendor) if vendor else None
    return f"Name a current one, such as {suggested}." if suggested else "Name a current one."


def model_of(one: Desired) -> str | None:
    """The model that ``one`` declares, unless it is a secret."""
    model = one.fields.get("model")
    return model if isinstance(model, str) and "model" not in one.secret_paths else None


def _diagnostic(one: Desired, path: str, severity: Severity, summary: str, detail: str) -> Diagnostic:
    return Diagnostic(severity, summary, detail, key=one.key, path=path, position=one.position_of(path))
