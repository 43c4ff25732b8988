// What this browser holds: the document on the screen, the next one fetched ahead, and answers
// that are on their way. Every call is safe to repeat.

const RETRY_MS = [500, 1500, 4000, 8000, 15000];

export class LostError extends Error {} // the document is somebody else's now
export class SignedOutError extends Error {}

function nonce() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

export class Desk {
  constructor({ csrf, model, onTrouble }) {
    this.csrf = csrf;
    this.model = model;
    this.onTrouble = onTrouble; // told a sentence while the server does not answer, then null
    this.skipped = new Set();
    this.held = new Set();
    this.parting = new Set(); // answers on their way: still ours for the server
    this.ahead = []; // promises of what comes next
    this.sending = Promise.resolve();
    this.done = []; // items answered here, newest last
  }

  async call(method, path, body, { keepalive = false } = {}) {
    for (let attempt = 0; ; attempt += 1) {
      let answer;
      try {
        answer = await fetch(path, {
          method,
          keepalive,
          headers: { "Content-Type": "application/json", "X-CSRF-Token": this.csrf },
          body: body === undefined ? undefined : JSON.stringify(body),
          credentials: "same-origin",
        });
      } catch (error) {
        answer = null; // no network, or no server
      }
      if (answer && answer.status < 500) {
        this.onTrouble(null);
        return this.read(answer);
      }
      if (keepalive) return null;
      this.onTrouble("The server does not answer. Your work is kept and sent again.");
      await pause(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]);
    }
  }

  async read(answer) {
    if (answer.status === 204) return null;
    if (answer.status === 401) throw new SignedOutError();
    const content = await answer.json();
    if (answer.ok) return content;
    const error = answer.status === 409 ? LostError : Error;
    throw new error(typeof content.detail === "string" ? content.detail : "It was refused.");
  }

  async claim() {
    const skip = [...this.held, ...this.parting, ...this.skipped];
    const item = await this.call("POST", "/work/next", { model: this.model, skip });
    if (!item) return null;
    this.held.add(item.task);
    for (const page of item.pages) if (page.scan) new Image().src = page.scan;
    return item;
  }

  // The next document: the one fetched ahead, at once.
  async next() {
    const item = await (this.ahead.shift() ?? this.claim());
    return item ?? this.claim(); // something may have come since
  }

  prepare() {
    if (!this.ahead.length) this.ahead.push(this.claim().catch(() => null));
  }

  // Shows a document again after the one that was taken back.
  putBack(item) {
    this.ahead.unshift(Promise.resolve(item));
  }

  progress() {
    const midnight = new Date();
    midnight.setHours(0, 0, 0, 0);
    const since = encodeURIComponent(midnight.toISOString());
    return this.call("GET", `/work/progress?model=${this.model}&since=${since}`);
  }

  save(item, draft, options) {
    return this.call("PUT", `/work/${item.task}/draft`, draft, options);
  }

  // Sends answers one after the other, behind the reviewer's back.
  answer(item, judgements) {
    this.held.delete(item.task);
    this.parting.add(item.task);
    this.done.push(item);
    const body = { judgements, nonce: nonce() };
    const sent = this.sending.then(() => this.call("POST", `/work/${item.task}/answer`, body));
    this.sending = sent.catch(() => {});
    return sent
      .catch((error) => {
        this.done = this.done.filter((each) => each !== item);
        throw error;
      })
      .finally(() => this.parting.delete(item.task));
  }

  // Takes the last answer back; gives its document with what was said, or null without one.
  async undo() {
    await this.sending;
    const last = this.done.at(-1);
    if (!last) return null;
    const item = await this.call("POST", `/work/${last.task}/undo`, { nonce: nonce() });
    this.done.pop();
    this.held.add(item.task);
    return item;
  }

  leave(item) {
    this.held.delete(item.task);
    this.skipped.add(item.task);
    return this.call("POST", `/work/${item.task}/leave`);
  }

  async renew(task) {
    try {
      await this.call("POST", `/work/${task}/renew`);
    } catch (error) {
      if (error instanceof LostError) this.held.delete(task); // told once
      throw error;
    }
  }
}
