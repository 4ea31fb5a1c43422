// Writing: Enter sends, the draft survives a reload, a message appears at once and stays until it is really stored.
const composer = document.querySelector("#composer[data-live]")
const unsent = document.getElementById("unsent")

const RETRY_MILLISECONDS = 5000

if (composer && unsent) {
  const field = composer.elements.body
  const problem = document.getElementById("composer-problem")
  const replying = document.getElementById("replying")
  const me = document.body.dataset.me
  const room = composer.dataset.room
  const draftKey = `teahouse:draft:${me}:${room}`
  const outboxKey = `teahouse:outbox:${me}:${room}`
  const most = Number(field.dataset.lengthMax)
  const pattern = new DOMParser().parseFromString(unsent.dataset.article, "text/html").querySelector(".message")
  const touch = matchMedia("(hover: none) and (pointer: coarse)")

  const read = key => { try { return localStorage.getItem(key) } catch { return null } }
  const keep = (key, text) => { try { text ? localStorage.setItem(key, text) : localStorage.removeItem(key) } catch { /* full, or forbidden: then only this page knows */ } }

  const lacksNewer = () => !!document.querySelector("#messages > .newer")

  // -- what is on its way, kept until the server has it

  // Read anew each time: another tab of the same room may have put something in.
  function outbox() { try { return JSON.parse(read(outboxKey)) ?? [] } catch { return [] } }
  const saveOutbox = messages => keep(outboxKey, messages.length ? JSON.stringify(messages) : "")
  const remember = message => saveOutbox([...outbox(), message])
  const forget = id => saveOutbox(outbox().filter(message => message.id !== id))

  // crypto.randomUUID is missing on plain http (RFC 9562, version 4)
  function uuid() {
    const bytes = crypto.getRandomValues(new Uint8Array(16))
    bytes[6] = bytes[6] & 0x0f | 0x40
    bytes[8] = bytes[8] & 0x3f | 0x80
    const hex = [...bytes].map(byte => byte.toString(16).padStart(2, "0")).join("")
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-")
  }

  function show(message) {
    const bubble = document.importNode(pattern, true)
    const form = unsent.content.querySelector("form").cloneNode(true)
    bubble.id = `m-${message.id}`
    bubble.removeAttribute("data-seq")
    bubble.removeAttribute("data-version")
    bubble.classList.add("sending")
    bubble.querySelector("time").dateTime = new Date().toISOString()
    message.body ? bubble.querySelector(".body p").textContent = message.body : bubble.querySelector(".body").replaceChildren()
    quote(bubble.querySelector(".quote"), message)
    form.elements.id.value = message.id
    form.elements.body.value = message.body
    form.elements.reply_to.value = message.reply_to ?? ""
    attach(bubble, form, message.files ?? [])
    bubble.append(form)
    const last = document.querySelector("#messages > .message:last-of-type")
    bubble.classList.toggle("follows", last?.matches(":not(.system)") && last.dataset.author === me)
    document.getElementById("messages").append(bubble)
    htmx.process(bubble)
    return form
  }

  function quote(line, { reply_to, quoted = {} }) {
    if (!reply_to) return line.remove()
    line.href = `/messages/${reply_to}`
    line.querySelector("b").textContent = quoted.author
    line.querySelector("span").textContent = quoted.text
  }

  // The files as they stood in the tray, in the server's own HTML; the form carries their ids.
  function attach(bubble, form, files) {
    if (!files.length) return
    const list = Object.assign(document.createElement("ul"), { className: "files", innerHTML: files.join("") })
    bubble.querySelector(".body").after(list)
    for (const id of list.querySelectorAll("[name=file]")) form.append(id.cloneNode())
  }

  // What is on its way shows nothing more of an original that was deleted meanwhile.
  function unquote() {
    for (const line of document.querySelectorAll(".sending > .quote")) {
      const id = line.getAttribute("href").split("/").pop()
      if (!document.getElementById(`m-${id}`)?.matches(".deleted")) continue
      line.classList.add("of-deleted")
      line.querySelector("span").textContent = ""
      saveOutbox(outbox().map(message => message.reply_to === id ? { ...message, quoted: { author: message.quoted?.author, text: "" } } : message))
    }
  }

  const underWay = new WeakSet() // the forms that are being sent, or queue for it

  // What failed for a passing reason is tried again by itself; a refusal waits for its author.
  const waiting = () => [...document.querySelectorAll(".unsent-failed > form.unsent")].filter(form => !underWay.has(form) && !form.querySelector(".problem").textContent)
  const retryAll = () => waiting().forEach(form => form.requestSubmit())

  function fail(form, sentence = "") {
    form.querySelector(".problem").textContent = sentence
    form.closest(".message").classList.add("unsent-failed")
  }

  function send() {
    const body = field.value
    const files = [...document.querySelectorAll("#tray > .uploaded")].map(item => item.outerHTML)
    if (!body.trim() && !files.length) return
    if (complain()) return
    const message = { id: uuid(), body, files, reply_to: composer.elements.reply_to.value }
    if (message.reply_to) message.quoted = { author: replying.querySelector("b").textContent, text: replying.querySelector("span").textContent }
    remember(message)
    if (lacksNewer() && !outbox().some(({ id }) => id === message.id)) return say("This browser has no room to take your text along to the newest messages. Copy it, go there, and paste it.")
    field.value = ""
    keep(draftKey, "")
    const form = lacksNewer() ? null : show(message)
    document.dispatchEvent(new Event("teahouse:wrote"))
    retryAll() // what was written before goes before
    form ? form.requestSubmit() : location.assign(`/rooms/${room}`) // and goes from there, where it stands after the newest
  }

  // The server counts characters with one for each line break, as this does.
  function complain() {
    const length = [...field.value].length
    say(length > most ? `This message has ${length.toLocaleString()} characters; it can have ${most.toLocaleString()}.` : "")
    return length > most
  }

  function say(sentence) {
    problem.hidden = !sentence
    problem.textContent = sentence
  }

  function resume() {
    if (lacksNewer()) return
    for (const message of outbox()) {
      const there = document.getElementById(`m-${message.id}`)
      if (there?.dataset.seq) forget(message.id)
      else if (!there) show(message).requestSubmit()
    }
  }

  // -- events

  composer.addEventListener("submit", event => { event.preventDefault(); send() })

  field.addEventListener("input", () => { keep(draftKey, field.value); if (!problem.hidden || field.value.length > most) complain() })

  document.addEventListener("click", event => {
    const button = event.target.closest("form.unsent button")
    if (!button) return
    const form = button.form
    if (!button.matches("[data-put-back]")) {
      event.preventDefault()
      fail(form) // without its sentence it is tried again, after those before it
      retryAll()
      return form.closest(".message").classList.remove("unsent-failed")
    }
    field.value = [form.elements.body.value, field.value].filter(Boolean).join("\n")
    keep(draftKey, field.value)
    const files = [...form.closest(".message").querySelectorAll(".files > li")].map(item => item.outerHTML)
    document.dispatchEvent(new CustomEvent("teahouse:put-back", { detail: files }))
    forget(form.elements.id.value)
    form.closest(".message").remove()
    field.focus()
  })

  document.addEventListener("submit", event => { if (event.target.matches("form.unsent")) underWay.add(event.target) }, true)
  document.addEventListener("htmx:finally:request", event => { underWay.delete(event.detail.ctx.sourceElement) })

  // What stands in the queue behind one that fails is held back with it: an author's messages keep their order. Only one
  // that breaks the server holds up no other.
  document.addEventListener("htmx:before:request", event => {
    const first = event.target.matches?.("form.unsent") && waiting().find(form => !form.matches("[data-broken]"))
    if (!first || event.target.compareDocumentPosition(first) & Node.DOCUMENT_POSITION_FOLLOWING) return
    event.preventDefault()
    fail(event.target)
  })

  document.addEventListener("htmx:error", event => { if (event.target.matches?.("form.unsent")) fail(event.target) })
  document.addEventListener("teahouse:refused", event => {
    if (!event.target.matches?.("form.unsent")) return
    const { status } = event.detail.ctx.response
    event.target.toggleAttribute("data-broken", status === 500)
    const passing = status >= 500 || status === 401 || status === 429
    fail(event.target, passing ? "" : event.detail.sentence || "This could not be sent.")
  })

  // The real message takes the place that its seq gives it, so its stand-in makes way first.
  document.addEventListener("htmx:before:swap", event => {
    for (const task of event.detail.tasks ?? []) {
      for (const article of task.fragment?.children ?? []) {
        if (!article.dataset?.seq) continue
        const waiting = document.getElementById(article.id)
        if (waiting?.matches(".sending")) waiting.remove()
        if (article.dataset.author === me) forget(article.id.slice(2))
      }
    }
  })

  document.addEventListener("htmx:after:swap", unquote)
  document.addEventListener("htmx:after:swap", resume) // a timeline taken afresh has lost what is on its way
  document.addEventListener("htmx:ws:after:connection", retryAll)
  addEventListener("online", retryAll)
  setInterval(retryAll, RETRY_MILLISECONDS)

  const start = () => { resume(); document.dispatchEvent(new Event("teahouse:timeline")) }
  if (!field.value) field.value = read(draftKey) ?? ""
  if (!touch.matches) field.focus({ preventScroll: true })
  document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", start) : start()
}
