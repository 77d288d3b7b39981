// Model output is untrusted: markdown becomes HTML first, and what comes out is sanitized before it meets the page.
import { Marked } from "../../vendor/js/marked.js";
import DOMPurify from "../../vendor/js/purify.js";
import hljs from "../../vendor/js/highlight.min.js";

const RULES = {
  RETURN_DOM_FRAGMENT: true,
  USE_PROFILES: { html: true },
  // An image would tell another site that this was read, and could carry words of the conversation there.
  FORBID_TAGS: ["img", "picture", "video", "audio", "source", "style", "form", "input", "button", "textarea", "select", "dialog"],
  FORBID_ATTR: ["style", "class", "id", "name", "srcset", "action"],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
};

DOMPurify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName === "A") {
    node.setAttribute("rel", "noopener noreferrer nofollow");
    node.setAttribute("target", "_blank");
  }
});

export function renderMarkdown(element, text) {
  const languages = [];
  const renderer = {
    code({ text: code, lang }) {
      languages.push((lang ?? "").split(/\s/)[0]);
      const box = document.createElement("code");
      box.textContent = code;
      return `<pre>${box.outerHTML}</pre>`;
    },
    // Tags that a model writes are words of its answer: taken for HTML they would vanish. But for the one that tables need.
    html({ text: tag, block }) {
      if (/^<br\s*\/?>$/i.test(tag.trim())) return "<br>";
      const box = document.createElement("p");
      box.textContent = tag.trimEnd();
      const words = box.innerHTML.replaceAll("\n", "<br>");
      return block ? `<p>${words}</p>` : words;
    },
  };
  const html = new Marked({ gfm: true, breaks: true, renderer }).parse(text);
  element.replaceChildren(DOMPurify.sanitize(html, RULES));
  element.querySelectorAll("pre > code").forEach((code, index) => highlight(code, languages[index]));
}

export function highlight(code, language = "") {
  const text = code.textContent;
  if (text.length > 20000) return;
  const known = hljs.getLanguage(language);
  const { value } = known ? hljs.highlight(text, { language, ignoreIllegals: true }) : hljs.highlightAuto(text);
  code.replaceChildren(DOMPurify.sanitize(value, { RETURN_DOM_FRAGMENT: true, ALLOWED_TAGS: ["span"], ALLOWED_ATTR: ["class"] }));
  code.classList.add("hljs");
}
