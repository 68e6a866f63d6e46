// Calls of the API, through the proxy that serves this page.

import { heard } from "./time.js";

export const about = { edition: "local", where: "", caller: "", owner: "", command: "eksp COMMAND" };

// A call that failed: kind is what the page decides by, lines are for people.
export class Failure extends Error {
  constructor(kind, lines, problems = []) {
    super(lines[0]);
    this.kind = kind;
    this.lines = lines;
    this.problems = problems;
  }
}

export const TABLE = "text/tab-separated-values";

const PATIENCE = 35000;

// See entered.js. It is read for each call, as a newer command may have got the port of this one.
function key() {
  try {
    return localStorage.getItem("key") ?? "";
  } catch {
    return "";
  }
}

export async function call(method, path, { headers = {}, body } = {}) {
  let response;
  let text;
  try {
    response = await fetch(path, {
      method,
      headers: { ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers, "Eksphemeral-Key": key() },
      body,
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE),
    });
    text = await response.text();
  } catch {
    throw new Failure("ended", []);
  }
  heard(response.headers.get("Date"), response.headers.get("Eksphemeral-Speed"));
  if (response.ok || response.status === 304) {
    return { status: response.status, etag: response.headers.get("ETag"), text };
  }
  throw failureOf(response.status, text);
}

function failureOf(status, text) {
  let answer = {};
  try {
    answer = JSON.parse(text);
  } catch {
    // Not the API's words.
  }
  const words = String(answer.error ?? answer.message ?? `the control plane returned status ${status}`);
  const problems = Array.isArray(answer.problems) ? answer.problems.map(String) : [];
  return new Failure(String(answer.code ?? `status-${status}`), words.split("\n").map((line) => line.trim()), problems);
}

export async function json(method, path, options) {
  return JSON.parse((await call(method, path, options)).text);
}

export async function learnAboutTheProxy() {
  Object.assign(about, await json("GET", "/ui/about"));
}

export function isMine(createdBy, owner) {
  return createdBy === about.caller || (about.owner !== "" && owner === about.owner);
}

// A command as the caller types it.
export function command(name, ...words) {
  return [about.command.replace("COMMAND", name), ...words].join(" ");
}

// A UUID of version 7, as the commands choose them: the list is in their order.
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const time = Date.now();
  for (let i = 0; i < 6; i++) bytes[i] = Math.floor(time / 256 ** (5 - i)) % 256;
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
