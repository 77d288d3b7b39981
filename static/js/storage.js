// What this browser keeps for the page. Where cookies are blocked it keeps nothing, and even asking throws.
function attempt(act) {
  try {
    return act();
  } catch {
    return null;
  }
}

// The stored text, or null. `kind` is "local" (kept) or "session" (until the tab closes).
export function recall(name, kind = "local") {
  return attempt(() => window[`${kind}Storage`].getItem(name));
}

export function keep(name, text, kind = "local") {
  attempt(() => window[`${kind}Storage`].setItem(name, text));
}

export function forget(name, kind = "local") {
  attempt(() => window[`${kind}Storage`].removeItem(name));
}
