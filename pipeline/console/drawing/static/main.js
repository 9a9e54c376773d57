// The drawing page: what is chosen, which tool is used, and the exchange with the server.

import { byId, html } from "./elements.js";
import { calibrationPanel, Measure } from "./measure.js";
import { Model } from "./model.js";
import { flawText, showList, showProperties } from "./panel.js";
import { Picture } from "./picture.js";
import { get, post, useToken } from "./server.js";
import { fillTexts, hasText, loadTexts, number, otherLanguage, text } from "./texts.js";

const TOOLS = ["select", "zone", "lane", "line", "ignore", "mask", "measure"];
const KEYS = ["arrows", "enter", "finish", "back", "escape", "next", "corner", "insert", "delete", "undo"];
const CHECK_AFTER_MS = 200;
const ZOOMS = [1, 1.5, 2, 3, 4];

class Page {
  constructor() {
    this.model = new Model();
    this.measure = new Measure();
    this.tool = "select";
    this.selected = null;
    this.corner = null;
    this.flaws = [];
    this.grid = [];
    this.image = { width: 0, height: 0 };
    this.zoom = 0;
    this.text = text;
    this.picture = new Picture(byId("drawing"), this);
    this.model.onChange(() => this.#changed());
  }

  async begin() {
    await loadTexts();
    const state = await get("state");
    useToken(state.csrf);
    this.back = state.back;
    this.#take(state);
    this.#listen();
    this.show();
    if (this.model.calibration) await this.#ground({ measure: this.model.calibration }, true);
  }

  #take(state, keep = false) {
    this.state = state;
    this.image = state.image;
    this.model.load(state.drawing, keep);
    this.select(null, null);
    if (state.other_shape) this.say(text("otherShape", { shape: state.other_shape }), "bad");
  }

