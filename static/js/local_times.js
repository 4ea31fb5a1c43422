// Puts the reader's own time into every <time> of a page without a conversation.
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" })
for (const time of document.querySelectorAll("main time")) {
  time.title = time.textContent
  time.textContent = moment.format(new Date(time.dateTime))
}
