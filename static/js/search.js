// Suggestions under the search field while somebody types. A suggestion is a link, and works as one without this.
const field = document.getElementById("query")
const list = document.getElementById("suggestions")
const PAUSE_MILLISECONDS = 150

if (field) {
  let waiting = 0
  let asked = 0

  const close = () => {
    clearTimeout(waiting)
    asked++
    list.hidden = true
  }

  const suggest = async () => {
    const turn = ++asked
    const address = `/search/suggestions?q=${encodeURIComponent(field.value.toWellFormed?.() ?? field.value)}`
    const answer = await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => null)
    const html = answer?.ok ? await answer.text() : ""
    if (turn !== asked) return // something else has been typed meanwhile
    list.innerHTML = html
    list.hidden = !list.querySelector("a")
  }

  field.addEventListener("input", () => {
    clearTimeout(waiting)
    waiting = setTimeout(suggest, PAUSE_MILLISECONDS)
  })
  field.form.addEventListener("submit", close)

  list.addEventListener("click", event => {
    const link = event.target.closest("a")
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    field.value = link.dataset.query
    field.focus()
    close()
    if (field.value.endsWith(":")) suggest() // the names that may follow
  })

  field.form.addEventListener("keydown", event => {
    if (event.isComposing || list.hidden) return
    if (event.key === "Escape") {
      event.preventDefault()
      close()
      field.focus()
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return
    event.preventDefault()
    const stops = [field, ...list.querySelectorAll("a")]
    const step = event.key === "ArrowDown" ? 1 : -1
    stops[(stops.indexOf(document.activeElement) + step + stops.length) % stops.length].focus()
  })

  for (const away of ["focusin", "pointerdown"]) {
    document.addEventListener(away, event => { if (!field.form.contains(event.target)) close() })
  }
}

// Results are of many days, so each has its own in the reader's words.
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" })
const inWords = within => { for (const time of within.querySelectorAll("time")) time.textContent = moment.format(new Date(time.dateTime)) }
const results = document.querySelector(".results")
const AGAIN_MILLISECONDS = 15_000

// What was deleted or changed meanwhile goes from here as well; what is new waits for the next search.
async function again() {
  if (document.hidden || !results.querySelector(".message")) return
  const answer = await fetch(results.dataset.again).catch(() => null)
  if (!answer?.ok) return
  const now = new DOMParser().parseFromString(await answer.text(), "text/html")
  for (const shown of results.querySelectorAll(".message")) {
    const found = now.querySelector(`.results [id="${shown.id}"]`)
    if (!found) shown.closest("li").remove()
    else if (found.dataset.version !== shown.dataset.version) {
      shown.replaceWith(found)
      inWords(found)
    }
  }
}

if (results) {
  inWords(results)
  setInterval(again, AGAIN_MILLISECONDS)
  document.addEventListener("visibilitychange", again)
}
