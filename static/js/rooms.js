// The lists of rooms came anew, the same for all pages of a person: marks the room that this page shows, and keeps
// the dots, of which the lists know nothing.
let lists = document.getElementById("room-lists")
const room = lists?.querySelector("[aria-current]")?.dataset.room

document.addEventListener("htmx:after:swap", () => {
  const fresh = document.getElementById("room-lists")
  if (!fresh || fresh === lists) return
  fresh.querySelector(`a[data-room="${room}"]`)?.setAttribute("aria-current", "page")
  for (const dot of lists.querySelectorAll(".dot")) {
    const its = fresh.querySelector(`#${dot.id}`)
    if (its) its.dataset.status = dot.dataset.status
  }
  lists = fresh
})
