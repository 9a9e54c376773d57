// Passkeys: the browser answers a challenge of the server, and the form takes the answer with it.
"use strict";

const withPasskeys = Boolean(window.PublicKeyCredential?.parseRequestOptionsFromJSON);

document.addEventListener("DOMContentLoaded", () => {
  for (const one of document.querySelectorAll("[data-passkeys]")) one.hidden = !withPasskeys;
  for (const one of document.querySelectorAll("[data-no-passkeys]")) one.hidden = withPasskeys;
});

async function answered(button, creates) {
  const headers = { "Content-Type": "application/json" };
  if (button.form.elements.csrf) headers["X-CSRF-Token"] = button.form.elements.csrf.value;
  const answer = await fetch(button.dataset.passkey, { method: "POST", headers, body: "{}" });
  if (!answer.ok) throw new Error(String(answer.status));
  const { options } = await answer.json();
  const made = creates
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  return JSON.stringify(made.toJSON());
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-passkey]");
  if (!button) return;
  event.preventDefault();
  const form = button.form;
  const creates = "creates" in button.dataset;
  const problem = form.querySelector("[data-passkey-problem]");
  form.elements.code.required = creates;
  problem.hidden = true;
  if (!form.reportValidity()) {
    form.elements.code.required = true;
    return;
  }
  button.disabled = true;
  try {
    form.elements.passkey.value = await answered(button, creates);
    form.requestSubmit();
  } catch {
    problem.hidden = false;
  } finally {
    form.elements.code.required = true;
    button.disabled = false;
  }
});
