// Select2 shows a picker in the place of a select and forgets the label of the select.
// https://github.com/select2/select2/issues/3744
// Django's own scripts make the pickers when jQuery says that the page is ready: this comes after them.
window.django?.jQuery?.(() => {
  for (const select of document.querySelectorAll("select.admin-autocomplete")) {
    const label = select.labels[0];
    const shown = select.parentElement.querySelector(".select2-selection__rendered");
    if (!label || !shown) continue;
    label.id ||= `${select.id}_label`;
    shown.setAttribute("aria-labelledby", label.id);
    const picker = shown.closest(".select2-selection");
    picker.setAttribute("aria-labelledby", `${label.id} ${shown.id}`);
    // Where several can be picked it holds the field that searches.
    picker.querySelector(".select2-search__field")?.setAttribute("aria-labelledby", label.id);
  }
});
