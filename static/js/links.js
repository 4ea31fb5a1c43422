// A link to a room is shown by the name that the reader's own list has for it: as it is now, and of closed rooms too.
const messages = document.getElementById("messages")

function name() {
  for (const link of document.querySelectorAll(".body a.to-room")) {
    const room = link.getAttribute("href").split("/").pop()
    const own = document.querySelector(`#room-lists a[data-room="${CSS.escape(room)}"]`)
    const text = own && `${own.matches("[data-direct]") ? "" : "#"}${own.querySelector(".name").textContent}`
    if (text && link.textContent !== text) link.textContent = text
  }
}

if (messages) {
  document.addEventListener("htmx:after:swap", name)
  document.addEventListener("teahouse:timeline", name)
  name()
}
