// How Markdown is read: GFM, but nothing is lost, renumbered, struck, linked or made bold that the text does not mean.
import { Marked, Tokenizer } from "../../vendor/js/marked.js";
import { adjustMask, openingChar } from "./emphasis.js";
import { showMathematics } from "./mathematics.js";

const base = Tokenizer.prototype;
const LINKED = /^(?:https?|mailto):/i;
const ADDRESS = /^https?:\/\/[a-z0-9.-]+(?::\d+)?(?:[/?#][^\s<>\u3000-\u303F\uFF00-\uFF0F\uFF1A-\uFF20\uFF3B-\uFF40\uFF5B-\uFF65\u201C\u201D\u2018\u2019]*)?/i;
const MOST_OF_A_DATA_ADDRESS = 60;

const words = (raw) => ({ type: "text", raw, text: raw });

export function escapeHtml(text) {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

const tokenizer = {
  emStrong(rest, mask, before = "") {
    // Python's names with two underlines, as in __init__.py.
    const name = /^__[a-z0-9]+(?:_[a-z0-9]+)*__(?!\w)/.exec(rest);
    if (name) return words(name[0]);
    if (rest[0] !== "*" && rest[0] !== "_") return undefined;
    const opening = openingChar(rest, mask, before);
    // All of the run: its second sign begins nothing either.
    return opening === null ? words(/^\*+/.exec(rest)[0]) : base.emStrong.call(this, rest, mask, opening);
  },
  // One ~ means "about" or "to" in most texts.
  del(rest, mask, before = "") {
    if (!/^~~(?!~)/.test(rest)) return undefined;
    const opening = openingChar(rest, mask, before);
    return opening === null ? undefined : base.del.call(this, rest, mask, opening);
  },
  // Neither www.example.com nor an e-mail address says that it is a link, and no address goes on with full-width signs.
  url(rest) {
    const address = ADDRESS.exec(rest);
    return address ? base.url.call(this, address[0]) : undefined;
  },
  escape(rest) {
    if (/^\\[()]|^\\[[\]](?=\s|$)/.test(rest)) return words(rest.slice(0, 2));
    return base.escape.call(this, rest);
  },
  // Footnotes are not addresses.
  def(rest) {
    return /^ {0,3}\[\^/.test(rest) ? undefined : base.def.call(this, rest);
  },
  // GFM drops the cells of a row that are more than its head has.
  table(rest) {
    const token = base.table.call(this, rest);
    if (!token) return undefined;
    const lines = token.raw.split("\n").slice(2);
    token.rows.forEach((row, index) => {
      for (const text of cellsOf(lines[index] ?? "").slice(row.length))
        row.push({ text, tokens: this.lexer.inline(text), header: false, align: null });
    });
    const most = Math.max(0, ...token.rows.map((row) => row.length));
    while (token.header.length < most) token.header.push({ text: "", tokens: [], header: true, align: null });
    return token;
  },
};

function cellsOf(line) {
  const inner = line.trim().replaceAll("\\|", "\0").replace(/^\|/, "").replace(/\|$/, "");
  return inner.split("|").map((cell) => cell.trim().replaceAll("\0", "|"));
}

function numbersOf(list) {
  const numbers = list.items.map((item) => Number(/^\s*(\d+)/.exec(item.raw)?.[1] ?? 1));
  const isLazy = numbers.every((number) => number === numbers[0] && number < 2);
  const isInOrder = numbers.every((number, index) => number === numbers[0] + index);
  return { start: numbers[0], each: isLazy || isInOrder ? null : numbers };
}

const renderer = {
  // With the numbers that were written, unless all are 1 (or 0), which is Markdown for counting on.
  list(token) {
    if (!token.ordered) return `<ul>${token.items.map((item) => this.listitem(item)).join("")}</ul>`;
    const { start, each } = numbersOf(token);
    const items = token.items.map((item, index) => {
      const html = this.listitem(item);
      return each ? html.replace("<li", `<li value="${each[index]}"`) : html;
    });
    const sign = /^\s*\d+\)/.test(token.raw) ? ' data-sign=")"' : "";
    return `<ol start="${start}"${sign}>${items.join("")}</ol>`;
  },
  checkbox({ checked }) {
    return checked ? "\u2611 " : "\u2610 ";
  },
  // No image is loaded: that would tell another site what is read here. What it shows and where it lies are words.
  image(token) {
    const href = showMathematics(token.href);
    const shown = /^data:/i.test(href) ? `${href.slice(0, MOST_OF_A_DATA_ADDRESS)}…` : href;
    const address = LINKED.test(href) ? link(href, escapeHtml(shown)) : escapeHtml(shown);
    const title = token.title ? ` “${escapeHtml(showMathematics(token.title))}”` : "";
    return `${escapeHtml(token.text)}${title} (${address})`;
  },
  link(token) {
    const href = showMathematics(token.href);
    const text = token.autolink ? escapeHtml(token.text) : this.parser.parseInline(token.tokens);
    if (LINKED.test(href)) return link(href, text, token.title) ?? text;
    return token.raw.includes("](") ? `${text} (${escapeHtml(href)})` : escapeHtml(token.raw);
  },
  // What a reference leads to is part of what was written.
  def(token) {
    return `<p>${escapeHtml(token.raw.trim())}</p>`;
  },
};

function link(href, html, title = "") {
  let address = href;
  try {
    address = encodeURI(href).replaceAll("%25", "%");
  } catch {
    return null;
  }
  return `<a href="${escapeHtml(address)}"${title ? ` title="${escapeHtml(showMathematics(title))}"` : ""}>${html}</a>`;
}

// Tags that a model writes are words of its answer: taken for HTML they would vanish. But for the one that tables need.
const asWords = {
  tokenizer: {
    tag(rest) {
      const raw = this.rules.inline.tag.exec(rest)?.[0];
      return raw ? { type: "html", raw, text: raw, block: false } : undefined;
    },
  },
  renderer: {
    html({ text, block }) {
      if (/^<br\s*\/?>$/i.test(text.trim())) return "<br>";
      const html = escapeHtml(text.trimEnd()).replaceAll("\n", "<br>");
      return block ? `<p>${html}</p>` : html;
    },
  },
};

// `html`: whether tags mean what they say (a model's card), or are words (an answer).
export function newReader({ html }) {
  const reader = new Marked({ gfm: true, breaks: !html, renderer, tokenizer, hooks: { emStrongMask: adjustMask } });
  return html ? reader : reader.use(asWords);
}
