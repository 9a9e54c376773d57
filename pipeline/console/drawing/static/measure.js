// What a person measures on the road, and the calibration that the server makes of it.

import { html } from "./elements.js";
import { number, text } from "./texts.js";

const POINTS = { rectangle: "ABCD", distances: "ABCD", lane: "LMRQST" };
const FIELDS = {
  rectangle: ["width_m", "length_m"],
  distances: ["ab", "bc", "cd", "da", "ac", "bd"],
  lane: ["lane_m", "along_m"],
};
const OPTIONAL = new Set(["bd"]);
const REFERENCE_KM_H = 60;

export class Measure {
  constructor() {
    this.values = {};
    this.tracks = false;
    this.start("rectangle");
  }

  start(kind) {
    this.kind = kind;
    this.points = [];
    this.checked = false;
    this.report = null;
  }

  /** Names of the points in the order in which they are set. */
  get names() {
    const own = this.kind === "lane" && this.tracks ? "LRST" : POINTS[this.kind];
    return own + (this.checked ? "XY" : "");
  }

  get next() {
    return this.names[this.points.length] ?? null;
  }

  point(name) {
    return this.points[this.names.indexOf(name)];
  }

  /** Lines that are shown between the points. */
  lines() {
    const pairs = this.kind === "lane" ? ["LM", "RQ", "ST", "XY"] : ["AB", "BC", "CD", "DA", "XY"];
    if (this.kind === "distances") pairs.push("AC", "BD");
    return pairs
      .filter((pair) => [...pair].every((name) => this.names.includes(name)))
      .map((pair) => [...pair].map((name) => this.point(name)))
      .filter((line) => line.every(Boolean));
  }

  get complete() {
    return this.next === null && this.fields.every((name) => OPTIONAL.has(name) || this.values[name] > 0);
  }

  get fields() {
    return [...FIELDS[this.kind], ...(this.checked ? ["check_m"] : [])];
  }

  /** The request for the calibration. */
  request() {
    const { values } = this;
    const check = this.checked ? [this.point("X"), this.point("Y"), values.check_m] : null;
    const corners = this.points.slice(0, 4);
    if (this.kind === "rectangle") {
      return { measure: { kind: "rectangle", corners, width_m: values.width_m, length_m: values.length_m }, check };
    }
    if (this.kind === "distances") {
      const sides = Object.fromEntries(FIELDS.distances.map((name) => [name, values[name] || null]));
      return { measure: { kind: "distances", corners, ...sides }, check };
    }
    const edge = (...names) => names.map((name) => this.point(name)).filter(Boolean);
    const measure = {
      kind: "lane",
      left: this.tracks ? edge("L") : edge("L", "M"),
      right: this.tracks ? edge("R") : edge("R", "Q"),
      width_m: values.lane_m,
      along: edge("S", "T"),
      along_m: values.along_m,
    };
    if (this.tracks) measure.vanishing = "tracks";
    return { measure, check };
  }
}

/** The panel of the calibration; `page` has measure, model and methods for its buttons. */
export function calibrationPanel(page) {
  const { measure } = page;
  const kinds = Object.keys(POINTS).map((kind) =>
    html("option", { value: kind, selected: kind === measure.kind }, text(`method.${kind}`)));
  const fields = measure.fields.map((name) => {
    const input = html("input", {
      id: `measure-${name}`, type: "number", min: "0.01", step: "0.01", value: measure.values[name] ?? "",
      oninput: (event) => page.measureValue(name, event.target.valueAsNumber),
    });
    return html("div", {}, html("label", { for: input.id }, text(name)), input);
  });
  const tracks = measure.kind !== "lane" ? null : html("label", { class: "tick wide" },
    html("input", { type: "checkbox", id: "measure-tracks", checked: measure.tracks, onchange: (event) => page.measureTracks(event.target.checked) }),
    text("tracks"));
  const button = (key, action, attributes = {}) =>
    html("button", { type: "button", id: `measure-${key}`, onclick: action, ...attributes }, text(key));
  return [
    html("h2", { id: "calibration-heading" }, text("calibration")),
    html("label", { for: "measure-kind" }, text("method")),
    html("select", { id: "measure-kind", onchange: (event) => page.measureKind(event.target.value) }, ...kinds),
    html("div", { class: "fields" }, tracks, ...fields),
    html("div", { class: "buttons" },
      button("calculate", () => page.calculate(), { disabled: !measure.complete, class: "main" }),
      button("addCheck", () => page.addCheck(), { disabled: measure.checked || measure.next !== null }),
      button("again", () => page.measureKind(measure.kind)),
      page.model.calibration ? button("removeCalibration", () => page.removeCalibration()) : null),
    measure.report ? figures(measure.report, page) : null,
    measure.report && !measure.report.used ? html("div", { class: "buttons" }, button("use", () => page.useCalibration(), { class: "main" })) : null,
  ].filter((part) => part !== null);
}

function figures(report, page) {
  const { error } = report;
  const percent = error.speed * 100;
  const rows = [
    ["speed", text("value.speed", { percent: number(percent, 1), kmh: number((percent / 100) * REFERENCE_KM_H, 1) })],
    ["misfit", error.points > 4
      ? text("value.misfit", { px: number(error.misfit_share * page.image.width, 1), m: number(error.misfit_m, 2) })
      : text("value.exact")],
    ["tracks", trackFigure(report)],
    ["grid", text("value.grid", { m: number(report.grid_m, 0) })],
  ];
  if (report.contradiction_m !== null) rows.push(["contradiction", text("value.contradiction", { m: number(report.contradiction_m, 2) })]);
  if (error.check !== null) {
    const sign = error.check > 0 ? "+" : "";
    rows.push(["check", text("value.check", { percent: sign + number(error.check * 100, 1) })]);
  }
  return html("dl", { class: "figures", id: "figures" },
    ...rows.flatMap(([key, value]) => [html("dt", {}, text(`figure.${key}`)), html("dd", {}, value)]));
}

function trackFigure(report) {
  if (report.note) return text("value.noTracks", { note: text(`note.${report.note}`, { otherwise: report.note }) });
  return text(report.tracks < 5 ? "value.fewTracks" : "value.tracks", { tracks: report.tracks });
}
