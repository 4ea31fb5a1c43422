"""Whole pages, each for the person in its frame. The page of a room is in `room`."""

from collections.abc import Sequence
from dataclasses import replace

from app import marking, views
from app.rendering.environment import render
from app.views import Html


def message(frame: views.Frame, message: views.MessagePlace, title: str, fragment: Html) -> Html:
    """One of a message's fragments, for a browser without JavaScript."""
    return render("pages/message.html", frame=frame, message=message, title=title, fragment=fragment)


def join(frame: views.Frame, room: views.Room, action: str, code: str = "") -> Html:
    """`code` is that of the invitation, if one led here."""
    return render("pages/join.html", frame=frame, room=room, action=action, code=code)


def rooms(frame: views.Frame, directory: Sequence[views.RoomCard], form: views.Form) -> Html:
    return render("pages/rooms.html", frame=frame, directory=directory, form=form)


def members(
    frame: views.Frame,
    room: views.Room,
    members: Sequence[views.Member],
    origin: str,
    version: int,
    addable: Sequence[views.Face] = (),
    name: str = "",
) -> Html:
    """`origin` goes before the path of the invitation link; `version` is the room's, whose socket this page has as
    well; `addable` are people whom room admins may add, found by `name`."""
    return render(
        "pages/members.html",
        frame=frame,
        room=room,
        members=members,
        origin=origin,
        version=version,
        addable=addable,
        name=name,
    )


def settings(frame: views.Frame, room: views.Room, form: views.Form) -> Html:
    return render("pages/settings.html", frame=frame, room=room, form=form)


def gone(frame: views.Frame) -> Html:
    return render("pages/gone.html", frame=frame)


def administration(frame: views.Frame, accounts: Sequence[views.Account], name: str, next_after: int | None) -> Html:
    """Accounts found by `name`; `next_after` is the cursor of the next page, if there is one."""
    return render("pages/administration.html", frame=frame, accounts=accounts, name=name, next_after=next_after)


def audit(frame: views.Frame, lines: Sequence[views.AuditLine], next_before: int | None) -> Html:
    return render("pages/audit.html", frame=frame, lines=lines, next_before=next_before)


def people(frame: views.Frame, crowd: views.Crowd, search: str, problem: str = "") -> Html:
    return render("pages/people.html", frame=frame, crowd=crowd, search=search, problem=problem)


def person(frame: views.Frame, profile: views.Profile) -> Html:
    return render("pages/person.html", frame=frame, profile=profile)


def search(
    frame: views.Frame, query: str, page: views.SearchPage, words: Sequence[str], hints: Sequence[str]
) -> Html:
    """Results are the usual articles with `words` marked in their text."""
    found = [
        replace(each, line=replace(each.line, html=Html(marking.mark(each.line.html, words))))
        for each in page.results
    ]
    page = replace(page, results=found)
    return render("pages/search.html", frame=frame, query=query, page=page, hints=hints)


def me(frame: views.Frame, form: views.Form, saved: str) -> Html:
    """`saved` is what was just changed: name, picture or password; or nothing."""
    return render("pages/me.html", frame=frame, form=form, saved=saved)


def devices(frame: views.Frame, devices: Sequence[views.Device]) -> Html:
    return render("pages/devices.html", frame=frame, devices=devices)


def sign_in(frame: views.Frame, form: views.Form, was_signed_in: bool = False) -> Html:
    """`was_signed_in` is whether this browser's sign-in was ended from elsewhere."""
    return render("pages/sign_in.html", frame=frame, form=form, was_signed_in=was_signed_in)


def sign_up(frame: views.Frame, form: views.Form, first: bool, invited_to: str | None) -> Html:
    return render("pages/sign_up.html", frame=frame, form=form, first=first, invited_to=invited_to)


def sign_up_closed(frame: views.Frame) -> Html:
    return render("pages/sign_up_closed.html", frame=frame)


def problem(
    frame: views.Frame, status: int, sentence: str, kept: views.Form | None = None, way: str = "", back: str = ""
) -> Html:
    """`kept` is a message that was being sent and must not be lost; `way` is where to go to mend the matter, `back`
    the page whose form was sent."""
    return render("pages/problem.html", frame=frame, status=status, sentence=sentence, kept=kept, way=way, back=back)
