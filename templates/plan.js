
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const show = (element) => { if (element) element.hidden = false; };

  // The theme: that of the system, until somebody chooses. A page from a file may have no memory.
  const themes = ["system", "light", "dark"];
  const memory = {
    get() { try { return localStorage.getItem("rackform-theme"); } catch { return null; } },
    set(theme) { try { localStorage.setItem("rackform-theme", theme); } catch { /* then until the page is closed */ } },
  };
  const button = byId("theme");
  let theme = themes.includes(memory.get()) ? memory.get() : "system";
  const paint = () => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.textContent = `Theme: ${theme}`;
  };
  button.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    memory.set(theme);
    paint();
  });
  paint();
  show(button);

  // Hosts: rows are put together when somebody looks for the first one.
  const MOST = 100;
  let rows = null;
  const load = () => {
    const data = JSON.parse(byId("data").textContent);
    const word = (places) => places.map((place) => data.answerers[place]);
    const row = (host, router, fate, before, after) => {
      const text = [host, ...before, ...after].join("\n").toLowerCase();
      const pattern = /[*?]/.test(host)
        ? new RegExp(`^${host.toLowerCase().replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*/g, ".*").replace(/\?/g, ".")}$`)
        : null;
      return { host, router, fate, before, after, text, pattern };
    };
    rows = data.changed.map(([host, router, fate, before, after]) => row(host, router, fate, word(before), word(after)));
    const same = new Map();
    for (const [router, place, hosts] of data.same) {
      for (const host of hosts) {
        const key = `${router} ${host}`;
        if (same.has(key)) same.get(key).push(place);
        else same.set(key, [place]);
      }
    }
    for (const [key, places] of same) {
      const at = key.indexOf(" ");
      rows.push(row(key.slice(at + 1), key.slice(0, at), "", word(places), word(places)));
    }
  };
  // The nearer a host is to what was typed, the sooner it comes; changes come before what stays.
  const rank = (row, query) => {
    if (row.host === query) return 0;
    if (row.pattern && row.pattern.test(query)) return 1;
    if (row.host.startsWith(query)) return 2;
    if (row.host.includes(query)) return 3;
    return row.text.includes(query) ? 4 : -1;
  };
  const cell = (name, label, list) => {
    const element = document.createElement("td");
    element.dataset.label = label;
    for (const one of list) {
      const span = element.appendChild(document.createElement("span"));
      span.className = name;
      span.textContent = one;
    }
    return element;
  };
  const classes = { "changes hands": "replace", "is answered no longer": "replace", "begins to be answered": "add", "": "stays" };
  const draw = (row) => {
    const line = document.createElement("tr");
    line.className = classes[row.fate] ?? "modify";
    const host = line.appendChild(document.createElement("th"));
    host.scope = "row";
    host.textContent = row.host;
    const who = (label, list) => list.length ? cell("who", label, list) : cell("nobody", label, ["nobody"]);
    const fate = document.createElement("td");
    fate.className = "fate";
    fate.textContent = row.fate || "as before";
    line.append(cell("", "router", [row.router]), who("before", row.before), who("after", row.after), fate);
    return line;
  };
  const query = byId("query");
  const find = () => {
    const text = query.value.trim().toLowerCase().replace(/^https?:\/\//, "").replace(/\/.*$/, (rest) => (rest === "/" ? "" : rest));
    byId("changes").hidden = text !== "";
    byId("results").hidden = text === "";
    if (text === "") {
      byId("found").textContent = "";
      return;
    }
    if (!rows) load();
    const found = [];
    rows.forEach((row, at) => {
      const near = rank(row, text);
      if (near >= 0) found.push([near, row.fate === "" ? 1 : 0, at]);
    });
    found.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
    const shown = found.slice(0, MOST).map(([, , at]) => draw(rows[at]));
    byId("results").tBodies[0].replaceChildren(...shown);
    byId("results").hidden = found.length === 0;
    byId("found").textContent = found.length > MOST ? `${found.length} found, the first ${MOST} are shown` : `${found.length} found`;
  };
  query.addEventListener("input", find);
  byId("finder").addEventListener("submit", (event) => event.preventDefault());
  show(byId("finder"));
  if (query.value) find(); // a browser that goes back puts the text there again

  // Stacks.
  const stacks = [...document.querySelectorAll(".stack")];
  if (stacks.length) {
    const fold = (open) => stacks.forEach((stack) => { if (!stack.hidden) stack.open = open; });
    byId("open").addEventListener("click", () => fold(true));
    byId("close").addEventListener("click", () => fold(false));
    byId("filter").addEventListener("input", (event) => {
      const text = event.target.value.trim().toLowerCase();
      stacks.forEach((stack) => { stack.hidden = !stack.dataset.name.toLowerCase().includes(text); });
    });
    show(byId("tools"));
  }
  // A link to a stack opens it.
  const follow = () => {
    const target = location.hash.length > 1 && byId(location.hash.slice(1));
    if (target && target.tagName === "DETAILS") {
      target.hidden = false;
      target.open = true;
    }
  };
  addEventListener("hashchange", follow);
  follow();
})();
