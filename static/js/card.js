// A click on a person opens their card over the page; the browser's own dialog closes with Escape and gives back the focus.
const dialog = document.getElementById("card")

function personAt(target) {
  const link = target.closest("#people a[href^='/people/'], .members a[href^='/people/']")
  if (link) return link.pathname.split("/")[2]
  if (target.closest(".message .portrait, .message .author")) return target.closest("[data-author]").dataset.author
  if (target.closest("#people li > .portrait, #people li > .name")) return target.closest("[data-person]").dataset.person
}

async function open(person) {
  const answer = await fetch(`/people/${person}`, { headers: { "HX-Request": "true" } })
  if (!answer.ok) return
  dialog.querySelector(".person-card")?.remove()
  dialog.insertAdjacentHTML("afterbegin", await answer.text())
  dialog.dispatchEvent(new Event("teahouse:filled", { bubbles: true }))
  if (!dialog.open) dialog.showModal()
  dialog.querySelector("h1").focus()
}

if (dialog) document.addEventListener("click", event => {
  if (event.target === dialog || event.target.closest("#card > .close")) return dialog.close()
  if (event.button || event.metaKey || event.ctrlKey || event.shiftKey) return
  const person = personAt(event.target)
  if (!person) return
  event.preventDefault()
  open(person)
})
