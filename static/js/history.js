// History on both sides of what the page shows. As long as it lacks what comes after its last message, nothing new can
// stand there: it is left out, and read with the rest when the reader gets that far.
const SLICES = ".older, .newer"
const messages = () => document.getElementById("messages")
const next = () => messages().querySelector(":scope > .newer")
const lastSeq = () => Number([...messages().querySelectorAll(":scope > .message[data-seq]")].at(-1)?.dataset.seq ?? 0)
const articlesOf = task => [...task.fragment?.children ?? []].filter(each => each.matches(".message[data-seq]"))

const pattern = next()?.cloneNode(true)
let leftOut = 0 // the newest seq that could not stand here
let asked = 0 // slices on their way
const changed = new Map() // id → article, of messages that changed meanwhile: a slice may bring them as they were before

function takeSlice(articles) {
  for (const article of articles) {
    const newer = changed.get(article.id)
    if (document.getElementById(article.id)) article.remove()
    else if (Number(newer?.dataset.version) > Number(article.dataset.version)) article.replaceWith(newer)
  }
}

// What comes over different connections may overtake each other: nothing takes the place of a later version of itself.
// And what is older than all that is here stands in history that is still to come.
function takeNews(articles, task) {
  const firstSeq = Number(messages().querySelector(":scope > .older ~ .message[data-seq]")?.dataset.seq)
  for (const article of articles) {
    const seq = Number(article.dataset.seq)
    const there = document.getElementById(article.id)
    if (there) {
      if (Number(there.dataset.version) > Number(article.dataset.version)) article.remove()
      continue
    }
    if (asked) changed.set(article.id, article.cloneNode(true))
    if (seq < firstSeq) article.remove()
    if (!next() || seq <= lastSeq()) continue
    leftOut = Math.max(leftOut, seq)
    article.remove()
  }
  if (articles.length && !task.fragment.childElementCount) task.target = null // to morph into nothing takes away what is there
}

// What was left out came after the last slice was read: there is one more.
function leadOn() {
  if (!pattern || next() || leftOut <= lastSeq()) return
  const link = pattern.cloneNode(true)
  for (const name of ["href", "hx-get"]) link.setAttribute(name, link.getAttribute(name).replace(/\d+$/, lastSeq()))
  messages().append(link)
  htmx.process(link)
}

if (messages()) {
  document.addEventListener("htmx:before:request", event => { if (event.target.matches?.(SLICES)) asked++ })
  document.addEventListener("htmx:finally:request", event => {
    if (!event.detail.ctx.sourceElement.matches?.(SLICES)) return
    asked--
    if (!asked) changed.clear()
  })
  document.addEventListener("htmx:before:swap", event => {
    const take = event.detail.ctx.sourceElement?.matches?.(SLICES) ? takeSlice : takeNews
    for (const task of event.detail.tasks ?? []) take(articlesOf(task), task)
  })
  document.addEventListener("htmx:after:swap", leadOn)
}
