// The files of the message that is being written: each is uploaded at once and waits in the tray until it is sent.
const composer = document.querySelector("#composer[data-live]")
const tray = document.getElementById("tray")
const AT_ONCE_MOST = 3
const STALLED_MILLISECONDS = 60_000
const KEPT_MILLISECONDS = 5 * 60 * 60 * 1000 // the server keeps them for six hours
const SHOWN = /^image\/(?:png|jpeg|gif|webp|avif)$/

if (composer && tray) {
  const pattern = document.getElementById("upload").content.firstElementChild
  const note = document.getElementById("tray-note")
  const bytesMost = Number(composer.dataset.fileBytesMax)
  const filesMost = Number(composer.dataset.filesMax)
  const key = `teahouse:tray:${document.body.dataset.me}:${composer.dataset.room}`
  const files = new WeakMap() // item → its File
  const requests = new WeakMap()
  let waiting = false // Send was pressed: the message goes when its files are there

  const those = states => [...tray.querySelectorAll(`:scope > :is(${states})`)]
  const coming = () => those(".queued, .uploading")
  const inWords = bytes => bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`

  function say(sentence, isProblem = true) {
    note.textContent = sentence
    note.className = isProblem ? "problem" : "hint"
  }

  function add(given) {
    const small = given.filter(file => file.size <= bytesMost)
    const taken = small.slice(0, Math.max(0, filesMost - tray.children.length))
    const sentences = given.filter(file => file.size > bytesMost).map(file => `${file.name} has ${Math.ceil(file.size / 1e5) / 10} MB; a file can have ${bytesMost / 1e6} MB.`)
    if (!given.length) sentences.push("A folder cannot be sent; choose the files in it.")
    if (taken.length < small.length) sentences.push(`A message can have ${filesMost} files; ${small.length - taken.length} more were left out.`)
    if (sentences.length || !waiting) say(sentences.join(" "))
    taken.forEach(put)
    tray.scrollTop = tray.scrollHeight
    next()
  }

  function put(file) {
    const item = pattern.cloneNode(true)
    item.className = "queued"
    item.querySelector("b").textContent = file.name
    item.querySelector("span").textContent = inWords(file.size)
    if (SHOWN.test(file.type)) {
      const picture = Object.assign(new Image(), { alt: "", src: URL.createObjectURL(file) })
      picture.onload = () => URL.revokeObjectURL(picture.src)
      picture.onerror = () => picture.remove()
      item.prepend(picture)
    }
    files.set(item, file)
    tray.append(item)
  }

  function next() {
    those(".queued").slice(0, Math.max(0, AT_ONCE_MOST - those(".uploading").length)).forEach(upload)
    settle()
  }

  function upload(item) {
    const request = new XMLHttpRequest() // fetch doesn't tell how far an upload is
    const bar = item.querySelector("progress")
    const form = new FormData()
    form.append("files", files.get(item))
    requests.set(item, request)
    item.className = "uploading"
    bar.value = 0
    let timer
    const watch = () => {
      clearTimeout(timer)
      timer = setTimeout(() => { request.abort(); fail(item, 0) }, STALLED_MILLISECONDS)
    }
    // When all has gone out the server has work to do: the bar then has no value.
    request.upload.onprogress = ({ loaded, total }) => { watch(); loaded < total ? bar.value = loaded / total : bar.removeAttribute("value") }
    request.onloadend = () => clearTimeout(timer)
    request.onload = () => finish(item, request)
    request.onerror = () => fail(item, 0)
    request.open("POST", `/rooms/${composer.dataset.room}/files`)
    request.setRequestHeader("HX-Request", "true")
    request.send(form)
    watch()
  }

  function finish(item, { status, responseText }) {
    const answer = new DOMParser().parseFromString(responseText, "text/html")
    const stored = status === 200 && answer.querySelector(".uploaded")
    if (!stored) return fail(item, status, answer.querySelector(".problem")?.textContent.trim())
    const remove = item.querySelector("[data-remove]")
    const focused = document.activeElement === remove
    item.replaceWith(stored)
    stored.append(remove)
    stored.dataset.at = Date.now()
    if (focused) remove.focus()
    next()
  }

  // What passes (no network, a busy or restarting server, being signed out) can be tried again; a refusal stays one.
  function fail(item, status, sentence) {
    const passes = status === 0 || status >= 500 || [200, 401, 429].includes(status)
    item.className = "failed"
    item.querySelector(".problem").textContent = sentence ?? (passes ? "Not uploaded." : "This file cannot be sent.")
    item.querySelector("[data-again]").hidden = !passes
    next()
  }

  function again(item) {
    item.className = "queued"
    next()
  }

  function remove(item) {
    const neighbour = item.nextElementSibling ?? item.previousElementSibling
    requests.get(item)?.abort()
    item.remove()
    if (!waiting) say("")
    const follows = neighbour?.querySelector("[data-remove]") ?? composer.elements.files
    follows.focus()
    next()
  }

  // After every change: keep what a reload can bring back, and send what was waiting for this.
  function settle() {
    try { localStorage.setItem(key, JSON.stringify(those(".uploaded").map(item => item.outerHTML))) } catch { /* full, or forbidden */ }
    if (!waiting) return
    if (those(".failed").length) return hold()
    if (coming().length) return
    wait(false)
    composer.requestSubmit()
  }

  function wait(on) {
    waiting = on
    composer.classList.toggle("waiting", on)
    say(on ? "Your message goes out when its files are there." : "", false)
  }

  function hold() {
    wait(false)
    say("Not sent yet: try the file again, or remove it.")
  }

  function bringBack(items) {
    tray.insertAdjacentHTML("beforeend", items.join(""))
    for (const item of those(".uploaded")) if (Date.now() - item.dataset.at > KEPT_MILLISECONDS) item.remove()
    settle()
  }

  // -- events

  document.addEventListener("teahouse:files", event => add(event.detail))
  document.addEventListener("teahouse:put-back", event => bringBack(event.detail))
  document.addEventListener("teahouse:wrote", () => { tray.replaceChildren(); say(""); settle() })

  // Before the composer hears of it.
  composer.addEventListener("submit", event => {
    if (those(".failed").length) hold()
    else if (tray.children.length > filesMost) say(`A message can have ${filesMost} files; this one has ${tray.children.length}.`)
    else if (coming().length) wait(true)
    else return
    event.preventDefault()
    event.stopImmediatePropagation()
  }, true)
  composer.elements.body.addEventListener("input", () => { if (waiting) wait(false) }) // half a sentence must not go out by itself

  tray.addEventListener("click", event => {
    const button = event.target.closest("button")
    if (button) button.matches("[data-again]") ? again(button.closest("li")) : remove(button.closest("li"))
  })
  addEventListener("online", () => those(".failed:has([data-again]:not([hidden]))").forEach(again))
  addEventListener("beforeunload", event => { if (tray.querySelector(":scope > :not(.uploaded)")) event.preventDefault() })

  try { bringBack(JSON.parse(localStorage.getItem(key)) ?? []) } catch { /* nothing that could be read */ }
}
