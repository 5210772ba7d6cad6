"""A known secret is found however it is written, and nothing else is taken for one."""

from __future__ import annotations

import base64
import html
import json
import quopri
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistctl.secrets.redaction import Masked, Secrets, keep_names, mask, mask_markup, masked, register

TOKEN = "sk-proj-4f9a8b7cQ2x9Lm0Zr"
SECRETS = {
    "a word": TOKEN,
    "odd characters": 'p&a"ss\\w<o>rd/ü%4f9a8b7c',
    "spaces and signs": "correct horse + battery = staple?",
    "beyond U+FFFF": "päss\U0001f511wört-4f9a8b7c",
    "several lines": "-----BEGIN KEY-----\nMIIEvQ+IBADANBg/kqhk==\n-----END KEY-----",
}
WRITINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "percent-encoded": lambda text: quote(text, safe=""),
    "percent-encoded but for slashes": quote,
    "percent-encoded in lower case": lambda text: quote(text, safe="").replace("%3C", "%3c"),
    "as a form": quote_plus,
    "twice percent-encoded": lambda text: quote(quote(text, safe=""), safe=""),
    "HTML-escaped": html.escape,
    "every character an entity": lambda text: "".join(f"&#x{ord(char):X};" for char in text),
    "every character a decimal entity": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "JSON": lambda text: json.dumps(text)[1:-1],
    "readable JSON": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON with slashes escaped": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "JSON of .NET": lambda text: json.dumps(text)[1:-1].replace("<", "\\u003C").replace("+", "\\u002B"),
    "JSON in JSON": lambda text: json.dumps(json.dumps(text))[1:-1],
    "HTML in JSON": lambda text: json.dumps(html.escape(text))[1:-1],
    "every UTF-16 unit escaped": lambda text: "".join(
        f"\\u{unit:04x}" for unit in memoryview(text.encode("utf-16-le")).cast("H")
    ),
    "repr": lambda text: repr(text)[1:-1],
    "repr of bytes": lambda text: repr(text.encode())[2:-1],
    "quoted-printable": lambda text: (
        quopri.encodestring(text.encode(), quotetabs=True).decode().replace("=\n", "")
    ),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 for addresses": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "Basic, after a user": lambda text: base64.b64encode(f"user:{text}".encode()).decode(),
    "Basic, after another": lambda text: base64.b64encode(f"users:{text}".encode()).decode(),
    "Basic, before more": lambda text: base64.b64encode(f"usr:{text}:m".encode()).decode(),
}


@pytest.mark.parametrize("write", WRITINGS.values(), ids=WRITINGS)
@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_however_it_is_written(secret: str, write: Callable[[str], str]) -> None:
    register("TOKEN", secret)
    written = write(secret)
    shown = mask(f"before [{written}] after")
    assert shown.startswith("before [")
    assert shown.endswith("] after")
    assert "(secret TOKEN)" in shown
    left = shown.replace("(secret TOKEN)", "\0")
    pieces = [written[start : start + 10] for start in range(len(written) - 9)]
    assert [piece for piece in pieces if piece in left and "-----" not in piece] == []


CUT = {
    f"{TOKEN[:12]}...": "(secret TOKEN)...",
    f"{TOKEN[:18]} is not valid": "(secret TOKEN) is not valid",
    f"{TOKEN[:17]}…": "(secret TOKEN)…",
    f'"{TOKEN[:20]}"': '"(secret TOKEN)"',
    f"{TOKEN[:4]}*****{TOKEN[-4:]}.": "(secret TOKEN).",
    f"{TOKEN[:7]}***{TOKEN[-2:]}": "(secret TOKEN)",
    f"x{TOKEN}y": "x(secret TOKEN)y",
    base64.b64encode(TOKEN.encode()).decode()[:16]: "(secret TOKEN)",
}
NOT_IT = {
    "the rest is another word": f"{TOKEN[:12]}another",
    "too short a piece": TOKEN[:11],
    "another's mask": "sk-other***wxyz",
    "another's beginning": f"sk-proj-***{TOKEN[-1]}",
}


@pytest.mark.parametrize(("text", "shown"), CUT.items())
def test_cut_short(text: str, shown: str) -> None:
    register("TOKEN", TOKEN)
    assert mask(text) == shown


@pytest.mark.parametrize("text", NOT_IT.values(), ids=NOT_IT)
def test_not_a_piece_of_it(text: str) -> None:
    register("TOKEN", TOKEN)
    assert mask(text) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("https://api.example.com/v1/abc", "see https://api.example.org"),
        ("/home/somebody/projects/acme", "in /home/somebody/projects"),
        ("this is a sentence, as it stands", "this is a s"),
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4-6"),
        ("abc", "abcdef abc"),
        ("8080", "port 8080 of 2026"),
        ("2026", "2026-11-03T10:00:00Z"),
        ("12345678", "run 20261234567890 of 12345678T10"),
        ("word", "passwords are words"),
    ],
)
def test_what_many_texts_have_is_left(value: str, text: str) -> None:
    register("X", value)
    assert mask(text) == text


