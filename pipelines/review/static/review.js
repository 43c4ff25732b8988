// The reviewer's page: binds the sheet, the form and the desk to keys, buttons and each other.

import { Desk, LostError, SignedOutError } from "./desk.js";
import { Form } from "./form.js";
import { Sheet } from "./sheet.js";

const DRAFT_MS = 400; // pause after the last letter before a draft is kept
const PROGRESS_MS = 60_000;

const find = (selector) => document.querySelector(selector);
const page = find("#review").dataset;

const status = find("#status");
const alertBox = find("#alert");
const help = find("#help");
const say = (text) => (status.textContent = text);

let item = null;
let draftTimer = null;
let renewTimer = null;
let saving = Promise.resolve();

const sheet = new Sheet(find("#sheet"), (line, append) => {
  if (!form.current) return;
  form.fill(line, append);
  say(`${form.current.field.label}: ${form.current.state.value ?? "nothing"}`);
});

const form = new Form(
  find("#fields"),
  () => scheduleDraft(),
  (row) => {
    sheet.mark(form.boxes(), row.field.name);
    sheet.reveal(row.state.boxes);
  },
);

const desk = new Desk({
  csrf: find("meta[name=csrf-token]").content,
  model: page.model,
  onTrouble: (text) => (find("#trouble").textContent = text ?? ""),
});

function warn(text) {
  find("#alert-text").textContent = text;
  alertBox.hidden = false;
}

async function guard(work) {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SignedOutError) {
      location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
    } else {
      warn(error.message);
    }
    return undefined;
  }
}

// -- one document ---------------------------------------------------------------------------

function show(next) {
  item = next;
  clearTimeout(draftTimer);
  draftTimer = null;
  find("#empty").hidden = Boolean(item);
  find("#work").hidden = !item;
  if (!item) {
    say("Nothing is waiting.");
    find("#empty button").focus();
    return;
  }
  find("#document").textContent = item.document;
  find("#version").textContent = `${item.model} ${item.version}`;
  find("#kind").textContent = item.answers.length ? "adjudication" : "";
  sheet.show(item);
  form.show(item);
  label();
  find("#toggle").hidden = !item.pages.some((each) => each.scan);
  const draft = item.draft ? " with your draft" : "";
  say(`${item.document}${draft}: ${item.fields.filter((field) => field.asked).length} fields`);
  renew();
  desk.prepare();
}

function label() {
  const changed = form.answer().some((each) => each.verdict !== "right");
  find("#accept-text").textContent = changed ? "Save" : "Accept";
}

async function advance() {
  const next = await guard(() => desk.next());
  if (next !== undefined) show(next);
}

function accept() {
  if (!item) return;
  if (form.editing) form.commit();
  const [answered, judgements] = [item, form.answer()];
  alertBox.hidden = true;
  clearTimeout(draftTimer);
  draftTimer = null;
  guard(async () => {
    await saving; // a draft that is on its way must not come after the answer
    await desk.answer(answered, judgements).catch((error) => {
      if (error instanceof LostError) {
        throw new LostError(`${answered.document} was not saved: ${error.message}`);
      }
      throw error;
    });
    progress();
  });
  item = null; // a key that comes twice answers once
  advance();
}

async function leave() {
  if (!item) return;
  const left = item;
  await keepDraft();
  item = null;
  guard(() => desk.leave(left));
  say("Left for later.");
  advance();
}

async function undo() {
  if (form.editing) form.cancel();
  if (item && form.undo()) {
    say("Undone.");
    return;
  }
  await guard(async () => {
    const last = await desk.undo();
    if (!last) {
      say("Nothing to undo.");
      return;
    }
    if (item) desk.putBack(item);
    show(last);
    say(`${last.document} is open again.`);
    progress();
  });
}

// -- drafts, leases, progress ---------------------------------------------------------------

function scheduleDraft() {
  label();
  clearTimeout(draftTimer);
  // A typed letter may be one of many; a verdict is kept at once.
  draftTimer = setTimeout(keepDraft, form.editing ? DRAFT_MS : 0);
}

function keepDraft(options) {
  if (!item || draftTimer === null) return saving;
  clearTimeout(draftTimer);
  draftTimer = null;
  const [of, draft] = [item, form.draft()];
  saving = saving.then(() => guard(() => desk.save(of, draft, options)));
  return saving;
}

addEventListener("pagehide", () => {
  if (item && draftTimer !== null) desk.save(item, form.draft(), { keepalive: true });
});

