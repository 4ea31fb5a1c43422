// Says when nobody is at this page any more, and when somebody is again. Which of a person's pages counts, the server knows.
const IDLE_MILLISECONDS = 5 * 60 * 1000
const LOOK_MILLISECONDS = 5000
const INPUT = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"]

let present = Date.now() // when somebody was last here
let idle = false
let told = false // what the server believes of this socket: a new one counts as active

function tell() {
  if (idle === told) return
  const saying = new CustomEvent("teahouse:say", { cancelable: true, detail: { type: idle ? "idle" : "active" } })
  if (!document.dispatchEvent(saying)) told = idle
}

// A hidden page gets no input. A laptop that slept finds out here, since the clock went on.
function look() {
  idle = Date.now() - present >= IDLE_MILLISECONDS
  tell()
}

function here() {
  if (document.hidden) return
  present = Date.now()
  if (idle) look()
}

for (const name of INPUT) document.addEventListener(name, here, { passive: true, capture: true })
document.addEventListener("visibilitychange", () => document.hidden ? look() : here())
addEventListener("focus", here)
document.addEventListener("htmx:ws:after:connection", () => { told = false; look() })
setInterval(look, LOOK_MILLISECONDS)
