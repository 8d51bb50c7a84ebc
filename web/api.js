// The operator API. On a laptop the page has a token, which came behind the # of its address; in Azure the
// platform has signed its user in, and cookies say so.

const BASE = "/api/v1";
const KEY = "tabletalk-operator-token";
const PATIENCE_MS = 20_000;

/** What the API had against a request (problem+json), or that it could not be reached (status 0). */
export class ApiProblem extends Error {
  constructor(status, problem) {
    super(problem.detail || "");
    this.status = status;
    this.title = problem.title || "The server did not answer";
    this.fix = problem.fix || "";
    this.field = problem.field || "";
  }
}

/** Keep a token that stands in the address, and take it out of there. */
export function takeToken() {
  const found = /^#token=([^&]+)/.exec(location.hash);
  if (!found) return;
  localStorage.setItem(KEY, decodeURIComponent(found[1])); // for other tabs too: a call is watched in one
  history.replaceState(null, "", `${location.pathname}#/talk`);
}

export const get = (path, options) => ask("GET", path, undefined, options).then(({ body }) => body);
export const post = (path, body) => ask("POST", path, body).then(({ body: answer }) => answer);
export const patch = (path, body) => ask("PATCH", path, body).then(({ body: answer }) => answer);

/** A request whose answer is only read when it is new; hand in the same `memory` object each time. */
export async function getIfNew(path, memory, options) {
  const headers = memory.tag ? { "If-None-Match": memory.tag } : {};
  const { status, body, response } = await ask("GET", path, undefined, { ...options, headers });
  if (status === 304) return null;
  memory.tag = response.headers.get("ETag") ?? "";
  return body;
}

/** A page of CSV and the address of the next one, null when there is none. */
export async function getCsv(path, options) {
  const { response, body } = await ask("GET", path, undefined, options);
  const next = /<\/api\/v1([^>]+)>;\s*rel="next"/.exec(response.headers.get("Link") ?? "");
  return { text: body, next: next ? next[1] : null };
}

/** A part of a file from byte `first` on, as long as the server likes; from 0 when `tag` is not its tag any more. */
export async function getPart(path, first, tag, options) {
  const headers = { Range: `bytes=${first}-`, ...(tag ? { "If-Range": tag } : {}) };
  const { response, body } = await ask("GET", path, undefined, { ...options, headers });
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get("Content-Range") ?? "");
  const [begins, total] = range ? [Number(range[1]), Number(range[2])] : [0, body.byteLength];
  return { bytes: body, first: begins, total, tag: response.headers.get("ETag") };
}

/** Parameters as a query; what is empty is left out. */
export function query(values) {
  const given = Object.entries(values).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

async function ask(method, path, body, { signal, headers = {} } = {}) {
  const token = localStorage.getItem(KEY);
  const sent = { Accept: "application/json, text/csv, audio/wav, application/problem+json", ...headers };
  if (token) sent.Authorization = `Bearer ${token}`;
  if (body !== undefined) sent["Content-Type"] = "application/json";
  const patience = AbortSignal.timeout(PATIENCE_MS);
  let response;
  try {
    response = await fetch(BASE + path, {
      method,
      headers: sent,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, patience]) : patience,
      cache: "no-store",
      redirect: "manual", // to a sign-in page, which is no answer
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiProblem(0, { detail: "it may be starting, or the network is down", fix: "try again in a moment" });
  }
  if (response.status === 304) return { status: 304, body: null, response };
  if (response.type === "opaqueredirect") throw new ApiProblem(401, { title: "Not signed in" });
  let answer;
  try {
    const type = response.headers.get("Content-Type") ?? "";
    if (type.includes("json")) answer = await response.json();
    else answer = type.startsWith("audio/") ? await response.arrayBuffer() : await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiProblem(0, { detail: "its answer broke off", fix: "try again in a moment" });
  }
  if (response.ok) return { status: response.status, body: answer, response };
  // Whatever stands before the API may answer in its place, and not in its words.
  const other = { title: `Status ${response.status}`, fix: "try again in a moment" };
  throw new ApiProblem(response.status, answer && typeof answer === "object" ? answer : other);
}
