// Says that somebody types, and who else does: "Ana, Bo and 2 more".
const field = document.querySelector("#composer[data-live] textarea")
const TELL_MILLISECONDS = 1100 // the name stays for 4 seconds after that, so for some 4 after the last key
const NAMES_MOST = 2

let told = 0

function tell() {
  if (Date.now() - told < TELL_MILLISECONDS) return
  const saying = new CustomEvent("teahouse:say", { cancelable: true, detail: { type: "typing" } })
  if (!document.dispatchEvent(saying)) told = Date.now()
}

// One's own name is in the fragment as well: it is the same for everybody.
function show() {
  const line = document.getElementById("typing")
  const others = [...line.querySelectorAll("[data-person]")].filter(name => name.dataset.person !== document.body.dataset.me)
  others.forEach((name, place) => {
    name.hidden = place >= NAMES_MOST
    name.classList.toggle("after-another", place > 0)
  })
  line.dataset.count = Math.min(others.length, NAMES_MOST)
  if (others.length > NAMES_MOST) line.dataset.more = others.length - NAMES_MOST
}

if (field) {
  field.addEventListener("input", () => { if (field.value.trim()) tell() })
  document.addEventListener("teahouse:wrote", () => { told = 0 })
  document.addEventListener("htmx:after:swap", show)
}
