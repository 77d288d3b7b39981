// Runs before the first paint, so that a dark page never flashes white.
(function () {
  // Where cookies are blocked even asking for what is stored throws; no module is loaded yet that catches it.
  let stored = null;
  try {
    stored = localStorage.getItem("theme");
  } catch {}
  const dark = stored ? stored === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
  // Times on pages are shown in this zone, unless the account names one.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  try {
    document.cookie = `timezone=${zone}; path=/; max-age=31536000; samesite=lax`;
  } catch {}
})();
