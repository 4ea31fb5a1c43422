"""The allow-list: whatever made the HTML, nothing else leaves here.

htmx acts on `hx-*`, `data-hx-*`, `<template>` and `<hx-…>`, and our own pages on ids and classes: none of them
may come from a message.
"""

import nh3

from app.formatting.code import CLASSES

TAGS = {"p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "span"}
ATTRIBUTES: dict[str, set[str]] = {"*": set(), "a": {"href"}, "ol": {"start"}, "span": {"data-mention"}}
NEW_TAB = "_blank"
LINK_REL = "noopener nofollow"
SCHEMES = {"http", "https", "mailto"}
MENTION_CLASS = "mention"
EMOJI_CLASS = "only-emoji"
ALLOWED_CLASSES = {"a": {"to-room", "to-message", "unnamed"}, "p": {EMOJI_CLASS}, "span": {MENTION_CLASS, *CLASSES}}


def cleaned(html: str) -> str:
    return nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        allowed_classes=ALLOWED_CLASSES,
        tag_attribute_values={"a": {"target": {NEW_TAB}}},
        link_rel=LINK_REL,
        url_schemes=SCHEMES,
    )
