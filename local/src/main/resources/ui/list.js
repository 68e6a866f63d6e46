// All clusters in a table.

import { call, command, isMine, TABLE } from "./api.js";
import { copyable, h, notice, setText, showState, stateLabel } from "./dom.js";
import { askToDestroy, askToProlong } from "./dialogs.js";
import { countdown, dollars, exactly, now } from "./time.js";

// What stays as it was when one comes back to the table.
const filter = { text: "", state: "", mine: false };
const order = { by: "created", down: false };

const SOON = 6 * 60 * 1000; // when the owner gets the notice

const COLUMNS = [
  ["name", "Name"],
  ["state", "State"],
  ["expires", "Time left"],
  ["owner", "Owner"],
  ["version", "Version"],
  ["nodes", "Nodes"],
  ["cost", "Cost so far"],
];

function parse(text, at) {
  const clusters = [];
  for (const line of text.split("\n")) {
    const [id, name, state, left, lifetime, owner, version, nodes, cost, created, createdBy] = line.split("\t");
    if (!/^[A-Za-z0-9-]{1,64}$/.test(id) || state === undefined) continue;
    clusters.push({
      id,
      name: name || id,
      state,
      expires: /^-?[0-9]+$/.test(left) ? at + Number(left) * 1000 : null,
      lifetime: Number(lifetime) * 60000,
      owner: owner ?? "",
      version: version ?? "",
      nodes: Number(nodes) || 0,
      cost: cost ? Number(cost) : null,
      created: created ?? "",
      createdBy: createdBy ?? "",
    });
  }
  return clusters;
}

function row() {
  const parts = {
    name: h("a", {}),
    state: h("span", {}),
    left: h("span", { class: "left" }),
    bar: h("progress", { max: "1", hidden: true, "aria-label": "life used up" }),
    owner: h("td", { class: "owner", role: "cell" }),
    version: h("td", { class: "version", role: "cell" }),
    nodes: h("td", { class: "nodes number", role: "cell" }),
    cost: h("td", { class: "cost number", role: "cell" }),
    prolong: h("button", { type: "button", class: "small" }, "Extend"),
    destroy: h("button", { type: "button", class: "small quiet" }, "Destroy"),
  };
  parts.element = h(
    "tr",
    { role: "row" },
    h("th", { scope: "row", role: "rowheader", class: "name" }, parts.name),
    h("td", { role: "cell", class: "what" }, parts.state),
    h("td", { role: "cell", class: "life" }, parts.left, parts.bar),
    parts.owner,
    parts.version,
    parts.nodes,
    parts.cost,
    h("td", { role: "cell", class: "actions" }, parts.prolong, parts.destroy),
  );
  return parts;
}

