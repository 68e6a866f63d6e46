// The form for a new cluster, with what it will be and cost as one types.

import { about, call, Failure, json, newId } from "./api.js";
import { fill, h, notice } from "./dom.js";
import { dollars, moment, words } from "./time.js";

const PAUSE = 350; // after the last key

export function createView() {
  let timer = 0;
  let latest = 0;
  const id = newId(); // chosen once, so that a repeated request creates no second cluster
  const fields = {
    name: field("name", "Name", h("input", { type: "text", maxlength: "63", autocomplete: "off", spellcheck: "false" }), "a-z, A-Z, digits and dashes. Left empty, one is generated."),
    timeout: field("timeout", "Lifetime", h("input", { type: "text", autocomplete: "off", list: "lifetimes" }), "From when it is ready: 30m, 2h, 1h30m or 1d."),
    until: field("until", "Or until", h("input", { type: "datetime-local" }), "When it expires, in your time zone."),
    numworkers: field("numworkers", "Nodes", h("input", { type: "number", min: "1", inputmode: "numeric" })),
    kubeversion: field("kubeversion", "Kubernetes version", h("input", { type: "text", autocomplete: "off" })),
    owner: field("owner", "Owner", h("input", { type: "email", autocomplete: "email" }), "This address gets a mail some minutes before it expires."),
    access: field("access", "More administrators", h("textarea", { rows: "2", spellcheck: "false" }), "ARNs of IAM roles or users, a line each. You are one anyway."),
  };
  fields.owner.input.value = about.owner;
  const general = h("div", { class: "problem general", role: "alert" });
  const submit = h("button", { type: "submit", class: "primary" }, "Create cluster");
  const estimate = h("div", { class: "figures" });
  const form = h(
    "form",
    { class: "card new", novalidate: true },
    h("h1", {}, "New cluster"),
    fields.name.element,
    h("div", { class: "pair" }, fields.timeout.element, fields.until.element),
    h("div", { class: "pair" }, fields.numworkers.element, fields.kubeversion.element),
    fields.owner.element,
    h("details", {}, h("summary", {}, "More"), fields.access.element),
    h("datalist", { id: "lifetimes" }, ["30m", "1h", "2h", "4h", "8h"].map((one) => h("option", { value: one }))),
    general,
    h("div", { class: "buttons" }, h("a", { class: "button", href: "#/" }, "Cancel"), submit),
  );
  const summary = h("aside", { class: "card estimate", "aria-label": "Estimate" }, h("h2", {}, "What you get"), estimate);
  const element = h("div", {}, h("p", { class: "back" }, h("a", { href: "#/" }, "← All clusters")), h("div", { class: "columns even" }, form, summary));

  function spec() {
    const all = {};
    const text = (key) => fields[key].input.value.trim();
    for (const key of ["name", "timeout", "kubeversion", "owner"]) if (text(key)) all[key] = text(key);
    if (/^\d+$/.test(all.timeout ?? "")) all.timeout = Number(all.timeout);
    if (text("numworkers")) all.numworkers = Number(text("numworkers"));
    if (text("until")) {
      const end = new Date(text("until"));
      all.until = Number.isNaN(end.getTime()) ? text("until") : end.toISOString();
    }
    const access = text("access").split(/\s+/).filter(Boolean);
    if (access.length) all.access = access;
    return all;
  }

  // Each problem of the spec begins with the field that it is about.
  function showProblems(problems, isTyping) {
    const rest = [];
    for (const one of Object.values(fields)) one.problems = [];
    for (const problem of problems) {
      const key = /^[a-z]+/.exec(problem)?.[0];
      const isTwo = problem.startsWith("timeout and until");
      if (fields[key]) fields[isTwo ? "until" : key].problems.push(isTwo ? problem : problem.slice(key.length + 1));
      else if (/^the name\b/.test(problem)) fields.name.problems.push(problem);
      else rest.push(problem);
    }
    for (const one of Object.values(fields)) one.show();
    general.replaceChildren(...rest.map((line) => h("span", {}, line)));
    if (!isTyping) form.querySelector("[aria-invalid]")?.focus();
  }

  function showEstimate(plan) {
    const lives = plan.until ? `expires ${moment(Date.parse(plan.until))}` : `${words(plan.timeout)} from when it is ready`;
    const rows = [
      ["Name", plan.name],
      ["Lifetime", lives],
      ["Nodes", plan.numworkers],
      ["Kubernetes", plan.kubeversion],
      ["Owner", plan.owner === "nobody@example.com" ? "none: no notices are sent" : plan.owner],
    ];
    const cost = plan.cost;
    if (!fields.numworkers.input.value) fields.numworkers.input.placeholder = String(plan.numworkers);
    if (!fields.kubeversion.input.value) fields.kubeversion.input.placeholder = plan.kubeversion;
    if (!fields.timeout.input.value && !plan.until) fields.timeout.input.placeholder = words(plan.timeout);
    fill(
      estimate,
      cost
        ? h("p", { class: "big" }, `about ${dollars(cost.usual)}`)
        : h("p", { class: "big" }, about.edition === "local" ? "costs nothing" : "cost unknown"),
      cost && h("p", { class: "hint" }, `at most ${dollars(cost.most)}; an hour more is ${dollars(cost.hourly)}; ${cost.assumes ?? "at list prices"}`),
      h("dl", { class: "facts" }, rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, String(value))))),
    );
  }

  async function update() {
    const turn = ++latest;
    try {
      const plan = await json("POST", "/estimate", { body: JSON.stringify(spec()), headers: { "Idempotency-Key": id } });
      if (turn !== latest) return;
      showEstimate(plan);
      showProblems(plan.refused ?? [], true);
    } catch (failure) {
      if (!(failure instanceof Failure) || turn !== latest) return;
      if (failure.kind !== "invalid-spec") throw failure;
      showProblems(failure.problems, true);
    }
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => update().catch((failure) => general.replaceChildren(...failure.lines.map((line) => h("span", {}, line)))), PAUSE);
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearTimeout(timer);
    submit.disabled = true;
    latest++;
    try {
      const record = JSON.parse((await call("POST", "/create", { body: JSON.stringify(spec()), headers: { "Idempotency-Key": id } })).text);
      notice(`${record.name} is accepted`);
      location.hash = `#/clusters/${record.status.id}`;
    } catch (failure) {
      if (!(failure instanceof Failure)) throw failure;
      const isLost = ["ended", "unreachable"].includes(failure.kind);
      showProblems(
        failure.problems.length
          ? failure.problems
          : [...(isLost ? ["No response. Creating it again is safe: it has its id already."] : []), ...failure.lines],
        false,
      );
      submit.disabled = false;
    }
  });

  return { title: "New cluster", element, isLive: () => false, isBusy: () => false, refresh: update, tick() {}, leave: () => clearTimeout(timer) };
}

function field(key, label, input, hint) {
  const problem = h("p", { class: "problem", id: `${key}-problem` });
  const help = hint && h("p", { class: "hint", id: `${key}-hint` }, hint);
  input.id = key;
  input.setAttribute("aria-describedby", `${key}-problem${hint ? ` ${key}-hint` : ""}`);
  const one = {
    input,
    problems: [],
    element: h("div", { class: "field" }, h("label", { for: key }, label), input, help, problem),
    show() {
      problem.textContent = one.problems.join("; ");
      if (one.problems.length) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    },
  };
  return one;
}
