// Editing in place: from the menu, or by ↑ in an empty composer. Escape cancels, and the focus returns.
const composer = document.querySelector("#composer[data-live] textarea")
const messages = () => document.getElementById("messages") // anew each time: it may be replaced as a whole
let form = null // the one that is open
let id = null // of the message's element
let caret = null

async function open(article) {
  close()
  const address = `/messages/${article.id.slice(2)}/edit`
  const answer = await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => null)
  if (!answer?.ok) return location.assign(address)
  const text = await answer.text()
  const there = document.getElementById(article.id)
  if (!there) return
  close()
  there.querySelector(":scope > .body").insertAdjacentHTML("afterend", text)
  form = there.querySelector(":scope > .edit")
  id = article.id
  htmx.process(form)
  const field = form.elements.body
  field.focus()
  field.setSelectionRange(field.value.length, field.value.length)
  form.scrollIntoView({ block: "nearest" })
}

function close() {
  const focused = form && (form.contains(document.activeElement) || document.activeElement === document.body)
  form?.remove()
  form = id = null
  if (focused) composer.focus({ preventScroll: true })
}

function lastOwn() {
  if (messages().querySelector(":scope > .newer")) return // it is not on this page
  const own = messages().querySelectorAll(`.message[data-seq][data-author="${document.body.dataset.me}"]:not(.deleted, .system)`)
  return own[own.length - 1]
}

function onKey(event) {
  if (event.isComposing || event.keyCode === 229) return
  if (event.target === composer && event.key === "ArrowUp" && !composer.value && !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey) {
    const article = lastOwn()
    if (!article) return
    event.preventDefault()
    open(article)
  } else if (form?.contains(event.target) && event.key === "Escape") {
    event.preventDefault()
    close()
    composer.focus({ preventScroll: true })
  }
}

function say(sentence) {
  const line = form.querySelector(".problem")
  line.textContent = sentence
  line.hidden = !sentence
}

if (composer && messages()) {
  document.addEventListener("keydown", onKey)
  document.addEventListener("click", event => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return
    if (event.target.closest("[data-cancel]") && form?.contains(event.target)) {
      event.preventDefault()
      return close()
    }
    const link = event.target.closest("[data-edit]")
    const article = link && document.getElementById(`m-${link.dataset.edit}`)
    if (!article) return
    event.preventDefault()
    const dialog = link.closest("dialog")
    if (dialog?.open) {
      dialog.addEventListener("close", () => open(article), { once: true })
      dialog.close()
    } else open(article)
  })
  document.addEventListener("htmx:after:request", event => {
    if (event.target === form && event.detail.ctx.response?.status < 300) form.dataset.saved = ""
  })
  document.addEventListener("htmx:finally:request", () => { if (form && "saved" in form.dataset) close() })
  document.addEventListener("teahouse:refused", event => { if (event.target === form) say(event.detail.sentence) })
  document.addEventListener("htmx:error", event => { if (event.target === form) say(form.dataset.unsaved) })

  // A morph keeps what has its match in the new article, and leaves it alone (hx-morph-skip). Where the message is
  // replaced as a whole, the form is put back as it was.
  document.addEventListener("htmx:before:swap", event => {
    for (const task of form ? event.detail.tasks ?? [] : []) {
      const body = task.fragment?.querySelector?.(`#${CSS.escape(id)}:not(.deleted) > .body`)
      if (body && task.fragment !== document) body.after(form.cloneNode(false))
    }
    const field = form?.elements.body
    caret = field && document.activeElement === field ? [field.selectionStart, field.selectionEnd] : null
  })
  document.addEventListener("htmx:after:swap", () => {
    if (!form) return
    const article = document.getElementById(id)
    if (!article || article.matches(".deleted") || "saved" in form.dataset) return close()
    if (form.isConnected) return
    article.querySelector(":scope > .body").after(form)
    if (caret) {
      form.elements.body.focus({ preventScroll: true })
      form.elements.body.setSelectionRange(...caret)
    }
  })
}
