// The viewer is fetched when the first picture is opened in it; until then, and without it, a picture is a link.
const viewer = document.getElementById("viewer")

if (history.state?.viewer) history.replaceState(null, "") // the page was reloaded under it
document.addEventListener("click", event => {
  const link = event.target.closest("#messages .picture")
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
  event.preventDefault()
  import(viewer.dataset.script).then(({ open }) => open(link), () => location.assign(link.href))
})
