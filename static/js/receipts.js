// Says what was read, and shows how far the others have: their portraits move to the message up to which they read.
const main = document.querySelector("main")
const timeline = document.querySelector(".timeline")
const inbox = document.getElementById("receipts")
const TELL_MILLISECONDS = 1000
const ENOUGH = .6 // of a message, or of the screen

// -- what the others have read

const marks = new Map() // person → { seq, element }
let counted = null // of a large room

function takeInbox() {
  for (const element of [...inbox.children]) {
    element.remove()
    if (element.dataset.readers) {
      counted?.remove()
      counted = element
      marks.forEach(mark => mark.element.remove()) // the room has become too large for them
      marks.clear()
      continue
    }
    const before = marks.get(element.dataset.readBy)
    const seq = Math.max(Number(element.dataset.seq), before?.seq ?? 0)
    before?.element.remove()
    marks.set(element.dataset.readBy, { seq, element })
  }
}

// Children of an article that carry hx-morph-skip outlive a change to it.
function standUnder(article, element) {
  let readers = article.querySelector(":scope > .readers")
  if (!readers) {
    readers = document.createElement("div")
    readers.className = "readers"
    readers.setAttribute("hx-morph-skip", "")
    article.append(readers)
  }
  if (element.parentElement !== readers) readers.append(element)
}

function place() {
  takeInbox()
  const articles = new Map()
  for (const article of document.querySelectorAll("#messages > .message[data-seq]")) {
    const seq = Number(article.dataset.seq)
    articles.set(seq, article)
    const mark = marks.get(article.dataset.author) // who wrote has read what they wrote
    if (mark && seq > mark.seq) mark.seq = seq
  }
  for (const [person, mark] of marks) {
    const article = articles.get(mark.seq)
    mark.element.dataset.seq = mark.seq
    mark.element.classList.toggle("by-author", article?.dataset.author === person)
    if (article) standUnder(article, mark.element)
    else mark.element.remove()
  }
  const newest = articles.get(Math.max(...articles.keys()))
  if (counted && Number(counted.dataset.seq) === Number(newest?.dataset.seq)) standUnder(newest, counted)
  else counted?.remove()
  document.querySelectorAll("#messages .readers:empty").forEach(readers => readers.remove())
}

// -- what is read here

const onScreen = new Set()
const observed = new WeakSet()
let read = Number(main?.dataset.readSeq ?? 0)
let told = read
let toldAt = 0
let lost = false // what was told last may not have arrived
let stopped = false

const observer = timeline && new IntersectionObserver(entries => {
  for (const { target, intersectionRatio, intersectionRect, rootBounds } of entries) {
    const seen = intersectionRatio >= ENOUGH || intersectionRect.height >= ENOUGH * (rootBounds?.height ?? Infinity)
    seen ? onScreen.add(target) : onScreen.delete(target)
  }
  look()
}, { root: timeline, threshold: [0, .2, .4, ENOUGH, .8, 1] })

function observe() {
  for (const article of document.querySelectorAll("#messages > .message[data-seq]")) {
    if (observed.has(article)) continue
    observed.add(article)
    observer.observe(article)
  }
}

function newestOnScreen() {
  let newest = 0
  for (const article of onScreen) {
    if (article.isConnected) newest = Math.max(newest, Number(article.dataset.seq))
    else onScreen.delete(article)
  }
  return newest
}

// Whoever was led into the middle has not read what lies before it.
function skips() {
  if (!document.querySelector("#messages > .newer")) return false
  return Number(document.querySelector("#messages > .message[data-seq]")?.dataset.seq) > Number(main.dataset.readSeq) + 1
}

// The page knows at once what is read on it; the server is told now and then.
function look() {
  if (stopped) return
  if (document.visibilityState === "visible" && document.hasFocus() && !skips()) {
    if (lost) told = 0
    lost = false
    const seq = newestOnScreen()
    if (seq > read) {
      read = seq
      document.dispatchEvent(new CustomEvent("teahouse:read", { detail: { seq } }))
    }
  }
  tell()
}

function tell() {
  if (read <= told || Date.now() - toldAt < TELL_MILLISECONDS) return
  const saying = new CustomEvent("teahouse:say", { cancelable: true, detail: { type: "read", seq: String(read) } })
  if (document.dispatchEvent(saying)) return
  told = read
  toldAt = Date.now()
}

if (inbox) {
  document.addEventListener("teahouse:timeline", place)
  place()
}
if (timeline) {
  observe()
  document.addEventListener("teahouse:timeline", observe)
  document.addEventListener("htmx:ws:after:connection", () => { lost = true })
  document.addEventListener("teahouse:reading-stops", () => { stopped = true })
  document.addEventListener("visibilitychange", look)
  addEventListener("focus", look)
  setInterval(look, TELL_MILLISECONDS)
}
