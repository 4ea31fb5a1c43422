"""The page of a room: what one person sees of it, and the fragments that it shares with everybody's."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

from app import views
from app.rendering import fragments
from app.rendering.environment import render
from app.settings import UploadLimits
from app.views import Html

INSIDES_KEPT_MAX = 500
UNREAD_SHOWN = 25
"""How many unread messages are on the page that shows the first of them."""


def page(
    frame: views.Frame,
    room: views.Room,
    elements: Mapping[int, str],
    has_newer: bool,
    uploads: UploadLimits,
    form: views.Form | None = None,
    around: str = "",
    replying: views.Quote | None = None,
) -> Sequence[tuple[str, str]]:
    """What one person sees of a room's page, cut where the template has a comment (nothing that people wrote can hold
    one): each part as the name of what comes before it, and its HTML. `elements` are the ids of its messages by their
    seq; `around` is the one that the page was opened for.

    `timeline`, `version`, `receipts` and `people` are those fragments, `message-id` names the composer's new message.
    At a `cut` there is nothing, but what lies between two of these is likely to come again.
    """
    assert frame.me, "nobody who is signed out is in a room"
    me = views.Face(frame.me.id, frame.me.name, frame.me.avatar)
    facts = replace(room, last_seq=0, last_read_seq=None)
    inside = (facts, me, _other(frame), uploads, _unread_link(room, elements, has_newer, around), has_newer)
    page = render(
        "pages/room.html",
        frame=frame,
        room=room,
        around=around,
        inside=_inside(*inside, form, replying) if form or replying else _ordinary_inside(*inside),
    )
    first, *others = page.split("<!--")
    named = [part.partition("-->") for part in others]
    return [("cut", first), *((name, part) for name, _, part in named)]


@lru_cache(INSIDES_KEPT_MAX)
def _ordinary_inside(
    room: views.Room, me: views.Face, other: int | None, uploads: UploadLimits, unread_link: Html, has_newer: bool
) -> Html:
    return _inside(room, me, other, uploads, unread_link, has_newer, None, None)


def _inside(
    room: views.Room,
    me: views.Face,
    other: int | None,
    uploads: UploadLimits,
    unread_link: Html,
    has_newer: bool,
    form: views.Form | None,
    replying: views.Quote | None,
) -> Html:
    return render(
        "fragments/inside.html",
        room=room,
        other=other,
        countable=room.people <= views.MEMBERS_SHOWN_MAX,
        body_length_max=views.BODY_LENGTH_MAX,
        uploads=uploads,
        unread_link=unread_link,
        has_newer=has_newer,
        form=form or views.Form(),
        replying=replying,
        unsent=str(_unsent(me)),
    )


def _other(frame: views.Frame) -> int | None:
    """Who one talks to here, if it is a direct room of two."""
    others = next((card.others for card in frame.rooms if card.id == frame.room), ())
    return others[0].id if len(others) == 1 else None


def timeline(timeline: views.Timeline) -> Html:
    """The messages of a room's page."""
    return render("fragments/timeline.html", timeline=timeline, article=fragments.message)


def version(version: int) -> Html:
    """The version that a room's page has."""
    return render("fragments/version.html", version=version)


def faces(faces: int) -> Html:
    """The number of the last change of a name or a picture that a room's page has."""
    return render("fragments/faces.html", faces=faces)


def people(room: views.Room, members: Sequence[views.Member]) -> Html:
    """The people of a room's page."""
    return render("fragments/people.html", room=room, members=members)


def read_by(receipts: views.Receipts) -> Html:
    """The receipts of a room's page."""
    return render("fragments/receipts.html", receipts=receipts)


def _unread_link(room: views.Room, elements: Mapping[int, str], has_newer: bool, around: str) -> Html:
    """The way to the first unread message: on this page, or on the page that shows it; empty when none is needed."""
    read = room.last_read_seq or 0
    if around or has_newer or not elements or not 0 < read < room.last_seq:
        return Html("")
    first = elements.get(read + 1)
    return Html(f"#{first}" if first else f"/rooms/{room.id}?before={read + UNREAD_SHOWN}")


def _unsent(me: views.Face) -> Html:
    """The bubble of a message on its way: the same fragment, which the browser gives an id and a text."""
    return fragments.rendered(
        views.MessageLine(
            id=UUID(int=0),
            room=0,
            seq=0,
            version=0,
            posted_version=0,
            author=me.id,
            author_name=me.name,
            author_avatar=me.avatar,
            kind="text",
            body="",
            html=Html("<p></p>"),
            follows=False,
            created_at=datetime.now(UTC),
            quote=views.Quote(UUID(int=0), 0, "", ""),
        )
    )
