// The direction of what is written: each paragraph, cell and heading by its own first letter (dir=auto), what holds several
// of them by the first letter of all.
const LETTER = /\p{L}/u;
const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;

export function directionOf(text) {
  const [letter] = LETTER.exec(text) ?? [""];
  return RIGHT_TO_LEFT.test(letter) ? "rtl" : "ltr";
}

export function giveDirections(root) {
  for (const one of root.querySelectorAll("p, h1, h2, h3, h4, h5, h6, th, td, li")) one.dir = "auto";
  for (const one of root.querySelectorAll("ul, ol, table, blockquote")) one.dir = directionOf(one.textContent);
  // An element with a direction of its own does not count for dir=auto around it.
  for (const one of root.querySelectorAll("li:has(> p)")) one.dir = directionOf(one.textContent);
  for (const one of root.querySelectorAll("pre, code")) one.dir = "ltr";
}
