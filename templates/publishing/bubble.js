// Puts a button onto the page, which opens the app in a frame. It needs no library and leaves the page's styles alone.
((words) => {
  const address = document.currentScript.src.replace(/bubble\.js.*$/, "");
  const style = `
    :host { all: initial; --paper: #fff; --ink: #1d2426; --line: #d5dbda; --accent: #1f5f5b; --on-accent: #fff; color-scheme: light dark; }
    @media (prefers-color-scheme: dark) { :host { --paper: #161b1c; --ink: #e8edec; --line: #3a4446; --accent: #6fc3bb; --on-accent: #10201f; } }
    button { font: inherit; border: 0; cursor: pointer; display: grid; place-items: center; padding: 0; color: inherit; background: none; }
    button:focus-visible { outline: 3px solid var(--ink); outline-offset: 2px; }
    svg { width: 60%; height: 60%; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
    .toggle { position: fixed; inset: auto 1rem 1rem auto; z-index: 2147483000; width: 3.5rem; height: 3.5rem; border-radius: 50%; background: var(--accent); color: var(--on-accent); box-shadow: 0 4px 16px rgb(0 0 0 / .25); }
    .panel { position: fixed; inset: auto 1rem 5.25rem auto; z-index: 2147483001; width: 25rem; height: min(40rem, calc(100dvh - 6.5rem)); display: flex; flex-direction: column; overflow: hidden; border: 1px solid var(--line); border-radius: 12px; background: var(--paper); color: var(--ink); box-shadow: 0 8px 32px rgb(0 0 0 / .25); font: 16px/1.4 system-ui, sans-serif; }
    .panel[hidden] { display: none; }
    .close { align-self: end; flex: none; width: 2.5rem; height: 2.5rem; margin: .15rem; border-radius: 8px; }
    iframe { flex: 1; width: 100%; border: 0; background: var(--paper); }
    @media (max-width: 480px) { .panel { inset: 0; width: auto; height: auto; border: 0; border-radius: 0; } }
  `;

  function drawn(path) {
    const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    picture.setAttribute("viewBox", "0 0 24 24");
    picture.setAttribute("aria-hidden", "true");
    const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    line.setAttribute("d", path);
    picture.append(line);
    return picture;
  }

  function button(css, label, path) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = css;
    made.setAttribute("aria-label", label);
    made.append(drawn(path));
    return made;
  }

  function start() {
    const host = document.createElement("div");
    const root = host.attachShadow({ mode: "open" });
    // A sheet that is made by a script is no inline style: the policy of the page does not forbid it.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    root.adoptedStyleSheets = [sheet];
    const toggle = button("toggle", words.open, "M3 20l1.3-3.9a9 8 0 1 1 3.4 2.9z");
    toggle.setAttribute("aria-expanded", "false");
    toggle.setAttribute("aria-haspopup", "dialog");
    const panel = document.createElement("div");
    panel.className = "panel";
    panel.hidden = true;
    panel.setAttribute("role", "dialog");
    panel.setAttribute("aria-label", words.title);
    const close = button("close", words.close, "M18 6L6 18M6 6l12 12");
    panel.append(close);
    root.append(toggle, panel);
    document.body.append(host);
    let frame = null;

    // The app is loaded when it is opened for the first time, and stays as it is afterwards.
    function show() {
      const isNew = !frame;
      if (isNew) {
        frame = document.createElement("iframe");
        frame.src = address;
        frame.title = words.title;
        frame.allow = "clipboard-write";
        frame.addEventListener("load", () => panel.hidden || enter());
        panel.append(frame);
      }
      panel.hidden = false;
      toggle.setAttribute("aria-expanded", "true");
      if (!isNew) enter();
    }

    function enter() {
      frame.focus();
      frame.contentWindow.postMessage({ maquette: "focus" }, new URL(address).origin);
    }

    function hide() {
      if (panel.hidden) return;
      panel.hidden = true;
      toggle.setAttribute("aria-expanded", "false");
      toggle.focus();
    }

    toggle.addEventListener("click", () => (panel.hidden ? show() : hide()));
    close.addEventListener("click", hide);
    document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
    // Keys that are pressed in the frame stay there; its page says so.
    window.addEventListener("message", (event) => {
      if (event.source === frame?.contentWindow && event.data?.maquette === "escape") hide();
    });
  }

  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
})({{ words }});
