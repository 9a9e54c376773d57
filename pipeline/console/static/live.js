// Live views: reads the messages of live_video.py, decodes H.264 by WebCodecs, and paints each tile.
"use strict";

const HEAD = 14;
const [DELTA, KEY, END, SIGN, REFUSED] = [0, 1, 2, 3, 4];
const SILENT_MS = 3000;

class Tile {
  constructor(element) {
    this.element = element;
    this.camera = element.dataset.camera;
    this.canvas = element.querySelector("canvas");
    this.text = element.querySelector(".tile-state");
    this.context = this.canvas.getContext("2d");
    this.begin();
  }

  begin() {
    this.decoder?.state !== "closed" && this.decoder?.close();
    this.decoder = undefined;
    this.at = undefined;
    this.state("wait", this.text.dataset.wait);
  }

  state(name, text) {
    if (this.element.dataset.state === name) return;
    this.element.dataset.state = name;
    this.text.textContent = text;
    // An image that is not of now must not be taken for one.
    if (name !== "live") this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  add(kind, ms, data) {
    if (!this.decoder || this.decoder.state === "closed") {
      if (kind !== KEY) return;
      this.decoder = new VideoDecoder({ output: (frame) => this.paint(frame), error: () => {} });
      this.decoder.configure({ codec: "avc1.42001f", optimizeForLatency: true });
    }
    this.decoder.decode(new EncodedVideoChunk({ type: kind === KEY ? "key" : "delta", timestamp: ms * 1000, data }));
  }

  paint(frame) {
    if (this.canvas.width !== frame.displayWidth || this.canvas.height !== frame.displayHeight) {
      this.canvas.width = frame.displayWidth;
      this.canvas.height = frame.displayHeight;
    }
    this.context.drawImage(frame, 0, 0);
    this.canvas.dataset.ms = frame.timestamp / 1000;
    this.canvas.dataset.painted = Date.now();
    frame.close();
    this.at = Date.now();
    this.state("live", "");
  }

  check() {
    if (this.at === undefined || Date.now() - this.at < SILENT_MS) return;
    this.state("lost", this.text.dataset.lost.replace("{time}", new Date(this.at).toLocaleTimeString()));
  }
}

class Live {
  constructor(root) {
    this.root = root;
    this.problem = document.getElementById("live-problem");
    this.all = [...root.querySelectorAll(".tile")];
    this.size = Number(root.querySelector(".wall")?.className.match(/wall-(\d+)/)?.[1] ?? 1);
    this.first = 0;
    this.wait = 1000;
    this.once = "once" in root.dataset; // recorded video is not shown again by itself
    setInterval(() => this.tiles?.forEach((tile) => tile.check()), 500);
    this.open();
  }

  next() {
    this.first = this.first + this.size >= this.all.length ? 0 : this.first + this.size;
    this.open();
  }

  open() {
    this.abort?.abort();
    this.tiles?.forEach((tile) => tile.begin());
    this.all.forEach((one, number) => { one.hidden = number < this.first || number >= this.first + this.size; });
    this.tiles = this.all.filter((one) => !one.hidden).map((one) => new Tile(one));
    this.abort = new AbortController();
    this.read(this.abort.signal);
  }

  async read(signal) {
    try {
      const reply = await this.asked(signal);
      if (!reply.ok) return this.say(this.problem.dataset.refused);
      this.say("");
      await this.take(reply.body.getReader());
    } catch (error) {
      if (signal.aborted) return;
    }
    if (signal.aborted || this.ended || this.once) return;
    this.say(this.problem.dataset.lost.replace("{time}", new Date().toLocaleTimeString()));
    setTimeout(() => { if (!signal.aborted) this.open(); }, this.wait);
    this.wait = Math.min(this.wait * 2, 10000);
  }

  // Live views are opened by an address; recorded video by a form, as purpose, case and time are in no address.
  asked(signal) {
    const form = this.root.querySelector("form");
    if (!form) return fetch(this.root.dataset.live + this.tiles.map((tile) => tile.camera).join(","), { signal });
    const headers = { "Content-Type": "application/x-www-form-urlencoded" };
    const body = new URLSearchParams(new FormData(form)).toString();
    return fetch(this.root.dataset.live, { method: "POST", headers, body, signal });
  }

  async take(reader) {
    let held = new Uint8Array(0);
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const joined = new Uint8Array(held.length + value.length);
      joined.set(held);
      joined.set(value, held.length);
      held = joined.subarray(this.messages(joined));
    }
  }

  messages(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    while (bytes.length - at >= HEAD) {
      const size = view.getUint32(at + 10, true);
      if (bytes.length - at - HEAD < size) break;
      const data = bytes.slice(at + HEAD, at + HEAD + size);
      const kind = view.getUint8(at + 1);
      if (kind === END) this.end(new TextDecoder().decode(data));
      else if (kind === REFUSED) this.tiles[view.getUint8(at)]?.state("refused", new TextDecoder().decode(data));
      else if (kind !== SIGN) {
        this.wait = 1000;
        this.tiles[view.getUint8(at)]?.add(kind, Number(view.getBigUint64(at + 2, true)), data);
      }
      at += HEAD + size;
    }
    return at;
  }

  // Ended by the server, which says why. Nothing is shown any more; the page tries again in a while.
  end(text) {
    this.ended = true;
    this.tiles.forEach((tile) => tile.begin());
    this.say(text);
    if (this.once) return;
    setTimeout(() => { this.ended = false; this.open(); }, 10000);
  }

  say(text) {
    this.problem.textContent = text;
    this.problem.hidden = !text;
  }
}

function fallBack(root, problem) {
  if (!root.dataset.fallback) {
    problem.textContent = problem.dataset.old;
    problem.hidden = false;
    return;
  }
  const canvas = root.querySelector("canvas");
  const image = new Image();
  image.alt = canvas.getAttribute("aria-label");
  image.src = root.dataset.fallback;
  canvas.replaceWith(image);
  root.querySelector(".tile-state").textContent = "";
  root.querySelector(".tile").dataset.state = "live";
}

document.addEventListener("DOMContentLoaded", () => {
  const root = document.querySelector(".live");
  if (!root) return;
  if (!("VideoDecoder" in window)) return fallBack(root, document.getElementById("live-problem"));
  const live = new Live(root);
  const button = document.getElementById("rotate");
  if (!button) return;
  let rotates = true;
  setInterval(() => { if (rotates) live.next(); }, Number(button.dataset.seconds) * 1000);
  button.addEventListener("click", () => {
    rotates = !rotates;
    button.setAttribute("aria-pressed", String(rotates));
  });
  document.getElementById("next-group").addEventListener("click", () => live.next());
});
