// Announces to screen readers what changed about the jobs of the page: the state, what it is doing, each quarter of the way.
// The card itself is replaced every few seconds, with the seconds left: read aloud, that would be chatter.
import { keep, recall } from "./storage.js";

const QUARTER = 25;
const LISTENING_MS = 400;

function saidOf(card) {
  const quarter = quarterOf(Number(card.dataset.percent));
  return quarter ? `${card.dataset.said} · ${quarter} %` : card.dataset.said;
}

export function say(text) {
  document.getElementById("said").textContent = text;
}

export function quarterOf(percent) {
  return Math.floor(percent / QUARTER) * QUARTER;
}

// What was said last outlives the page, which reloads itself when the job ends. It counts as said once it was: a page that
// is already on its way out says nothing more, and the next one does.
export function sayJobs() {
  for (const card of document.querySelectorAll("[data-said]")) {
    const text = saidOf(card);
    const remember = () => keep(`said:${card.id}`, text, "session");
    const before = recall(`said:${card.id}`, "session");
    if (!before || before === text) remember();
    else
      // A region that has just come is not listened to yet.
      setTimeout(() => {
        remember();
        say(text);
      }, LISTENING_MS);
  }
}
