// Views by the part of the address behind the #, and what stands around them.

import { get, getIfNew, takeToken } from "./api.js";
import { callView } from "./call.js";
import { callsView } from "./calls.js";
import { h, problemNote } from "./dom.js";
import { setPlace } from "./format.js";
import { insightsView } from "./insights.js";
import { talkView } from "./talk.js";

const LIVE_EVERY_MS = 3000;

const main = document.getElementById("main");
let options = null;
let looking = false;
let leave = () => {};
/** What the view that is shown must stop before another one is. */

const live = { calls: [], listeners: new Set(), memory: {} };

function route() {
  const [path, search = ""] = (location.hash.slice(1) || "/talk").split("?");
  const parameters = new URLSearchParams(search);
  const call = /^\/calls\/([\w-]+)$/.exec(path);
  if (call) return { view: "calls", title: "Call", show: (place) => callView(place, call[1], options, parameters.get("turn")) };
  if (path === "/calls") {
    return { view: "calls", title: "Calls", show: (place) => callsView(place, parameters, options, live) };
  }
  if (path === "/insights") {
    return { view: "insights", title: "Insights", show: (place) => insightsView(place, parameters, options) };
  }
  return { view: "talk", title: "Talk", show: (place) => talkView(place, options) };
}

async function show() {
  if (options === null && !(await open())) return;
  const { view, title, show: render } = route();
  leave();
  leave = () => {};
  main.replaceChildren();
  for (const link of document.querySelectorAll("nav [data-view]")) {
    if (link.dataset.view === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${title} – Tabletalk`;
  leave = render(main) ?? (() => {});
  window.scrollTo(0, 0);
}

/** Learn who asks and what there is to choose from. */
async function open() {
  main.replaceChildren(h("p", { class: "loading", role: "status" }, "Loading…"));
  try {
    options = await get("/options");
  } catch (error) {
    main.replaceChildren(error.status === 401 ? signIn() : problemNote(error, show));
    return false;
  }
  setPlace(options);
  document.getElementById("who").replaceChildren(
    h("span", {}, options.user),
    options.role === "viewer" ? h("span", { class: "tag" }, "viewer") : "",
  );
  if (!looking) {
    looking = true;
    setInterval(look, LIVE_EVERY_MS);
    document.addEventListener("visibilitychange", look);
  }
  void look();
  return true;
}

function signIn() {
  return h(
    "div",
    { class: "welcome" },
    h("h1", {}, "Who are you?"),
    h("p", {}, "In Azure, sign in with the account of your organisation."),
    h("p", {}, h("a", { class: "button primary", href: `/.auth/login/aad?post_login_redirect_uri=${location.pathname}` }, "Sign in")),
    h("p", {}, "On your own machine, open the address that ", h("code", {}, "make run"), " prints beside ", h("em", {}, "page"),
      ". It carries the token that opens this page, and a new one each time the system starts."),
  );
}

/** Calls in progress, for everything on the page that shows them; nothing is asked for while nobody looks. */
async function look() {
  if (document.hidden) return;
  let found;
  try {
    found = await getIfNew("/live", live.memory);
  } catch {
    return; // the view itself says when the API cannot be reached
  }
  if (found === null) return;
  live.calls = found.calls;
  const badge = document.getElementById("live-count");
  badge.hidden = live.calls.length === 0;
  badge.replaceChildren(String(live.calls.length), h("span", { class: "visually-hidden" }, " live"));
  for (const tell of live.listeners) tell(live.calls);
}

document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault(); // the part behind the # is the view
  main.focus();
});
takeToken();
window.addEventListener("hashchange", () => {
  if (location.hash.startsWith("#token=")) {
    takeToken();
    options = null;
  }
  void show().then(() => main.focus({ preventScroll: true }));
});
void show();
