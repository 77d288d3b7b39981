// A block of code: its language, a button that copies it, and colours once it is complete.
import DOMPurify from "../../vendor/js/purify.js";
import hljs from "../../vendor/js/highlight.min.js";
import { growTextOf } from "./morph.js";

const MOST_HIGHLIGHTED = 20000;
// Every language is tried on it.
const MOST_GUESSED = 4000;

// `language` is "" where the text names none; then colours would be guesses, and are left away.
export function newCodeBlock(pre, { language, isClosed }) {
  const box = document.createElement("div");
  box.className = "code-block";
  if (language) box.dataset.language = language;
  if (!isClosed) box.dataset.open = "";
  const button = document.getElementById("copy-code")?.content.firstElementChild.cloneNode(true);
  pre.replaceWith(box);
  box.append(...(button ? [button] : []), pre);
}

export function codeOf(box) {
  return box.querySelector("code").textContent;
}

// While more of it comes, the block is the same element; its colours come with its end and stay.
export function keepCodeBlock(now, next) {
  if (!now.classList.contains("code-block")) return false;
  const [before, after] = [now, next].map(codeOf);
  if (before !== after) {
    delete now.dataset.highlighted;
    growTextOf(now.querySelector("code"), after);
  }
  for (const name of ["language", "open"]) {
    if (now.dataset[name] === next.dataset[name]) continue;
    if (next.dataset[name] === undefined) delete now.dataset[name];
    else now.dataset[name] = next.dataset[name];
  }
  return true;
}

export function finishCodeBlocks(root, { isEnd = false } = {}) {
  for (const box of root.querySelectorAll(".code-block:not([data-highlighted])")) {
    if (box.dataset.open !== undefined && !isEnd) continue;
    box.dataset.highlighted = "";
    if (box.dataset.language) highlight(box.querySelector("code"), box.dataset.language);
  }
}

export function highlight(code, language = "") {
  const text = code.textContent;
  const isKnown = hljs.getLanguage(language);
  if (text.length > (isKnown ? MOST_HIGHLIGHTED : MOST_GUESSED)) return;
  const { value } = isKnown ? hljs.highlight(text, { language, ignoreIllegals: true }) : hljs.highlightAuto(text);
  code.replaceChildren(DOMPurify.sanitize(value, { RETURN_DOM_FRAGMENT: true, ALLOWED_TAGS: ["span"], ALLOWED_ATTR: ["class"] }));
  code.classList.add("hljs");
}
