// An @ opens the list of people: arrow keys move in it, Enter or Tab or a tap chooses, Escape closes it.
const field = document.querySelector("#composer[data-live] textarea")
const list = document.getElementById("mentionable")

// What the server takes for a mention: no word of a script with spaces stands right before the mark.
const BEGUN = /(?:^|[^\p{L}\p{N}_]|[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}\p{sc=Thai}\p{sc=Laoo}\p{sc=Mymr}\p{sc=Khmr}])[@＠]([^\s@＠][^\n@＠]{0,59}|)$/u

if (field && list) {
  let at = -1 // where the mark of the name that is being written stands
  let settled = -1 // the mark that was chosen for, or whose list was closed
  let nothingFor = null // a beginning for which there is nobody
  let asking = null
  let moved = false // whether the active option was picked by an arrow key

  const options = () => [...list.children].filter(option => !option.hidden)
  const active = () => list.querySelector("[aria-selected=true]:not([hidden])")
  const isOpen = () => !list.hidden

  function close() {
    asking?.abort()
    list.hidden = true
    field.removeAttribute("aria-activedescendant")
  }

  function activate(option) {
    active()?.setAttribute("aria-selected", "false")
    option.setAttribute("aria-selected", "true")
    field.setAttribute("aria-activedescendant", option.id)
    option.scrollIntoView({ block: "nearest" })
  }

  // The name as far as it is written, or null where none is being written.
  function query() {
    if (field.selectionStart !== field.selectionEnd) return null
    const begun = BEGUN.exec(field.value.slice(0, field.selectionStart))
    if (!begun) { at = settled = -1; nothingFor = null; return null }
    const mark = field.selectionStart - begun[1].length - 1
    if (mark !== at) { at = mark; nothingFor = null }
    return at === settled ? null : begun[1].toLowerCase()
  }

  function update() {
    const name = query()
    moved = false
    if (name === null || (nothingFor !== null && name.startsWith(nothingFor))) return close()
    narrow(name)
    ask(name)
  }

  // Until the answer is there, what no longer fits is put away: Enter must never choose it.
  function narrow(name) {
    for (const option of list.children) option.hidden = !option.dataset.name.toLowerCase().includes(name)
    if (!options().length) list.hidden = true
    else if (isOpen() && !active()) activate(options()[0])
  }

  async function ask(name) {
    asking?.abort()
    asking = new AbortController()
    const { signal } = asking
    try {
      const answer = await fetch(`${list.dataset.source}?q=${encodeURIComponent(name)}`, { signal, headers: { "HX-Request": "true" } })
      if (!answer.ok) return close()
      const found = new DOMParser().parseFromString(await answer.text(), "text/html")
      if (!signal.aborted) show(name, [...found.querySelectorAll("[role=option]")])
    } catch { if (!signal.aborted) close() }
  }

  function show(name, found) {
    if (!found.length) { nothingFor = name; return close() }
    const before = active()?.dataset.name
    list.replaceChildren(...found)
    list.hidden = false
    activate(found.find(option => option.dataset.name === before) ?? found[0])
  }

  function choose(option) {
    const after = field.value.slice(field.selectionStart)
    const text = `${field.value[at]}${option.dataset.name}${after.startsWith(" ") ? "" : " "}`
    settled = at
    field.setRangeText(text, at, field.selectionStart, "end")
    if (after.startsWith(" ")) field.selectionStart = field.selectionEnd += 1
    close()
    field.focus()
    field.dispatchEvent(new InputEvent("input", { bubbles: true })) // the draft is kept, typing is told
  }

  // Somebody who wrote the whole name has nothing to choose: their Enter sends.
  const isWhole = option => !moved && field.value.slice(at + 1, field.selectionStart) === option.dataset.name

  function move(step) {
    const all = options()
    moved = true
    activate(all[(all.indexOf(active()) + step + all.length) % all.length])
  }

  const keys = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: () => choose(active()),
    Tab: () => choose(active()),
    Escape: () => { settled = at; close() },
  }

  // Before all others hear of the key: Enter would send. A key that an input method works with is left to it.
  document.addEventListener("keydown", event => {
    if (event.target !== field || !isOpen() || !active() || event.isComposing || event.keyCode === 229) return
    if (event.shiftKey || event.altKey || event.ctrlKey || event.metaKey || !Object.hasOwn(keys, event.key)) return
    if (event.key === "Enter" && isWhole(active())) return close()
    event.preventDefault()
    event.stopImmediatePropagation()
    keys[event.key]()
  }, true)

  field.setAttribute("aria-autocomplete", "list")
  field.setAttribute("aria-haspopup", "listbox")
  field.setAttribute("aria-controls", list.id)
  field.addEventListener("input", update)
  field.addEventListener("compositionend", update)
  field.addEventListener("blur", close)
  // The caret may be moved away from the name, or back into it.
  document.addEventListener("selectionchange", () => { if (document.activeElement === field && isOpen() && query() === null) close() })
  document.addEventListener("teahouse:wrote", () => { at = settled = -1; close() })

  // The field keeps its focus, and a phone its keyboard, while an option is pressed.
  list.addEventListener("mousedown", event => event.preventDefault())
  list.addEventListener("click", event => {
    const option = event.target.closest("[role=option]")
    if (option) choose(option)
  })
}
