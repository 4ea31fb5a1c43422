// The bell: what was chosen reaches the list of rooms in every tab; the panel closes by Escape or a click outside.
const bell = document.getElementById("bell")

if (bell) {
  const others = "BroadcastChannel" in window ? new BroadcastChannel(`teahouse:notify:${document.body.dataset.me}`) : null
  const form = () => document.getElementById("notify")
  const mark = (room, notify) => document.querySelectorAll(`#rooms a[data-room="${room}"]`).forEach(link => { link.dataset.notify = notify })
  let chosen = form().dataset.notify

  document.addEventListener("htmx:after:swap", () => {
    const { room, notify } = form().dataset
    if (notify === chosen) return
    chosen = notify
    mark(room, notify)
    others?.postMessage({ room, notify })
  })
  others?.addEventListener("message", ({ data: { room, notify } }) => {
    mark(room, notify)
    if (form().dataset.room !== room) return
    form().dataset.notify = chosen = notify
    for (const button of form().elements) button.toggleAttribute("aria-pressed", false)
    form().querySelector(`[value="${notify}"]`).setAttribute("aria-pressed", "true")
  })

  document.addEventListener("click", event => { if (!bell.contains(event.target)) bell.open = false })
  bell.addEventListener("keydown", event => {
    if (event.key !== "Escape" || !bell.open) return
    bell.open = false
    bell.querySelector("summary").focus()
  })
}
