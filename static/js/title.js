// While nobody looks at the tab, its title and its icon count what is unread: "(3) Garden".
const icon = document.querySelector("link[rel=icon]")
const ICON_PIXELS = 64
const BADGE = "#c2412d"

const plain = { href: icon.href, type: icon.type }
let shown = 0

const isLookedAt = () => !document.hidden && document.hasFocus()

// What a room counts for: everything that is unread, or mentions alone, as its reader wishes.
function unreadOf({ notify, unread, mentions }) {
  if (notify === "nothing") return 0
  return Number((notify === "mentions" ? mentions : unread) ?? 0)
}

const total = () => [...document.querySelectorAll("#rooms a[data-room]")].reduce((sum, link) => sum + unreadOf(link.dataset), 0)

function show() {
  const count = isLookedAt() ? 0 : total()
  const before = shown ? `(${shown}) ` : ""
  if (count === shown) return
  const title = document.title.startsWith(before) ? document.title.slice(before.length) : document.title
  shown = count
  document.title = count ? `(${count}) ${title}` : title
  if (count) draw(count)
  else Object.assign(icon, plain)
}

function draw(count) {
  const picture = new Image(ICON_PIXELS, ICON_PIXELS)
  picture.addEventListener("load", () => {
    if (count !== shown) return
    const canvas = document.createElement("canvas")
    canvas.width = canvas.height = ICON_PIXELS
    const pen = canvas.getContext("2d")
    pen.drawImage(picture, 0, 0, ICON_PIXELS, ICON_PIXELS)
    pen.fillStyle = BADGE
    pen.beginPath()
    pen.arc(42, 42, 22, 0, 2 * Math.PI)
    pen.fill()
    pen.fillStyle = "#fff"
    pen.font = `bold ${count > 9 ? 24 : 32}px system-ui, sans-serif`
    pen.textAlign = "center"
    pen.textBaseline = "middle"
    pen.fillText(count > 99 ? "99" : count, 42, 44)
    Object.assign(icon, { type: "image/png", href: canvas.toDataURL() })
  })
  picture.src = plain.href
}

new MutationObserver(show).observe(document.body, { subtree: true, attributeFilter: ["data-unread", "data-mentions", "data-notify"] })
document.addEventListener("teahouse:activity", show)
document.addEventListener("htmx:after:swap", show)
document.addEventListener("visibilitychange", show)
addEventListener("focus", show)
addEventListener("blur", show)
show()
