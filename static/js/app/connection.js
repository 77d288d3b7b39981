// The page's line to the server: a WebSocket that comes back by itself and asks for what it missed, or, where
// sockets are blocked, forms and server-sent events. Nothing here touches the page.
const NO_COOKIE = 4401;
const NOT_FOUND = 4404;
const CLOSED = 4410;
const TRIES_BEFORE_FALLBACK = 3;
const STALLED_MS = 8000;

export class Connection extends EventTarget {
  // page: {socket, act, stream_url}. Events: open, turn, trial, progress {id, text}, state,
  // end, stored, refused, stalled {key}, changed {last}, conversation, offline, closed.
  constructor(page) {
    super();
    this.page = page;
    this.live = new Map();
    this.unconfirmed = new Map();
    this.waiting = [];
    this.failures = 0;
    this.wasOpen = false;
    this.fallback = false;
    this.gone = false;
    this.open();
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible" && !this.isOpen && !this.fallback) this.open();
    });
  }

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  open() {
    if (this.gone || this.socket?.readyState === WebSocket.CONNECTING || this.isOpen) return;
    clearTimeout(this.retry);
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.socket = new WebSocket(`${scheme}://${location.host}${this.page.socket}`);
    this.socket.onopen = () => this.opened();
    this.socket.onmessage = (event) => this.heard(JSON.parse(event.data));
    this.socket.onclose = (event) => this.closed(event.code);
  }

  opened() {
    this.wasOpen = true;
    this.failures = 0;
    this.tell("offline", { offline: false });
    for (const [id, reply] of this.live) this.say({ type: "resume", message: id, last_seq: reply.seq });
    for (const data of [...this.unconfirmed.values(), ...this.waiting.splice(0)]) this.say(data);
    this.tell("open", {});
  }

  closed(code) {
    if (this.gone) return;
    if (code === NO_COOKIE) return this.end("no_cookies");
    if (code === NOT_FOUND || code === CLOSED) return this.end();
    this.failures += 1;
    if (this.failures >= TRIES_BEFORE_FALLBACK && this.page.act) {
      if (!this.wasOpen) return this.fallBack();
      this.askByForm();
    }
    if (this.wasOpen) this.tell("offline", { offline: true });
    this.retry = setTimeout(() => this.open(), Math.min(8000, 400 * 2 ** this.failures) * (0.7 + Math.random() * 0.6));
  }

  // `why` names the words that say it; `text` are words from the server.
  end(why = "closed", text = "") {
    this.gone = true;
    this.tell("closed", { why, text });
  }

  fallBack() {
    this.fallback = true;
    for (const id of this.live.keys()) this.listen(id);
    for (const data of [...this.unconfirmed.values(), ...this.waiting.splice(0)]) this.post(data);
  }

  newKey() {
    return crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
  }

  // Ask for a new turn. It is sent again after a broken connection, and taken once.
  ask(data, key = this.newKey()) {
    const wanted = { ...data, request_key: key };
    this.unconfirmed.set(key, wanted);
    if (this.fallback) this.post(wanted);
    else if (this.isOpen) this.say(wanted);
    setTimeout(() => this.unconfirmed.has(key) && this.tell("stalled", { key }), STALLED_MS);
    return key;
  }

  // A new line instead of one on which nothing comes; what is not confirmed is asked again.
  again() {
    if (this.fallback || this.gone) return;
    if (this.socket) {
      this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
      this.socket.close();
      this.socket = null;
    }
    this.open();
  }

  // Hear when the conversation changes, and what the page does not know of it now.
  watch(data) {
    if (this.isOpen) this.say({ type: "watch", ...data });
  }

  // Do something that may be done twice without harm.
  do(data) {
    if (this.fallback) this.post(data);
    else if (this.isOpen) this.say(data);
    else this.waiting.push(data);
  }

  say(data) {
    this.socket.send(JSON.stringify(data));
  }

  // A browser does not learn why a socket is refused (a full disk); what waits to be sent is refused by name.
  askByForm() {
    for (const data of this.unconfirmed.values()) this.send(data).catch(() => {});
  }

  async send(data) {
    const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
    const headers = { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token };
    const response = await fetch(this.page.act, { method: "POST", headers, body: JSON.stringify(data) });
    if (response.status === 404) return this.end();
    const told = { ...(await response.json()), request_key: data.request_key };
    this.heard(told);
    return told;
  }

  async post(data) {
    try {
      const told = await this.send(data);
      if (!told) return;
      // Without a socket the page is told of nothing: it is loaded again, and what was not sent is kept.
      if (told.code === "stale" || data.type === "version") location.reload();
    } catch {
      this.tell("offline", { offline: true });
      setTimeout(() => this.post(data), 2000);
    }
  }

  // Follow a reply from what the page already shows.
  follow(id, text = "", seq = 0) {
    this.live.set(id, { text, seq });
    if (this.fallback) this.listen(id);
    else if (this.isOpen) this.say({ type: "resume", message: id, last_seq: seq });
  }

  listen(id) {
    const reply = this.live.get(id);
    reply.source?.close();
    const address = this.page.stream_url.replace("00000000-0000-0000-0000-000000000000", id);
    reply.source = new EventSource(`${address}?after=${reply.seq}`);
    reply.source.onopen = () => this.tell("offline", { offline: false });
    reply.source.onmessage = (event) => this.heard(JSON.parse(event.data));
    reply.source.onerror = () => this.tell("offline", { offline: true });
  }

  heard(data) {
    if (data.type === "closed") return this.end("closed", data.text);
    if (data.request_key) this.unconfirmed.delete(data.request_key);
    if (data.type === "turn" || data.type === "trial") {
      const id = data.answer?.id ?? data.message;
      this.tell(data.type, data);
      if (!this.live.has(id)) this.live.set(id, { text: "", seq: 0 });
      if (this.fallback) this.listen(id);
    } else if (["refused", "changed", "conversation"].includes(data.type)) this.tell(data.type, data);
    else if (data.type === "message") this.forget(data.message, "stored", { id: data.message, ...data.stored });
    else if (this.live.has(data.message)) this.entry(data);
  }

  entry(data) {
    const reply = this.live.get(data.message);
    if (data.seq !== undefined) {
      if (data.seq <= reply.seq) return;
      reply.seq = data.seq;
    }
    if (data.type === "text") {
      reply.text += data.text;
      this.tell("progress", { id: data.message, text: reply.text });
    } else if (data.type === "state") this.tell("state", { id: data.message, ...data });
    else if (data.type === "end") {
      // Frames may be missing after a failure on the server; what is stored is whole.
      if ([...reply.text].length === data.characters || !this.page.act)
        this.forget(data.message, "end", { id: data.message, ...data, text: reply.text });
      else if (this.fallback) location.reload();
      else this.say({ type: "resume", message: data.message, whole: true });
    }
  }

  forget(id, event, detail) {
    this.live.get(id)?.source?.close();
    this.live.delete(id);
    this.tell(event, detail);
  }

  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
