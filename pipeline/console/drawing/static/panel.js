// The list of what is drawn, and the properties of the chosen drawing.

import { byId, html } from "./elements.js";
import { rounded } from "./model.js";
import { lookOf } from "./picture.js";
import { hasText, text } from "./texts.js";

const KINDS = ["roadway", "lane", "bus-lane", "cycle-path", "sidewalk", "crosswalk", "queue", "restricted", "other"];
const PERCENT_DECIMALS = 2;

/** A flaw in the language of the page; its English message where there is no text for it. */
export function flawText(flaw) {
  const key = `flaw.${flaw.code}`;
  return hasText(key) ? text(key, flaw.values ?? {}) : flaw.message;
}

export function showList(page) {
  const items = page.model.shapes.map((shape) => {
    const number = page.model.number(shape);
    const flaws = page.flaws.filter((flaw) => flaw.part === shape.part && flaw.number === number);
    const name = shape.name ?? `${text(shape.part)} ${number}`;
    const kind = shape.part === "zones" ? text(`kind.${shape.kind}`) : text(shape.part);
    return html("li", {},
      html("button", {
        type: "button", "aria-pressed": String(shape.id === page.selected), "data-id": shape.id,
        onclick: () => page.select(shape.id, null),
      }, html("span", { class: `swatch ${lookOf(shape)}` }), name, html("span", { class: "kind" }, kind)),
      ...flaws.map((flaw) => html("p", { class: "flaw" }, flawText(flaw))));
  });
  const focused = document.activeElement?.dataset?.id;
  byId("shapes").replaceChildren(...(items.length ? items : [html("li", {}, text("nothing"))]));
  if (focused) byId("shapes").querySelector(`[data-id="${focused}"]`)?.focus();
}

/** Show the properties of the chosen drawing; a field that is being edited keeps its focus and its text. */
export function showProperties(page) {
  const section = byId("properties");
  const shape = page.model.shape(page.selected);
  section.hidden = !shape;
  if (!shape) {
    section.replaceChildren();
    return;
  }
  const focused = section.contains(document.activeElement) ? document.activeElement.id : "";
  section.replaceChildren(
    html("h2", { id: "properties-heading" }, text("properties")),
    html("div", { class: "fields" }, ...named(page, shape)),
    corners(page, shape),
    html("div", { class: "buttons" }, ...buttons(page, shape)));
  if (focused) byId(focused)?.focus();
}

function field(page, shape, key, wide = false) {
  const input = html("input", {
    id: `property-${key}`, value: shape[key], spellcheck: "false", autocomplete: "off",
    onchange: (event) => page.model.change((model) => { model.shape(shape.id)[key] = event.target.value.trim(); }),
  });
  return html("div", { class: wide ? "wide" : null }, html("label", { for: input.id }, text(key)), input);
}

function named(page, shape) {
  if (shape.part === "lines") return [field(page, shape, "name", true), field(page, shape, "forward"), field(page, shape, "backward")];
  if (shape.part !== "zones") return [];
  const kinds = KINDS.map((kind) => html("option", { value: kind, selected: kind === shape.kind }, text(`kind.${kind}`)));
  const select = html("select", {
    id: "property-kind",
    onchange: (event) => page.model.change((model) => { model.shape(shape.id).kind = event.target.value; }),
  }, ...kinds);
  return [field(page, shape, "name"), html("div", {}, html("label", { for: "property-kind" }, text("kind")), select)];
}

function corners(page, shape) {
  const rows = shape.points.map((point, number) => row(page, shape, "points", number, `${number + 1}`));
  for (const number of shape.heading ? [0, 1] : []) rows.push(row(page, shape, "heading", number, text(number ? "to" : "from")));
  return html("div", { class: "corners" }, html("table", {},
    html("thead", {}, html("tr", {}, ...["corner", "fromLeft", "fromTop"].map((key) => html("th", { scope: "col" }, text(key))), html("td"))),
    html("tbody", {}, ...rows)));
}

function row(page, shape, list, number, title) {
  const input = (axis) => html("td", {}, html("input", {
    id: `${list}-${number}-${axis}`, type: "number", min: 0, max: 100, step: 0.1,
    "aria-label": `${text("corner")} ${title}, ${text(axis ? "fromTop" : "fromLeft")}`,
    value: Number((shape[list][number][axis] * 100).toFixed(PERCENT_DECIMALS)),
    onchange: (event) => {
      const value = event.target.valueAsNumber;
      if (Number.isFinite(value)) page.model.change((model) => { model.shape(shape.id)[list][number][axis] = rounded(value / 100); });
    },
    onfocus: () => { if (list === "points") page.showCorner(number); },
  }));
  const removable = list === "points" && shape.part !== "lines" && shape.points.length > 3;
  const label = text("deleteCorner", { number: number + 1 });
  const remove = !removable ? null : html("button", {
    type: "button", class: "small", "aria-label": label, title: label,
    onclick: () => page.model.change((model) => model.shape(shape.id).points.splice(number, 1)),
  }, "×");
  return html("tr", {}, html("th", { scope: "row" }, title), input(0), input(1), html("td", {}, remove ?? ""));
}

function buttons(page, shape) {
  const button = (key, action) => html("button", { type: "button", id: `property-${key}`, onclick: action }, text(key));
  const found = [];
  if (shape.part === "lines") found.push(button("swap", () => page.model.change((model) => model.shape(shape.id).points.reverse())));
  if (shape.part === "zones") {
    found.push(button("setHeading", () => page.drawHeading()));
    if (shape.heading) found.push(button("removeHeading", () => page.model.change((model) => { model.shape(shape.id).heading = null; })));
  }
  found.push(button("delete", () => page.deleteShape(shape.id)));
  return found;
}