export function listView(refresh) {
  const rows = new Map();
  let etag = null;
  let isLoaded = false;
  let asked = null;
  const seen = new Set(); // the rows in sight, whose countdowns run
  const sight = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) {
        seen.add(entry.target);
        tickRow(entry.target.parts, now());
      } else seen.delete(entry.target);
    }
  }, { rootMargin: "200px" });

  const body = h("tbody", { role: "rowgroup" });
  const heads = COLUMNS.map(([key, label]) => {
    const button = h("button", { type: "button", class: "sort" }, label);
    button.addEventListener("click", () => {
      order.down = order.by === key ? !order.down : false;
      order.by = key;
      arrange();
    });
    return h("th", { scope: "col", role: "columnheader", class: key, "data-key": key }, button);
  });
  const table = h(
    "table",
    { class: "clusters", role: "table", "aria-label": "Clusters" },
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, heads, h("th", { scope: "col", role: "columnheader", class: "actions" }, h("span", { class: "unseen" }, "Actions")))),
    body,
  );

  const text = h("input", { type: "search", id: "text", placeholder: "Name, owner or id", autocomplete: "off", spellcheck: "false" });
  const state = h(
    "select",
    { id: "state" },
    h("option", { value: "" }, "All states"),
    ["creating", "ready", "create-failed", "destroying", "destroy-failed"].map((one) => h("option", { value: one }, stateLabel(one))),
    h("option", { value: "gone" }, "Gone, the latest"),
  );
  const mine = h("input", { type: "checkbox", id: "mine" });
  const count = h("p", { class: "count", role: "status" });
  text.value = filter.text;
  state.value = filter.state;
  mine.checked = filter.mine;
  text.addEventListener("input", () => {
    filter.text = text.value;
    arrange();
  });
  state.addEventListener("change", () => {
    filter.state = state.value;
    arrange();
    refresh();
  });
  mine.addEventListener("change", () => {
    filter.mine = mine.checked;
    arrange();
  });

  const empty = h("section", { class: "empty", hidden: true });
  const loading = h("p", { class: "loading" }, "Loading the clusters…");
  const tools = h(
    "form",
    { class: "tools", role: "search", "aria-label": "Filters", onsubmit: (event) => event.preventDefault() },
    h("div", { class: "field" }, h("label", { for: "text" }, "Search"), text),
    h("div", { class: "field" }, h("label", { for: "state" }, "State"), state),
    h("div", { class: "check" }, mine, h("label", { for: "mine" }, "Only mine")),
    count,
  );
  tools.hidden = true;
  table.hidden = true;
  const element = h("div", {}, h("h1", { class: "unseen" }, "Clusters"), tools, loading, empty, table);

  function tickRow(parts, at) {
    const cluster = parts.cluster;
    if (cluster.expires === null || cluster.state !== "ready") {
      setText(parts.left, cluster.state === "creating" ? "starts when ready" : "–");
      parts.left.className = "left none";
      parts.left.removeAttribute("title");
      parts.bar.hidden = true;
      return;
    }
    const left = cluster.expires - at;
    setText(parts.left, left > 0 ? countdown(left) : "ends now");
    parts.left.className = left < SOON ? "left soon" : "left";
    parts.left.title = `expires ${exactly(cluster.expires)}`;
    const used = cluster.lifetime > 0 ? Math.min(1, Math.max(0, 1 - left / cluster.lifetime)) : 1;
    const shown = Math.round(used * 500) / 500;
    if (parts.bar.value !== shown) parts.bar.value = shown;
    parts.bar.className = left < SOON ? "soon" : "";
    parts.bar.hidden = false;
  }

  function fill(parts, cluster) {
    const before = parts.cluster;
    // A second is lost on the way now and then; that is no change of the expiry.
    if (before && before.expires !== null && cluster.expires !== null && before.lifetime === cluster.lifetime && Math.abs(before.expires - cluster.expires) < 2500) {
      cluster.expires = before.expires;
    }
    parts.cluster = cluster;
    parts.element.parts = parts;
    if (!before) {
      setText(parts.name, cluster.name);
      parts.name.href = `#/clusters/${cluster.id}`;
      setText(parts.owner, cluster.owner === "nobody@example.com" ? "–" : cluster.owner);
      parts.owner.title = cluster.createdBy ? `created by ${cluster.createdBy}` : "";
      setText(parts.version, cluster.version);
      setText(parts.nodes, cluster.nodes ? String(cluster.nodes) : "");
      parts.prolong.setAttribute("aria-label", `Extend ${cluster.name}`);
      parts.destroy.setAttribute("aria-label", `Destroy ${cluster.name}`);
      parts.prolong.addEventListener("click", () => askToProlong(parts.cluster, 30, refresh));
      parts.destroy.addEventListener("click", () => askToDestroy(parts.cluster, refresh));
    }
    setText(parts.cost, dollars(cluster.cost));
    showState(parts.state, cluster.state);
    parts.prolong.hidden = cluster.state !== "ready" && cluster.state !== "creating";
    parts.destroy.hidden = !["ready", "creating", "destroy-failed", "unreadable"].includes(cluster.state);
    tickRow(parts, now());
  }

  function isShown(cluster) {
    const wanted = filter.text.trim().toLowerCase();
    return (
      (filter.state === "" ? cluster.state !== "gone" : cluster.state === filter.state)
      && (!filter.mine || isMine(cluster.createdBy, cluster.owner))
      && (wanted === "" || [cluster.name, cluster.owner, cluster.id, cluster.createdBy].some((one) => one.toLowerCase().includes(wanted)))
    );
  }

  function compare(a, b) {
    const x = a.cluster[order.by];
    const y = b.cluster[order.by];
    if (x !== y) {
      if (x === null || x === "") return 1;
      if (y === null || y === "") return -1;
      return (x < y ? -1 : 1) * (order.down ? -1 : 1);
    }
    return a.cluster.id < b.cluster.id ? -1 : 1;
  }

  // Puts the rows in order and hides those that the filters exclude.
  function arrange() {
    const sorted = [...rows.values()].sort(compare);
    let shown = 0;
    let next = body.firstChild;
    for (const parts of sorted) {
      if (parts.element === next) next = next.nextSibling;
      else body.insertBefore(parts.element, next);
      const visible = isShown(parts.cluster);
      parts.element.hidden = !visible;
      if (visible) shown++;
    }
    for (const head of heads) {
      if (head.dataset.key === order.by) head.setAttribute("aria-sort", order.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
    const all = [...rows.values()].filter((parts) => (parts.cluster.state === "gone") === (filter.state === "gone")).length;
    setText(count, shown === all ? `${all} cluster${all === 1 ? "" : "s"}` : `${shown} of ${all} clusters`);
    table.hidden = shown === 0;
    tools.hidden = !isLoaded || (rows.size === 0 && filter.state === "");
    showEmpty(isLoaded && shown === 0);
  }

  function showEmpty(isEmpty) {
    empty.hidden = !isEmpty;
    if (!isEmpty) return;
    const isFiltered = rows.size > 0 || filter.state !== "";
    const kind = isFiltered ? "filtered" : "none";
    if (empty.dataset.kind === kind) return;
    empty.dataset.kind = kind;
    if (isFiltered) {
      const clear = h("button", { type: "button" }, "Show all clusters");
      clear.addEventListener("click", () => {
        Object.assign(filter, { text: "", state: "", mine: false });
        text.value = state.value = "";
        mine.checked = false;
        arrange();
        text.focus();
      });
      empty.replaceChildren(h("h2", {}, "No cluster matches"), h("p", {}, "Other clusters exist; these filters hide them."), clear);
    } else {
      empty.replaceChildren(
        h("h2", {}, "No clusters"),
        h("p", {}, "Create one here, or with the command. It is deleted when its time is up."),
        h("p", {}, h("a", { class: "button primary", href: "#/new" }, "Create a cluster")),
        copyable("create a cluster", command("create")),
      );
    }
  }

  function update(clusters, isGone) {
    const ids = new Set();
    for (const cluster of clusters) {
      ids.add(cluster.id);
      let parts = rows.get(cluster.id);
      if (!parts) {
        parts = row();
        rows.set(cluster.id, parts);
        sight.observe(parts.element);
      }
      fill(parts, cluster);
    }
    const ended = [];
    for (const [id, parts] of rows) {
      if (ids.has(id) || (parts.cluster.state === "gone") !== isGone) continue;
      if (!isGone) ended.push(parts.cluster.name);
      sight.unobserve(parts.element);
      seen.delete(parts.element);
      parts.element.remove();
      rows.delete(id);
    }
    if (ended.length > 0 && isLoaded) notice(ended.length > 3 ? `${ended.length} clusters are gone` : `${ended.join(", ")} ${ended.length > 1 ? "are" : "is"} gone`);
  }

  return {
    title: "Clusters",
    element,
    isLive: () => true,
    isBusy: () => [...rows.values()].some(({ cluster }) => cluster.state === "creating" || cluster.state === "destroying" || (cluster.state === "ready" && cluster.expires !== null && cluster.expires < now())),
    async refresh() {
      const wantsGone = filter.state === "gone";
      const headers = { Accept: TABLE };
      if (etag !== null) headers["If-None-Match"] = etag;
      const answer = await call("GET", "/clusters", { headers });
      if (answer.status === 200) {
        etag = answer.etag;
        update(parse(answer.text, now()), false);
      }
      if (wantsGone && asked !== "gone") update(parse((await call("GET", "/clusters/gone", { headers: { Accept: TABLE } })).text, now()), true);
      asked = wantsGone ? "gone" : null;
      isLoaded = true;
      loading.hidden = true;
      arrange();
    },
    showFailure() {
      if (!isLoaded) loading.hidden = true;
      return false;
    },
    tick(at) {
      for (const one of seen) tickRow(one.parts, at);
    },
    leave() {
      sight.disconnect();
    },
  };
}
