// LaTeX is shown as it was written: its signs are hidden from Markdown while it is read, and put back into what came of it.
const SIGNS = "\\_*~[]()<>&#+-=!|$^{}";
// Code points that Unicode reserves for such uses inside a program; they never stand in a text.
const FIRST = 0xfdd0;
const HIDDEN = /[\uFDD0-\uFDEF]/g;
const BACKSLASHED = /\\\\|\\\((?:(?!\n[ \t]*\n)[\s\S]){1,4000}?\\\)|\\\[(?:(?!\n[ \t]*\n)[\s\S]){1,4000}?\\\](?!\()|\\begin\{(\w+\*?)\}(?:(?!\n[ \t]*\n)[\s\S]){0,4000}?\\end\{\1\}/g;
const DOLLARS = /(^|[^\\$])(\$\$(?:(?!\n[ \t]*\n)[^$`|]){1,4000}?\$\$)(?!\$)/g;
// As Pandoc reads it, so that "$5 and $10" are amounts.
const DOLLAR = /(^|[\s([{"'\u3000-\u303F\uFF00-\uFF0F\u3400-\u9FFF])(\$(?![\s$])[^$`|\n]{0,400}?[^\s$\\]\$)(?![\w$])/g;

const hideSigns = (text) => text.replace(/[^\s\w`]/g, (sign) => {
  const index = SIGNS.indexOf(sign);
  return index < 0 ? sign : String.fromCharCode(FIRST + index);
});
const hideUnderscores = (text) => hideSigns(text).replaceAll("_", String.fromCharCode(FIRST + SIGNS.indexOf("_")));

export function hideMathematics(text) {
  const clean = text.replace(HIDDEN, "\uFFFD");
  if (!/[\\$]/.test(clean)) return clean;
  return clean
    .replace(BACKSLASHED, (found) => (found === "\\\\" ? found : hideUnderscores(found)))
    .replace(DOLLARS, (_, before, found) => before + hideUnderscores(found))
    .replace(DOLLAR, (_, before, found) => before + hideUnderscores(found));
}

export function showMathematics(text) {
  return text.replace(HIDDEN, (sign) => SIGNS[sign.charCodeAt(0) - FIRST] ?? sign);
}

export function showMathematicsIn(root) {
  const nodes = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (nodes.nextNode()) {
    const { data } = nodes.currentNode;
    const shown = showMathematics(data);
    if (shown !== data) nodes.currentNode.data = shown;
  }
}
