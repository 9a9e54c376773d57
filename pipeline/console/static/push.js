// Subscribes this browser to a channel of Web Push and sends its address and keys by the form of the page.
"use strict";

function bytesOf(base64url) {
  const padded = base64url.replace(/-/g, "+").replace(/_/g, "/").padEnd(Math.ceil(base64url.length / 4) * 4, "=");
  return Uint8Array.from(atob(padded), (character) => character.charCodeAt(0));
}

function textOf(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

async function subscription(form) {
  const registered = await navigator.serviceWorker.register(form.dataset.worker);
  await navigator.serviceWorker.ready;
  // A browser has one subscription, with the key of one channel.
  await (await registered.pushManager.getSubscription())?.unsubscribe();
  const key = form.elements.channel.selectedOptions[0].dataset.key;
  return registered.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytesOf(key) });
}

async function subscribe(form, problem) {
  const say = (text) => { problem.textContent = text; problem.hidden = !text; };
  if ((await Notification.requestPermission()) !== "granted") return say(problem.dataset.denied);
  try {
    const made = await subscription(form);
    form.elements.endpoint.value = made.endpoint;
    form.elements.p256dh.value = textOf(made.getKey("p256dh"));
    form.elements.auth.value = textOf(made.getKey("auth"));
  } catch (error) {
    return say(problem.dataset.failed);
  }
  form.submit();
}

document.addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("subscribe");
  if (!form) return;
  const problem = document.getElementById("push-problem");
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) {
    problem.textContent = problem.dataset.old;
    problem.hidden = false;
    form.querySelector("button").disabled = true;
    return;
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    subscribe(form, problem).finally(() => { button.disabled = false; });
  });
});
