// Runs before the first paint, so that a dark page never flashes white.
(function () {
  const stored = localStorage.getItem("theme");
  const dark = stored ? stored === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
  // Times on pages are shown in this zone, unless the account names one.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  document.cookie = `timezone=${zone}; path=/; max-age=31536000; samesite=lax`;
})();
