// Renders a model's card. It may come from elsewhere, so what markdown makes of it is sanitized first.
import DOMPurify from "../vendor/js/purify.js";
import { giveDirections } from "./app/direction.js";
import { newReader } from "./app/markdown_rules.js";
import { hideMathematics, showMathematicsIn } from "./app/mathematics.js";

const reader = newReader({ html: true });
for (const box of document.querySelectorAll("[data-markdown]")) {
  const html = reader.parse(hideMathematics(box.textContent));
  box.innerHTML = DOMPurify.sanitize(html, { FORBID_TAGS: ["style", "form", "input", "img", "iframe"], FORBID_ATTR: ["style"] });
  showMathematicsIn(box);
  giveDirections(box);
  box.classList.remove("plain");
  // Markdown has no table without a head: one that says nothing is none.
  for (const head of box.querySelectorAll("thead")) if (!head.textContent.trim()) head.remove();
  for (const cell of box.querySelectorAll("th")) if (!cell.textContent.trim()) cell.replaceWith(document.createElement("td"));
  for (const link of box.querySelectorAll("a")) link.rel = "noopener noreferrer nofollow";
}
