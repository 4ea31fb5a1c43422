"""Links in a text: to a room or message of this server, and to anywhere else."""

from functools import partial
from html import escape

import pytest

from app.formatting import render
from app.links import link_to
from tests.test_formatting import LINK

MESSAGE = "0199c2f1-aaaa-7bbb-8ccc-0123456789ab"
HERE = {"https://tea.org", "http://10.0.0.5:8000"}
NAMES = {"/rooms/5": "Garden <b>", f"/messages/{MESSAGE}": "Kitchen"}


def with_links(body: str) -> str:
    return render(body, {}, partial(link_to, here=HERE, names=NAMES)).html


@pytest.mark.parametrize(
    ("address", "kind", "path", "text"),
    [
        ("https://tea.org/rooms/5", "room", "/rooms/5", "#Garden &lt;b&gt;"),
        ("HTTPS://TEA.ORG/rooms/5/", "room", "/rooms/5", "#Garden &lt;b&gt;"),
        ("http://10.0.0.5:8000/rooms/5", "room", "/rooms/5", "#Garden &lt;b&gt;"),
        ("https://tea.org/rooms/6", "room", "/rooms/6", "/rooms/6"),
        (f"https://tea.org/messages/{MESSAGE}", "message", f"/messages/{MESSAGE}", "#Kitchen"),
        (f"https://tea.org/rooms/5?around={MESSAGE}", "message", f"/messages/{MESSAGE}", "#Kitchen"),
        (f"https://tea.org/rooms/5#m-{MESSAGE}", "message", f"/messages/{MESSAGE}", "#Kitchen"),
        (
            f"https://tea.org/messages/{MESSAGE[:-1]}c",
            "message",
            f"/messages/{MESSAGE[:-1]}c",
            f"/messages/{MESSAGE[:8]}…",
        ),
    ],
)
def test_a_bare_link_to_here_is_shown_as_what_it_is_and_opens_in_this_tab(
    address: str, kind: str, path: str, text: str
) -> None:
    classes = f"to-{kind}" if text.startswith("#") else f"to-{kind} unnamed"
    expected = f'<a href="{path}" class="{classes}" rel="noopener nofollow">{text}</a>'
    for body in (address, f"<{address}>"):
        assert with_links(body) == f"<p>{expected}</p>"
    assert with_links(f"see [there]({address})!") == (
        f'<p>see <a href="{path}" rel="noopener nofollow">there</a>!</p>'
    )


@pytest.mark.parametrize(
    "address",
    [
        "https://tea.org",
        "https://tea.org/rooms",
        "https://tea.org/rooms/05",
        "https://tea.org/rooms/99999999999",
        "https://tea.org/rooms/5/members",
        "https://tea.org/rooms/5?before=7",
        f"https://tea.org/rooms/5?around={MESSAGE}&x=1",
        f"https://tea.org/messages/{MESSAGE}/delete",
        "https://tea.org/messages/1",
        "https://tea.org//evil.example/rooms/5",
        "https://tea.org/join/abc",
        "https://tea.org.evil.example/rooms/5",
        "https://tea.org@evil.example/rooms/5",
        "https://x@tea.org/rooms/5",
        "https://tea.org:8443/rooms/5",
        "http://tea.org/rooms/5",
        "https://evil.example/rooms/5?https://tea.org/rooms/5",
    ],
)
def test_a_link_to_anywhere_else_stays_as_it_is(address: str) -> None:
    written = with_links(address)
    assert LINK in written
    assert "class=" not in written
    assert f'href="{escape(address)}"' in written
    assert "Garden" not in written
