// Where the reader is: at the newest message it stays there; anywhere else nothing moves, and new ones are offered.
const timeline = document.querySelector(".timeline")
const offer = document.querySelector(".new-messages")
const NEAR_PIXELS = 60
const calm = matchMedia("(prefers-reduced-motion: reduce)")

// Above a slice of history that is still to come, nobody is at the newest.
const lacksNewer = () => !!document.querySelector("#messages > .newer")
const isAtNewest = () => !lacksNewer() && Math.abs(timeline.scrollTop) < NEAR_PIXELS // column-reverse: 0 is the newest, above is negative
const lastSeq = () => Number(document.querySelector("#messages > .message[data-seq]:last-of-type")?.dataset.seq ?? 0)

// The first message in view and where it stands: it must stand there afterwards as well.
function anchor() {
  const top = timeline.getBoundingClientRect().top
  for (const article of timeline.querySelectorAll(".message[id]")) {
    const box = article.getBoundingClientRect()
    if (box.bottom > top) return { id: article.id, offset: box.top }
  }
}

if (timeline) {
  let stayed = true
  let going = false // on its way to the newest, because the reader asked
  let before = null
  let seen = lastSeq()
  let wasWhole = !lacksNewer()

  document.addEventListener("htmx:before:swap", event => {
    if (event.target.matches(".older, .newer")) document.getElementById("messages").ariaBusy = "true" // not to be read out
    stayed = isAtNewest()
    before = stayed ? null : anchor()
  })
  document.addEventListener("htmx:after:swap", () => {
    document.dispatchEvent(new Event("teahouse:timeline")) // puts in day lines, before the place is restored
    if (stayed) timeline.scrollTo({ top: 0, behavior: "instant" })
    else if (before && !going) {
      const article = document.getElementById(before.id)
      if (article) timeline.scrollBy({ top: article.getBoundingClientRect().top - before.offset, behavior: "instant" })
    }
    document.getElementById("messages").ariaBusy = "false"
    const last = lastSeq()
    if (!stayed && last > seen && wasWhole) offer.hidden = false // else it is history that was asked for
    seen = Math.max(seen, last)
    wasWhole = !lacksNewer()
  })
  timeline.addEventListener("scroll", () => {
    if (!isAtNewest()) return
    offer.hidden = true
    going = false
  }, { passive: true })
  for (const name of ["wheel", "touchstart", "keydown"]) timeline.addEventListener(name, () => { going = false }, { passive: true })
  offer.addEventListener("click", event => {
    event.preventDefault()
    going = true
    timeline.scrollTo({ top: 0, behavior: calm.matches ? "instant" : "smooth" })
    offer.hidden = true
  })
  // What the page itself puts in (a message on its way) brings the reader to the newest.
  document.addEventListener("teahouse:wrote", () => {
    document.dispatchEvent(new Event("teahouse:timeline"))
    timeline.scrollTo({ top: 0, behavior: "instant" })
  })
}
