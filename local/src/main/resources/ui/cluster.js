// One cluster: what it is, what happened to it, its log, and what can be done.

import { call, command, json } from "./api.js";
import { copyable, h, setText, showState } from "./dom.js";
import { askToDestroy, askToProlong } from "./dialogs.js";
import { countdown, dollars, exactly, now, took } from "./time.js";

const LOG_EVERY = 1500;
const MOST_LINES = 3000;

const PHASES = { accepted: "accepted", "task-started": "task started", "control-plane": "control plane", nodes: "nodes", checks: "checks" };
const MAILS = { ready: "it is ready", notice: "it expires soon", failed: "its creation failed", gone: "it is gone" };

export function clusterView(id, refresh) {
  let record = null;
  let shown = "";
  const parts = {
    name: h("h1", {}, "…"),
    state: h("span", { class: "chip" }),
    left: h("p", { class: "big" }),
    until: h("p", { class: "until" }),
    bar: h("progress", { max: "1", "aria-label": "life used up" }),
    plus30: h("button", { type: "button" }, "+30 min"),
    plus120: h("button", { type: "button" }, "+2 h"),
    other: h("button", { type: "button" }, "Other…"),
    destroy: h("button", { type: "button", class: "danger" }, "Destroy"),
    trouble: h("section", { class: "trouble", "aria-label": "Trouble" }),
    phases: h("section", {}),
    facts: h("dl", { class: "facts" }),
    history: h("ol", { class: "timeline" }),
    commands: h("div", { class: "commands" }),
  };
  const cluster = () => ({
    id: record.status.id,
    name: record.name ?? record.status.id,
    createdBy: record.status.createdby ?? "",
    expires: record.status.state === "ready" ? Date.parse(record.status.expires) : null,
  });
  parts.plus30.addEventListener("click", () => askToProlong(cluster(), 30, refresh));
  parts.plus120.addEventListener("click", () => askToProlong(cluster(), 120, refresh));
  parts.other.addEventListener("click", () => askToProlong(cluster(), null, refresh));
  parts.destroy.addEventListener("click", () => askToDestroy(cluster(), refresh));
  const log = logPanel(id);
  const loading = h("p", { class: "loading" }, "Loading the cluster…");
  const missing = h("section", { class: "empty", hidden: true });
  const whole = h(
    "div",
    { class: "cluster", hidden: true },
    h("div", { class: "title" }, parts.name, parts.state),
    h(
      "section",
      { class: "life card", "aria-label": "Lifetime" },
      h("div", {}, parts.left, parts.until),
      h("div", { class: "buttons", role: "group", "aria-label": "Actions" }, parts.plus30, parts.plus120, parts.other, parts.destroy),
      parts.bar,
    ),
    parts.trouble,
    h(
      "div",
      { class: "columns" },
      h("div", {}, parts.phases, h("section", { class: "card" }, h("h2", {}, "What happened"), parts.history), log.element),
      h("div", {}, h("section", { class: "card" }, h("h2", {}, "Cluster"), parts.facts), h("section", { class: "card" }, h("h2", {}, "Commands"), parts.commands)),
    ),
  );
  const element = h("div", {}, h("p", { class: "back" }, h("a", { href: "#/" }, "← All clusters")), loading, missing, whole);

  function show() {
    const status = record.status ?? {};
    setText(parts.name, record.name ?? status.id ?? id);
    document.title = `${record.name ?? id} – EKSphemeral`;
    showState(parts.state, status.state ?? "unmanaged");
    const canProlong = status.state === "ready" || status.state === "creating";
    for (const button of [parts.plus30, parts.plus120, parts.other]) button.hidden = !canProlong;
    parts.destroy.hidden = !["ready", "creating", "destroy-failed", "unreadable"].includes(status.state);
    showTrouble(status);
    showPhases(status);
    showFacts(status);
    parts.history.replaceChildren(...events(status).map(eventItem));
    showCommands(status);
    tick(now());
  }

  function showTrouble(status) {
    const lines = [];
    if (status.error) lines.push(h("p", {}, status.error));
    if (status.leftovers?.length) lines.push(h("h3", {}, "Left over"), h("ul", {}, status.leftovers.map((one) => h("li", {}, one))));
    if (status.log?.length) lines.push(h("h3", {}, "End of the log"), h("pre", { tabindex: "0", role: "region", "aria-label": "End of the log" }, status.log.join("\n")));
    const title = { "create-failed": "It could not be created; what exists is being cleaned up", "destroy-failed": "It could not be deleted completely; this is retried" }[status.state] ?? "The latest problem";
    parts.trouble.replaceChildren(...(lines.length ? [h("h2", {}, title), ...lines] : []));
    parts.trouble.hidden = lines.length === 0;
  }

  function showPhases(status) {
    parts.phases.hidden = !status.phases?.length;
    parts.phases.className = "card";
    if (parts.phases.hidden) return;
    const items = status.phases.map((phase, index) => {
      const next = status.phases[index + 1];
      const time = h("span", { class: "aside" });
      if (next) setText(time, took(Date.parse(next.at) - Date.parse(phase.at)));
      else {
        time.dataset.since = phase.at;
        time.dataset.usually = phase.usually ?? "";
      }
      return h("li", { class: next ? "done" : "now" }, h("span", {}, PHASES[phase.phase] ?? phase.phase), time);
    });
    parts.phases.replaceChildren(h("h2", {}, "Creation"), h("ol", { class: "phases" }, items));
  }

  /** What its creator chose for the nodes. */
  function describeNodes({ types = [], arch, disk, capacitytype }) {
    return [types.join(" or "), arch, disk && `${disk} GiB`, capacitytype].filter(Boolean);
  }

  function showFacts(status) {
    const facts = [
      ["Owner", record.owner === "nobody@example.com" ? "none: no notices are sent" : record.owner],
      ["Created by", status.createdby],
      ["Kubernetes", record.kubeversion],
      ["Nodes", [record.numworkers, ...describeNodes(record.nodes ?? {})].join(", ")],
      ["Cost so far", status.cost === undefined ? undefined : `at most ${dollars(status.cost)}`],
      ["Minutes granted", status.lifetime],
      ["Built by", status.provider],
      ["Administrators", record.access?.join(", ")],
      ["Id", status.id],
    ];
    parts.facts.replaceChildren(...facts.filter(([, value]) => value !== undefined && value !== null && value !== "").map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, String(value)))));
  }

  function showCommands(status) {
    // Commands are pasted into a shell: nothing but a name gets into them.
    const name = status.state !== "gone" && /^[A-Za-z0-9-]{1,63}$/.test(record.name ?? "") ? record.name : id;
    const all = [];
    if (status.state === "ready" && !/^simulated/.test(status.provider ?? "")) all.push(["write its kubeconfig", command("kubeconfig", name)], ["open a shell", command("shell", name)]);
    if (status.state === "ready" || status.state === "creating") all.push(["extend it", command("prolong", name, "30m")]);
    if (status.state === "creating") all.push(["wait for it", command("wait", name)]);
    all.push(["see its log", command("logs", name)]);
    if (status.state !== "gone") all.push(["destroy it", command("destroy", name)]);
    parts.commands.replaceChildren(...all.map(([label, text]) => h("div", {}, h("p", { class: "hint" }, label), copyable(label, text))));
  }

  function tick(at) {
    log.tick();
    if (record === null) return;
    const status = record.status ?? {};
    for (const time of parts.phases.querySelectorAll("[data-since]")) {
      const usual = time.dataset.usually === "" ? "" : `, usually ${countdown(Number(time.dataset.usually) * 1000)}`;
      setText(time, took(at - Date.parse(time.dataset.since)) + usual);
    }
    parts.bar.hidden = status.state !== "ready";
    if (status.state === "ready") {
      const end = Date.parse(status.expires);
      const left = end - at;
      setText(parts.left, left > 0 ? countdown(left) : "ends now");
      parts.left.className = left < 360000 ? "big soon" : "big";
      setText(parts.until, `left; expires ${exactly(end)}`);
      const used = 1 - left / (status.lifetime * 60000);
      parts.bar.value = Number.isFinite(used) ? Math.min(1, Math.max(0, used)) : 1;
      parts.bar.className = left < 360000 ? "soon" : "";
      return;
    }
    parts.left.className = "big";
    const last = status.history?.findLast((one) => one.minutes === undefined);
    const since = last ? took(at - Date.parse(last.at)) : "";
    const usual = status.usually === undefined ? "" : `, usually ${countdown(status.usually * 1000)}`;
    const text = { creating: ["being created", `for ${since}${usual}`], destroying: ["being deleted", `for ${since}${usual}`], gone: ["gone", last ? `since ${exactly(Date.parse(last.at))}; nothing of it was found` : ""] }[status.state];
    setText(parts.left, text?.[0] ?? stateWords(status.state));
    setText(parts.until, text?.[1] ?? "");
  }

  return {
    title: "Cluster",
    element,
    isLive: () => record?.status?.state !== "gone" && missing.hidden,
    isBusy: () => {
      const status = record?.status;
      return status !== undefined && (status.state !== "ready" || Date.parse(status.expires) < now()) && status.state !== "destroy-failed";
    },
    async refresh() {
      const text = (await call("GET", `/status/${id}`)).text;
      loading.hidden = true;
      whole.hidden = false;
      missing.hidden = true;
      if (text === shown) return;
      shown = text;
      record = JSON.parse(text);
      show();
      log.follow(record.status?.state);
    },
    showFailure(failure) {
      if (record === null) loading.hidden = true;
      if (failure.kind !== "not-found" && failure.kind !== "ambiguous") return false;
      whole.hidden = true;
      missing.hidden = false;
      missing.replaceChildren(h("h1", {}, "No such cluster"), h("p", {}, "A cluster that is gone is shown for 30 days, by its id."), h("p", {}, h("a", { href: "#/" }, "All clusters")));
      return true;
    },
    tick,
    leave: log.stop,
  };
}

