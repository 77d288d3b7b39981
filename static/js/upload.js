// Dropping a file and seeing it go up. Without this script the same form posts itself.
const form = document.querySelector("[data-upload]");
const input = form.querySelector("input[type=file]");
const zone = form.querySelector("[data-drop]");
const box = form.querySelector("[data-progress]");
const error = form.querySelector("[data-error]");
let request = null;

const megabytes = (bytes) => (bytes / 1048576).toLocaleString(undefined, { maximumFractionDigits: bytes < 1e7 ? 2 : 0 });

function showChosen() {
  const file = input.files[0];
  error.textContent = "";
  form.querySelector("[data-chosen]").textContent = file ? `${file.name} · ${megabytes(file.size)} MB` : "";
  if (file && file.size > Number(form.dataset.limitMb) * 1048576) error.textContent = form.dataset.tooLarge;
}

function showProgress(event, began) {
  if (!event.lengthComputable) return;
  const share = Math.floor((100 * event.loaded) / event.total);
  const seconds = (performance.now() - began) / 1000;
  box.querySelector("progress").value = share;
  box.querySelector("[data-share]").textContent = `${share} %`;
  if (seconds > 1) box.querySelector("[data-rate]").textContent = `· ${megabytes(event.loaded / seconds)} MB/s`;
}

function setBusy(busy) {
  box.hidden = !busy;
  for (const button of form.querySelectorAll("button[type=submit]")) button.disabled = busy;
}

function showAnswer() {
  const page = new DOMParser().parseFromString(request.responseText, "text/html");
  const message = page.querySelector("[data-error]")?.textContent.trim() || page.querySelector(".invalid-feedback, .alert-danger, .empty-state p")?.textContent.trim();
  error.textContent = message || form.dataset.failed;
  error.scrollIntoView({ block: "nearest" });
}

form.addEventListener("submit", (event) => {
  const file = input.files[0];
  if (!file) return;
  event.preventDefault();
  if (file.size > Number(form.dataset.limitMb) * 1048576) return;
  const began = performance.now();
  request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.upload.onprogress = (progress) => showProgress(progress, began);
  request.onload = () => {
    if (request.status < 400) location.assign(request.responseURL);
    else { setBusy(false); showAnswer(); }
  };
  request.onerror = () => { setBusy(false); error.textContent = form.dataset.failed; };
  error.textContent = "";
  setBusy(true);
  request.send(new FormData(form));
});

form.querySelector("[data-cancel]").addEventListener("click", (event) => {
  if (!request || box.hidden) return;
  event.preventDefault();
  request.abort();
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
