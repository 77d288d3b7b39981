// A short message in the corner; with an address it is a link.
export function toast(text, level = "info", url = "") {
  const box = document.createElement("div");
  box.className = `toast-note alert alert-${level}`;
  const words = document.createElement(url ? "a" : "span");
  words.textContent = text;
  if (url) words.href = url;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn-close position-static";
  close.setAttribute("aria-label", document.getElementById("toasts").dataset.close);
  close.addEventListener("click", () => box.remove());
  box.append(words, close);
  document.getElementById("toasts").append(box);
  setTimeout(() => box.remove(), url ? 20000 : 5000);
}
