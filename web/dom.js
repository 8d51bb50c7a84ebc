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
  const unknown = error.status === 401;
  return h(
    "div",
    { class: "note bad", role: "alert" },
    h("p", {}, h("strong", {}, error.title || "That did not work"), error.message ? `: ${error.message}` : ""),
    unknown
      ? h("p", {}, "What to do: sign in again. On your own machine the system was started anew: open the address that it printed.")
      : error.fix && h("p", {}, `What to do: ${error.fix}`),
    unknown && h("button", { type: "button", onclick: () => location.reload() }, "Sign in"),
    !unknown && again && h("button", { type: "button", onclick: again }, "Try again"),
  );
}

/** Show `note` in `place`; one that says the same as what is shown is not read out again. */
export function putNote(place, note) {
  if (place.textContent !== note.textContent) place.replaceChildren(note);
}

/**
 * Show the elements of `parts` (by name, in order) in `place`. What is as it was is left alone, so that the focus
 * stays where it is; of what is new, what was open is open, and nobody's writing is taken from under them.
 */
export function renew(place, parts) {
  const known = shownIn.get(place) ?? new Map();
  const shown = new Map();
  for (const [name, element] of Object.entries(parts)) {
    if (!element) continue;
    const made = element.outerHTML;
    const old = known.get(name);
    const stays = old && (old.made === made || old.element.matches(":has(:is(input, select, textarea):focus)"));
    shown.set(name, stays ? old : { made, element });
    if (old && !stays) takeOver(old.element, element);
  }
  shownIn.set(place, shown);
  const wanted = [...shown.values()].map(({ element }) => element);
  for (const child of [...place.children]) if (!wanted.includes(child)) child.remove();
  wanted.forEach((element, n) => {
    if (place.children[n] !== element) place.insertBefore(element, place.children[n] ?? null);
  });
}

const shownIn = new WeakMap();

function takeOver(old, element) {
  const folds = element.querySelectorAll("details");
  old.querySelectorAll("details").forEach((fold, n) => folds[n]?.toggleAttribute("open", fold.open));
  const at = [...old.querySelectorAll(FOCUSABLE)].indexOf(document.activeElement);
  old.replaceWith(element);
  if (at >= 0) element.querySelectorAll(FOCUSABLE)[at]?.focus({ preventScroll: true });
}

const FOCUSABLE = "a[href], button, summary, [tabindex]";

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
