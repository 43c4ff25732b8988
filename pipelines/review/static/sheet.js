// The page of a document: the scan, or its lines as text, with the boxes of the fields over it.
// Text of a document reaches the page through textContent alone.

const SVG = "http://www.w3.org/2000/svg";
const LETTER_WIDTH = 0.56; // mean width of a letter as a share of its height
const TEXT_SHARE = 0.74; // height of the letters as a share of the line's box
const READABLE = 22; // pixels of the screen that a line is high at zoom 1
const GAP = 24; // between pages, in pixels of the page
const HINTS = "fjdkslaghrueiwoqptyvncmxbz"; // easiest to reach first
const STEP = 1.25;

export function node(name, attributes = {}, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

export class Sheet {
  constructor(holder, onLine) {
    this.holder = holder;
    this.onLine = onLine; // (line, shouldAppend)
    this.zoom = 1;
    this.drawn = false; // lines as text although there is a scan
    this.hints = null;
    this.marked = [[], null];
    this.bindPointer();
    new ResizeObserver(() => this.resize()).observe(holder);
  }

  show(item) {
    this.endHints();
    this.item = item;
    this.lines = [];
    this.width = Math.max(1, ...item.pages.map((page) => page.width));
    this.height = item.pages.reduce((sum, page) => sum + page.height + GAP, -GAP);
    this.svg = node("svg", {
      viewBox: `0 0 ${this.width} ${Math.max(1, this.height)}`,
      role: "img",
      "aria-label": `Page of ${item.document} with its lines of text`,
    });
    this.offsets = [];
    let top = 0;
    item.pages.forEach((page, number) => {
      this.offsets.push(top);
      this.svg.append(this.drawPage(page, number, top));
      top += page.height + GAP;
    });
    this.boxes = node("g", { class: "boxes" });
    this.svg.append(this.boxes);
    this.holder.replaceChildren(this.svg);
    this.holder.scrollTo(0, 0);
    const heights = this.lines.map((line) => line.box[3] - line.box[1]).sort((a, b) => a - b);
    this.lineHeight = heights[Math.floor(heights.length / 2)] || 0;
    this.resize();
  }

  drawPage(page, number, top) {
    const group = node("g", { transform: `translate(0 ${top})` });
    group.append(node("rect", { class: "paper", width: page.width, height: page.height }));
    const scan = page.scan && !this.drawn;
    if (scan) {
      const size = { width: page.width, height: page.height, preserveAspectRatio: "none" };
      const picture = node("image", { href: page.scan, ...size });
      picture.addEventListener("error", () => this.withoutScan(page));
      group.append(picture);
    }
    for (const { text, box, values } of page.lines) {
      const line = { text, box, values, page: number, top };
      group.append(this.drawLine(line, scan));
      this.lines.push(line);
    }
    return group;
  }

  drawLine(line, scan) {
    const [x0, y0, x1, y1] = line.box;
    const [width, height] = [Math.max(1, x1 - x0), Math.max(1, y1 - y0)];
    const group = node("g", { class: "line", "data-line": this.lines.length });
    group.append(node("rect", { x: x0, y: y0, width, height }));
    if (!scan && line.text.trim()) {
      const size = Math.min(height * TEXT_SHARE, width / line.text.length / LETTER_WIDTH);
      const place = { x: x0, y: (y0 + y1) / 2, "font-size": Math.max(size, 1) };
      group.append(node("text", { ...place, "dominant-baseline": "central" }, line.text));
    }
    return group;
  }

  // Boxes of all fields; `fields` holds {name, colour, boxes}, `current` is the one in focus.
  mark(fields, current) {
    this.marked = [fields, current];
    this.boxes.replaceChildren();
    for (const { name, colour, boxes } of fields) {
      for (const { page, box } of boxes) {
        if (this.offsets[page] === undefined) continue;
        const [x0, y0, x1, y1] = box;
        const classes = `box c${colour}${name === current ? " current" : ""}`;
        const y = y0 + this.offsets[page] - 2;
        const size = { width: Math.max(1, x1 - x0 + 4), height: Math.max(1, y1 - y0 + 4) };
        this.boxes.append(node("rect", { class: classes, x: x0 - 2, y, rx: 2, ...size }));
      }
    }
  }

  // Brings the first of these boxes into view.
  reveal(boxes) {
    const place = boxes.find(({ page }) => this.offsets[page] !== undefined);
    if (!place) return;
    const [x0, y0, , y1] = place.box;
    const top = (this.offsets[place.page] + y0) * this.scale;
    const bottom = (this.offsets[place.page] + y1) * this.scale;
    const { scrollTop, clientHeight, scrollLeft, clientWidth } = this.holder;
    if (top < scrollTop + 20 || bottom > scrollTop + clientHeight - 20) {
      this.holder.scrollTop = top - clientHeight / 3;
    }
    if (x0 * this.scale < scrollLeft || x0 * this.scale > scrollLeft + clientWidth - 40) {
      this.holder.scrollLeft = x0 * this.scale - 40;
    }
  }

  resize() {
    if (!this.svg || !this.holder.clientWidth) return;
    const fit = (this.holder.clientWidth - 16) / this.width;
    const readable = this.lineHeight ? READABLE / this.lineHeight : fit;
    this.scale = Math.min(fit, readable) * this.zoom;
    this.svg.setAttribute("width", this.width * this.scale);
    this.svg.setAttribute("height", this.height * this.scale);
  }

  zoomBy(steps) {
    const before = this.scale;
    this.zoom = steps === 0 ? 1 : Math.min(8, Math.max(0.25, this.zoom * STEP ** steps));
    this.resize();
    const { clientWidth, clientHeight } = this.holder;
    const grow = this.scale / before;
    this.holder.scrollLeft = (this.holder.scrollLeft + clientWidth / 2) * grow - clientWidth / 2;
    this.holder.scrollTop = (this.holder.scrollTop + clientHeight / 2) * grow - clientHeight / 2;
    return this.zoom;
  }

  pan(right, down) {
    this.holder.scrollBy(right * 90, down * 90);
  }

  toggleDrawn() {
    this.drawn = !this.drawn;
    this.redraw();
  }

  // A picture that cannot be had must not hide the text.
  withoutScan(page) {
    page.scan = null;
    if (this.item.pages.includes(page)) this.redraw();
  }

  redraw() {
    const { scrollLeft, scrollTop } = this.holder;
    this.show(this.item);
    this.mark(...this.marked);
    this.holder.scrollTo(scrollLeft, scrollTop);
  }

  // Letters on the lines in view; `pressed` then takes a letter until a line is meant.
  startHints(append) {
    this.endHints();
    const frame = this.holder.getBoundingClientRect();
    const shown = [...this.svg.querySelectorAll(".line")].filter((line) => {
      const { top, bottom, left, right } = line.getBoundingClientRect();
      const inside = bottom > frame.top && top < frame.bottom;
      return inside && right > frame.left && left < frame.right;
    });
    if (!shown.length) return false;
    const length = shown.length <= HINTS.length ? 1 : 2;
    const layer = node("g", { class: "hints" });
    this.hints = { append, typed: "", byText: new Map(), layer };
    const size = 13 / this.scale;
    shown.slice(0, HINTS.length ** 2).forEach((element, index) => {
      const line = this.lines[Number(element.dataset.line)];
      const first = HINTS[Math.floor(index / HINTS.length)];
      const text = (length === 2 ? first : "") + HINTS[index % HINTS.length];
      const width = size * (0.5 + 0.72 * length);
      const x = Math.max(0, line.box[0] - width - 2); // beside the line, not over it
      const y = (line.box[1] + line.box[3]) / 2 + line.top - size * 0.68;
      const hint = node("g", { transform: `translate(${x} ${y})` });
      hint.append(node("rect", { width, height: size * 1.35, rx: size / 4 }));
      hint.append(node("text", { x: size * 0.22, y: size * 1.02, "font-size": size }, text));
      layer.append(hint);
      this.hints.byText.set(text, { line, hint });
    });
    this.svg.append(layer);
    return true;
  }

  // Takes a key while hints are shown; any other than theirs ends them.
  press(key) {
    const typed = this.hints.typed + key.toLowerCase();
    const left = [...this.hints.byText].filter(([text]) => text.startsWith(typed));
    if (!left.length) {
      this.endHints();
      return;
    }
    const found = this.hints.byText.get(typed);
    if (found) {
      const { append } = this.hints;
      this.endHints();
      this.onLine(found.line, append);
      return;
    }
    this.hints.typed = typed;
    for (const [text, { hint }] of this.hints.byText) {
      hint.setAttribute("visibility", text.startsWith(typed) ? "visible" : "hidden");
    }
  }

  endHints() {
    this.hints?.layer.remove();
    this.hints = null;
  }

  bindPointer() {
    let from = null;
    this.holder.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "mouse" || event.button !== 0) return;
      const { scrollLeft, scrollTop } = this.holder;
      from = { x: event.clientX, y: event.clientY, scrollLeft, scrollTop, moved: false };
    });
    window.addEventListener("pointermove", (event) => {
      if (!from) return;
      const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
      from.moved ||= Math.hypot(dx, dy) > 5;
      if (from.moved) this.holder.scrollTo(from.scrollLeft - dx, from.scrollTop - dy);
    });
    window.addEventListener("pointerup", () => {
      // After the click that follows, which must not fill a field when the page was moved.
      setTimeout(() => (from = null));
    });
    this.holder.addEventListener("mousedown", (event) => {
      if (event.target.closest("svg")) event.preventDefault(); // the field keeps the focus
    });
    this.holder.addEventListener("click", (event) => {
      const line = event.target.closest(".line");
      if (!line || from?.moved) return;
      this.onLine(this.lines[Number(line.dataset.line)], event.shiftKey);
    });
    this.holder.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey) return;
        event.preventDefault();
        this.zoomBy(event.deltaY < 0 ? 1 : -1);
      },
      { passive: false },
    );
  }
}
