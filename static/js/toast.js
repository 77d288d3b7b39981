// A short message in the corner; with an address it is a link.
export function toast(text, level = "info", url = "") {
  const box = document.createElement(url ? "a" : "div");
  box.className = `toast-note alert alert-${level}`;
  box.textContent = text;
  if (url) box.href = url;
  document.getElementById("toasts").append(box);
  setTimeout(() => box.remove(), url ? 20000 : 5000);
}
