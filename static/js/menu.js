// A message's menu, fetched when it is opened, in a dialog that no change to the message disturbs.
const messages = document.getElementById("messages")
const HOLD_MILLISECONDS = 500
let dialog = null
let from = null // the id of the message whose menu it is
let timer = null

async function fill(address) {
  const answer = await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => null)
  if (!answer) return location.assign(address)
  if (answer.status === 401) return location.reload()
  dialog.innerHTML = await answer.text()
  dialog.dispatchEvent(new Event("teahouse:filled", { bubbles: true }))
  htmx.process(dialog)
  if (!dialog.open) dialog.showModal()
  place()
  dialog.querySelector("a, button, summary")?.focus()
}

// Beside what opened it, on the side with more room; on a phone the stylesheet lets it rise from the lower edge.
function place() {
  const at = document.getElementById(from)?.querySelector(":scope > .more").getBoundingClientRect()
  if (!at) return
  const above = at.top > innerHeight / 2
  const left = Math.min(at.left, innerWidth - dialog.offsetWidth - 8)
  dialog.style.inset = above ? `auto auto ${innerHeight - at.top}px ${left}px` : `${at.bottom}px auto auto ${left}px`
  dialog.style.maxHeight = `${(above ? at.top : innerHeight - at.bottom) - 8}px`
}

function open(article) {
  const link = article.querySelector(":scope > .more")
  if (!link) return
  if (!dialog) {
    dialog = Object.assign(document.createElement("dialog"), { className: "message-menu", ariaLabel: "Message" })
    dialog.addEventListener("click", event => { if (event.target === dialog) dialog.close() })
    // The message may have been replaced meanwhile; its successor has the same id.
    dialog.addEventListener("close", () => document.getElementById(from)?.querySelector(":scope > .more")?.focus({ preventScroll: true }))
    document.body.append(dialog)
  }
  from = article.id
  fill(link.getAttribute("href"))
}

document.addEventListener("click", event => {
  const link = event.target.closest("#messages .more, .message-menu [data-inside]")
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  link.matches("[data-inside]") ? fill(link.getAttribute("href")) : open(link.closest(".message"))
})
document.addEventListener("submit", event => {
  if (event.target.matches("[data-reading-stops]")) document.dispatchEvent(new Event("teahouse:reading-stops"))
}, true)
document.addEventListener("htmx:after:request", event => {
  if (dialog?.contains(event.target) && event.detail.ctx.response?.status < 300) dialog.close()
})
document.addEventListener("teahouse:refused", event => {
  if (!dialog?.contains(event.target)) return
  dialog.querySelector(":scope > .problem")?.remove()
  const line = Object.assign(document.createElement("p"), { className: "problem" })
  line.setAttribute("role", "alert")
  line.textContent = event.detail.sentence
  dialog.append(line)
})

// How a message read before is gone with it; of anything else the menu may stay.
document.addEventListener("htmx:after:swap", () => {
  if (dialog?.querySelector(".wordings") && document.getElementById(from)?.matches(".deleted")) {
    dialog.close()
    dialog.replaceChildren()
  }
})

// A long press on a touch screen.
const forget = () => clearTimeout(timer)
messages.closest(".timeline").addEventListener("touchstart", event => {
  const article = event.target.closest(".message[data-seq]")
  forget()
  if (article && event.touches.length === 1 && !event.target.closest("a, button")) timer = setTimeout(() => open(article), HOLD_MILLISECONDS)
}, { passive: true })
for (const name of ["touchend", "touchmove", "touchcancel"]) messages.closest(".timeline").addEventListener(name, forget, { passive: true })
