// Reads that a page makes by itself, while its person may have been signed out: by the clock, or in another tab.
import { isInUse } from "./reload.js";

// The page asks for itself again and is led to the sign-in page as a whole, with the way back. A page that a person is using
// stays, so that they can copy what they typed; a notice leads there.
function leave() {
  const notice = document.getElementById("signed-out");
  if (isInUse()) notice?.removeAttribute("hidden");
  else location.reload();
}

// The answer, or null where the server leads elsewhere, to the sign-in page.
export async function readLive(address, options) {
  const response = await fetch(address, options);
  if (!response.redirected) return response;
  leave();
  return null;
}

// htmx would follow at once, whatever is typed.
document.body.addEventListener("htmx:beforeOnLoad", (event) => {
  const target = event.detail.xhr.getResponseHeader("HX-Redirect");
  const signIn = document.getElementById("signed-out")?.dataset.signIn;
  if (!target || new URL(target, location.href).pathname !== signIn) return;
  event.preventDefault();
  leave();
});
