// Texts of the page in Portuguese and English.

let table = {};
let language = "pt";

export async function loadTexts() {
  table = await (await fetch(new URL("texts.json", import.meta.url))).json();
  const stored = sessionStorage.getItem("language") ?? document.documentElement.dataset.language;
  language = stored ?? (navigator.language.toLowerCase().startsWith("pt") ? "pt" : "en");
}

/** A text in the language of the page; `{names}` are replaced. */
export function text(key, values = {}) {
  const found = table[key]?.[language] ?? values.otherwise ?? key;
  return found.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

export const hasText = (key) => key in table;

export function number(value, digits) {
  return value.toLocaleString(language === "pt" ? "pt-BR" : "en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function otherLanguage() {
  language = language === "pt" ? "en" : "pt";
  sessionStorage.setItem("language", language);
}

/** Fill every element of the page that names a text. */
export function fillTexts() {
  document.documentElement.lang = language === "pt" ? "pt-BR" : "en";
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = text(element.dataset.text);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", text(element.dataset.label));
  for (const element of document.querySelectorAll("[data-alt]")) element.alt = text(element.dataset.alt);
}
