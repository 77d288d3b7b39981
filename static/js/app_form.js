// The sketch beside the form follows what is typed.
const form = document.getElementById("app-form");
const suggestions = document.querySelector("[data-look-suggestions]");

function draw() {
  for (const place of document.querySelectorAll("[data-look-of]")) {
    const field = form.elements[place.dataset.lookOf];
    if (field) place.textContent = field.value;
  }
  const lines = (form.elements.suggestions?.value ?? "").split("\n").filter((line) => line.trim());
  suggestions.replaceChildren(
    ...lines.slice(0, Number(suggestions.dataset.lookSuggestions)).map((line) => {
      const chip = document.createElement("span");
      chip.textContent = line;
      return chip;
    }),
  );
  const chosen = form.querySelector("input[name=icon]:checked");
  const drawn = chosen?.parentElement.querySelector("svg");
  if (drawn) document.querySelector("[data-look-icon]").replaceChildren(drawn.cloneNode(true));
}

form.addEventListener("input", draw);
draw();
