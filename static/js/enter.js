// Enter sends and Shift+Enter breaks the line; on a touch screen Enter breaks it and the button sends.
const field = document.querySelector("#composer textarea")
const onTouch = matchMedia("(hover: none) and (pointer: coarse)")

// An Enter that ends an input method's composition never sends; Safari tells it by key code 229 alone.
field?.addEventListener("keydown", event => {
  if (event.defaultPrevented || event.key !== "Enter" || event.shiftKey || event.altKey || event.isComposing || event.keyCode === 229) return
  if (onTouch.matches && !event.ctrlKey && !event.metaKey) return
  event.preventDefault()
  field.form.requestSubmit()
})
