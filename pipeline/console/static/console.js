// Behaviour of the pages that markup cannot state. No dependency but htmx; runs under script-src 'self'.
"use strict";

const byId = (id) => document.getElementById(id);

// A new session has a new token: forms that were open get it, and keep what was typed.
document.addEventListener("htmx:after:swap", () => {
  const dialog = byId("dialog");
  const token = dialog.querySelector("[data-csrf]");
  if (token) {
    for (const field of document.querySelectorAll("input[name=csrf]")) field.value = token.dataset.csrf;
  }
  if (dialog.childElementCount && !dialog.open) dialog.showModal();
  const detail = byId("detail");
  if (detail) byId("to-" + detail.dataset.incident)?.setAttribute("aria-current", "true");
  ringCameras();
});

// The map has a ring around each camera with an open incident, as the list has them now.
function ringCameras() {
  const open = new Set([...document.querySelectorAll("#inbox [data-camera]")].map((one) => one.dataset.camera));
  for (const spot of document.querySelectorAll(".map [data-cameras]")) {
    spot.classList.toggle("alerted", spot.dataset.cameras.split(" ").some((camera) => open.has(camera)));
  }
}

// A message of a form that was refused stands until the next form is sent.
document.addEventListener("htmx:before:request", (event) => {
  if (event.target.closest("dialog")) return;
  if (event.target.matches("form")) byId("notices").replaceChildren();
});

// What was found before must not stand below a search that was refused.
document.addEventListener("htmx:response:error", (event) => {
  if (event.target.closest("#search")) byId("results")?.replaceChildren();
});

document.addEventListener("htmx:error", () => {
  const text = byId("unreachable");
  if (text) byId("notices").replaceChildren(text.content.cloneNode(true));
});

// The stream of alerts: whether it is connected, and a sound for new alerts where the person wants one.
const connection = () => byId("connection");

function connected(is) {
  const shown = connection();
  if (!shown) return;
  shown.dataset.state = is ? "live" : "lost";
  shown.textContent = is ? shown.dataset.live : shown.dataset.lost.replace("{time}", new Date().toLocaleTimeString());
}

document.addEventListener("htmx:sse:after:connection", () => connected(true));
document.addEventListener("htmx:sse:error", () => connected(false));
document.addEventListener("htmx:sse:before:connection", (event) => {
  if (event.detail.connection.attempt > 0) connected(false);
});

let audio;

function sound() {
  if (localStorage.getItem("sound") !== "on") return;
  audio = audio || new AudioContext();
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.frequency.value = 880;
  volume.gain.setValueAtTime(0.2, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.4);
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.4);
}

document.addEventListener("alert", sound);

// The inbox and the open incident are fetched once for all news of a moment, and not by everyone at the same time.
let newsWait, newsAt = 0;

function news() {
  if (newsWait) return;
  const wait = Math.max(0, newsAt + 1500 - Date.now()) + Math.random() * 400;
  newsWait = setTimeout(() => {
    newsWait = undefined;
    newsAt = Date.now();
    for (const part of [byId("inbox"), byId("detail")]) if (part) htmx.trigger(part, "news");
  }, wait);
}

for (const kind of ["alert", "step"]) document.addEventListener(kind, news);

document.addEventListener("change", (event) => {
  if (event.target.id === "sound") localStorage.setItem("sound", event.target.checked ? "on" : "off");
});

document.addEventListener("DOMContentLoaded", () => {
  byId("dialog").addEventListener("close", () => byId("dialog").replaceChildren());
  // A message must be seen, wherever on a long page its form is.
  const notices = byId("notices");
  new MutationObserver(() => {
    if (notices.childElementCount) notices.scrollIntoView({ block: "nearest" });
  }).observe(notices, { childList: true });
  const choice = byId("sound");
  if (choice) choice.checked = localStorage.getItem("sound") === "on";
});

// Keys count only while an incident of the list has the focus (WCAG 2.1.4).
document.addEventListener("keydown", (event) => {
  const incident = event.target.closest(".incident");
  if (!incident || event.ctrlKey || event.altKey || event.metaKey) return;
  const all = [...document.querySelectorAll(".incident")];
  const at = all.indexOf(incident);
  if (event.key === "ArrowDown" || event.key === "j") all[Math.min(at + 1, all.length - 1)].focus();
  else if (event.key === "ArrowUp" || event.key === "k") all[Math.max(at - 1, 0)].focus();
  else {
    const wanted = document.querySelector(`#detail [data-key="${CSS.escape(event.key)}"]`);
    if (!wanted || incident.getAttribute("aria-current") !== "true") return;
    if (wanted.matches("button")) wanted.click();
    else wanted.focus();
  }
  event.preventDefault();
});

// A button below an answer asks for a kind of search, which the form above shows from then on.
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-kind]");
  if (button) byId("kind").value = button.dataset.kind;
}, true);

// A file is downloaded by the browser itself, not put into the page.
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-plain]");
  if (!button) return;
  event.preventDefault();
  const form = button.form;
  const action = form.getAttribute("action");
  form.setAttribute("action", button.getAttribute("formaction"));
  if (form.reportValidity()) HTMLFormElement.prototype.submit.call(form);
  form.setAttribute("action", action);
});

// A file is sent as it is: its form has nothing else.
document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-upload]");
  if (!form) return;
  event.preventDefault();
  const [file] = form.querySelector("input[type=file]").files;
  const button = form.querySelector("button");
  button.disabled = true;
  byId("notices").replaceChildren();
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      headers: {
        "Content-Type": "application/octet-stream",
        "HX-Request": "true",
        "X-CSRF-Token": form.elements.csrf.value,
        "X-File-Name": encodeURIComponent(file.name),
      },
      body: file,
    });
    if (answer.ok) {
      location.href = answer.headers.get("HX-Redirect") || location.href;
      return;
    }
    const part = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".part");
    const place = byId((answer.headers.get("HX-Retarget") || "#notices").slice(1));
    if (part) {
      place.replaceChildren(document.adoptNode(part));
      htmx.process(place);
      if (place.id === "dialog") place.showModal();
    }
  } catch {
    const text = byId("unreachable");
    if (text) byId("notices").replaceChildren(text.content.cloneNode(true));
  } finally {
    button.disabled = false;
  }
});
