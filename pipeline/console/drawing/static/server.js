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

// The token of a session, where the page has one; a new session has a new one.
let token = "";

export function useToken(given) {
  token = given ?? "";
}

const sent = (path, body) => fetch(path, {
  method: "POST",
  headers: { "Content-Type": "application/json", ...(token && { "X-CSRF-Token": token }) },
  body: JSON.stringify(body),
});

export async function post(path, body = {}) {
  const response = await sent(path, body);
  if (response.status !== 403 || !token) return answered(response);
  const { csrf } = await get("state");
  if (csrf === token) return answered(response);
  token = csrf;
  return answered(await sent(path, body));
}
