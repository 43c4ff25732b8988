// The fields of a document: what was read, what the reviewer says of it, and where it stands.

const LOW = 0.8; // less sure than this is worth a look

function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  const { dataset, ...rest } = properties;
  Object.assign(made, rest);
  Object.assign(made.dataset, dataset ?? {});
  made.append(...children);
  return made;
}

const WORDS = {
  right: "right",
  wrong: "corrected",
  absent: "not on the page",
  unreadable: "unreadable",
};

export class Form {
  // `changed` is called after each change of the answer, `focused` when another field has focus.
  constructor(list, changed, focused) {
    this.list = list;
    this.changed = changed;
    this.focused = focused;
    this.rows = [];
    this.list.addEventListener("focusin", (event) => {
      const row = this.rowOf(event.target);
      if (row && row !== this.current) this.select(row);
    });
    this.list.addEventListener("click", (event) => this.clicked(event));
    this.list.addEventListener("dblclick", (event) => {
      if (event.target.matches("textarea")) this.edit();
    });
    this.list.addEventListener("input", () => this.typed());
    this.list.addEventListener("focusout", (event) => {
      if (this.editing && event.target === this.editing.input) this.commit();
    });
  }

  show(item) {
    this.editing = null;
    this.current = null;
    this.past = [];
    this.adjudicates = item.answers.length > 0;
    this.rows = item.fields.map((field, index) => this.build(field, index, item.answers));
    this.list.replaceChildren(...this.rows.map((row) => row.element));
    for (const row of this.rows) {
      const kept = item.draft?.fields?.[row.field.name];
      if (kept) Object.assign(row.state, kept);
      this.render(row);
    }
    const kept = this.rows.find((row) => row.field.name === item.draft?.focus);
    this.focus(kept ?? this.doubtful());
  }

  build(field, index, answers) {
    const id = `field-${field.name}`;
    const input = element("textarea", { id, rows: 1, readOnly: true, maxLength: 2000 });
    input.dir = "auto";
    input.spellcheck = false;
    input.autocapitalize = "off";
    input.setAttribute("aria-describedby", `${id}-verdict ${id}-sure`);
    const number = element("kbd", { textContent: index < 9 ? index + 1 : "" });
    number.setAttribute("aria-hidden", "true");
    const label = element("label", { htmlFor: id }, number, field.label);
    const sure = element("span", { id: `${id}-sure`, className: "sure" });
    if (field.confidence !== null) {
      sure.textContent = `${Math.floor(field.confidence * 100)} % sure`;
      sure.classList.toggle("low", field.confidence < LOW);
    }
    const verdict = element("span", { id: `${id}-verdict`, className: "verdict" });
    const head = element("div", { className: "head" }, label, sure, verdict);
    const buttons = element("div", { className: "buttons" });
    for (const [action, text, key] of [
      ["right", "Right", "␣"],
      ["edit", "Edit", "E"],
      ["absent", "Absent", "X"],
      ["unreadable", "Unreadable", "U"],
    ]) {
      buttons.append(this.button(action, text, key));
    }
    const was = element("p", { className: "was" });
    const choices = this.choices(field, answers);
    const row = element("li", { className: `field c${index % 8}` }, head, ...choices, input);
    row.append(was, buttons);
    row.classList.toggle("unasked", !field.asked);
    if (field.description) label.title = field.description;
    const state = { verdict: null, value: field.value, boxes: field.boxes };
    return { element: row, input, verdict, was, buttons, field, state, colour: index % 8 };
  }

  button(action, text, key) {
    const hint = element("kbd", { textContent: key });
    hint.setAttribute("aria-hidden", "true");
    return element("button", { type: "button", dataset: { action } }, text, hint);
  }

  // The answers of the two reviewers, for who decides between them.
  choices(field, answers) {
    return answers
      .filter((answer) => field.asked && answer.fields[field.name])
      .map((answer) => {
        const { verdict, value } = answer.fields[field.name];
        const said = verdict === "right" ? (field.value ?? WORDS.absent) : (value ?? WORDS[verdict]);
        const dataset = { action: "take", answer: JSON.stringify(answer.fields[field.name]) };
        const content = { type: "button", className: "choice", dataset };
        return element("button", content, `${answer.name}: ${said}`);
      });
  }

  render(row) {
    const { state, field, input } = row;
    if (this.editing?.row !== row) input.value = state.value ?? "";
    const hollow = { absent: "not on the page", unreadable: "cannot be read" };
    input.placeholder = hollow[state.verdict] ?? "nothing found";
    row.element.dataset.verdict = state.verdict ?? "";
    row.verdict.textContent = state.verdict ? WORDS[state.verdict] : "";
    const corrected = state.verdict && state.verdict !== "right" && field.value;
    row.was.textContent = corrected ? `read as ${field.value}` : "";
    for (const button of row.buttons.children) {
      button.setAttribute("aria-pressed", String(button.dataset.action === state.verdict));
    }
  }

  rowOf(target) {
    return this.rows.find((row) => row.element.contains(target));
  }

  // The field worth a look first: asked, not judged, and least sure.
  doubtful() {
    const open = this.rows.filter((row) => row.field.asked && !row.state.verdict);
    const by = (row) => row.field.confidence ?? 1;
    const from = open.length ? open : this.rows;
    return from.reduce((least, row) => (by(row) < by(least) ? row : least), from[0]);
  }

