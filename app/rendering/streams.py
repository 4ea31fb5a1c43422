"""Streams: fragments wrapped for open pages, each saying where on the page it goes."""

from collections.abc import Mapping, Sequence

from app import views
from app.rendering import fragments
from app.rendering.environment import render
from app.views import Html


def posted(article: Html) -> Html:
    """The answer to a post: the sender's own article, without a version (the page may lack others)."""
    return render("streams/posted.html", article=article)


def changes(new: Sequence[Html], changed: Sequence[tuple[str, Html]]) -> Html:
    """Articles a page lacks, and (element id, article) of those it may have in an older form."""
    return render("streams/changes.html", new=new, changed=changed)


def afresh(timeline: views.Timeline) -> Html:
    """The whole newest timeline, for a page that is too far behind."""
    return render("streams/afresh.html", timeline=timeline, article=fragments.message)


def leading_to(version: int, changes: str) -> Html:
    """All that goes out together, and the version that the page has then. It is said once: a page looks for the place
    of everything before it puts in the first, so a second one would find none."""
    return Html(changes + room_version(version))


def room_version(version: int) -> Html:
    """A frame that brings nothing but the version: the sign of life on a quiet socket."""
    return render("streams/version.html", version=version)


def typing(people: Mapping[int, str], version: int) -> Html:
    """Who is typing, id → name; each reader's own page leaves out themselves."""
    return render("streams/typing.html", people=people, version=version)


def notify_chosen(room: int, chosen: str) -> Html:
    """What a person wants to be told of in a room, for their open pages of it."""
    return render("streams/notify.html", room_id=room, chosen=chosen)


def room_described(room: views.RoomAbout) -> Html:
    """A room's new name, topic or visibility, for lists and for its own page."""
    return render("streams/room_described.html", room=room)


def activity(news: Sequence[views.RoomNews]) -> Html:
    """What was posted in rooms, the same for all their people."""
    return render("streams/activity.html", news=news)


def marks(counts: Sequence[views.RoomMarks]) -> Html:
    """One person's own counts."""
    return render("streams/marks.html", counts=counts)


def receipts(receipts: views.Receipts) -> Html:
    """How far people have read the room."""
    return render("streams/receipts.html", receipts=receipts)


def changed(element_id: str, article: Html) -> Html:
    """The answer to who changed a message: its article, without a version."""
    return render("streams/changed.html", element_id=element_id, article=article)


def people_changed(members: Sequence[views.Member], version: int) -> Html:
    """Some people of a room as they are now: their lines in the list, and the dots beside their names."""
    return render("streams/people_changed.html", members=members, version=version)


def people_list(members: Sequence[views.Member], count: int | None, version: int) -> Html:
    """The whole list of a room's people, and how many they are, where that is known."""
    return render("streams/people_list.html", members=members, count=count, version=version)


def dots(statuses: Mapping[int, str]) -> Html:
    """The dots beside the names of direct rooms, person → status."""
    return render("streams/dots.html", statuses=statuses)


def room_lists(rooms: Sequence[views.RoomCard]) -> Html:
    """One person's rooms, groups and direct ones apart, in place of those on an open page."""
    return render("streams/room_lists.html", rooms=rooms, current=None)


def profiles(changed: Sequence[views.Face], faces: int) -> Html:
    """New names and pictures, which a page puts wherever their people stand, and the number of the last change."""
    return render("streams/profiles.html", changed=changed, faces=faces)
