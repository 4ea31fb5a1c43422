// Keeps the page level with the house: resumes the socket from where the page stands; in a room it polls while there is
// none, and says so.
const line = document.getElementById("connection")
const poll = document.getElementById("poll")
const POLL_MILLISECONDS = 3000
const PATIENCE_MILLISECONDS = 5000 // by then nearly all sockets are back, even where a thousand were lost at once
const SILENCE_MILLISECONDS = 50000 // the server gives a sign of life every 20 seconds
const QUIET_MILLISECONDS = 1500 // a connection that is back by then was not worth a word
const ANSWER_MILLISECONDS = 10000 // the answer to a form brought its page by then, or never will
const SIGNED_OUT = 4401
const NO_ACCESS = 4403
const LOST = 1006

const has = id => document.getElementById(id)?.value ?? "" // outside of rooms there is no version
let connection = null
let room = null
let open = false
let lost = Date.now()
let heard = Date.now()
let notice = null
let leaving = false // a form is on its way that brings the next page

function show(connected) {
  if (open && !connected) lost = Date.now()
  open = connected
  if (connected) {
    clearTimeout(notice)
    notice = null
    line.textContent = ""
  } else notice ??= setTimeout(() => { line.textContent = line.dataset.text }, QUIET_MILLISECONDS)
}

function ask() {
  if (!document.hidden) poll?.dispatchEvent(new Event("teahouse:poll"))
}

// A dead peer would answer a close only after many seconds, so htmx is told at once that the socket was lost. It then
// lets go of it and comes again, reading the address anew; one that waits already need not wait longer.
function reconnect() {
  show(false)
  heard = Date.now()
  ask()
  if (connection?.socket) {
    clearTimeout(connection.timer)
    connection.attempt = 0
    connection.socket.dispatchEvent(new CloseEvent("close", { code: LOST }))
  }
}

// The page of a room that is closed to its reader now: it says so and holds nothing of the room. A socket that was
// refused for another reason leads back here from there.
const toGone = () => go(() => location.replace(`/rooms/${room}/gone`))
const toSignIn = () => go(() => location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`))

// Whoever signs out or leaves here loses the socket before the answer has come: that answer says where to.
const go = where => setTimeout(where, leaving ? ANSWER_MILLISECONDS : 0)
addEventListener("submit", event => { leaving = !event.defaultPrevented && event.target.method !== "dialog" })

show(false)
document.addEventListener("htmx:ws:before:connection", event => {
  connection = event.detail.connection
  const url = new URL(connection.url)
  room = url.searchParams.get("room")
  url.searchParams.set("since", has("room-version"))
  url.searchParams.set("faces", has("faces"))
  connection.url = url.href
})
document.addEventListener("htmx:ws:after:connection", () => { heard = Date.now(); show(true) })
document.addEventListener("htmx:ws:before:message:incoming", () => { heard = Date.now() })
document.addEventListener("htmx:ws:close", event => {
  show(false)
  if (event.detail.code === SIGNED_OUT) toSignIn()
  else if (event.detail.code === NO_ACCESS && room) toGone()
})
document.addEventListener("htmx:config:request", event => {
  const ctx = event.detail.ctx
  if (event.target === poll) ctx.request.action += `?since=${ctx.since = has("room-version")}`
})
document.addEventListener("htmx:response:error", event => {
  const status = event.detail.ctx.response.status
  if (status === 401) toSignIn()
  else if (event.target === poll && (status === 403 || status === 404)) toGone()
})
// An answer that the socket has overtaken would take newer messages off the page. Nobody else is to see it.
document.addEventListener("htmx:before:swap", event => {
  const { sourceElement, since } = event.detail.ctx
  if (sourceElement !== poll || !open && since === has("room-version")) return
  event.preventDefault()
  event.stopPropagation()
}, true)
// What a page says goes up, or is not said: whoever says it sees by `defaultPrevented` that it went.
document.addEventListener("teahouse:say", event => {
  if (connection?.socket?.readyState !== WebSocket.OPEN) return
  connection.socket.send(JSON.stringify(event.detail))
  event.preventDefault()
})
// Questions asked sooner would only hold up the sockets.
setInterval(() => {
  if (!open && Date.now() - lost >= PATIENCE_MILLISECONDS) ask()
  else if (open && Date.now() - heard > SILENCE_MILLISECONDS) reconnect()
}, POLL_MILLISECONDS)
addEventListener("offline", () => show(false))
addEventListener("online", reconnect)
addEventListener("pageshow", event => { if (event.persisted && poll) location.reload() })
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && (!open || Date.now() - heard > SILENCE_MILLISECONDS / 2)) reconnect()
})
