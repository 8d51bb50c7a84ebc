// Elements without markup in strings: nothing that a caller said can become HTML.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. Attributes that begin with "on" are listeners; true is an attribute without a value; null, undefined
 * and false are left out. Children may be nested lists, strings, numbers and nodes; empty ones are left out.
 */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same in SVG. */
export function s(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" && "value" in element) element.value = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...flat(children));
  return element;
}

function flat(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== "");
}

/** Says something to those who listen to the page instead of seeing it. */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}

/** A choice of `options`: pairs of value and what is shown. */
export function choice(attributes, options, selected) {
  const element = h(
    "select",
    attributes,
    options.map(([value, shown]) => h("option", { value, selected: value === selected }, shown)),
  );
  return element;
}

/** A field with its label above it. */
export function field(label, control, hint = "") {
  const hintId = hint ? `${control.id}-hint` : null;
  if (hintId) control.setAttribute("aria-describedby", hintId);
  return h(
    "div",
    { class: "field" },
    h("label", { for: control.id }, label),
    control,
    hint && h("small", { id: hintId }, hint),
  );
}

/** What is wrong, and what to do about it. */
export function problemNote(error, again) {
  return h(
    "div",
    { class: "note bad", role: "alert" },
    h("p", {}, h("strong", {}, error.title || "That did not work"), error.message ? `: ${error.message}` : ""),
    error.fix && h("p", {}, `What to do: ${error.fix}`),
    again && h("button", { type: "button", onclick: again }, "Try again"),
  );
}

/** A dialog that takes the focus; resolves to whether it was agreed to. */
export function ask(title, body, agree, { danger = false } = {}) {
  return new Promise((resolve) => {
    const dialog = h(
      "dialog",
      { "aria-labelledby": "dialog-title" },
      h(
        "form",
        { method: "dialog" },
        h("h2", { id: "dialog-title" }, title),
        body,
        h(
          "div",
          { class: "row end" },
          h("button", { value: "no", formnovalidate: true }, "Cancel"),
          h("button", { value: "yes", class: danger ? "danger" : "primary" }, agree),
        ),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
