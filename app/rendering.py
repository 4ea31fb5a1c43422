"""Everything that becomes HTML: the MiniJinja environment, and one typed function per page and fragment.

Templates escape by default. `Html` marks what a template or `formatting` has already made, so that a finished
fragment can be placed into another one; nothing else in the program makes an `Html`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from minijinja import Environment, load_from_path

from app import marking, views
from app.emojis import FIRST
from app.settings import UploadLimits
from app.views import Html

ROOT = Path(__file__).parent.parent
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"
FINGERPRINT_LENGTH = 10
INSIDES_KEPT_MAX = 500
UNREAD_SHOWN = 25
"""How many unread messages are on the page that shows the first of them."""


# -- fragments and streams: the same for everybody


def message(line: views.MessageLine) -> Html:
    return _render("fragments/message.html", line=line)


def messages(timeline: views.Timeline) -> Html:
    """A slice of history: its articles, and the ways to what is older and newer."""
    return _render("fragments/messages.html", timeline=timeline)


def posted(article: Html) -> Html:
    """The answer to a post: the sender's own article, without a version (the page may lack others)."""
    return _render("streams/posted.html", article=article)


def uploaded(attachment: views.Attachment) -> Html:
    """A file that was taken in, as the composer shows it until it is sent."""
    return _render("fragments/uploaded.html", file=attachment)


def changes(new: Sequence[Html], changed: Sequence[tuple[str, Html]], version: int) -> Html:
    """Articles a page lacks, (element id, article) of those it may have in an older form, and the version."""
    return _render("streams/changes.html", new=new, changed=changed, version=version)


def afresh(timeline: views.Timeline) -> Html:
    """The whole newest timeline, for a page that is too far behind."""
    return _render("streams/afresh.html", timeline=timeline)


def room_version(version: int) -> Html:
    """A frame that brings nothing but the version: the sign of life on a quiet socket."""
    return _render("streams/version.html", version=version)


def preview(html: Html) -> Html:
    """A text as it would look in the timeline; nothing of it is stored."""
    return _render("fragments/preview.html", html=html)


def typing(people: Mapping[int, str], version: int) -> Html:
    """Who is typing, id → name; each reader's own page leaves out themselves."""
    return _render("streams/typing.html", people=people, version=version)


def mentionable(people: Sequence[views.Mentionable]) -> Html:
    """The options of the list from which a name is chosen after an @."""
    return _render("fragments/mentionable.html", people=people)


def notify(room: int, chosen: str) -> Html:
    """The form by which a person says what a room should tell them of."""
    return _render("fragments/notify.html", room_id=room, chosen=chosen)


def notify_chosen(room: int, chosen: str) -> Html:
    """The same, for their other pages of this room."""
    return _render("streams/notify.html", room_id=room, chosen=chosen)


def room_described(room: views.RoomAbout) -> Html:
    """A room's new name, topic or visibility, for lists and for its own page."""
    return _render("streams/room_described.html", room=room)


def activity(news: Sequence[views.RoomNews]) -> Html:
    """What was posted in rooms, the same for all their people."""
    return _render("streams/activity.html", news=news)


def marks(counts: Sequence[views.RoomMarks]) -> Html:
    """One person's own counts."""
    return _render("streams/marks.html", counts=counts)


def receipts(receipts: views.Receipts) -> Html:
    """How far people have read the room."""
    return _render("streams/receipts.html", receipts=receipts)


def changed(element_id: str, article: Html) -> Html:
    """The answer to who changed a message: its article, without a version."""
    return _render("streams/changed.html", element_id=element_id, article=article)


def menu(message: views.MessagePlace) -> Html:
    return _render("fragments/menu.html", message=message, first=FIRST)


def readers(message: views.MessagePlace, people: Sequence[views.Member], more: int) -> Html:
    """Who has read a message; `more` have, besides those listed."""
    return _render("fragments/readers.html", message=message, people=people, more=more)


def people_changed(members: Sequence[views.Member], version: int) -> Html:
    """Some people of a room as they are now: their lines in the list, and the dots beside their names."""
    return _render("streams/people_changed.html", members=members, version=version)


def people_list(members: Sequence[views.Member], count: int | None, version: int) -> Html:
    """The whole list of a room's people, and how many they are, where that is known."""
    return _render("streams/people_list.html", members=members, count=count, version=version)


def dots(statuses: Mapping[int, str]) -> Html:
    """The dots beside the names of direct rooms, person → status."""
    return _render("streams/dots.html", statuses=statuses)


def room_lists(rooms: Sequence[views.RoomCard]) -> Html:
    """One person's rooms, groups and direct ones apart, in place of those on an open page."""
    return _render("streams/room_lists.html", rooms=rooms, current=None)


