// Limits of length count characters as the server does. The browser's own limit counts some of them twice, and cuts off what
// is pasted without a word.
function check(field) {
  const over = [...field.value].length - Number(field.dataset.mostCharacters);
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
