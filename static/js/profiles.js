// Somebody has a new name or picture: puts it everywhere they stand on this page.
const news = document.getElementById("profiles")

function put(person, name, initial, avatar) {
  for (const portrait of document.querySelectorAll(`.portrait[data-of="${person}"]`)) {
    if (!avatar) portrait.textContent = initial
    else {
      const image = new Image(96, 96)
      image.alt = ""
      image.src = `/people/${person}/avatar?v=${avatar}`
      portrait.replaceChildren(image)
    }
  }
  const names = `.message[data-author="${person}"] .author, [data-person="${person}"] .name, [data-name-of="${person}"]`
  for (const element of document.querySelectorAll(names)) element.textContent = name
  for (const element of document.querySelectorAll("#room-lists a[data-direct] > .name")) element.title = element.textContent
  for (const mark of document.querySelectorAll(`[data-read-by="${person}"]`)) mark.title = name
  const title = document.querySelector("h1[data-direct]")
  const own = document.querySelector("#room-lists a[aria-current][data-direct] > .name")
  if (title && own) nameRoom(title, own.textContent)
}

// A direct room is named after the others, wherever its page says what it is called.
function nameRoom(title, name) {
  const before = title.textContent
  const renamed = text => text.replace(before, () => name)
  const field = document.getElementById("write")
  title.textContent = title.title = name
  document.title = renamed(document.title)
  if (field) field.placeholder = renamed(field.placeholder)
}

if (news) document.addEventListener("htmx:after:swap", () => {
  for (const { dataset } of [...news.children]) put(dataset.person, dataset.name, dataset.initial, dataset.avatar)
  news.replaceChildren()
})
