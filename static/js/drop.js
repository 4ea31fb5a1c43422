// Files come in by the button, the phone's camera, a paste or a drop. Text that is pasted or dropped goes its usual way.
const composer = document.querySelector("#composer[data-live]")
const zone = document.getElementById("drop")

if (composer && zone) {
  const field = composer.elements.body
  let own = false // what is dragged began on this page: a picture or a link of ours is no file to send

  function give(files) {
    document.dispatchEvent(new CustomEvent("teahouse:files", { detail: files }))
    if (matchMedia("(hover: hover)").matches) field.focus({ preventScroll: true })
  }

  composer.addEventListener("change", event => {
    if (event.target.type !== "file") return
    const files = [...event.target.files]
    event.target.value = "" // the same file can be chosen again, and the form never sends it twice
    if (files.length) give(files)
  })

  document.addEventListener("paste", event => {
    const { files, types } = event.clipboardData
    const elsewhere = event.target !== field && event.target.closest?.("input, textarea, dialog")
    // A word processor adds to the text that it copies a picture of it.
    if (elsewhere || !files.length || ["text/html", "text/plain"].every(type => types.includes(type))) return
    event.preventDefault()
    give([...files])
  })

  const brings = event => !own && event.dataTransfer.types.includes("Files")
  document.addEventListener("dragstart", () => { own = true })
  document.addEventListener("dragend", () => { own = false })
  document.addEventListener("dragover", event => {
    if (!brings(event)) return
    event.preventDefault()
    event.dataTransfer.dropEffect = "copy"
    zone.hidden = false
  })
  document.addEventListener("dragleave", event => { if (!event.relatedTarget) zone.hidden = true })
  document.addEventListener("drop", event => {
    zone.hidden = true
    if (!brings(event)) return
    event.preventDefault()
    const isFolder = item => item.webkitGetAsEntry?.()?.isDirectory
    give([...event.dataTransfer.items].filter(item => item.kind === "file" && !isFolder(item)).map(item => item.getAsFile()))
  })
}