  #listen() {
    byId("language").addEventListener("click", () => { otherLanguage(); this.show(); });
    byId("theme").addEventListener("click", () => this.#theme());
    byId("save").addEventListener("click", () => this.#guarded(() => this.#showChanges()));
    byId("write").addEventListener("click", () => this.#guarded(() => this.#write()));
    byId("back").addEventListener("click", () => byId("changes").close());
    byId("reload").addEventListener("click", () => this.#guarded(() => this.#reload()));
    byId("finish").addEventListener("click", () => this.#guarded(() => this.#finish()));
    document.addEventListener("keydown", (event) => this.#shortcut(event));
    window.addEventListener("beforeunload", (event) => { if (this.model.changed && !this.finished) event.preventDefault(); });
  }

  #shortcut(event) {
    if (!(event.ctrlKey || event.metaKey) || ["INPUT", "SELECT"].includes(event.target.tagName)) return;
    const key = event.key.toLowerCase();
    if (key === "z" && !event.shiftKey) this.model.undo();
    else if (key === "y" || key === "z") this.model.redo();
    else return;
    event.preventDefault();
  }

  #theme() {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  }

  // What is shown

  show() {
    fillTexts();
    const { camera } = this.state;
    byId("camera").textContent = camera.name ? `${camera.name} (${camera.id})` : camera.id;
    document.title = `${text("title")} ${camera.id}`;
    byId("language").textContent = text("otherLanguage");
    byId("keys").replaceChildren(html("dl", {}, ...KEYS.flatMap((key) => {
      const [keys, does] = text(`key.${key}`).split("|");
      return [html("dt", {}, html("kbd", {}, keys)), html("dd", {}, does)];
    })));
    this.#showTools();
    this.#changed();
  }

  #showTools() {
    const tools = TOOLS.map((tool) => html("button", {
      type: "button", id: `tool-${tool}`, "aria-pressed": String(this.tool === tool || (tool === "select" && this.tool === "heading")),
      onclick: () => this.setTool(tool),
    }, ...(["select", "measure"].includes(tool) ? [] : [html("span", { class: `swatch ${tool}` })]), text(`tool.${tool}`)));
    const other = (id, action, disabled, sign = null) =>
      html("button", { type: "button", id, onclick: action, disabled, "aria-label": sign && text(id), title: sign && text(id) }, sign ?? text(id));
    const focused = byId("tools").contains(document.activeElement) ? document.activeElement.id : "";
    byId("tools").replaceChildren(...tools, html("span", { class: "gap" }),
      other("undo", () => this.model.undo(), !this.model.past.length),
      other("redo", () => this.model.redo(), !this.model.future.length),
      other("farther", () => this.#zoom(-1), this.zoom === 0, "−"),
      other("nearer", () => this.#zoom(1), this.zoom === ZOOMS.length - 1, "+"));
    if (focused) byId(focused)?.focus();
    byId("hint").textContent = this.#hint();
  }

  #hint() {
    if (this.tool === "measure") {
      return this.measure.next ? text("hint.measure", { point: text(`point.${this.measure.next}`) }) : text("hint.measured");
    }
    return text(`hint.${{ zone: "polygon", ignore: "polygon" }[this.tool] ?? this.tool}`);
  }

  #zoom(step) {
    this.zoom = Math.min(Math.max(this.zoom + step, 0), ZOOMS.length - 1);
    byId("layers").style.width = `${ZOOMS[this.zoom] * 100}%`;
    this.#showTools();
    this.picture.render();
  }

  #changed() {
    if (!this.state) return;
    if (this.selected !== null && !this.model.shape(this.selected)) this.selected = null;
    this.#showTools();
    this.#showPanels();
    this.picture.render();
    this.#check();
  }

  #showPanels() {
    showList(this);
    showProperties(this);
    const section = byId("calibration");
    section.hidden = this.tool !== "measure";
    const focused = section.contains(document.activeElement) ? document.activeElement.id : "";
    section.replaceChildren(...(section.hidden ? [] : calibrationPanel(this)));
    if (focused) byId(focused)?.focus();
    byId("save").disabled = this.flaws.length > 0;
  }

  say(words, look = "") {
    byId("message").textContent = words;
    byId("message").className = `message ${look}`;
  }

  // The chosen drawing

  select(id, corner) {
    this.selected = id;
    this.corner = corner;
    this.#showPanels();
    this.picture.render();
  }

  showCorner(corner) {
    this.corner = corner;
    this.picture.render();
  }

  selectNext(step) {
    const { shapes } = this.model;
    if (!shapes.length) return;
    const at = shapes.findIndex((shape) => shape.id === this.selected);
    this.select(shapes[(at + step + shapes.length + (at < 0 && step < 0 ? 1 : 0)) % shapes.length].id, null);
    this.say(shapes.find((shape) => shape.id === this.selected).name ?? text(this.model.shape(this.selected).part));
  }

  selectCorner() {
    const shape = this.model.shape(this.selected);
    if (shape) this.showCorner(this.corner === null ? 0 : (this.corner + 1) % shape.points.length);
  }

  deleteChosen() {
    const shape = this.model.shape(this.selected);
    if (!shape) return;
    if (this.corner === null || shape.part === "lines") this.deleteShape(shape.id);
    else if (shape.points.length > 3) {
      this.model.change(() => shape.points.splice(this.corner, 1));
      this.showCorner(null);
    }
  }

  deleteShape(id) {
    this.model.remove(id);
    this.select(null, null);
    byId("drawing").focus();
  }

  // Tools

  setTool(tool) {
    this.tool = tool;
    if (tool !== "heading" && tool !== "select") this.selected = null;
    this.picture.reset();
    this.#changed();
    if (tool !== "select") byId("drawing").focus({ preventScroll: true });
  }

  drawHeading() {
    this.setTool("heading");
  }

  leave() {
    if (this.picture.draft.length) this.picture.reset();
    else this.setTool("select");
  }

  /** A drawing was finished with a tool. */
  drawn(tool, points) {
    if (tool === "heading") {
      const id = this.selected;
      this.model.change((model) => { model.shape(id).heading = points; });
      this.setTool("select");
      return;
    }
    const made = {
      zone: () => ({ part: "zones", points, name: this.model.freeName("zone"), kind: "other", heading: null }),
      lane: () => ({ part: "zones", points, name: this.model.freeName("lane"), kind: "lane", heading: null }),
      line: () => ({ part: "lines", points, name: this.model.freeName("line"), forward: "forward", backward: "backward" }),
      ignore: () => ({ part: "ignore", points }),
      mask: () => ({ part: "masks", points }),
    };
    const id = this.model.add(made[tool]());
    this.select(id, null);
    this.setTool(tool === "lane" ? "heading" : "select");
  }

  // Calibration

  addMeasurePoint(place) {
    if (this.measure.next === null) return;
    this.measure.points.push(place);
    this.measureMoved();
  }

  takeMeasurePointBack() {
    this.measure.points.pop();
    this.measureMoved();
  }

  measureMoved() {
    this.measure.report = null;
    this.grid = [];
    this.#showTools();
    this.#showPanels();
    this.picture.render();
  }

  measureValue(name, value) {
    this.measure.values[name] = value;
    this.measure.report = null;
    byId("measure-calculate").disabled = !this.measure.complete;
  }

  measureKind(kind) {
    this.measure.start(kind);
    this.measureMoved();
  }

  measureTracks(tracks) {
    this.measure.tracks = tracks;
    this.measureKind("lane");
  }

  addCheck() {
    this.measure.checked = true;
    this.measureMoved();
    byId("drawing").focus({ preventScroll: true });
  }

  calculate() {
    return this.#guarded(() => this.#ground(this.measure.request(), false));
  }

  async #ground(request, used) {
    const report = await post("ground", request);
    this.measure.report = { ...report, used };
    this.grid = report.grid;
    this.say("");
    this.#showPanels();
    this.picture.render();
  }

  useCalibration() {
    this.measure.report.used = true;
    this.model.change((model) => { model.calibration = this.measure.report.calibration; });
  }

  removeCalibration() {
    this.grid = [];
    this.measure.report = null;
    this.model.change((model) => { model.calibration = null; });
  }

  // The server

  #check() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.#guarded(async () => {
      const { flaws } = await post("check", { drawing: this.model.drawing() });
      this.#showFlaws(flaws);
    }), CHECK_AFTER_MS);
  }

  #showFlaws(flaws) {
    const before = this.flaws.length;
    this.flaws = flaws;
    this.picture.flawed = new Set(flaws.map((flaw) => this.model.at(flaw.part, flaw.number)?.id));
    if (flaws.length) {
      const calibration = flaws.filter((flaw) => flaw.part === "calibration").map(flawText);
      this.say([text("flaws", { count: number(flaws.length, 0) }), ...calibration].join(" "), "bad");
    } else if (before) this.say("");
    this.#showPanels();
    this.picture.render();
  }

  async #showChanges() {
    const { diff } = await post("diff", { drawing: this.model.drawing(), version: this.state.version });
    if (!diff) {
      this.say(text("unchanged"));
      return;
    }
    byId("changes-note").textContent = text("changesNote", { file: this.state.file });
    const looks = { "+": "added", "-": "removed" };
    byId("diff").replaceChildren(...diff.split("\n").slice(2).map((line) =>
      html("span", { class: looks[line[0]] ?? "same" }, line || " ")));
    byId("changes").showModal();
  }

  async #write() {
    byId("changes").close();
    this.#take(await post("save", { drawing: this.model.drawing(), version: this.state.version }), true);
    this.say(text("saved"), "good");
  }

  async #reload() {
    this.#take(await post("reload"), true);
    this.say(text("reloaded"));
  }

  async #finish() {
    if (this.model.changed && !window.confirm(text("unsaved"))) return;
    await post("finish");
    this.finished = true;
    if (this.back) {
      location.href = this.back;
      return;
    }
    byId("drawing").closest("main").inert = true;
    this.say(text("finished"), "good");
  }

  async #guarded(action) {
    try {
      await action();
    } catch (error) {
      if (error.flaws?.length) this.#showFlaws(error.flaws);
      else if (error.status) this.say(this.#refusal(error), "bad");
      else this.say(text("unreachable"), "bad");
      byId("changes").open && byId("changes").close();
    }
  }

  #refusal(error) {
    if (error.status === 401) return text("loggedOut");
    const key = `flaw.${error.code}`;
    return error.code && hasText(key) ? text(key, error.values) : error.message;
  }
}

new Page().begin();
