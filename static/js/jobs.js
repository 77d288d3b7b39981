// Elements with data-job hear that their job changed as a "job-changed" event; htmx reloads them on it.
// The hint may be lost, so each also polls slowly through its own hx-trigger.
const sockets = new Map();

function connect(job) {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/ws/jobs/${job}/`);
  sockets.set(job, socket);
  socket.onmessage = () => {
    for (const element of document.querySelectorAll(`[data-job="${job}"]`)) {
      element.dispatchEvent(new CustomEvent("job-changed", { bubbles: false }));
    }
  };
  socket.onclose = (event) => {
    const isWanted = () => document.querySelector(`[data-job="${job}"]`);
    if (event.code === 4404 || !isWanted()) sockets.delete(job);
    // It keeps its place until the next try, so that no part of the page that comes meanwhile begins another one.
    else setTimeout(() => (isWanted() ? connect(job) : sockets.delete(job)), 2000 + Math.random() * 2000);
  };
}

export function watchJobs(root) {
  const elements = [...root.querySelectorAll("[data-job]")];
  if (root.matches?.("[data-job]")) elements.push(root);
  for (const element of elements) {
    if (!sockets.has(element.dataset.job)) connect(element.dataset.job);
  }
}
