"""What templates are given: small frozen objects, with every question already answered. A file for each noun."""

from app.views.accounts import BROWSERS, SYSTEMS, Account, AuditLine, Device
from app.views.files import PREVIEW_PIXELS, Attachment, FilePlace
from app.views.messages import (
    BODY_LENGTH_MAX,
    QUOTE_LENGTH,
    ArticleKey,
    MessageLine,
    MessagePlace,
    Quote,
    ReactedBy,
    Reaction,
    Timeline,
    Wording,
    beginning,
    message_line,
)
from app.views.pages import Form, Frame
from app.views.people import (
    HUES,
    MEMBERS_SHOWN_MAX,
    Crowd,
    Face,
    Member,
    Mentionable,
    Person,
    Portrayed,
    hue,
    initial,
)
from app.views.profiles import Profile
from app.views.reading import RECEIPTS_PEOPLE_MAX, Mark, Receipts, RoomMarks, RoomNews, Standing
from app.views.rooms import Room, RoomAbout, RoomCard
from app.views.search import Found, SearchPage, Suggestion
from app.views.text import Html, time_in_words, timestamp

__all__ = [
    "BODY_LENGTH_MAX",
    "BROWSERS",
    "HUES",
    "MEMBERS_SHOWN_MAX",
    "PREVIEW_PIXELS",
    "QUOTE_LENGTH",
    "RECEIPTS_PEOPLE_MAX",
    "SYSTEMS",
    "Account",
    "ArticleKey",
    "Attachment",
    "AuditLine",
    "Crowd",
    "Device",
    "Face",
    "FilePlace",
    "Form",
    "Found",
    "Frame",
    "Html",
    "Mark",
    "Member",
    "Mentionable",
    "MessageLine",
    "MessagePlace",
    "Person",
    "Portrayed",
    "Profile",
    "Quote",
    "ReactedBy",
    "Reaction",
    "Receipts",
    "Room",
    "RoomAbout",
    "RoomCard",
    "RoomMarks",
    "RoomNews",
    "SearchPage",
    "Standing",
    "Suggestion",
    "Timeline",
    "Wording",
    "beginning",
    "hue",
    "initial",
    "message_line",
    "time_in_words",
    "timestamp",
]