function stateWords(state) {
  return { "create-failed": "not created", "destroy-failed": "not deleted yet" }[state] ?? "";
}

// States, tasks and mails by their times, oldest first.
function events(status) {
  const all = [];
  for (const step of status.history ?? []) {
    const isChange = step.minutes !== undefined;
    all.push({
      at: step.at,
      title: isChange ? (step.minutes > 0 ? "extended" : "shortened") : step.state,
      text: [isChange ? step.why?.replace(/^(extended|shortened) /, "") : step.why && step.why !== step.state ? step.why : "", step.earlier ? `${step.earlier} earlier changes are not kept` : ""].filter(Boolean).join("; "),
      by: step.by,
      kind: isChange ? "change" : "step",
    });
  }
  for (const task of status.tasks ?? []) {
    const title = `${task.kind === "create" ? "create" : "destroy"} task ${task.attempt}`;
    if (task.launched) all.push({ at: task.launched, title, text: "launched", kind: "task" });
    if (task.ended) all.push({ at: task.ended, title, text: task.outcome ? `ended: ${task.outcome}` : "ended", kind: "task" });
  }
  for (const mail of status.mails ?? []) {
    if (!mail.tried) continue;
    all.push({ at: mail.last ?? mail.tried, title: "mail", text: `${MAILS[mail.topic] ?? mail.topic}: ${mail.delivery ?? "not sent yet"}${mail.why ? `, ${mail.why}` : ""}`, kind: "mail" });
  }
  return all.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

function eventItem(event) {
  const by = event.by === "control-plane" ? "by the control plane" : event.by ? `by ${event.by}` : "";
  return h(
    "li",
    { class: event.kind },
    h("time", { datetime: event.at }, exactly(Date.parse(event.at))),
    h("p", {}, h("strong", {}, event.title), event.text && ` ${event.text}`),
    by && !event.text.includes(event.by) && h("p", { class: "hint" }, by),
  );
}

// What the tasks print. It is asked for when one opens it, and while a task runs.
function logPanel(id) {
  const lines = h("pre", { class: "log", tabindex: "0", role: "region", "aria-label": "Log of the tasks" });
  const state = h("p", { class: "hint" });
  const details = h("details", { class: "card" }, h("summary", {}, h("h2", {}, "Log")), state, lines);
  let run = null;
  let next = 0;
  let timer = 0;
  let stopped = false;
  let latest = null;
  let isAsking = false;

  async function ask() {
    clearTimeout(timer);
    if (stopped || isAsking || !details.open || document.hidden) return;
    isAsking = true;
    try {
      const answer = await json("GET", `/ui/logs/${id}?after=${next}`);
      if (answer.run !== run) {
        run = answer.run;
        if (next > 0) {
          lines.replaceChildren();
          next = 0;
          isAsking = false;
          return ask();
        }
      }
      const atEnd = lines.scrollTop + lines.clientHeight >= lines.scrollHeight - 40;
      for (const line of answer.lines) lines.append(`${line}\n`);
      while (lines.childNodes.length > MOST_LINES) lines.firstChild.remove();
      if (atEnd) lines.scrollTop = lines.scrollHeight;
      next = answer.next;
      setText(state, answer.over ? "" : "following…");
      if (answer.over) next = 0;
      if (!answer.over) timer = setTimeout(ask, LOG_EVERY);
      else run = null;
      lines.isOver = answer.over;
    } catch (failure) {
      if (!failure.kind) throw failure;
      setText(state, failure.lines[0] ?? "the log is not available");
      timer = setTimeout(ask, LOG_EVERY * 4);
    } finally {
      isAsking = false;
    }
  }

  details.addEventListener("toggle", restart);

  function restart() {
    if (!details.open) return;
    lines.replaceChildren();
    next = 0;
    run = null;
    lines.isOver = false;
    ask();
  }

  return {
    element: details,
    follow(now) {
      const isNew = now !== latest;
      latest = now;
      if (isNew && details.open && lines.isOver) restart();
    },
    tick() {
      if (details.open && !lines.isOver && !timer && !isAsking) ask();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