  focus(row) {
    if (!row) return;
    this.select(row);
    row.input.focus({ preventScroll: true });
    row.element.scrollIntoView({ block: "nearest" });
  }

  select(row) {
    if (this.editing && this.editing.row !== row) this.commit();
    this.current = row;
    for (const each of this.rows) each.element.classList.toggle("current", each === row);
    this.focused(row);
  }

  step(by) {
    const at = this.rows.indexOf(this.current);
    this.focus(this.rows[(at + by + this.rows.length) % this.rows.length]);
  }

  jump(number) {
    if (this.rows[number - 1]) this.focus(this.rows[number - 1]);
  }

  clicked(event) {
    const button = event.target.closest("button[data-action]");
    if (button) {
      this.focus(this.rowOf(button));
      const { action } = button.dataset;
      if (action === "edit") this.edit();
      else if (action === "take") this.take(JSON.parse(button.dataset.answer));
      else this.judge(action);
    }
  }

  // Takes the first or second answer for the field in focus.
  choose(index) {
    const choice = this.current?.element.querySelectorAll(".choice")[index];
    if (choice) this.take(JSON.parse(choice.dataset.answer));
    return Boolean(choice);
  }

  take({ verdict, value, boxes }) {
    if (verdict === "wrong") this.put(value, boxes ?? []);
    else this.judge(verdict);
  }

  // Says a verdict of the field in focus; a second time takes it back.
  judge(verdict) {
    const { field, state } = this.current;
    const again = state.verdict === verdict;
    const kept = again || verdict === "right";
    const said = { verdict: again ? null : verdict, value: kept ? field.value : null };
    this.set(this.current, { ...said, boxes: kept ? field.boxes : [] });
  }

  // A value for the field in focus: what was read again is right, none is absent.
  put(value, boxes) {
    const { field } = this.current;
    const text = value.replace(/\s+/g, " ").trim();
    if (!text) return this.judge(field.value === null ? "right" : "absent");
    if (text === field.value) {
      return this.set(this.current, { verdict: "right", value: text, boxes: field.boxes });
    }
    return this.set(this.current, { verdict: "wrong", value: text, boxes });
  }

  // A line of the page for the field in focus; the same line again gives its next reading.
  fill(line, append) {
    const { field, state } = this.current;
    this.editing = null;
    this.current.input.readOnly = true;
    this.current.element.classList.remove("editing");
    const place = { page: line.page, box: line.box };
    if (append && state.value) {
      return this.put(`${state.value} ${line.text}`, [...state.boxes, place]);
    }
    const readings = [...(line.values[field.kind] ?? []), line.text];
    const at = readings.indexOf(state.value);
    const same = state.boxes.length === 1 && String(state.boxes[0].box) === String(line.box);
    return this.put(readings[same && at >= 0 ? (at + 1) % readings.length : 0], [place]);
  }

  set(row, state) {
    this.past.push([row, row.state]);
    row.state = state;
    this.render(row);
    this.changed();
    this.focused(row);
  }

  undo() {
    const last = this.past.pop();
    if (!last) return false;
    const [row, state] = last;
    row.state = state;
    this.render(row);
    this.focus(row);
    this.changed();
    return true;
  }

  edit() {
    const row = this.current;
    if (!row) return;
    this.editing = { row, input: row.input };
    row.element.classList.add("editing");
    row.input.readOnly = false;
    row.input.focus();
    row.input.select();
  }

  typed() {
    if (this.editing) this.changed();
  }

  commit() {
    const { row, input } = this.editing;
    this.editing = null;
    input.readOnly = true;
    row.element.classList.remove("editing");
    const changed = input.value.replace(/\s+/g, " ").trim() !== (row.state.value ?? "");
    if (!changed) return this.render(row);
    const before = this.current;
    this.current = row;
    this.put(input.value, []);
    this.current = before;
    return undefined;
  }

  cancel() {
    const { row, input } = this.editing;
    this.editing = null;
    input.readOnly = true;
    row.element.classList.remove("editing");
    this.render(row);
    this.changed();
  }

  // What was said so far, also of a field that is being typed.
  draft() {
    const fields = {};
    for (const row of this.rows) {
      if (row.state.verdict) fields[row.field.name] = row.state;
    }
    if (this.editing) {
      const { row, input } = this.editing;
      const value = input.value.replace(/\s+/g, " ").trim();
      if (value && value !== row.field.value) {
        fields[row.field.name] = { verdict: "wrong", value, boxes: [] };
      }
    }
    return { fields, focus: this.current?.field.name ?? null };
  }

  // The answer: a field that was asked and not touched is right as it was read.
  answer() {
    return this.rows
      .filter((row) => row.state.verdict || row.field.asked)
      .map((row) => {
        const verdict = row.state.verdict ?? "right";
        const value = verdict === "wrong" ? row.state.value : null;
        return { field: row.field.name, verdict, value, boxes: row.state.boxes };
      });
  }

  boxes() {
    return this.rows.map(({ field, colour, state }) => ({
      name: field.name,
      colour,
      boxes: state.boxes,
    }));
  }
}
