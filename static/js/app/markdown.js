// Model output is untrusted: Markdown becomes HTML first, and what comes out is sanitized before it meets the page.
import DOMPurify from "../../vendor/js/purify.js";
import { finishCodeBlocks, keepCodeBlock, newCodeBlock } from "./code_block.js";
import { giveDirections } from "./direction.js";
import { escapeHtml, newReader } from "./markdown_rules.js";
import { hideMathematics, showMathematics, showMathematicsIn } from "./mathematics.js";
import { morph } from "./morph.js";

const RULES = {
  RETURN_DOM_FRAGMENT: true,
  USE_PROFILES: { html: true },
  // An image would tell another site that this was read, and could carry words of the conversation there.
  FORBID_TAGS: ["img", "picture", "video", "audio", "source", "style", "form", "input", "button", "textarea", "select", "dialog"],
  FORBID_ATTR: ["style", "class", "id", "name", "srcset", "action"],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
  // Else their values are held against the line above, and numbers of lists and columns of figures are lost.
  ADD_URI_SAFE_ATTR: ["start", "value", "align"],
};

DOMPurify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName === "A") {
    node.setAttribute("rel", "noopener noreferrer nofollow");
    node.setAttribute("target", "_blank");
  }
});

let fences = [];
const FENCE_END = /\n {0,3}(?:`{3,}|~{3,})[ \t]*\n*$/;
const reader = newReader({ html: false }).use({
  renderer: {
    code({ text, lang, raw, codeBlockStyle }) {
      const language = showMathematics((lang ?? "").trim().split(/\s/)[0]);
      fences.push({ language, isClosed: codeBlockStyle === "indented" || FENCE_END.test(raw) });
      return `<pre><code>${escapeHtml(text)}</code></pre>`;
    },
  },
});

function fragmentOf(tokens) {
  fences = [];
  const fragment = DOMPurify.sanitize(reader.parser(tokens), RULES);
  showMathematicsIn(fragment);
  fragment.querySelectorAll("pre").forEach((pre, index) => newCodeBlock(pre, fences[index]));
  for (const table of fragment.querySelectorAll("table")) {
    const box = document.createElement("div");
    box.className = "table-box";
    table.replaceWith(box);
    box.append(table);
  }
  giveDirections(fragment);
  for (const node of [...fragment.childNodes]) if (node.nodeType === Node.TEXT_NODE && !node.data.trim()) node.remove();
  return fragment;
}

// A text that grows. What is complete is drawn once and stays; only its last block is drawn again.
export class GrowingMarkdown {
  constructor(element) {
    this.element = element;
    this.reset();
  }

  reset() {
    this.sealedText = "";
    this.sealedNodes = 0;
    this.links = Object.create(null);
    this.looked = 0;
  }

  grow(text) {
    const whole = normal(text);
    if (!whole.startsWith(this.sealedText)) this.reset();
    this.seal(whole);
    this.draw(whole.slice(this.sealedText.length));
    finishCodeBlocks(this.element);
  }

  // The whole text, as if it had come at once: later lines may give earlier ones their links.
  end(text) {
    this.reset();
    this.draw(normal(text));
    finishCodeBlocks(this.element, { isEnd: true });
    makeReachable(this.element);
  }

  // A block is complete once another one follows it that has a line of its own.
  seal(whole) {
    const lines = whole.lastIndexOf("\n") + 1;
    if (lines <= this.looked) return;
    this.looked = lines;
    const rest = whole.slice(this.sealedText.length, lines);
    const lexer = this.lex(rest);
    const { tokens } = lexer;
    const last = tokens.findLastIndex((token) => token.type !== "space");
    const first = tokens.findIndex((token) => token.type !== "space");
    if (last <= first || tokens.map(({ raw }) => raw).join("").length !== rest.length) return;
    const complete = tokens.slice(0, last);
    const length = complete.reduce((sum, { raw }) => sum + raw.length, 0);
    const fragment = fragmentOf(complete);
    const nodes = fragment.childNodes.length;
    morph(this.element, fragment, this.sealedNodes, keepCodeBlock, false);
    Object.assign(this.links, lexer.tokens.links);
    this.sealedNodes += nodes;
    this.sealedText = whole.slice(0, this.sealedText.length + length);
  }

  draw(rest) {
    morph(this.element, fragmentOf(this.lex(rest).tokens), this.sealedNodes, keepCodeBlock);
  }

  lex(text) {
    const lexer = new reader.Lexer(reader.defaults);
    Object.assign(lexer.tokens.links, this.links);
    lexer.lex(hideMathematics(text));
    return lexer;
  }
}

const normal = (text) => text.replace(/\r\n?/g, "\n");

export function renderMarkdown(element, text) {
  new GrowingMarkdown(element).end(text);
}

// What scrolls sideways can be reached by key.
function makeReachable(element) {
  for (const box of element.querySelectorAll("pre, .table-box")) if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
}

// An answer as it reads, for those who listen.
export function spokenText(element) {
  return element.innerText.replace(/[^\S\n]+/g, " ").replace(/\n{2,}/g, "\n").trim();
}
