// Waits until the studio listens where it was told to, and goes on. Meanwhile it may answer nothing, or as before.
const box = document.getElementById("moving");
const EVERY_MS = 700;
const SLOW_MS = 40000;
const WAIT_MS = 8000;
const began = performance.now();

async function look() {
  try {
    const response = await fetch(box.dataset.state, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(WAIT_MS) });
    const { open } = await response.json();
    if (open === Boolean(box.dataset.open)) return location.replace(box.dataset.next);
  } catch {
    // Web is on its way.
  }
  if (performance.now() - began > SLOW_MS) box.querySelector("p").textContent = box.dataset.slow;
  setTimeout(look, EVERY_MS);
}
setTimeout(look, EVERY_MS);
