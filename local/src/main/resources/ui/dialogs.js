// The questions before a cluster is changed.

import { call, Failure, isMine } from "./api.js";
import { h, notice, setText } from "./dom.js";
import { countdown, minutesIn, moment, now, words } from "./time.js";

// Opens a dialog. send is called when it is confirmed; what it throws is shown, and the dialog stays.
function open(title, content, { label, isDangerous = false, send, isReady }) {
  const problem = h("p", { class: "problem", role: "alert" });
  const confirm = h("button", { type: "submit", class: isDangerous ? "danger" : "primary" }, label);
  const cancel = h("button", { type: "button" }, "Cancel");
  const form = h("form", {}, h("h2", { id: "question" }, title), content, problem, h("div", { class: "buttons" }, cancel, confirm));
  const dialog = h("dialog", { "aria-labelledby": "question" }, form);
  const check = () => {
    confirm.disabled = !isReady();
  };
  form.addEventListener("input", check);
  cancel.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!isReady()) return;
    confirm.disabled = true;
    problem.textContent = "";
    try {
      const result = await send();
      dialog.close();
      notice(result);
    } catch (failure) {
      if (!(failure instanceof Failure)) throw failure;
      problem.replaceChildren(...textOf(failure).map((line) => h("span", {}, line)));
      check();
    }
  });
  document.body.append(dialog);
  dialog.showModal();
  check();
  return dialog;
}

// After a lost response it is unknown whether the change was made.
function textOf(failure) {
  if (failure.kind === "ended" || failure.kind === "unreachable" || failure.kind === "status-504") {
    return ["No response, so this may or may not have been done.", "Look at the cluster before you try again.", ...failure.lines];
  }
  return [...failure.lines, ...failure.problems];
}

const CHOICES = [
  [30, "+30 min"],
  [120, "+2 h"],
];

// cluster has id, name, and expires or null; minutes is the choice that is made at first, null is another one.
export function askToProlong(cluster, minutes, done) {
  const preview = h("p", { class: "preview", role: "status" });
  const other = h("input", { type: "text", id: "other", placeholder: "45m, 1h30m, -10m", autocomplete: "off", "aria-describedby": "forms" });
  const radios = [...CHOICES, [null, "Other"]].map(([value, label], index) => {
    const radio = h("input", { type: "radio", name: "minutes", id: `choice-${index}`, checked: value === minutes });
    radio.minutes = value;
    return [radio, h("label", { for: `choice-${index}`, class: "choice" }, label)];
  });
  const choice = () => radios.find(([radio]) => radio.checked)[0].minutes;
  const chosen = () => choice() ?? minutesIn(other.value);
  const otherField = h("div", { class: "field" }, h("label", { for: "other" }, "By how much"), other, h("p", { id: "forms", class: "hint" }, "Minutes, or a duration like 45m or 1h30m; with a minus it is shortened."));

  function show() {
    otherField.hidden = choice() !== null;
    const change = chosen();
    if (change === null) {
      setText(preview, other.value === "" ? "" : "That is not a duration.");
    } else if (cluster.expires === null) {
      setText(preview, `It will live ${words(change)} ${change > 0 ? "longer" : "shorter"} once it is ready.`);
    } else {
      const end = cluster.expires + change * 60000;
      setText(preview, end <= now() ? "That is in the past; to end it now, destroy it." : `Expires ${moment(end)} instead of ${moment(cluster.expires)}, in ${countdown(end - now())}.`);
    }
  }

  const dialog = open(`Extend ${cluster.name}`, [h("fieldset", { class: "choices" }, h("legend", {}, "By"), radios), otherField, preview], {
    label: "Extend",
    isReady: () => {
      show();
      const change = chosen();
      return change !== null && (cluster.expires === null || cluster.expires + change * 60000 > now());
    },
    send: async () => {
      const change = chosen();
      const record = JSON.parse((await call("POST", `/prolong/${cluster.id}/${change}`)).text);
      const end = Date.parse(record.status?.expires ?? "");
      done();
      return Number.isNaN(end) ? `${cluster.name} will live ${words(change)} ${change > 0 ? "longer" : "shorter"}` : `${cluster.name} expires ${moment(end)}`;
    },
  });
  (minutes === null ? other : dialog.querySelector("input:checked")).focus();
}

export function askToDestroy(cluster, done) {
  const isOwn = isMine(cluster.createdBy, "");
  const name = h("input", { type: "text", id: "typed", autocomplete: "off", spellcheck: "false" });
  const content = [h("p", {}, "The cluster and everything on it are deleted. This cannot be undone.")];
  if (!isOwn) {
    content.push(
      h("p", {}, "Another caller created it: ", h("code", {}, cluster.createdBy || "unknown")),
      h("div", { class: "field" }, h("label", { for: "typed" }, "Type its name to confirm: ", h("code", {}, cluster.name)), name),
    );
  }
  open(`Destroy ${cluster.name}?`, content, {
    label: "Destroy",
    isDangerous: true,
    isReady: () => isOwn || name.value.trim() === cluster.name,
    send: async () => {
      await call("POST", `/destroy/${cluster.id}`);
      done();
      return `${cluster.name} is being destroyed`;
    },
  });
}
