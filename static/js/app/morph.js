// Makes a part of the page equal to a new one and keeps every node that can stay: selections, focus and screen
// readers are not disturbed by what comes behind them.

// From the child with the number `from` on. `keep(now, next)` may take an element over itself, by returning true.
// `isAll`: whether what stands behind the new part goes.
export function morph(parent, fresh, from, keep, isAll = true) {
  let now = parent.childNodes[from] ?? null;
  for (const next of [...fresh.childNodes]) {
    if (!now) parent.append(next);
    else if (now.nodeType !== next.nodeType || now.nodeName !== next.nodeName) {
      now.replaceWith(next);
      now = next;
    } else patch(now, next, keep);
    now = now?.nextSibling ?? null;
  }
  while (isAll && now) {
    const after = now.nextSibling;
    now.remove();
    now = after;
  }
}

function patch(now, next, keep) {
  if (now.nodeType === Node.TEXT_NODE) return growText(now, next.data);
  if (now.isEqualNode(next) || keep(now, next)) return undefined;
  for (const { name, value } of next.attributes) if (now.getAttribute(name) !== value) now.setAttribute(name, value);
  for (const name of now.getAttributeNames()) if (name !== "tabindex" && !next.hasAttribute(name)) now.removeAttribute(name);
  return morph(now, next, 0, keep);
}

// Only what differs is written, so that a selection of what stands before it stays.
export function growText(node, text) {
  const { data } = node;
  if (data === text) return;
  let same = 0;
  const most = Math.min(data.length, text.length);
  while (same < most && data.charCodeAt(same) === text.charCodeAt(same)) same += 1;
  if (same === data.length) node.appendData(text.slice(same));
  else node.replaceData(same, data.length - same, text.slice(same));
}

// The same for an element that holds nothing but text.
export function growTextOf(element, text) {
  const [node] = element.childNodes;
  if (element.childNodes.length === 1 && node.nodeType === Node.TEXT_NODE && text) growText(node, text);
  else if (element.textContent !== text) element.textContent = text;
}
