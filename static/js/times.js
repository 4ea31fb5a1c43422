// Puts the reader's own time into <time>, and a line between days.
// The clock as the reader's browser has it; words in the language of the page.
const language = navigator.languages.find(tag => tag.split("-")[0] === document.documentElement.lang) ?? document.documentElement.lang
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" })
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" })
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" })
const longDay = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" })
const longDayAndYear = new Intl.DateTimeFormat(language, { dateStyle: "full" })
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" })

const midnight = date => new Date(date.getFullYear(), date.getMonth(), date.getDate())

function nameOf(day) {
  const today = midnight(new Date())
  const daysAgo = Math.round((today - day) / 86400000)
  if (daysAgo < 2) {
    const name = relative.format(-daysAgo, "day")
    return name.charAt(0).toUpperCase() + name.slice(1)
  }
  return (day.getFullYear() === today.getFullYear() ? longDay : longDayAndYear).format(day)
}

function localise(article) {
  const time = article.querySelector("time")
  if (!time || time.dataset.local) return
  const date = new Date(time.dateTime)
  time.dataset.local = midnight(date).getTime()
  time.textContent = clock.format(date)
  time.title = full.format(date)
}

// A day's line has neither an id nor a data-seq, so that the upsert's ordering passes over it.
function separateDays(messages) {
  let day = null
  for (const child of [...messages.children]) {
    if (child.matches(".day")) {
      if (!child.nextElementSibling?.matches(".message") || child.dataset.day === day) child.remove()
      continue
    }
    if (!child.matches(".message")) continue
    const its = child.querySelector("time")?.dataset.local ?? day
    const line = child.previousElementSibling?.matches(".day") ? child.previousElementSibling : null
    if (its === day) line?.remove()
    else if (line?.dataset.day !== its) {
      line?.remove()
      const fresh = document.createElement("div")
      fresh.className = "day"
      fresh.dataset.day = its
      child.before(fresh)
    }
    day = its
  }
  // All of them: what was "Today" may be yesterday by now.
  for (const line of messages.querySelectorAll(":scope > .day")) {
    const name = nameOf(new Date(Number(line.dataset.day)))
    if (line.textContent !== name) line.textContent = name
  }
}

function refresh() {
  const messages = document.getElementById("messages")
  if (!messages) return
  messages.querySelectorAll(".message").forEach(localise)
  separateDays(messages)
}

refresh()
document.addEventListener("teahouse:timeline", refresh)
// What was fetched into a dialog has no day above it.
document.addEventListener("teahouse:filled", event => {
  for (const time of event.target.querySelectorAll("time")) time.textContent = moment.format(new Date(time.dateTime))
})
