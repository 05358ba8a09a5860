// Makes elements. Text goes through shown() and becomes text nodes or plain attributes, never markup.

function text(value) {
  return document.createTextNode(shown(value));
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : shown(value));
  }
  for (const child of children.flat(3)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : text(child));
  }
  return element;
}

function make(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function svg(tag, attributes, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function byId(id) {
  return document.getElementById(id);
}

function button(label, action, attributes) {
  return make('button', {type: 'button', onclick: action, ...attributes}, label);
}

function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function notice(message) {
  byId('notice').textContent = shown(message);
  byId('notice').hidden = message === '';
}

async function copyText(value, from) {
  try {
    await navigator.clipboard.writeText(value);
    const label = from.textContent;
    from.textContent = 'Copied';
    setTimeout(() => { from.textContent = label; }, 1200);
  } catch {
    notice('The browser does not let this page use the clipboard.');
  }
}

// As many rows as are to be seen, in a box that scrolls over all of them.
class VirtualList {
  // space: the element that gets the rows; above: height of what stays on top of the box.
  constructor(box, space, rowHeight, draw, above) {
    this.box = box;
    this.rowHeight = rowHeight;
    this.draw = draw;
    this.above = above || (() => 0);
    this.count = 0;
    this.shown = new Map();
    this.space = space;
    this.box.append(this.space);
    this.box.addEventListener('scroll', () => this.schedule(), {passive: true});
    new ResizeObserver(() => this.schedule()).observe(this.box);
  }
  setCount(count) {
    this.count = count;
    this.space.style.height = `${count * this.rowHeight()}px`;
    this.refresh();
  }
  schedule() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.move();
    });
  }
  // Draws all anew.
  refresh() {
    this.shown = new Map();
    this.space.replaceChildren();
    this.move();
  }
  range() {
    if (this.printed) return [0, Math.min(this.count, this.printed)];
    const height = this.rowHeight();
    return [Math.max(0, Math.floor(this.box.scrollTop / height) - 4),
      Math.min(this.count, Math.ceil((this.box.scrollTop + this.box.clientHeight) / height) + 4)];
  }
  // Rows that stay in sight are left alone: a click that has begun on one must end there.
  move() {
    const [first, last] = this.range(), height = this.rowHeight();
    for (const [i, row] of this.shown) {
      if (i >= first && i < last) continue;
      row.remove();
      this.shown.delete(i);
    }
    const least = Math.min(...this.shown.keys()), after = this.shown.get(least) || null;
    for (let i = first; i < last; i++) {
      if (this.shown.has(i)) continue;
      const row = this.draw(i);
      row.style.transform = `translateY(${i * height}px)`;
      this.space.insertBefore(row, i < least ? after : null);
      this.shown.set(i, row);
    }
  }
  // Paper gets the first rows, one below the other; 0: what is to be seen, again.
  print(rows) {
    this.printed = rows;
    this.refresh();
  }
  reveal(i) {
    const height = this.rowHeight(), top = i * height, room = this.box.clientHeight - this.above();
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    else if (top + height > this.box.scrollTop + room) this.box.scrollTop = top + height - room;
    this.refresh();
  }
}
