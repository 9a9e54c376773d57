// The drawing over the image: what is shown, and what pointer and keyboard do there.

import { svg } from "./elements.js";
import { rounded } from "./model.js";

const NEAR = 10;
const STEP = 0.01;
const SMALL_STEP = 0.001;
const CLASS_OF = { masks: "mask", ignore: "ignore", zones: "zone", lines: "line" };

export const lookOf = (shape) =>
  shape.part === "zones" && shape.heading ? "lane" : CLASS_OF[shape.part];

export class Picture {
  /** `page` has model, tool, selected, corner and measure, and methods that change them. */
  constructor(element, page) {
    this.element = element;
    this.page = page;
    this.draft = [];
    this.cursor = [0.5, 0.5];
    this.drag = null;
    this.flawed = new Set();
    element.addEventListener("pointerdown", (event) => this.#down(event));
    element.addEventListener("pointermove", (event) => this.#move(event));
    element.addEventListener("pointerup", () => this.#up());
    element.addEventListener("pointercancel", () => this.#up());
    element.addEventListener("dblclick", () => this.finish());
    element.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("focus", () => this.render());
    element.addEventListener("blur", () => this.render());
    new ResizeObserver(() => this.render()).observe(element);
  }

  get drawing() {
    return this.page.tool !== "select";
  }

  reset() {
    this.draft = [];
    this.render();
  }

  // Pointer

  #place(event) {
    const box = this.element.getBoundingClientRect();
    return [rounded((event.clientX - box.left) / box.width), rounded((event.clientY - box.top) / box.height)];
  }

  #isNear(one, other) {
    const box = this.element.getBoundingClientRect();
    return Math.hypot((one[0] - other[0]) * box.width, (one[1] - other[1]) * box.height) <= NEAR;
  }

  #down(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.element.focus({ preventScroll: true });
    const place = this.#place(event);
    if (event.target.dataset.measure !== undefined) {
      this.#grab(event, { measure: Number(event.target.dataset.measure) });
    } else if (this.drawing) {
      this.cursor = place;
      this.setPoint(place);
    } else {
      this.#choose(event, place);
    }
  }

  #choose(event, place) {
    const { shape, corner, between, heading } = event.target.dataset;
    if (between !== undefined) {
      this.insertCorner(Number(between), place);
      this.#grab(event, { corner: Number(between) + 1 });
    } else if (corner !== undefined) {
      this.page.select(this.page.selected, Number(corner));
      this.#grab(event, { corner: Number(corner) });
    } else if (heading !== undefined) {
      this.#grab(event, { heading: Number(heading) });
    } else if (shape !== undefined) {
      this.page.select(Number(shape), null);
      this.#grab(event, { from: place });
    } else {
      this.page.select(null, null);
    }
  }

