// A model as the page sees it: traits, change events, messages. Records what the view does.

/** @param {Record<string, any>} state */
export function createModel(state = {}) {
  /** @type {Map<string, Set<Function>>} */
  const listeners = new Map();
  /** @type {{ content: any, buffers: any[] }[]} */
  const sent = [];
  let saves = 0;

  return {
    sent,
    /** @param {string} name */
    get: (name) => state[name],
    /** @param {string} name @param {any} value */
    set(name, value) {
      state[name] = value;
      this.emit(`change:${name}`);
    },
    save_changes() {
      saves++;
    },
    /** @param {string} event @param {Function} callback */
    on(event, callback) {
      if (!listeners.has(event)) listeners.set(event, new Set());
      listeners.get(event)?.add(callback);
    },
    /** @param {string} event @param {Function} callback */
    off(event, callback) {
      listeners.get(event)?.delete(callback);
    },
    /** @param {any} content @param {any} _callbacks @param {any[]} buffers */
    send(content, _callbacks, buffers = []) {
      sent.push({ content, buffers });
    },
    /** @param {string} event @param {any[]} details */
    emit(event, ...details) {
      for (const callback of [...(listeners.get(event) ?? [])]) callback(...details);
    },
    /** How many listeners are left on the model. */
    listening: () => [...listeners.values()].reduce((total, set) => total + set.size, 0),
    saves: () => saves,
  };
}
