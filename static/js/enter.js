// Enter sends or saves and Shift+Enter breaks the line; on a touch screen Enter breaks it and the button sends.
const onTouch = matchMedia("(hover: none) and (pointer: coarse)")

// An Enter that ends an input method's composition never sends; Safari tells it by key code 229 alone.
document.addEventListener("keydown", event => {
  if (event.key !== "Enter" || !event.target.matches("#composer textarea, form.edit textarea")) return
  if (event.defaultPrevented || event.shiftKey || event.altKey || event.isComposing || event.keyCode === 229) return
  if (onTouch.matches && !event.ctrlKey && !event.metaKey) return
  event.preventDefault()
  event.target.form.requestSubmit()
})
