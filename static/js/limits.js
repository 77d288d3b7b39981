// Limits of length count characters as the server does: by Unicode, the end of a line as one, without the spaces around what
// is written unless these belong to it. The browser's own limit counts some of them twice, and cuts off what is pasted
// without a word.
import { lengthOf } from "./characters.js";

// What Python's str.strip takes away.
const AROUND = /^[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+|[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/g;

function check(field) {
  const over = lengthOf("untrimmed" in field.dataset ? field.value : field.value.replace(AROUND, "")) - Number(field.dataset.mostCharacters);
  field.setCustomValidity(over > 0 ? document.body.dataset.tooLong.replace("{over}", over) : "");
}

export function countCharacters(root) {
  for (const field of root.querySelectorAll("input[maxlength], textarea[maxlength]")) {
    field.dataset.mostCharacters = field.maxLength;
    field.removeAttribute("maxlength");
    check(field);
    field.addEventListener("input", () => check(field));
  }
}
