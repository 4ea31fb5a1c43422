// Who reacted: on hover, on focus and on a long press. In the picker, typing narrows the choice.
const timeline = document.querySelector(".timeline")
const WAIT_MILLISECONDS = 350
const HOLD_MILLISECONDS = 450
let tip = null
let about = null // whose names are shown, or asked for
let timer = null
let held = false
let focused = false // shown for a button that has the focus, not for one under the pointer

// A button is looked up anew each time: its message may have been replaced meanwhile.
const find = ({ message, emoji }) => document.getElementById(message)?.querySelector(`.reactions [data-emoji="${CSS.escape(emoji)}"]`)

async function show(asked) {
  const button = find(asked)
  if (!button) return hide()
  const answer = await fetch(button.form.getAttribute("action"), { headers: { "HX-Request": "true" } }).catch(() => null)
  const text = answer?.ok ? await answer.text() : ""
  const line = [...new DOMParser().parseFromString(text, "text/html").querySelectorAll("[data-emoji]")]
    .find(line => line.dataset.emoji === asked.emoji)
  if (!line || about !== asked) return
  asked.count = button.dataset.count
  say(line.textContent.trim().replace(/\s+/g, " "), "tooltip")
}

function say(text, role) {
  tip?.remove()
  tip = Object.assign(document.createElement("div"), { className: "who-reacted", textContent: text })
  tip.setAttribute("role", role)
  document.body.append(tip)
  place()
}

function place() {
  if (!tip) return
  const button = find(about)
  if (!button) return hide()
  const box = button.getBoundingClientRect()
  tip.style.insetBlockStart = `${Math.max(4, box.top - tip.offsetHeight - 6)}px`
  tip.style.insetInlineStart = `${Math.max(8, Math.min(box.left, innerWidth - tip.offsetWidth - 8))}px`
}

function hide() {
  clearTimeout(timer)
  tip?.remove()
  tip = about = null
}

// A press that was refused: the sentence stands where the names would.
function refuse(event) {
  const button = event.target.matches?.(".message > .reactions") && event.detail.ctx.request.submitter
  if (!button) return
  hide()
  about = { message: button.closest(".message").id, emoji: button.dataset.emoji, count: button.dataset.count }
  focused = true
  say(event.detail.sentence, "alert")
}

const buttonOf = event => event.target.closest?.(".reactions [data-emoji]")

function soon(button, milliseconds) {
  if (!button) return hide()
  const asked = { message: button.closest(".message").id, emoji: button.dataset.emoji }
  if (about?.message === asked.message && about.emoji === asked.emoji) return
  hide()
  about = asked
  focused = false
  timer = setTimeout(() => { held = true; show(asked) }, milliseconds)
}

if (timeline) {
  timeline.addEventListener("pointerover", event => { if (event.pointerType === "mouse") soon(buttonOf(event), WAIT_MILLISECONDS) })
  timeline.addEventListener("pointerleave", hide)
  timeline.addEventListener("focusin", event => {
    if (!event.target.matches(":focus-visible")) return
    soon(buttonOf(event), WAIT_MILLISECONDS)
    focused = true
  })
  timeline.addEventListener("focusout", () => { if (focused) hide() }) // a pressed button loses it when its message is replaced
  timeline.addEventListener("scroll", place, { passive: true })
  timeline.addEventListener("touchstart", event => { hide(); held = false; soon(buttonOf(event), HOLD_MILLISECONDS) }, { passive: true })
  for (const name of ["touchend", "touchmove", "touchcancel"]) timeline.addEventListener(name, () => clearTimeout(timer), { passive: true })
  timeline.addEventListener("contextmenu", event => { if (buttonOf(event) && held) event.preventDefault() })
  timeline.addEventListener("click", event => {
    if (buttonOf(event) && held && matchMedia("(hover: none)").matches) event.preventDefault() // it was held to see who, not pressed
    held = false
  })
  document.addEventListener("teahouse:refused", refuse)
  document.addEventListener("htmx:after:swap", () => {
    if (tip && find(about)?.dataset.count !== about.count) show(about)
    else place()
  })
}

const offered = form => [...form.parentElement.querySelectorAll(".picker button")]
document.addEventListener("input", event => {
  if (!event.target.matches(".any-emoji input")) return
  const sought = event.target.value.trim().toLowerCase()
  for (const button of offered(event.target.form)) button.hidden = !` ${button.title.toLowerCase()}`.includes(` ${sought}`) && button.value !== sought
})
// What was looked for is given, and not its name.
document.addEventListener("submit", event => {
  const found = event.target.matches(".any-emoji") && offered(event.target).find(button => !button.hidden)
  if (!found) return
  event.preventDefault()
  event.stopPropagation()
  found.click()
}, true)
