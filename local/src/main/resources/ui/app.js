// The page: which view is shown, when it is refreshed, and what is said when that fails.

import { about, command, learnAboutTheProxy } from "./api.js";
import { h, setText } from "./dom.js";
import { exactly, moment, now, speed } from "./time.js";
import { listView } from "./list.js";
import { clusterView } from "./cluster.js";
import { createView } from "./create.js";

const main = document.getElementById("main");
const banner = document.getElementById("banner");

// From one request to the next, in milliseconds. In AWS each costs a little, and things take minutes.
const IDLE = 6000;
const BUSY = { local: 1500, aws: 5500 };
const LONGEST = 30000;

let view = null;
let timer = 0;
let failures = 0;
let isRefreshing = false;
let isKnown = false;
let wasBusy = false;

const icons = { offline: "Not connected", credentials: "Credentials needed", error: "Something went wrong" };

// What went wrong, and what to do about it.
function explain(failure) {
  switch (failure.kind) {
    case "ended":
      return [icons.offline, ["The command that serves this page has ended, or this machine sleeps."], command("ui")];
    case "no-session":
      return [icons.offline, ["This page belongs to a command that has ended."], command("ui")];
    case "unreachable":
      return [icons.offline, failure.lines, about.edition === "local" ? command("up") : null];
    case "credentials":
      return [icons.credentials, failure.lines, null];
    case "not-allowed":
    case "forbidden":
      return ["Not allowed", [...failure.lines, `You are ${about.caller}.`], null];
    default:
      return [icons.error, [...failure.lines, ...failure.problems], null];
  }
}

function showFailure(failure) {
  const [title, lines, toType] = explain(failure);
  const again = h("button", { type: "button", onclick: () => refresh(true) }, "Try again");
  banner.replaceChildren(
    h("strong", {}, title),
    h("div", {}, lines.map((line) => h("p", {}, line)), toType && h("p", {}, "Type: ", h("code", {}, toType))),
    again,
  );
  banner.dataset.kind = failure.kind;
  banner.hidden = false;
  document.body.classList.add("stale");
}

function clearFailure() {
  if (banner.hidden) return;
  banner.hidden = true;
  banner.replaceChildren();
  document.body.classList.remove("stale");
}

async function refresh(byHand = false) {
  clearTimeout(timer);
  if (isRefreshing || (document.hidden && !byHand)) return;
  isRefreshing = true;
  const refreshed = view;
  try {
    if (!isKnown) {
      await learnAboutTheProxy();
      isKnown = true;
      showWhere();
    }
    await refreshed.refresh();
    failures = 0;
    clearFailure();
    setText(document.getElementById("fresh"), `updated ${exactly(Date.now())}`);
  } catch (failure) {
    if (!failure.kind) throw failure;
    failures++;
    if (refreshed === view && !view.showFailure?.(failure)) showFailure(failure);
  } finally {
    isRefreshing = false;
    schedule();
  }
  if (refreshed !== view) refresh();
}

function schedule() {
  clearTimeout(timer);
  if (document.hidden || !view.isLive()) return;
  wasBusy = view.isBusy();
  const usual = wasBusy ? BUSY[about.edition] : IDLE;
  timer = setTimeout(refresh, failures === 0 ? usual : Math.min(LONGEST, IDLE * 2 ** (failures - 1)));
}

function showWhere() {
  setText(document.getElementById("where"), about.where);
  document.documentElement.dataset.edition = about.edition;
}

function viewOf(hash) {
  const cluster = /^#\/clusters\/([A-Za-z0-9-]{1,64})$/.exec(hash);
  if (cluster) return clusterView(cluster[1], refresh);
  if (hash === "#/new") return createView(refresh);
  return listView(refresh);
}

function navigate(isFirst = false) {
  if (location.hash === "#main") {
    main.focus();
    return;
  }
  view?.leave?.();
  view = viewOf(location.hash);
  document.title = `${view.title} – EKSphemeral`;
  main.replaceChildren(view.element);
  failures = 0;
  if (!isFirst) {
    window.scrollTo(0, 0);
    main.focus({ preventScroll: true });
  }
  refresh();
}

function tick() {
  if (document.hidden) return;
  view.tick(now());
  // Something ends just now: the next look is due sooner.
  if (!wasBusy && failures === 0 && !isRefreshing && view.isBusy()) schedule();
  const clock = speed() === 1 ? "" : `the control plane's clock: ${moment(now())}, ${speed()} times as fast`;
  setText(document.getElementById("clock"), clock);
}

addEventListener("hashchange", () => navigate());
document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : refresh()));
addEventListener("online", () => refresh());
navigate(true);
setInterval(tick, 1000);
