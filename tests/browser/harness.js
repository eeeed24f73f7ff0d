// The page's half of the bare-page harness: what ipywidgets and anywidget do between a widget's
// code and the kernel, without Jupyter. `_page.py` is the other half.
//
// Kept as they do it, since widgets depend on it: binary traits arrive as DataViews; the whole
// buffer under a view is sent, not the view; while the kernel works on one change of state the
// later ones are merged into one; custom messages are never merged or held back.

const contexts = [];
let globalListeners = 0;
watchContexts();
watchGlobalListeners();

const socket = new WebSocket(`ws://${location.host}/socket?key=${location.hash.slice(1)}`);
socket.binaryType = "arraybuffer";
const connected = new Promise((resolve) => {
  socket.onopen = resolve;
});
const models = new Map();
const waiting = new Map(); // by model id: called when the model has arrived
const views = [];
const questions = new Map(); // to the kernel, by request: the model each is of
let received = 0;
let posted = 0;

socket.onmessage = ({ data }) => {
  const { header, buffers } = unpack(data);
  const model = models.get(header.id);
  if (header.type === "model") {
    models.set(header.id, createModel(header.id, header.data, buffers));
    waiting.get(header.id)?.();
  } else if (header.type === "comm") model?.receive(header.data, buffers);
  else if (header.type === "handled") model?.handled();
  else if (header.type === "close") model?.close();
  received++;
};

/** A frame is the header's length, the header as JSON, then the buffers one after the other. */
function unpack(frame) {
  const length = new DataView(frame).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(frame, 4, length)));
  let start = 4 + length;
  const buffers = header.sizes.map((size) => {
    const view = new DataView(frame.slice(start, start + size));
    start += size;
    return view;
  });
  return { header, buffers };
}

function post(header, buffers) {
  const parts = buffers.map((part) => new Uint8Array(ArrayBuffer.isView(part) ? part.buffer : part));
  const sizes = parts.map((part) => part.byteLength);
  const json = new TextEncoder().encode(JSON.stringify({ ...header, sizes }));
  const frame = new Uint8Array(4 + json.length + sizes.reduce((sum, size) => sum + size, 0));
  new DataView(frame.buffer).setUint32(0, json.length, true);
  frame.set(json, 4);
  let start = 4 + json.length;
  for (const part of parts) {
    frame.set(part, start);
    start += part.byteLength;
  }
  posted++;
  socket.send(frame);
}

const isBinary = (value) => value instanceof ArrayBuffer || ArrayBuffer.isView(value);

function same(a, b) {
  if (a === b) return true;
  if (isBinary(a) || isBinary(b)) return false;
  return JSON.stringify(a) === JSON.stringify(b);
}

function putBuffers(state, paths, buffers) {
  paths.forEach((path, i) => {
    let place = state;
    for (const key of path.slice(0, -1)) place = place[key];
    place[path[path.length - 1]] = buffers[i];
  });
  return state;
}

function createModel(id, { state, buffer_paths: paths }, buffers) {
  const values = putBuffers(state, paths, buffers);
  const listeners = []; // { event, callback, owner }
  const controller = new AbortController();
  let changed = {}; // set, not yet saved
  let held = {}; // saved, waiting for the kernel to handle what was sent before
  let inFlight = 0;

  function trigger(event, ...details) {
    // A listener that throws must not keep the others from hearing; the page error is reported.
    for (const { event: name, callback } of [...listeners]) {
      if (name !== event) continue;
      try {
        callback(...details);
      } catch (error) {
        reportError(error);
      }
    }
  }

  function change(next) {
    const names = Object.keys(next).filter((name) => !same(values[name], next[name]));
    Object.assign(values, next);
    for (const name of names) trigger(`change:${name}`, null, values[name], {});
    if (names.length > 0) trigger("change", null, {});
    return names;
  }

  function send(data, parts) {
    post({ type: "comm", id, data }, parts);
  }

  function flush() {
    const names = Object.keys(held);
    if (names.length === 0 || inFlight > 0) return;
    const plain = {};
    const found = [];
    const parts = [];
    for (const name of names) {
      if (isBinary(held[name])) {
        found.push([name]);
        parts.push(held[name]);
      } else plain[name] = held[name];
    }
    held = {};
    inFlight++;
    send({ method: "update", state: plain, buffer_paths: found }, parts);
  }

  return {
    values,
    signal: controller.signal,
    count: () => listeners.length,
    idle: () => inFlight === 0 && Object.keys(held).length === 0,
    forget(owner) {
      for (let i = listeners.length - 1; i >= 0; i--) {
        if (listeners[i].owner === owner) listeners.splice(i, 1);
      }
    },
    receive(data, parts) {
      if (data.method === "update") change(putBuffers(data.state, data.buffer_paths ?? [], parts));
      else if (data.method === "custom") {
        questions.delete(data.content.request);
        trigger("msg:custom", data.content, parts);
      }
    },
    handled() {
      inFlight--;
      flush();
    },
    close() {
      models.delete(id);
      for (const [request, asker] of questions) if (asker === id) questions.delete(request);
      controller.abort();
    },
    /** What a widget's code gets; `owner` is the view, so that its listeners can be told apart. */
    proxy: (owner) => ({
      get: (name) => values[name],
      set(name, value) {
        const next = typeof name === "string" ? { [name]: value } : name;
        for (const key of change(next)) changed[key] = values[key];
      },
      save_changes() {
        held = { ...held, ...changed };
        changed = {};
        flush();
      },
      send(content, _callbacks, parts = []) {
        if (content.request !== undefined) questions.set(content.request, id);
        send({ method: "custom", content }, parts);
      },
      on: (events, callback) => {
        for (const event of events.split(" ")) listeners.push({ event, callback, owner });
      },
      off(event, callback) {
        for (let i = listeners.length - 1; i >= 0; i--) {
          const one = listeners[i];
          if (one.owner !== owner) continue;
          if (event && one.event !== event) continue;
          if (callback && one.callback !== callback) continue;
          listeners.splice(i, 1);
        }
      },
      widget_manager: {},
    }),
  };
}

