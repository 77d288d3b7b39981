// Sends a file in parts: it shows how far it is, and goes on where a connection broke off.
// Without this script the same form posts the whole file by itself.
import { size } from "./figures.js";
import { quarterOf, say } from "./said.js";
import { forget, keep, recall } from "./storage.js";

const form = document.querySelector("[data-upload]");
const input = form.querySelector("input[type=file]");
const zone = form.querySelector("[data-drop]");
const box = form.querySelector("[data-progress]");
const error = form.querySelector("[data-error]");
const PART = Number(form.dataset.partBytes);
const RETRY_SECONDS = [1, 2, 4, 8];
let sending = null;
let toldQuarter = 0;

class Refused extends Error {}

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
const tooLarge = (file) => file.size > Number(form.dataset.limitMb) * 1048576;

// One for each file, of the day and 16 random bytes as the page's own: parts of a file that was given up are no parts of the next.
function newUpload() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return form.dataset.upload.slice(0, 9) + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function showChosen() {
  const file = input.files[0];
  zone.classList.toggle("has-file", Boolean(file));
  form.querySelector("[data-chosen]").textContent = file ? `${file.name} · ${size(file.size)}` : "";
  error.textContent = file && tooLarge(file) ? form.dataset.tooLarge : "";
}

function showShare(sent, total, rate) {
  const share = total ? Math.floor((100 * sent) / total) : 100;
  const bar = box.querySelector("progress");
  bar.value = share;
  if (quarterOf(share) !== toldQuarter) {
    toldQuarter = quarterOf(share);
    say(toldQuarter ? `${bar.getAttribute("aria-label")} · ${toldQuarter} %` : "");
  }
  box.querySelector("[data-share]").textContent = `${share} %`;
  box.querySelector("[data-rate]").textContent = rate ? `· ${size(rate)}/s` : "";
}

function setBusy(busy) {
  box.hidden = !busy;
  zone.hidden = busy;
  for (const other of form.querySelectorAll("details")) other.hidden = busy;
  for (const button of form.querySelectorAll("button[type=submit]")) button.disabled = busy;
}

async function request(address, { headers, ...options } = {}) {
  // The workspace that this page shows, also after another tab has switched.
  const shown = { "X-Workspace": form.elements.in_workspace.value, ...headers };
  const response = await fetch(address, { credentials: "same-origin", signal: sending.signal, headers: shown, ...options });
  if (response.ok) return response;
  const text = response.headers.get("content-type")?.includes("json") ? (await response.json()).message : "";
  throw new Refused(text || form.dataset.refused);
}

async function sendPart(address, body) {
  const headers = { "Content-Type": "application/octet-stream", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
  for (const seconds of RETRY_SECONDS) {
    try {
      return await request(address, { method: "POST", headers, body });
    } catch (problem) {
      if (problem instanceof Refused || sending.signal.aborted) throw problem;
      await pause(seconds);
    }
  }
  return request(address, { method: "POST", headers, body });
}

async function sendFile(file) {
  const memory = `upload:${file.name}:${file.size}:${file.lastModified}`;
  let upload = recall(memory);
  if (!upload) keep(memory, (upload = newUpload()));
  const address = form.dataset.parts.replace("UPLOAD", upload);
  const there = new Set((await (await request(address)).json()).parts);
  const count = Math.ceil(file.size / PART);
  const began = performance.now();
  let sent = 0;
  for (let number = 0; number < count; number += 1) {
    const part = file.slice(number * PART, (number + 1) * PART);
    if (!there.has(number)) {
      await sendPart(`${address}${number}/`, part);
      sent += part.size;
    }
    const seconds = (performance.now() - began) / 1000;
    showShare(Math.min(file.size, (number + 1) * PART), file.size, seconds > 1 ? sent / seconds : 0);
  }
  return { upload, count, memory };
}

async function finish(file, { upload, count, memory }) {
  const fields = new FormData(form);
  fields.delete("file");
  fields.set("upload", upload);
  fields.set("parts", count);
  fields.set("filename", file.name);
  const response = await fetch(form.action, { method: "POST", body: fields, credentials: "same-origin", signal: sending.signal });
  if (response.ok) {
    forget(memory);
    location.assign(response.url);
    return;
  }
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const message = page.querySelector("[data-error]")?.textContent.trim() || page.querySelector(".invalid-feedback, .alert-danger, .empty-state p")?.textContent.trim();
  throw new Refused(message || form.dataset.refused);
}

form.addEventListener("submit", async (event) => {
  const file = input.files[0];
  if (!file || !file.size) return;
  event.preventDefault();
  if (tooLarge(file)) return;
  sending = new AbortController();
  error.textContent = "";
  box.querySelector("[data-sending]").textContent = `${file.name} · ${size(file.size)}`;
  showShare(0, file.size, 0);
  setBusy(true);
  try {
    await finish(file, await sendFile(file));
  } catch (problem) {
    setBusy(false);
    if (sending.signal.aborted) return;
    error.textContent = problem instanceof Refused ? problem.message : form.dataset.failed;
    error.scrollIntoView({ block: "nearest" });
  }
});

form.querySelector("[data-cancel]").addEventListener("click", (event) => {
  if (box.hidden) return;
  event.preventDefault();
  sending.abort();
  setBusy(false);
});

for (const name of ["dragenter", "dragover"]) {
  zone.addEventListener(name, (event) => { event.preventDefault(); zone.classList.add("over"); });
}
for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("over"));
zone.addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files.length) { input.files = event.dataTransfer.files; showChosen(); }
});
input.addEventListener("change", showChosen);
zone.classList.add("enhanced");
