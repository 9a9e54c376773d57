// What is drawn, and its history. Coordinates are shares of the image, 0 to 1, origin top left.

export const PARTS = ["masks", "ignore", "zones", "lines"];
const MOST_STEPS = 200;
const DECIMALS = 4;

const copy = (value) => JSON.parse(JSON.stringify(value));
export const rounded = (value) => Number(Math.min(1, Math.max(0, value)).toFixed(DECIMALS));

export class Model {
  constructor() {
    this.shapes = [];
    this.calibration = null;
    this.past = [];
    this.future = [];
    this.saved = "";
    this.listeners = [];
    this.numbers = 0;
  }

  /** Take a drawing of the server as the present one; the one before it stays reachable by undo. */
  load(drawing, keep = false) {
    if (keep) this.#remember();
    const shapes = [];
    for (const part of ["masks", "ignore"]) {
      for (const points of drawing[part]) shapes.push({ part, points });
    }
    for (const zone of drawing.zones) {
      shapes.push({ part: "zones", points: zone.polygon, name: zone.name, kind: zone.kind, heading: zone.heading ?? null });
    }
    for (const line of drawing.lines) {
      shapes.push({ part: "lines", points: line.points, name: line.name, forward: line.forward, backward: line.backward });
    }
    this.shapes = copy(shapes).map((shape) => ({ id: ++this.numbers, ...shape }));
    this.calibration = copy(drawing.calibration);
    this.saved = JSON.stringify(this.drawing());
    this.#notify();
  }

  /** The drawing as the server takes it. */
  drawing() {
    const of = (part) => this.shapes.filter((shape) => shape.part === part);
    return {
      masks: of("masks").map((shape) => shape.points),
      ignore: of("ignore").map((shape) => shape.points),
      zones: of("zones").map(({ name, kind, points, heading }) =>
        heading ? { name, kind, polygon: points, heading } : { name, kind, polygon: points }),
      lines: of("lines").map(({ name, points, forward, backward }) => ({ name, points, forward, backward })),
      calibration: this.calibration,
    };
  }

  get changed() {
    return JSON.stringify(this.drawing()) !== this.saved;
  }

  shape(id) {
    return this.shapes.find((shape) => shape.id === id) ?? null;
  }

  /** The number of a shape in its part, as messages and the configuration count. */
  number(shape) {
    return this.shapes.filter((other) => other.part === shape.part).indexOf(shape);
  }

  at(part, number) {
    return this.shapes.filter((shape) => shape.part === part)[number] ?? null;
  }

  /** Change something as one step that undo takes back. */
  change(action) {
    this.#remember();
    const result = action(this);
    this.#notify();
    return result;
  }

  add(shape) {
    const added = { id: ++this.numbers, ...shape };
    this.change(() => this.shapes.push(added));
    return added.id;
  }

  remove(id) {
    this.change(() => {
      this.shapes = this.shapes.filter((shape) => shape.id !== id);
    });
  }

  /** Begin a movement: one step of undo, however many positions follow by `moving`. */
  begin() {
    this.#remember();
  }

  moving(action) {
    action(this);
    this.#notify();
  }

  undo() {
    this.#travel(this.past, this.future);
  }

  redo() {
    this.#travel(this.future, this.past);
  }

  freeName(prefix) {
    const names = new Set(this.shapes.map((shape) => shape.name));
    let number = 1;
    while (names.has(`${prefix}-${number}`)) number += 1;
    return `${prefix}-${number}`;
  }

  onChange(listener) {
    this.listeners.push(listener);
  }

  #state() {
    return copy({ shapes: this.shapes, calibration: this.calibration });
  }

  #remember() {
    this.past.push(this.#state());
    if (this.past.length > MOST_STEPS) this.past.shift();
    this.future = [];
  }

  #travel(from, to) {
    if (!from.length) return;
    to.push(this.#state());
    Object.assign(this, from.pop());
    this.#notify();
  }

  #notify() {
    for (const listener of this.listeners) listener();
  }
}
