// Who reacted: on hover, on focus and on a long press. In the picker, typing narrows the choice.
const timeline = document.querySelector(".timeline")
const WAIT_MILLISECONDS = 350
const HOLD_MILLISECONDS = 450
let tip = null
let timer = null
let held = false

async function show(button) {
  const address = button.form.getAttribute("action")
  const answer = await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => null)
  if (!answer?.ok || !button.isConnected) return
  const line = [...new DOMParser().parseFromString(await answer.text(), "text/html").querySelectorAll("[data-emoji]")]
    .find(line => line.dataset.emoji === button.dataset.emoji)
  if (!line) return
  hide()
  tip = Object.assign(document.createElement("div"), { className: "who-reacted", textContent: line.textContent.trim().replace(/\s+/g, " ") })
  tip.setAttribute("role", "tooltip")
  document.body.append(tip)
  const box = button.getBoundingClientRect()
  tip.style.insetBlockStart = `${Math.max(4, box.top - tip.offsetHeight - 6)}px`
  tip.style.insetInlineStart = `${Math.max(8, Math.min(box.left, innerWidth - tip.offsetWidth - 8))}px`
}

function hide() {
  tip?.remove()
  tip = null
}

const buttonOf = event => event.target.closest?.(".reactions [data-emoji]")

function soon(button, milliseconds) {
  clearTimeout(timer)
  if (button) timer = setTimeout(() => { held = true; show(button) }, milliseconds)
}

if (timeline) {
  timeline.addEventListener("pointerover", event => { if (event.pointerType === "mouse") { hide(); soon(buttonOf(event), WAIT_MILLISECONDS) } })
  timeline.addEventListener("pointerleave", () => { clearTimeout(timer); hide() })
  timeline.addEventListener("focusin", event => { if (event.target.matches(":focus-visible")) soon(buttonOf(event), WAIT_MILLISECONDS) })
  timeline.addEventListener("focusout", hide)
  timeline.addEventListener("scroll", hide, { passive: true })
  timeline.addEventListener("touchstart", event => { hide(); held = false; soon(buttonOf(event), HOLD_MILLISECONDS) }, { passive: true })
  for (const name of ["touchend", "touchmove", "touchcancel"]) timeline.addEventListener(name, () => clearTimeout(timer), { passive: true })
  timeline.addEventListener("contextmenu", event => { if (buttonOf(event) && held) event.preventDefault() })
  timeline.addEventListener("click", event => {
    if (buttonOf(event) && held && matchMedia("(hover: none)").matches) event.preventDefault() // it was held to see who, not pressed
    held = false
  })
}

document.addEventListener("input", event => {
  if (!event.target.matches(".any-emoji input")) return
  const sought = event.target.value.trim().toLowerCase()
  for (const button of event.target.form.parentElement.querySelectorAll(".picker button")) button.hidden = !button.title.includes(sought) && button.value !== sought
})