def profiles(changed: Sequence[views.Face], faces: int) -> Html:
    """New names and pictures, which a page puts wherever their people stand, and the number of the last change."""
    return _render("streams/profiles.html", changed=changed, faces=faces)


def person_card(frame: views.Frame, profile: views.Profile) -> Html:
    return _render("fragments/person_card.html", frame=frame, profile=profile)


def initial_picture(face: views.Face) -> str:
    """The picture of somebody without one: SVG."""
    return _render("fragments/initial.xml", face=face)


def edit(message: views.MessagePlace, form: views.Form) -> Html:
    return _render("fragments/edit.html", message=message, form=form)


def wordings(wordings: Sequence[views.Wording]) -> Html:
    return _render("fragments/wordings.html", wordings=wordings)


def reacted(reactions: Sequence[views.ReactedBy]) -> Html:
    return _render("fragments/reacted.html", reactions=reactions)


def picker(message: views.MessagePlace, offered: Sequence[tuple[str, str]]) -> Html:
    """`offered` are emoji with their names."""
    return _render("fragments/picker.html", message=message, offered=offered)


# -- pages


def message_page(frame: views.Frame, message: views.MessagePlace, title: str, fragment: Html) -> Html:
    """One of a message's fragments, for a browser without JavaScript."""
    return _render("pages/message.html", frame=frame, message=message, title=title, fragment=fragment)


def menu_page(frame: views.Frame, message: views.MessagePlace) -> Html:
    return _render("pages/menu.html", frame=frame, message=message, first=FIRST)


def readers_page(frame: views.Frame, message: views.MessagePlace, people: Sequence[views.Member], more: int) -> Html:
    return _render("pages/readers.html", frame=frame, message=message, people=people, more=more)