@pytest.mark.parametrize(
    ("value", "text", "shown"),
    [
        ("word", "a word.", "a (secret X)."),
        ("12345678", "pin 12345678.", "pin (secret X)."),
        ("  padded-value \n", "a padded-value b", "a (secret X) b"),
        ("", "nothing", "nothing"),
    ],
)
def test_short_ones_are_found_as_words(value: str, text: str, shown: str) -> None:
    register("X", value)
    assert mask(text) == shown


def test_names_win() -> None:
    keep_names(["order-desk", "prod", "assistants/order-desk.yaml"])
    for number, value in enumerate(("order-desk", "ORDER_DESK", "prod", "desk.yaml", "update", "true", "secret")):
        register(f"X{number}", value)
    text = "order-desk ORDER_DESK prod desk.yaml update true secret"
    assert mask(text) == text
    register("LONG", "order-desk-4f9a8b7c")
    assert mask("order-desk order-desk-4f9a8b7c") == "order-desk (secret LONG)"


def test_a_mask_is_not_masked_again() -> None:
    register("THE_TOKEN", "THE_TOKEN")
    register("PASSWORD", "secret")
    register("OTHER", TOKEN)
    once = mask(f"a {TOKEN} b")
    assert once == mask(once) == "a (secret OTHER) b"
    # Nor is a text from outside that looks like one a place to hide.
    assert mask(f"(secret {TOKEN})") == "(secret (secret OTHER))"


def test_what_overlaps_is_masked_as_one() -> None:
    register("A", "abcdefgh1234")
    register("B", "1234ijklmnop")
    register("C", "abcdefgh")
    assert mask("abcdefgh1234ijklmnop") == "(secret A)"
    assert mask("abcdefgh5678") == "(secret C)5678"


def test_a_name_is_learnt_later_and_not_forgotten() -> None:
    register("", TOKEN)
    assert mask(TOKEN) == "(secret)"
    register("TOKEN", TOKEN)
    register("", TOKEN)
    register("OTHER", TOKEN)
    assert mask(TOKEN) == "(secret TOKEN)"


def test_json_stays_what_its_schema_says() -> None:
    register("DATE", "2026-11-03")
    register("HEX", "deadbeef")
    register("PIN", "12345678")
    register("TOKEN", TOKEN)
    document = masked(
        {
            "at": "2026-11-03T10:00:00+00:00",
            "fingerprint": "sha256:deadbeef00",
            "bytes": 12345678,
            "text": ["on 2026-11-03", {TOKEN: f"x {TOKEN}"}, None, True, 1.5],
        }
    )
    assert document == {
        "at": "2026-11-03T10:00:00+00:00",
        "fingerprint": "sha256:deadbeef00",
        "bytes": 12345678,
        "text": ["on (secret DATE)", {"(secret TOKEN)": "x (secret TOKEN)"}, None, True, 1.5],
    }


def test_a_page_keeps_its_tags() -> None:
    register("A", "somestyle")
    register("B", 'a"<b>&c')
    page = '<style>somestyle {}</style><p class="somestyle">somestyle a&quot;&lt;b&gt;&amp;c</p>'
    shown = mask_markup(page)
    assert shown == '<style>somestyle {}</style><p class="somestyle">(secret A) (secret B)</p>'
    assert mask(shown) is shown
    assert isinstance(shown, Masked)


def test_a_set_of_secrets_does_not_show_them() -> None:
    secrets = Secrets()
    secrets.register("TOKEN", TOKEN)
    assert TOKEN not in repr(secrets)


_ALPHABET = st.text(st.sampled_from("abAB01%&\\=+ü\n;#x<"), max_size=40)


@given(
    before=_ALPHABET, after=_ALPHABET, secret=st.text(st.sampled_from("qrQR78%&\\=+ü/"), min_size=8, max_size=30)
)
def test_no_text_around_hides_it(before: str, after: str, secret: str) -> None:
    secrets = Secrets()
    secrets.register("S", secret)
    shown = secrets.mask(before + secret + after)
    if secret.isdecimal() or len(secret.strip()) < 8:
        return
    assert secret not in shown
    assert "(secret S)" in shown


@given(text=st.text())
def test_without_secrets_nothing_is_changed(text: str) -> None:
    assert Secrets().mask(text) == text
