// Answering a message: a bar above the composer shows which one, until it is sent or cancelled.
const composer = document.querySelector("#composer[data-live]")
const bar = document.getElementById("replying")
const QUOTE_LENGTH = 120

function begin(id) {
  const article = document.getElementById(`m-${id}`)
  if (!article) return false
  const files = [...article.querySelectorAll(".files img, .files b, .files figcaption a")].map(file => file.alt ?? file.textContent)
  const text = article.querySelector(":scope > .body").textContent.trim().replace(/\s+/g, " ") || files.join(", ")
  const name = bar.querySelector("b")
  name.textContent = article.querySelector(".author").textContent
  name.dataset.nameOf = article.dataset.author
  bar.querySelector("span").textContent = text.length > QUOTE_LENGTH ? `${text.slice(0, QUOTE_LENGTH)}…` : text
  composer.elements.reply_to.value = id
  bar.hidden = false
  return true
}

function end() {
  composer.elements.reply_to.value = ""
  for (const part of bar.querySelectorAll("b, span")) part.textContent = "" // it may have been deleted
  delete bar.querySelector("b").dataset.nameOf
  bar.hidden = true
}

if (composer && bar) {
  const field = composer.elements.body
  document.addEventListener("click", event => {
    const link = event.target.closest("[data-reply]")
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !begin(link.dataset.reply)) return
    event.preventDefault()
    const dialog = link.closest("dialog")
    if (dialog?.open) {
      dialog.addEventListener("close", () => field.focus(), { once: true })
      dialog.close()
    } else field.focus()
  })
  bar.querySelector("a").addEventListener("click", event => { event.preventDefault(); end(); field.focus() })
  field.addEventListener("keydown", event => { if (event.key === "Escape" && !event.isComposing && !bar.hidden) end() })
  document.addEventListener("teahouse:wrote", end)
  // What was deleted meanwhile can no longer be answered, and its text is not to be seen.
  document.addEventListener("htmx:after:swap", () => {
    if (!bar.hidden && document.getElementById(`m-${composer.elements.reply_to.value}`)?.matches(".deleted")) end()
  })
}
