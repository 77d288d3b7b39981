// What Swagger's markup leaves out for those who read with a program or a keyboard: beside its main part the others have
// names, headings follow each other without a gap, and what scrolls can be scrolled by key.
const page = document.getElementById("swagger-ui");
const NAMES = { ".information-container": page.dataset.title, ".scheme-container": "Authorize", "section.models": "Schemas" };

function fixPage() {
  for (const [part, name] of Object.entries(NAMES)) {
    for (const element of page.querySelectorAll(`${part}:not([aria-label])`)) {
      element.setAttribute("role", "region");
      element.setAttribute("aria-label", name);
    }
  }
  for (const heading of page.querySelectorAll(":is(h3, h4, h5, h6):not([aria-level])")) {
    const level = heading.matches(".models > h4") ? 2 : Number(heading.tagName[1]) - 1;
    heading.setAttribute("aria-level", level);
  }
  for (const box of page.querySelectorAll(".microlight:not([tabindex])")) box.tabIndex = 0;
}

new MutationObserver(fixPage).observe(page, { childList: true, subtree: true });
