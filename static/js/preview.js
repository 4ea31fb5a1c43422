// The preview of what is being written: a press of its button fetches it, the next one, writing on or sending closes it.
const preview = document.getElementById("preview")
const button = document.querySelector("#composer [data-preview]")

if (preview && button) {
  const field = button.form.elements.body
  const isOpen = () => preview.hasChildNodes()

  const mark = () => button.setAttribute("aria-expanded", isOpen())
  const close = () => { preview.replaceChildren(); mark() }

  // Before htmx hears of the press.
  document.addEventListener("click", event => {
    if (!button.contains(event.target) || (!isOpen() && field.value.trim())) return
    event.stopImmediatePropagation()
    close()
    field.focus()
  }, true)

  field.addEventListener("input", close)
  document.addEventListener("teahouse:wrote", close)
  document.addEventListener("htmx:after:swap", mark)
  document.addEventListener("htmx:error", event => { if (event.target === button) close() })
  document.addEventListener("keydown", event => { if (event.key === "Escape" && isOpen()) { close(); field.focus() } })
}
