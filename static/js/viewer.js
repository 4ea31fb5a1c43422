// A picture opens large over the page; buttons, arrow keys, Home, End and swipes lead through those of the loaded timeline.
// pictures.js fetches this when the first one is opened.
const viewer = document.getElementById("viewer")
const SWIPE_PIXELS = 50

const [name, place] = viewer.querySelectorAll("p > b, p > span")
let picture = viewer.querySelector("img")
let shown = null // the id of its file
let message = null // the id of its message's element
let opener = null // the file whose link opened the viewer
let touch = null

// Asked anew each time: messages come and go while the viewer is open.
const links = () => [...document.querySelectorAll("#messages .picture")]
const at = () => links().findIndex(link => link.dataset.file === shown)
const linkOf = file => document.querySelector(`#messages .picture[data-file="${file}"]`)
const large = link => `/files/${link.dataset.file}/preview?size=large`
const preload = link => Object.assign(new Image(), { src: large(link) })

export function open(link) {
  opener = link.dataset.file
  show(link)
  viewer.showModal()
  history.pushState({ viewer: true }, "") // so that a phone's back button closes it
}

function show(link) {
  const small = link.querySelector("img")
  const width = /(\d+)w\s*$/.exec(small.srcset)?.[1] ?? small.width
  shown = link.dataset.file
  message = link.closest(".message").id
  // The small preview at the large one's size, until that is there. A new element, or the one before would stay in sight.
  const fresh = Object.assign(new Image(), { alt: small.alt, sizes: `${width}px`, srcset: `${small.currentSrc || small.src} ${width}w` })
  picture.replaceWith(fresh)
  picture = fresh
  preload(link).decode().then(() => {
    fresh.srcset = `${large(link)} ${width}w`
    if (fresh === picture) neighbours().forEach(preload)
  }, () => { /* the small one stays */ })
  name.textContent = small.alt
  viewer.querySelector("[data-full]").href = link.href
  viewer.querySelector("[data-message]").href = `/messages/${message.slice(2)}`
  mark()
}

function neighbours() {
  const all = links()
  return [all[at() + 1], all[at() - 1]].filter(Boolean)
}

function mark() {
  const all = links()
  place.textContent = at() < 0 ? "" : `${at() + 1} / ${all.length}`
  for (const button of viewer.querySelectorAll("[data-step]")) button.ariaDisabled = at() < 0 || !all[at() + Number(button.dataset.step)]
}

function go(to) {
  const link = at() < 0 ? null : links().at(to)
  if (link && link.dataset.file !== shown) show(link)
}
const step = way => go(Math.min(Math.max(at() + way, 0), links().length - 1))

// -- events

viewer.addEventListener("click", event => {
  const button = event.target.closest("[data-step]")
  if (button) step(Number(button.dataset.step))
  else if (event.target === viewer || event.target.closest("[data-close], [data-message]")) viewer.close()
})
viewer.addEventListener("keydown", event => {
  const way = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key]
  if (!way || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
  event.preventDefault()
  step(way)
})

// One finger on a page that isn't zoomed; two belong to the zoom.
viewer.addEventListener("touchstart", event => {
  const [from] = event.touches
  touch = event.touches.length === 1 && visualViewport.scale < 1.05 ? { from, last: from } : null
}, { passive: true })
viewer.addEventListener("touchmove", event => {
  if (!touch) return
  const { clientX, clientY } = touch.last = event.touches[0]
  const isAcross = Math.abs(clientX - touch.from.clientX) > Math.abs(clientY - touch.from.clientY)
  if (isAcross && event.cancelable) event.preventDefault() // else the browser may go back a page
}, { passive: false })
// A browser that takes the movement for its own ends it with touchcancel.
for (const end of ["touchend", "touchcancel"]) viewer.addEventListener(end, event => {
  if (!touch) return
  const { clientX, clientY } = event.type === "touchend" ? event.changedTouches[0] : touch.last
  const across = clientX - touch.from.clientX
  if (Math.abs(across) > SWIPE_PIXELS && Math.abs(across) > 2 * Math.abs(clientY - touch.from.clientY)) step(across < 0 ? 1 : -1)
  touch = null
})

viewer.addEventListener("close", () => {
  if (history.state?.viewer) history.back()
  linkOf(opener)?.focus({ preventScroll: true }) // its message may have been replaced meanwhile
})
addEventListener("popstate", () => { if (viewer.open) viewer.close() })
document.addEventListener("htmx:after:swap", () => {
  if (!viewer.open) return
  const deleted = document.getElementById(message) && !linkOf(shown)
  deleted ? viewer.close() : mark()
})
