// Says who is here beside the list of people as well, which a small screen has no room for.
const count = document.getElementById("here")

function show() {
  for (const { dataset } of document.querySelectorAll("[data-status-of]")) {
    dataset.status = document.getElementById(`person-${dataset.statusOf}`)?.dataset.status ?? dataset.status
  }
  if (count) count.dataset.online = document.querySelectorAll("#people-list > [data-status=online]").length
}

show()
document.addEventListener("htmx:after:swap", show)