/** A widget's code, loaded as anywidget loads it: from a blob, with nothing to fetch. */
async function load(model) {
  const code = new Blob([model.values._esm], { type: "text/javascript" });
  const url = URL.createObjectURL(code);
  const module = await import(url);
  URL.revokeObjectURL(url);
  const widget = typeof module.default === "function" ? await module.default() : module.default;
  if (model.values._css) {
    const style = document.createElement("style");
    style.textContent = model.values._css;
    document.head.append(style);
  }
  await widget.initialize?.({ model: model.proxy("initialize"), signal: model.signal });
  return widget;
}

function watchContexts() {
  for (const canvas of [HTMLCanvasElement, OffscreenCanvas]) {
    const original = canvas.prototype.getContext;
    canvas.prototype.getContext = function (kind, ...rest) {
      const context = original.call(this, kind, ...rest);
      const known = contexts.some((reference) => reference.deref() === context);
      if (context && kind.startsWith("webgl") && !known) contexts.push(new WeakRef(context));
      return context;
    };
  }
}

/** Counts what a view leaves on the window or the document: those outlive every view. */
function watchGlobalListeners() {
  const counted = new Map(); // callback -> set of event types, so that a pair counts once
  for (const target of [window, document]) {
    const add = target.addEventListener;
    const remove = target.removeEventListener;
    target.addEventListener = function (type, callback, options) {
      const types = counted.get(callback) ?? new Set();
      counted.set(callback, types);
      if (!types.has(type)) {
        types.add(type);
        globalListeners++;
        options?.signal?.addEventListener("abort", () => forget(type, callback), { once: true });
      }
      return add.call(this, type, callback, options);
    };
    target.removeEventListener = function (type, callback, options) {
      forget(type, callback);
      return remove.call(this, type, callback, options);
    };
  }
  function forget(type, callback) {
    if (counted.get(callback)?.delete(type)) globalListeners--;
  }
}

window.harness = {
  /** Show one more view of a model; resolves with its number when `render` has returned. */
  async show(id) {
    await connected;
    if (!models.has(id)) await new Promise((resolve) => waiting.set(id, resolve));
    const model = models.get(id);
    model.widget ??= load(model);
    const widget = await model.widget;
    const el = document.createElement("div");
    el.className = "view";
    document.querySelector("main").append(el);
    const controller = new AbortController();
    const signal = AbortSignal.any([controller.signal, model.signal]);
    const view = { el, model, controller };
    views.push(view);
    const cleanup = await widget.render({ model: model.proxy(view), el, signal });
    signal.addEventListener("abort", () => {
      model.forget(view);
      cleanup?.();
      el.remove();
    });
    return views.length - 1;
  },
  remove(number) {
    views[number].controller.abort();
  },
  /** Listeners on the model, of its views and of `initialize`. */
  listeners: (id) => models.get(id)?.count() ?? 0,
  globalListeners: () => globalListeners,
  canvases: () => document.querySelectorAll("canvas").length,
  contexts: () => contexts.filter((c) => c.deref() && !c.deref().isContextLost()).length,
  /** What has crossed, and whether the page waits for nothing of the kernel. */
  traffic: () => ({
    received,
    posted,
    idle: questions.size === 0 && [...models.values()].every((model) => model.idle()),
  }),
  value: (id, name) => models.get(id).values[name],
};