  #grab(event, what) {
    this.element.setPointerCapture(event.pointerId);
    this.drag = { ...what, moved: false };
  }

  #move(event) {
    const place = this.#place(event);
    if (!this.drag) {
      if (this.drawing && this.draft.length) {
        this.cursor = place;
        this.render();
      }
      return;
    }
    if (this.drag.measure !== undefined) {
      this.page.measure.points[this.drag.measure] = place;
      this.page.measureMoved();
      this.render();
      return;
    }
    if (!this.drag.moved && this.drag.from && this.#isNear(place, this.drag.from)) return;
    if (!this.drag.moved) this.page.model.begin();
    this.drag.moved = true;
    this.page.model.moving(() => {
      const shape = this.page.model.shape(this.page.selected);
      if (this.drag.corner !== undefined) shape.points[this.drag.corner] = place;
      else if (this.drag.heading !== undefined) shape.heading[this.drag.heading] = place;
      else {
        shift(shape, place[0] - this.drag.from[0], place[1] - this.drag.from[1]);
        this.drag.from = place;
      }
    });
  }

  #up() {
    this.drag = null;
  }

  // Drawing

  /** Set the next point of what is being drawn; closing a polygon where it begins finishes it. */
  setPoint(place) {
    const { tool } = this.page;
    if (tool === "measure") {
      this.page.addMeasurePoint(place);
      return;
    }
    const closes = this.draft.length >= 3 && tool !== "line" && tool !== "heading" && this.#isNear(place, this.draft[0]);
    if (closes) {
      this.finish();
      return;
    }
    if (this.draft.length && this.#isNear(place, this.draft.at(-1))) return;  // the second click of a double click
    this.draft.push(place);
    if ((tool === "line" || tool === "heading") && this.draft.length === 2) this.finish();
    else this.render();
  }

  finish() {
    const { tool } = this.page;
    const least = tool === "line" || tool === "heading" ? 2 : 3;
    if (!this.drawing || tool === "measure" || this.draft.length < least) return;
    const points = this.draft;
    this.draft = [];
    this.page.drawn(tool, points);
  }

  insertCorner(after, place) {
    this.page.model.change((model) => model.shape(this.page.selected).points.splice(after + 1, 0, place));
    this.page.select(this.page.selected, after + 1);
  }

  // Keyboard

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const actions = {
      Escape: () => this.page.leave(),
      Enter: () => this.drawing && this.setPoint([...this.cursor]),
      " ": () => this.drawing && this.setPoint([...this.cursor]),
      f: () => this.finish(),
      Backspace: () => this.#takeBack(),
      Delete: () => this.page.deleteChosen(),
      n: () => this.page.selectNext(1),
      p: () => this.page.selectNext(-1),
      c: () => this.page.selectCorner(),
      Insert: () => this.#insertByKey(),
    };
    if (arrows[key]) this.#step(arrows[key], event.shiftKey ? SMALL_STEP : STEP);
    else if (actions[key]) actions[key]();
    else return;
    event.preventDefault();
  }

  #takeBack() {
    if (this.page.tool === "measure") this.page.takeMeasurePointBack();
    this.draft.pop();
    this.render();
  }

  #step([right, down], step) {
    const shape = this.page.model.shape(this.page.selected);
    if (this.drawing || !shape) {
      this.cursor = [rounded(this.cursor[0] + right * step), rounded(this.cursor[1] + down * step)];
      this.render();
      return;
    }
    this.page.model.change(() => {
      const corner = shape.points[this.page.corner];
      if (corner) shape.points[this.page.corner] = [rounded(corner[0] + right * step), rounded(corner[1] + down * step)];
      else shift(shape, right * step, down * step);
    });
  }

  #insertByKey() {
    const shape = this.page.model.shape(this.page.selected);
    if (!shape || shape.part === "lines" || this.page.corner === null) return;
    const [x1, y1] = shape.points[this.page.corner];
    const [x2, y2] = shape.points[(this.page.corner + 1) % shape.points.length];
    this.insertCorner(this.page.corner, [rounded((x1 + x2) / 2), rounded((y1 + y2) / 2)]);
  }

  // Rendering

  render() {
    const { width, height } = this.page.image;
    if (!width) return;
    this.element.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.element.classList.toggle("drawing", this.drawing);
    this.scale = width / Math.max(this.element.clientWidth, 1);
    this.labels = [];
    const shown = [
      ...this.#grid(),
      ...this.page.model.shapes.flatMap((shape) => this.#shape(shape)),
      ...this.#measure(),
      ...this.#draft(),
      ...this.#cursor(),
    ];
    this.element.replaceChildren(...shown, ...this.labels);
  }

  #grid() {
    const shown = this.page.tool === "measure" || this.page.model.calibration;
    return shown ? this.page.grid.map((line) => this.#line(line, "grid")) : [];
  }

  #px([x, y]) {
    return [x * this.page.image.width, y * this.page.image.height];
  }

  #path(points, closed) {
    return `M${points.map((point) => this.#px(point).join(" ")).join("L")}${closed ? "Z" : ""}`;
  }

  #line(points, look) {
    return svg("path", { d: this.#path(points, false), class: look, fill: "none" });
  }

  #shape(shape) {
    const chosen = shape.id === this.page.selected;
    const closed = shape.part !== "lines";
    const look = `shape ${lookOf(shape)}${chosen ? " chosen" : ""}${this.flawed.has(shape.id) ? " flawed" : ""}`;
    const d = this.#path(shape.points, closed);
    const parts = [
      svg("path", { d, class: "halo", "data-shape": shape.id }),
      svg("path", { d, class: look, "data-shape": shape.id, fill: closed ? null : "none" }),
    ];
    if (shape.heading) parts.push(...this.#arrow(...shape.heading, "lane"));
    if (!closed) parts.push(...this.#direction(shape));
    const place = closed ? within(shape.points) : beside(shape.points, (30 * this.scale) / this.page.image.width);
    this.#label(shape.name ?? `${this.page.text(shape.part)} ${this.page.model.number(shape)}`, place);
    if (chosen && !this.drawing) parts.push(...this.#handles(shape, closed));
    return parts;
  }

  /** Forward traffic crosses a line from the left to the right of the way from its start to its end. */
  #direction(shape) {
    const { width, height } = this.page.image;
    const [start, end] = shape.points.map((point) => this.#px(point));
    const [dx, dy] = [end[0] - start[0], end[1] - start[1]];
    const length = Math.hypot(dx, dy) || 1;
    const center = [(start[0] + end[0]) / 2, (start[1] + end[1]) / 2];
    const reach = 34 * this.scale;
    const at = (share) => [(center[0] - (dy / length) * reach * share) / width, (center[1] + (dx / length) * reach * share) / height];
    this.#label(shape.forward, at(1.7));
    this.#label(shape.backward, at(-1.7));
    return this.#arrow(at(-1), at(1), "line");
  }

  #arrow(from, to, look) {
    const [start, end] = [this.#px(from), this.#px(to)];
    const angle = Math.atan2(end[1] - start[1], end[0] - start[0]);
    const size = 12 * this.scale;
    const side = (turn) => [end[0] - size * Math.cos(angle + turn), end[1] - size * Math.sin(angle + turn)].join(" ");
    const d = `M${start.join(" ")}L${end.join(" ")}`;
    return [
      svg("path", { d, class: "halo" }),
      svg("path", { d, class: `arrow ${look}` }),
      svg("path", { d: `M${end.join(" ")}L${side(0.5)}L${side(-0.5)}Z`, class: `arrow head ${look}` }),
    ];
  }

  /** Labels lie above all lines. */
  #label(words, place) {
    const [x, y] = this.#px(place);
    this.labels.push(svg("text", { x, y, class: "label", "text-anchor": "middle", "font-size": 14 * this.scale }, words));
  }

  #handles(shape, closed) {
    const handles = [];
    if (closed) {
      shape.points.forEach((point, number) => {
        const next = shape.points[(number + 1) % shape.points.length];
        const between = [(point[0] + next[0]) / 2, (point[1] + next[1]) / 2];
        handles.push(this.#handle(between, "handle between", { "data-between": number }, 4.5));
      });
    }
    shape.points.forEach((point, number) => {
      const look = `handle${number === this.page.corner ? " chosen" : ""}`;
      handles.push(this.#handle(point, look, { "data-corner": number }, 7));
    });
    (shape.heading ?? []).forEach((point, number) => {
      handles.push(this.#handle(point, "handle", { "data-heading": number }, 6));
    });
    return handles;
  }

  #handle(point, look, data, size) {
    const [cx, cy] = this.#px(point);
    return svg("circle", { cx, cy, r: size * this.scale, class: look, ...data });
  }

  #measure() {
    const { measure } = this.page;
    if (this.page.tool !== "measure" || !measure) return [];
    const parts = measure.lines().map((line) => this.#line(line, "shape measure"));
    measure.points.forEach((point, number) => {
      parts.push(this.#handle(point, "handle", { "data-measure": number }, 7));
      this.#label(measure.names[number], [point[0], point[1] - (14 * this.scale) / this.page.image.height]);
    });
    return parts;
  }

  #draft() {
    if (!this.draft.length) return [];
    const look = { zone: "zone", lane: "lane", heading: "lane", line: "line", ignore: "ignore", mask: "mask" }[this.page.tool];
    const d = this.#path([...this.draft, this.cursor], false);
    return [
      svg("path", { d, class: "halo" }),
      svg("path", { d, class: `shape ${look}`, "fill-opacity": 0.1 }),
      ...this.draft.map((point) => this.#handle(point, "handle", {}, 5)),
    ];
  }

  #cursor() {
    const chosen = !this.drawing && this.page.selected !== null;
    if (document.activeElement !== this.element || chosen) return [];
    const [x, y] = this.#px(this.cursor);
    const reach = 12 * this.scale;
    return ["halo", "cursor"].map((look) =>
      svg("path", { d: `M${x - reach} ${y}H${x + reach}M${x} ${y - reach}V${y + reach}`, class: look, "pointer-events": "none" }));
  }
}

/** A place in a polygon, away from its middle, where lines and arrows have theirs. */
function within(points) {
  const middle = [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length);
  return middle.map((value, axis) => value + (points[0][axis] - value) * 0.4);
}

/** A place near the start of a line, above it. */
function beside([start, end], up) {
  return [start[0] + (end[0] - start[0]) * 0.12, start[1] + (end[1] - start[1]) * 0.12 - up * 0.5];
}

/** Move all of a shape; it stays inside the image, and keeps its form there. */
function shift(shape, right, down) {
  const all = [...shape.points, ...(shape.heading ?? [])];
  const free = (values, by) => Math.min(Math.max(by, -Math.min(...values)), 1 - Math.max(...values));
  const dx = free(all.map((point) => point[0]), right);
  const dy = free(all.map((point) => point[1]), down);
  const moved = ([x, y]) => [rounded(x + dx), rounded(y + dy)];
  shape.points = shape.points.map(moved);
  if (shape.heading) shape.heading = shape.heading.map(moved);
}
