// Builds elements from names, attributes and texts, and changes what is shown into what is to be shown.
// It knows no markup: a text becomes a text node, whatever it says.

const SVG = "http://www.w3.org/2000/svg";
const DRAWN = new Set(["svg", "g", "path", "rect", "text", "line", "circle", "polyline", "title"]);

export function h(name, attributes, ...children) {
  const node = DRAWN.has(name) ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) hear(node, key.slice(2), value);
    else if (key === "at") for (const [property, to] of Object.entries(value)) node.style.setProperty(property, to);
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  append(node, children);
  return node;
}

function append(node, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(node, child);
    else node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

function hear(node, type, told) {
  node.told ??= {};
  node.told[type] = told;
  node.addEventListener(type, (event) => node.told[type]?.(event));
}

// Makes the children of `parent` what `wanted` says and leaves alone what is so already, so that focus, selection and
// places of scrolling stay.
export function show(parent, ...wanted) {
  const box = document.createDocumentFragment();
  append(box, wanted);
  match(parent, box);
}

function match(from, to) {
  const old = [...from.childNodes];
  const next = [...to.childNodes];
  for (let i = 0; i < next.length; i++) {
    const [a, b] = [old[i], next[i]];
    if (a === undefined) from.append(b);
    else if (!alike(a, b)) a.replaceWith(b);
    else if (a.nodeType === Node.TEXT_NODE) {
      if (a.data !== b.data) a.data = b.data;
    } else become(a, b);
  }
  for (const rest of old.slice(next.length)) rest.remove();
}

function alike(a, b) {
  if (a.nodeName !== b.nodeName) return false;
  if (a.nodeType === Node.TEXT_NODE) return true;
  return a.getAttribute("data-key") === b.getAttribute("data-key") && heard(a) === heard(b);
}

const heard = (node) => Object.keys(node.told ?? {}).join();

// What a person has changed since: it is theirs.
const OWN = { DETAILS: "open", INPUT: "value", TEXTAREA: "value" };

function become(a, b) {
  if (a.told) a.told = b.told;
  for (const { name } of [...a.attributes]) {
    if (!b.hasAttribute(name) && OWN[a.nodeName] !== name) a.removeAttribute(name);
  }
  for (const { name, value } of b.attributes) {
    if (OWN[a.nodeName] !== name && a.getAttribute(name) !== value) {
      // The attribute would be refused: the policy allows styles only where a script sets them.
      if (name === "style") a.style.cssText = b.style.cssText;
      else a.setAttribute(name, value);
    }
  }
  if (a.nodeName === "SELECT" || b.hasAttribute("data-own")) return;
  if (b.live) {
    // It fills itself, and does so anew where what it is made of has changed.
    a.live(b.made);
    return;
  }
  match(a, b);
}

// Does something at the next frame, once, however often it is asked for.
export function eachFrame(work) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      work();
    });
  };
}