function renew() {
  clearTimeout(renewTimer);
  renewTimer = setTimeout(async () => {
    // Only while somebody works: a document on a forgotten screen goes back to the queue.
    if (Date.now() - lastTouched < page.lease * 1000) {
      await guard(() => Promise.all([...desk.held].map((task) => desk.renew(task))));
    }
    renew();
  }, page.lease * 400);
}

let lastTouched = Date.now();
for (const name of ["keydown", "pointerdown", "wheel"]) {
  addEventListener(name, () => (lastTouched = Date.now()), { passive: true, capture: true });
}

async function progress() {
  const found = await guard(() => desk.progress());
  if (!found) return;
  find("#today").textContent = found.today;
  find("#waiting").textContent = found.waiting.toLocaleString("en");
  const bar = find("#bar");
  bar.max = Math.max(1, found.today + found.waiting);
  bar.value = found.today;
}
setInterval(progress, PROGRESS_MS);

// -- keys and buttons -----------------------------------------------------------------------

const zoom = (steps) => () => say(`Zoom ${Math.round(sheet.zoomBy(steps) * 100)} %`);

function judge(verdict, { onward = true } = {}) {
  if (!form.current) return;
  const { label: name } = form.current.field;
  form.judge(verdict);
  say(`${name}: ${form.current.state.verdict ?? "not judged"}`);
  if (onward && form.current.state.verdict) form.step(1);
}

const KEYS = {
  Enter: accept,
  ArrowDown: () => form.step(1),
  ArrowUp: () => form.step(-1),
  j: () => form.step(1),
  k: () => form.step(-1),
  " ": () => judge("right"),
  e: () => form.edit(),
  F2: () => form.edit(),
  x: () => judge("absent"),
  u: () => judge("unreadable"),
  a: () => form.choose(0) && form.step(1),
  b: () => form.choose(1) && form.step(1),
  f: () => hints(false),
  g: () => hints(true),
  n: leave,
  z: undo,
  t: () => sheet.toggleDrawn(),
  "+": zoom(1),
  "=": zoom(1),
  "-": zoom(-1),
  0: zoom(0),
  "?": () => help.showModal(),
};
const SHIFTED = {
  ArrowDown: () => sheet.pan(0, 1),
  ArrowUp: () => sheet.pan(0, -1),
  ArrowLeft: () => sheet.pan(-1, 0),
  ArrowRight: () => sheet.pan(1, 0),
};

function hints(append) {
  if (sheet.startHints(append)) {
    say(append ? "Letters of the line to add" : "Letters of the line to take");
  }
}

function editingKey(event) {
  if (event.key === "Enter") {
    event.preventDefault();
    form.commit();
    if (event.ctrlKey || event.metaKey) accept();
    else form.focus(form.current);
  } else if (event.key === "Escape") {
    event.preventDefault();
    form.cancel();
  }
}

addEventListener("keydown", (event) => {
  if (help.open || event.isComposing) return;
  if (form.editing) {
    editingKey(event);
    return;
  }
  if (sheet.hints) {
    if (["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
    event.preventDefault();
    if (event.key.length === 1) sheet.press(event.key);
    else sheet.endHints();
    return;
  }
  if (event.altKey || event.metaKey || (event.ctrlKey && event.key !== "z")) return;
  // A button or link does its own work with these keys.
  const own = event.target.closest("button, a, select, summary");
  if (own && ["Enter", " "].includes(event.key)) return;
  if (!item && !["?", "z"].includes(event.key)) return;
  const jump = /^[1-9]$/.test(event.key) && !event.ctrlKey && (() => form.jump(Number(event.key)));
  const act = jump || (event.shiftKey && SHIFTED[event.key]) || KEYS[event.key];
  if (!act || (event.repeat && ["Enter", "z", "n"].includes(event.key))) return;
  event.preventDefault();
  act();
});

const BUTTONS = {
  accept,
  leave,
  undo,
  again: advance,
  "zoom-in": KEYS["+"],
  "zoom-out": KEYS["-"],
  "zoom-fit": KEYS[0],
  toggle: KEYS.t,
  help: KEYS["?"],
  dismiss: () => {
    alertBox.hidden = true;
    form.focus(form.current);
  },
};
for (const [name, act] of Object.entries(BUTTONS)) {
  for (const button of document.querySelectorAll(`[data-do=${name}]`)) {
    button.addEventListener("click", () => act());
  }
}
const model = find("#model");
model?.addEventListener("change", () => location.assign(`/review/${model.value}`));

advance();
progress();
