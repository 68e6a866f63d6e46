// Builds elements. Text only ever becomes text: nothing here, or in any other file, parses markup.

export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else element.setAttribute(name, String(value));
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// Replaces the children of an element.
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
}

// Changes text only where it differs, so that a second costs nothing where nothing changes.
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

let noticeTimer = 0;

// Says what has happened, also to a screen reader.
export function notice(text) {
  const element = document.getElementById("notice");
  element.textContent = text;
  element.classList.add("shown");
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => element.classList.remove("shown"), 6000);
}

const STATES = {
  creating: ["Creating", "busy"],
  ready: ["Ready", "good"],
  "create-failed": ["Creation failed", "bad"],
  destroying: ["Destroying", "busy"],
  "destroy-failed": ["Destruction failed", "bad"],
  gone: ["Gone", "quiet"],
  unmanaged: ["Not managed", "quiet"],
  unreadable: ["Unreadable", "bad"],
};

export function stateLabel(state) {
  return (STATES[state] ?? [state])[0];
}

export function showState(element, state) {
  setText(element, stateLabel(state));
  element.className = `chip ${(STATES[state] ?? ["", "quiet"])[1]}`;
}

// A text to copy, with a button that does.
export function copyable(label, text) {
  const button = h("button", { type: "button", class: "small", "aria-label": `Copy: ${label}` }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      notice("copied");
    } catch {
      getSelection().selectAllChildren(button.previousElementSibling);
      notice("selected; press Ctrl-C to copy");
    }
  });
  return h("div", { class: "copy" }, h("code", { tabindex: "0" }, text), button);
}