def room_page(
    frame: views.Frame,
    room: views.Room,
    timeline: views.Timeline,
    uploads: UploadLimits,
    form: views.Form | None = None,
    around: str = "",
    replying: views.Quote | None = None,
) -> Sequence[tuple[str, str]]:
    """What one person sees of a room's page, cut where the template has a comment (nothing that people wrote can hold
    one): each part as the name of what comes before it, and its HTML. `around` is the id of the element that the page
    was opened for.

    `timeline`, `version`, `receipts` and `people` are those fragments, `message-id` names the composer's new message.
    At a `cut` there is nothing, but what lies between two of these is likely to come again.
    """
    assert frame.me, "nobody who is signed out is in a room"
    me = views.Face(frame.me.id, frame.me.name, frame.me.avatar)
    facts = replace(room, last_seq=0, last_read_seq=None, seen_seq=None)
    inside = (facts, me, _other(frame), uploads, _unread_link(room, timeline, around), timeline.has_newer)
    page = _render(
        "pages/room.html",
        frame=frame,
        room=room,
        timeline=timeline,
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
    return _render(
        "fragments/inside.html",
        room=room,
        other=other,
        countable=room.people <= views.MEMBERS_SHOWN_MAX,
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
    return _render("fragments/timeline.html", timeline=timeline)


def version(version: int) -> Html:
    """The version that a room's page has."""
    return _render("fragments/version.html", version=version)


def faces(faces: int) -> Html:
    """The number of the last change of a name or a picture that a room's page has."""
    return _render("fragments/faces.html", faces=faces)


def people(room: views.Room, members: Sequence[views.Member]) -> Html:
    """The people of a room's page."""
    return _render("fragments/people.html", room=room, members=members)


def read_by(receipts: views.Receipts) -> Html:
    """The receipts of a room's page."""
    return _render("fragments/receipts.html", receipts=receipts)


def _unread_link(room: views.Room, timeline: views.Timeline, around: str) -> Html:
    """The way to the first unread message: on this page, or on the page that shows it; empty when none is needed."""
    read = room.last_read_seq or 0
    if around or timeline.has_newer or not timeline.messages or not 0 < read < room.last_seq:
        return Html("")
    first = next((line for line in timeline.messages if line.seq == read + 1), None)
    return Html(f"#{first.element_id}" if first else f"/rooms/{room.id}?before={read + UNREAD_SHOWN}")


def _unsent(me: views.Face) -> Html:
    """The bubble of a message on its way: the same fragment, which the browser gives an id and a text."""
    return message(
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


def join_page(frame: views.Frame, room: views.Room, action: str, code: str = "") -> Html:
    """`code` is that of the invitation, if one led here."""
    return _render("pages/join.html", frame=frame, room=room, action=action, code=code)


def rooms_page(frame: views.Frame, directory: Sequence[views.RoomCard], form: views.Form) -> Html:
    return _render("pages/rooms.html", frame=frame, directory=directory, form=form)


def members_page(
    frame: views.Frame,
    room: views.Room,
    members: Sequence[views.Member],
    origin: str,
    version: int,
    addable: Sequence[views.Account] = (),
    name: str = "",
) -> Html:
    """`origin` goes before the path of the invitation link; `version` is the room's, whose socket this page has as
    well; `addable` are people whom room admins may add, found by `name`."""
    return _render(
        "pages/members.html",
        frame=frame,
        room=room,
        members=members,
        origin=origin,
        version=version,
        addable=addable,
        name=name,
    )


def settings_page(frame: views.Frame, room: views.Room, form: views.Form) -> Html:
    return _render("pages/settings.html", frame=frame, room=room, form=form)


def gone_page(frame: views.Frame) -> Html:
    return _render("pages/gone.html", frame=frame)


def administration_page(
    frame: views.Frame, accounts: Sequence[views.Account], name: str, next_after: int | None
) -> Html:
    """Accounts found by `name`; `next_after` is the cursor of the next page, if there is one."""
    return _render("pages/administration.html", frame=frame, accounts=accounts, name=name, next_after=next_after)


def audit_page(frame: views.Frame, lines: Sequence[views.AuditLine], next_before: int | None) -> Html:
    return _render("pages/audit.html", frame=frame, lines=lines, next_before=next_before)


def people_page(frame: views.Frame, crowd: views.Crowd, search: str, problem: str = "") -> Html:
    return _render("pages/people.html", frame=frame, crowd=crowd, search=search, problem=problem)


def person_page(frame: views.Frame, profile: views.Profile) -> Html:
    return _render("pages/person.html", frame=frame, profile=profile)


def search_page(
    frame: views.Frame, query: str, page: views.SearchPage, words: Sequence[str], hints: Sequence[str]
) -> Html:
    """Results are the usual articles with `words` marked in their text."""
    found = [
        replace(each, line=replace(each.line, html=Html(marking.mark(each.line.html, words))))
        for each in page.results
    ]
    page = replace(page, results=found)
    return _render("pages/search.html", frame=frame, query=query, page=page, hints=hints, suggestions=())


def suggestions(suggestions: Sequence[views.Suggestion]) -> Html:
    return _render("fragments/suggestions.html", suggestions=suggestions)


def me_page(frame: views.Frame, form: views.Form, saved: str) -> Html:
    """`saved` is what was just changed: name, picture or password; or nothing."""
    return _render("pages/me.html", frame=frame, form=form, saved=saved)


def devices_page(frame: views.Frame, devices: Sequence[views.Device]) -> Html:
    return _render("pages/devices.html", frame=frame, devices=devices)


def sign_in_page(frame: views.Frame, form: views.Form, was_signed_in: bool = False) -> Html:
    """`was_signed_in` is whether this browser's sign-in was ended from elsewhere."""
    return _render("pages/sign_in.html", frame=frame, form=form, was_signed_in=was_signed_in)


def sign_up_page(frame: views.Frame, form: views.Form, first: bool, invited_to: str | None) -> Html:
    return _render("pages/sign_up.html", frame=frame, form=form, first=first, invited_to=invited_to)


def sign_up_closed_page(frame: views.Frame) -> Html:
    return _render("pages/sign_up_closed.html", frame=frame)


def problem_page(
    frame: views.Frame, status: int, sentence: str, kept: views.Form | None = None, way: str = ""
) -> Html:
    """`kept` is a message that was being sent and must not be lost; `way` is where to go to mend the matter."""
    return _render("pages/problem.html", frame=frame, status=status, sentence=sentence, kept=kept, way=way)


def problem_line(sentence: str) -> Html:
    return _render("fragments/problem.html", sentence=sentence)


def mine(person: int) -> str:
    """The stylesheet that makes one person's messages theirs."""
    return _environment().render_template("streams/mine.css", person=person)


def static_url(path: str) -> Html:
    """The address of a static file. It changes when any of them does, so it may be kept for ever."""
    return Html(f"/static/{fingerprint()}/{path}")


def mine_url(person: int) -> Html:
    """The address of a person's own stylesheet, which may be kept for ever as well."""
    return Html(f"/people/{person}/mine.css?{fingerprint()}")


@cache
def fingerprint() -> str:
    """One hash over all static files: modules that import each other by relative names stay together."""
    digest = hashlib.sha256((TEMPLATES / "streams" / "mine.css").read_bytes())
    for path in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(STATIC)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:FINGERPRINT_LENGTH]


def _render(template: str, **context: Any) -> Html:
    return Html(_environment().render_template(template, **context))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=load_from_path([str(TEMPLATES)]),
        undefined_behavior="strict",
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.add_global("static", static_url)
    environment.add_global("mine", mine_url)
    return environment
