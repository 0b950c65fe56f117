// The frame around the pages: which one is shown, the way to the others, and whether the sidecar is there.
// It knows each page by its address alone.

import { listen, login, state, watch } from "./api.js";
import { h, show } from "./dom.js";
import { inert } from "./format.js";
import { manifest } from "./manifest.js";
import { breakers, policies, resources, schedules } from "./operate.js";
import { overview } from "./overview.js";
import { run } from "./run.js";
import { runs } from "./runs.js";

const PAGES = [
  ["", "Overview", overview],
  ["runs", "Runs", runs],
  ["breakers", "Breakers", breakers],
  ["policies", "Policies", policies],
  ["resources", "Resources", resources],
  ["schedules", "Schedules", schedules],
  ["manifest", "Manifest", manifest],
];

const main = document.getElementById("main");
let page = null;

function go() {
  const address = location.hash.replace(/^#\/?/, "");
  const [place, query] = address.split("?");
  const [name, id] = place.split("/");
  const wanted = name === "run" ? run : PAGES.find(([own]) => own === name)?.[2];
  page?.stop();
  show(main);
  page = null;
  show(document.getElementById("nav"), PAGES.map(([own, title]) => {
    const here = own === name || (own === "runs" && name === "run");
    return h("a", { href: `#/${own}`, "aria-current": here && "page" }, title);
  }));
  // On a phone not all of them are in view.
  document.querySelector("#nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  if (!wanted) {
    show(main, h("h1", null, "There is no such page"));
    return;
  }
  page = wanted(main, new URLSearchParams(query), id === undefined ? undefined : plain(id));
  document.title = `${inert(page.title)} \u00b7 Conductor`;
  window.scrollTo(0, 0);
}

function plain(id) {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

const SIGNS = { live: "live", connecting: "connecting", away: "offline" };

function told() {
  const live = document.getElementById("live");
  live.dataset.state = state.live;
  show(live, SIGNS[state.live]);
  const banner = document.getElementById("banner");
  if (state.stranger) {
    show(banner, h("p", { class: "banner" }, h("strong", null, "The sidecar does not know who you are. "), inert(state.stranger),
      " The command ", h("code", null, "conductor ui"), " prints a link that lets this browser in."));
  } else if (state.live === "away") {
    show(banner, h("p", { class: "banner" }, h("strong", null, "The sidecar does not answer. "),
      "What is shown may be old. It is tried again until it is back."));
  } else show(banner);
}

// A link with a code lets this browser in; it is used up, so that neither the history nor a copied address has it.
async function arrive() {
  const code = location.hash.match(/^#login=(\w+)$/)?.[1];
  if (code) {
    history.replaceState(null, "", "#/");
    await login(code);
  }
  go();
  return code;
}

window.addEventListener("hashchange", async () => {
  if (await arrive()) listen();
  main.focus({ preventScroll: true });
});
watch((changed) => changed === null && told());
told();
await arrive();
listen();
