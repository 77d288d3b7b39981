// Swagger's styles go by a class of their own where the studio's go by data-bs-theme, which theme.js has just set.
(function () {
  const root = document.documentElement;
  root.classList.toggle("dark-mode", root.dataset.bsTheme === "dark");
})();
