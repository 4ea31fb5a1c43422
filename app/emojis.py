"""Emoji: which text is exactly one, and the ones that are offered."""

from collections.abc import Sequence
from functools import cache

import emoji

FIRST = ("👍", "❤️", "😂", "🎉", "😮", "🙏")
"""Offered at once; all others follow in the picker."""

OFFERED = """
😀 😃 😄 😁 😆 😅 🤣 😂 🙂 🙃 😉 😊 😇 🥰 😍 🤩 😘 😋 😛 😜 🤪 🤗 🤭 🫢 🤫 🤔 🫡 🤐
🤨 😐 😶 😏 😒 🙄 😬 😌 😔 😪 😴 😷 🤒 🤕 🤢 🥵 🥶 🥴 🤯 🤠 🥳 😎 🤓 🧐 😕 😟 🙁 😮
😯 😲 😳 🥺 🥹 😨 😰 😢 😭 😱 😖 😞 😓 😩 😫 🥱 😤 😡 😠 💀 💩 🤡 👻 👽 🤖 😺 🙈 🙉
🙊 ❤️ 🧡 💛 💚 💙 💜 🖤 🤍 💔 💕 💯 💥 💫 💦 💬 💤 👋 👌 🤌 ✌️ 🤞 🤟 🤘 👈 👉 👆 👇
☝️ 👍 👎 ✊ 👊 👏 🙌 🫶 🤝 🙏 ✍️ 💪 🧠 👀 🤷 🤦 🙋 🙇 🐶 🐱 🐭 🐰 🦊 🐻 🐼 🐸 🐵 🐔
🐧 🦆 🦉 🐝 🦋 🐌 🐢 🐙 🐳 🐟 🌱 🌲 🌸 🌹 🌻 🍀 🍁 🍄 🌍 🌙 ⭐ 🌟 ☀️ 🌈 ☁️ ⚡ ❄️ 🔥
🌊 🍎 🍋 🍌 🍉 🍓 🍒 🥑 🍞 🧀 🍕 🍔 🍟 🍜 🍣 🥟 🍦 🍪 🎂 🍫 ☕ 🍵 🍺 🍷 🥂 ⚽ 🏀 🎾
🏆 🥇 🎯 🎮 🎲 🎨 🎵 🎸 🎬 🎁 🎈 🎉 🎊 🚗 🚲 🚀 ✈️ 🚢 🏠 🏡 🏥 ⛺ ⏰ ⌛ 📱 💻 📷 💡
📚 📎 📌 ✂️ 🔒 🔑 🔨 🔧 💰 📈 📉 📅 ✉️ 📦 📣 🔔 ✅ ❌ ❓ ❗ ➕ ➖ ✔️ ⚠️ 🚫 ♻️ 🆗 🆕
🏁 🚩
"""


def one(text: str) -> str | None:
    """The emoji that the text is, fully written (as with its colour marked); None for anything else."""
    return _by_bare_form().get(_bare(text.strip()))


@cache
def offered() -> Sequence[tuple[str, str]]:
    """The picker's emoji with their English names."""
    return [(one(text) or text, name_of(one(text) or text)) for text in OFFERED.split()]


def name_of(text: str) -> str:
    """The English name of an emoji."""
    return str(emoji.EMOJI_DATA[text]["en"]).strip(":").replace("_", " ")


@cache
def _by_bare_form() -> dict[str, str]:
    whole = emoji.STATUS["fully_qualified"]
    return {_bare(text): text for text, data in emoji.EMOJI_DATA.items() if data["status"] == whole}


def _bare(text: str) -> str:
    """Without the marks that ask for colour: not every keyboard writes them."""
    return text.replace("\ufe0f", "")
