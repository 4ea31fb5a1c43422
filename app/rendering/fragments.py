"""Fragments: parts of pages, the same for everybody unless somebody's frame is given."""

from collections import OrderedDict
from collections.abc import Sequence

from app import views
from app.emojis import FIRST
from app.rendering.environment import render
from app.views import Html

ARTICLES_KEPT_MAX = 2_000
ARTICLE_KEPT_LENGTH_MAX = 5_000
"""Characters; a longer article is rendered each time."""

_kept: OrderedDict[views.ArticleKey, Html] = OrderedDict()  # the one asked for last stands at the end


def message(line: views.MessageLine) -> Html:
    """The article of a message, for whoever reads it: kept since somebody read it here, or since a worker told of it,
    unless it is long."""
    key = line.article_key
    if key in _kept:
        _kept.move_to_end(key)
        return _kept[key]
    article = rendered(line)
    keep(key, article)
    return article


def rendered(line: views.MessageLine) -> Html:
    """The same, made anew: of what was just written, or is not stored."""
    return render("fragments/message.html", line=line)


def keep(key: views.ArticleKey, article: str) -> None:
    """Keep an article, in place of what was kept under this key: a database that was set back gives out the same
    versions once more."""
    if len(article) <= ARTICLE_KEPT_LENGTH_MAX:
        _kept[key] = Html(article)
        if len(_kept) > ARTICLES_KEPT_MAX:
            _kept.popitem(last=False)


def messages(timeline: views.Timeline) -> Html:
    """A slice of history: its articles, and the ways to what is older and newer."""
    return render("fragments/messages.html", timeline=timeline, article=message)


def uploaded(attachment: views.Attachment) -> Html:
    """A file that was taken in, as the composer shows it until it is sent."""
    return render("fragments/uploaded.html", file=attachment)


def preview(html: Html) -> Html:
    """A text as it would look in the timeline; nothing of it is stored."""
    return render("fragments/preview.html", html=html)


def mentionable(people: Sequence[views.Mentionable]) -> Html:
    """The options of the list from which a name is chosen after an @."""
    return render("fragments/mentionable.html", people=people)


def notify(room: int, chosen: str) -> Html:
    """The form by which a person says what a room should tell them of."""
    return render("fragments/notify.html", room_id=room, chosen=chosen)


def menu(message: views.MessagePlace) -> Html:
    return render("fragments/menu.html", message=message, first=FIRST)


def readers(people: Sequence[views.Member], more: int) -> Html:
    """Who has read a message; `more` have, besides those listed."""
    return render("fragments/readers.html", people=people, more=more)


def person_card(frame: views.Frame, profile: views.Profile) -> Html:
    return render("fragments/person_card.html", frame=frame, profile=profile)


def initial_picture(face: views.Face) -> str:
    """The picture of somebody without one: SVG."""
    return render("fragments/initial.xml", face=face)


def edit(message: views.MessagePlace, form: views.Form) -> Html:
    return render("fragments/edit.html", message=message, form=form)


def wordings(wordings: Sequence[views.Wording]) -> Html:
    return render("fragments/wordings.html", wordings=wordings)


def reacted(reactions: Sequence[views.ReactedBy]) -> Html:
    return render("fragments/reacted.html", reactions=reactions)


def picker(message: views.MessagePlace, offered: Sequence[tuple[str, str]]) -> Html:
    """`offered` are emoji with their names."""
    return render("fragments/picker.html", message=message, offered=offered)


def suggestions(suggestions: Sequence[views.Suggestion]) -> Html:
    return render("fragments/suggestions.html", suggestions=suggestions)


def problem(sentence: str) -> Html:
    return render("fragments/problem.html", sentence=sentence)


def mine(person: int) -> str:
    """The stylesheet that makes one person's messages theirs."""
    return render("streams/mine.css", person=person)
