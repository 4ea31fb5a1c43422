// A page outside of rooms that comes back says so, since its list of rooms may be old; it is not made anew, and keeps
// what was typed on it.
let wasOpen = false

document.addEventListener("htmx:ws:after:connection", () => { wasOpen = true })
document.addEventListener("htmx:ws:before:connection", ({ detail: { connection } }) => {
  if (wasOpen && !connection.url.includes("again")) connection.url += `${connection.url.includes("?") ? "&" : "?"}again=1`
})

// Coming from the browser's memory, it finds that htmx has let go of its socket: another element connects in its place.
addEventListener("pageshow", event => {
  if (!event.persisted) return
  const place = document.querySelector("[hx-ws\\:connect]")
  const fresh = place.cloneNode(true)
  place.replaceWith(fresh)
  window.htmx.process(fresh)
})
