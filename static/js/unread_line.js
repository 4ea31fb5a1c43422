// A line where the reader stopped, for as long as the page is open; and the message that the page was opened for.
const main = document.querySelector("main[data-read-seq]")
const offer = document.querySelector(".to-unread")
const around = document.querySelector("main[data-around]")?.dataset.around

function line() {
  const messages = document.getElementById("messages")
  const readSeq = Number(main.dataset.readSeq)
  const unread = [...messages.querySelectorAll(":scope > .message[data-seq]")].filter(article => Number(article.dataset.seq) > readSeq)
  const first = unread[0]
  const there = messages.querySelector(":scope > .new-line")
  // Only where the message before it is there as well: else what is unread begins further up.
  if (!first || Number(first.dataset.seq) !== readSeq + 1) return there?.remove()
  const before = first.previousElementSibling?.matches(".day") ? first.previousElementSibling : first
  if (there?.nextElementSibling === before) return there
  const fresh = there ?? Object.assign(document.createElement("div"), { className: "new-line" })
  fresh.setAttribute("role", "separator")
  before.before(fresh)
  return fresh
}

// Kept by the page: a line is for what was unread when it was opened, or was marked as unread since.
let lasts = main && Number(main.dataset.readSeq) > 0 && Number(main.dataset.lastSeq) > Number(main.dataset.readSeq)

function show() {
  const shown = lasts && line()
  if (shown && offer?.getAttribute("href").startsWith("#")) offer.hidden = true
  return shown
}

if (main) {
  const shown = show()
  document.addEventListener("teahouse:timeline", show)
  document.addEventListener("teahouse:set-back", event => {
    main.dataset.readSeq = event.detail
    lasts = true
    show()
  })
  const box = document.querySelector(".timeline").getBoundingClientRect()
  if (shown && !around && shown.getBoundingClientRect().top < box.top) shown.scrollIntoView({ block: "start", behavior: "instant" })
}

if (around) {
  const mark = () => document.getElementById(around)?.classList.add("target")
  mark()
  document.getElementById(around)?.scrollIntoView({ block: "center", behavior: "instant" })
  document.addEventListener("teahouse:timeline", mark)
}
