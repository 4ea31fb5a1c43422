// How much is unread in each room: counts of the page, brought forward by what is posted, read, or marked elsewhere.
const READING_MILLISECONDS = 500 // what comes into the room that is looked at counts only if it isn't read by then
const me = document.body.dataset.me
const rooms = new Map() // room → { last, read, confirmed, mentions (among what is counted), counted, live, heard }
const adopted = new WeakSet()
const number = text => Number(text ?? 0)
const own = text => (text ? text.split(" ") : []).map(pair => pair.split(":")).filter(([person]) => person === me).map(([, seq]) => Number(seq))
const ids = text => (text ? text.split(" ").map(Number) : [])
const linkOf = room => document.querySelector(`#rooms a[data-room="${room}"]`)
const openRoom = document.getElementById("messages")?.dataset.room
const isLookedAt = room => room === openRoom && !document.hidden && document.hasFocus()
let reading = null // the timer of that moment

function stateOf(room) {
  if (!rooms.has(room)) rooms.set(room, { last: 0, read: 0, confirmed: 0, mentions: 0, counted: 0, live: new Set(), heard: null })
  return rooms.get(room)
}

// Counts as the server has them: of a link that has just come, or of a mark that moved. What they say of reading may be
// older than what was read or written here meanwhile, unless the mark was set back: then reading stops.
function count(room, { lastSeq, readSeq, mentions, moved }) {
  const state = stateOf(room)
  const read = number(readSeq)
  const goesBack = moved === "back" || (!moved && read < state.confirmed)
  if (goesBack && room === openRoom) {
    document.dispatchEvent(new Event("teahouse:reading-stops"))
    document.dispatchEvent(new CustomEvent("teahouse:set-back", { detail: read }))
  }
  const isAhead = !goesBack && state.read > read
  state.last = Math.max(state.last, number(lastSeq))
  state.confirmed = goesBack ? read : Math.max(state.confirmed, read)
  if (!isAhead) state.read = read
  state.counted = number(lastSeq)
  state.mentions = isAhead && state.read >= state.counted ? 0 : number(mentions)
  state.heard ??= state.last
  return goesBack
}

function adopt() {
  for (const link of document.querySelectorAll("#rooms a[data-room]")) {
    if (adopted.has(link)) continue
    adopted.add(link)
    count(link.dataset.room, { ...link.dataset, moved: "on" })
    if (isLookedAt(link.dataset.room)) Object.assign(link.dataset, { unread: 0, mentions: 0 })
    show(link.dataset.room)
  }
}

function show(room, atOnce = false) {
  const link = linkOf(room)
  const state = stateOf(room)
  if (!link) return
  for (const seq of state.live) if (seq <= state.counted) state.live.delete(seq)
  const mentions = state.mentions + [...state.live].filter(seq => seq > state.read).length
  const unread = Math.max(0, state.last - state.read)
  if (unread > number(link.dataset.unread) && isLookedAt(room) && !atOnce) return showIfUnread(room, state.last)
  Object.assign(link.dataset, { lastSeq: state.last, readSeq: state.read, unread, mentions })
}

function showIfUnread(room, last) {
  reading ??= setTimeout(() => {
    reading = null
    show(room, last > stateOf(room).read)
  }, READING_MILLISECONDS)
}

function readUpTo(room, seq) {
  const state = stateOf(room)
  if (seq <= state.read) return
  state.read = seq
  if (seq >= state.counted) state.mentions = 0
}

function takeActivity() {
  for (const news of document.querySelectorAll("#activity > [data-room]")) {
    news.remove()
    const { room } = news.dataset
    const state = stateOf(room)
    const lastSeq = number(news.dataset.lastSeq)
    own(news.dataset.mentions).forEach(seq => state.live.add(seq))
    for (const seq of own(news.dataset.posts)) {
      readUpTo(room, seq)
      state.confirmed = Math.max(state.confirmed, seq)
    }
    state.last = Math.max(state.last, lastSeq)
    show(room)
    const newMessages = lastSeq - (state.heard ?? lastSeq - 1)
    if (newMessages <= 0) continue
    putFirst(room)
    state.heard = lastSeq
    const detail = { room: Number(room), lastSeq, newMessages, authors: ids(news.dataset.authors), mentioned: ids(news.dataset.mentioned) }
    document.dispatchEvent(new CustomEvent("teahouse:activity", { detail }))
  }
}

// The newest activity stands first, but nothing moves under a pointer that is about to choose.
function putFirst(room) {
  const line = linkOf(room)?.closest("li")
  if (line && !line.parentElement.matches(":hover")) line.parentElement.prepend(line)
}

function takeMarks() {
  for (const mark of document.querySelectorAll("#marks > [data-room]")) {
    mark.remove()
    const goesBack = count(mark.dataset.room, mark.dataset)
    show(mark.dataset.room, goesBack)
  }
}

adopt()
document.addEventListener("htmx:after:swap", () => { adopt(); takeMarks(); takeActivity() })
document.addEventListener("teahouse:read", event => { readUpTo(openRoom, event.detail.seq); show(openRoom) })
