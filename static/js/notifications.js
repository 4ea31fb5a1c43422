// Tells of news to somebody who is looking elsewhere: by the browser's notification and a soft sound, once for all tabs.
const words = document.getElementById("notices").dataset
const device = document.getElementById("device") // where a room's page says what this device may do
const SOUND_SECONDS = 0.5
const SOUNDS_APART_MILLISECONDS = 3000
const TOLD_HELD_MILLISECONDS = 10000

const me = Number(document.body.dataset.me)
const here = Number(document.getElementById("messages")?.dataset.room)
const soundKey = `teahouse:sound:${me}`
const claimKey = (what, room) => `teahouse:${what}:${me}:${room}`
const watchingLock = room => `teahouse:watching:${me}:${room}`

const isLookedAt = () => !document.hidden && document.hasFocus()
const read = key => { try { return localStorage.getItem(key) } catch { return null } }
const keep = (key, text) => { try { localStorage.setItem(key, text) } catch { /* then each tab speaks for itself */ } }

// -- once across the tabs of a browser

// A tab in which the room is being read holds a lock while it is; it goes with the tab.
let stopWatching = null
function watch() {
  if (isLookedAt() && !stopWatching) {
    const until = new Promise(done => { stopWatching = done })
    navigator.locks?.request(watchingLock(here), { mode: "shared" }, () => until)
  } else if (!isLookedAt()) {
    stopWatching?.()
    stopWatching = null
  }
}

async function isWatched(room) {
  if (room === here && isLookedAt()) return true
  const { held } = await navigator.locks?.query() ?? { held: [] }
  return held.some(lock => lock.name === watchingLock(room))
}

// The lock decides between tabs that hear of it at once, what is kept between those that hear of it later.
function claim(what, room, seq) {
  const key = claimKey(what, room)
  const take = () => {
    if (Number(read(key)) >= seq) return false
    keep(key, seq)
    return true
  }
  if (!navigator.locks) return take()
  return new Promise(answer => {
    navigator.locks.request(`${key}:${seq}`, { ifAvailable: true }, lock => {
      const taken = Boolean(lock) && take()
      answer(taken)
      return taken ? new Promise(done => setTimeout(done, TOLD_HELD_MILLISECONDS)) : undefined
    })
  })
}

// -- what is told, and how

const linkTo = room => document.querySelector(`#rooms a[data-room="${room}"]`)

// News without an author is that people came or went, or what the room is called.
function concerns(link, { newMessages, authors, mentioned }) {
  if (!link || !(newMessages > 0) || authors.every(author => author === me)) return false
  const notify = link.dataset.notify ?? "everything"
  return notify === "everything" || (notify === "mentions" && mentioned.includes(me))
}

async function hear({ detail }) {
  const link = linkTo(detail.room)
  if (isLookedAt() || !concerns(link, detail)) return
  if (await isWatched(detail.room)) return
  if (maySound() && await claim("sounded", detail.room, detail.lastSeq)) sound()
  if (await claim("told", detail.room, detail.lastSeq)) notify(link, detail)
}

function notify(link, { room, mentioned }) {
  if (permission() !== "granted") return
  const name = link.querySelector(".name").textContent.trim()
  const body = mentioned.includes(me) ? words.mentioned : words.new
  try {
    const notice = new Notification(name, { body, tag: `teahouse-${room}`, silent: true })
    notice.addEventListener("click", () => {
      window.focus()
      notice.close()
      if (room !== here) location.assign(link.href)
    })
  } catch { /* some browsers on phones know only those of service workers */ }
}

// A page that nobody has touched yet may make no sound: another one does.
const maySound = () => read(soundKey) !== "off" && navigator.userActivation?.hasBeenActive

// Two quiet notes.
let sounded = -Infinity
function sound() {
  if (performance.now() < sounded + SOUNDS_APART_MILLISECONDS) return
  sounded = performance.now()
  const air = new AudioContext()
  ;[[659.25, 0], [880, 0.14]].forEach(([pitch, after]) => {
    const [note, loudness] = [new OscillatorNode(air, { frequency: pitch }), new GainNode(air, { gain: 0 })]
    const start = air.currentTime + after
    loudness.gain.setValueAtTime(0, start)
    loudness.gain.linearRampToValueAtTime(0.05, start + 0.02)
    loudness.gain.exponentialRampToValueAtTime(0.0001, start + SOUND_SECONDS)
    note.connect(loudness).connect(air.destination)
    note.start(start)
    note.stop(start + SOUND_SECONDS)
    if (after) note.addEventListener("ended", () => air.close())
  })
}

// -- what this device may do

const permission = () => window.isSecureContext && "Notification" in window ? Notification.permission : "unsupported"

function showDevice() {
  if (!device) return
  for (const line of device.querySelectorAll("[data-permission]")) line.hidden = line.dataset.permission !== permission()
  device.querySelector("[data-sound]").setAttribute("aria-pressed", String(read(soundKey) !== "off"))
  device.hidden = false
}

device?.addEventListener("click", async event => {
  const button = event.target.closest("button")
  if (!button) return
  if (button.matches("[data-sound]")) {
    keep(soundKey, read(soundKey) === "off" ? "on" : "off")
    if (maySound()) sound()
  } else await Notification.requestPermission()
  showDevice()
})

document.addEventListener("teahouse:activity", hear)
document.addEventListener("visibilitychange", watch)
addEventListener("focus", () => { watch(); showDevice() })
addEventListener("blur", watch)
watch()
showDevice()
