// A quote, or a link to a message, leads to it: here if the page has it, else to the page that does. A link to a message can be copied.
const SHOWN_MILLISECONDS = 2000
const DONE_MILLISECONDS = 700
const calm = matchMedia("(prefers-reduced-motion: reduce)")

async function copy(link) {
  try { await navigator.clipboard.writeText(link.href) } catch { // on plain http there is no clipboard
    const field = Object.assign(document.createElement("textarea"), { value: link.href })
    link.after(field)
    field.select()
    document.execCommand("copy")
    field.remove()
  }
  link.textContent = link.dataset.done
  setTimeout(() => link.closest("dialog")?.close(), DONE_MILLISECONDS)
}

document.addEventListener("click", event => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return
  const copied = event.target.closest("a[data-copy-link]")
  if (copied?.closest("dialog")) {
    event.preventDefault()
    return copy(copied)
  }
  const link = event.target.closest("a.quote, .body a.to-message, #viewer [data-message]")
  const original = link && document.getElementById(`m-${link.getAttribute("href").split("/").pop()}`)
  if (!original) return
  event.preventDefault()
  original.scrollIntoView({ block: "center", behavior: calm.matches ? "instant" : "smooth" })
  original.classList.add("jumped-to")
  setTimeout(() => original.classList.remove("jumped-to"), SHOWN_MILLISECONDS)
})
