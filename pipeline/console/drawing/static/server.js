// Requests to the program that serves this page.

export class Refused extends Error {
  constructor(status, problem) {
    super([problem.detail, problem.fix].filter(Boolean).join(" "));
    this.status = status;
    this.flaws = problem.flaws ?? [];
    this.code = problem.code ?? "";
    this.values = problem.values ?? {};
  }
}

async function answered(response) {
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => ({ detail: response.statusText }));
  throw new Refused(response.status, problem);
}

export const get = async (path) => answered(await fetch(path));

export const post = async (path, body = {}) =>
  answered(await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }));
