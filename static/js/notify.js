// The bell: what was chosen, here or on another page, reaches the list of rooms; the panel closes by Escape or a click outside.
const bell = document.getElementById("bell")

if (bell) {
  const form = () => document.getElementById("notify")
  const mark = (room, notify) => document.querySelectorAll(`#rooms a[data-room="${room}"]`).forEach(link => { link.dataset.notify = notify })
  let chosen = form().dataset.notify

  document.addEventListener("htmx:after:swap", () => {
    const { room, notify } = form().dataset
    if (notify === chosen) return
    chosen = notify
    mark(room, notify)
  })

  document.addEventListener("click", event => { if (!bell.contains(event.target)) bell.open = false })
  bell.addEventListener("keydown", event => {
    if (event.key !== "Escape" || !bell.open) return
    bell.open = false
    bell.querySelector("summary").focus()
  })
}
