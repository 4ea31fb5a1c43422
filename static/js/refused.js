// A request was refused: says so once more, with the sentence of the answer.
document.addEventListener("htmx:response:error", event => {
  const { ctx } = event.detail
  const sentence = new DOMParser().parseFromString(ctx.text, "text/html").body.textContent.trim()
  event.target.dispatchEvent(new CustomEvent("teahouse:refused", { bubbles: true, detail: { ctx, sentence } }))
})
