// Views by the part of the address behind the #, and what stands around them.

import { get, getIfNew, takeToken } from "./api.js";
import { callView } from "./call.js";
import { callsView } from "./calls.js";
import { h, problemNote } from "./dom.js";
import { setPlace } from "./format.js";
import { insightsView } from "./insights.js";
import { Talk } from "./talk.js";

const LIVE_EVERY_MS = 3000;
const SLOW_MS = 3000;

const main = document.getElementById("main");
let options = null;
let looking = false;
let leave = () => {};
/** What the view that is shown must stop before another one is. */

/** Calls in progress, null before they are known; `failed` when they could not be asked for again. */
const live = { calls: null, failed: false, listeners: new Set(), memory: {} };
let talk = null;
/** Goes on, and is shown again, when another view is opened meanwhile. */

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
  return { view: "talk", title: "Talk", show: (place) => (talk ??= new Talk(options, onTalk)).show(place) };
}

/** A talk has begun or is over: every view says so. */
function onTalk(talking) {
  const sign = document.getElementById("talking");
  sign.hidden = !talking;
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
  const loading = h("p", { class: "loading", role: "status" }, "Loading…");
  main.replaceChildren(loading);
  const slow = setTimeout(() => loading.append(" The first answer may take some seconds: the server is starting."), SLOW_MS);
  try {
    options = await get("/options");
  } catch (error) {
    main.replaceChildren(error.status === 401 ? signIn() : h("div", {}, h("h1", {}, "Tabletalk"), problemNote(error, show)));
    return false;
  } finally {
    clearTimeout(slow);
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
  const failed = live.failed;
  let found = null;
  try {
    found = await getIfNew("/live", live.memory);
    live.failed = false;
  } catch {
    live.failed = true;
  }
  if (found === null && live.failed === failed) return;
  live.calls = found?.calls ?? live.calls;
  const going = live.calls?.length ?? 0;
  const badge = document.getElementById("live-count");
  badge.hidden = going === 0;
  badge.replaceChildren(String(going), h("span", { class: "visually-hidden" }, " live"));
  for (const tell of live.listeners) tell();
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
    talk?.leave();
    talk = null;
  }
  void show().then(() => main.focus({ preventScroll: true }));
});
void show();
