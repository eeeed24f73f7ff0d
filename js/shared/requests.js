// Questions to the kernel and their answers.
import { onEnd } from "./lifecycle.js";

/** @typedef {import("@anywidget/types").AnyModel} Model */
/** @typedef {{ content: any, buffers: DataView[] }} Answer */

/** A newer question of the same kind was asked: nobody waits for this answer any more. */
export class Superseded extends Error {}

/** The kernel has not answered: it is busy, restarting or gone. */
export class NoAnswer extends Error {
  constructor() {
    super("No answer from the kernel. It may be busy or stopped; if so, run the cell again.");
  }
}

const PATIENCE_MS = 15_000;

/**
 * @typedef {object} Requests
 * @property {string} view this view's name; the kernel keeps the latest request of each view apart
 * @property {(op: string, data?: object, buffers?: ArrayBuffer[], patience?: number) =>
 *   Promise<Answer>} ask `patience`: milliseconds until the kernel is thought to be gone
 * @property {(op: string) => (data: object, buffers?: ArrayBuffer[]) => Promise<Answer>} latest
 * @property {(op: string, callback: (content: any, buffers: DataView[]) => void) => void} onMessage
 * @property {(callback: (message: string) => void) => void} onError
 */

let views = 0;

/**
 * @param {Model} model
 * @param {AbortSignal} signal
 * @returns {Requests}
 */
export function createRequests(model, signal) {
  const view = `${Date.now().toString(36)}-${(views++).toString(36)}`;
  /** @type {Map<string, { resolve: (answer: Answer) => void, reject: (error: Error) => void }>} */
  const open = new Map();
  /** @type {Map<string, ((content: any, buffers: DataView[]) => void)[]>} */
  const listeners = new Map();
  /** @type {((message: string) => void)[]} */
  const errorListeners = [];
  let count = 0;

  /** @param {any} content @param {DataView[]} buffers */
  function receive(content, buffers = []) {
    const waiting = open.get(content?.request);
    if (waiting) {
      open.delete(content.request);
      if (content.op === "reply") waiting.resolve({ content, buffers });
      else if (content.op === "superseded") waiting.reject(new Superseded());
      else waiting.reject(new Error(content.message));
    }
    // An error of another view's request is that view's to show.
    if (content?.op === "error" && (waiting || content.request == null)) {
      for (const tell of errorListeners) tell(String(content.message));
    }
    for (const tell of listeners.get(content?.op) ?? []) tell(content, buffers);
  }

  model.on("msg:custom", receive);
  onEnd(signal, () => {
    model.off("msg:custom", receive);
    for (const { reject } of open.values()) reject(new Superseded());
    open.clear();
  });

  /** @type {Requests["ask"]} */
  function ask(op, data = {}, buffers = [], patience = PATIENCE_MS) {
    const request = `${view}:${count++}`;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    /** @type {Promise<Answer>} */
    const answer = new Promise((resolve, reject) => {
      open.set(request, { resolve, reject });
      timer = setTimeout(() => {
        open.delete(request);
        reject(new NoAnswer());
      }, patience);
      model.send({ ...data, op, request, view }, undefined, buffers);
    });
    return answer.finally(() => clearTimeout(timer));
  }

  return {
    view,
    ask,
    latest: (op) => createLatest((data, buffers) => ask(op, data, buffers)),
    onMessage(op, callback) {
      listeners.set(op, [...(listeners.get(op) ?? []), callback]);
    },
    onError(callback) {
      errorListeners.push(callback);
    },
  };
}

/**
 * At most one question on its way and the newest one waiting; those between are never asked.
 * @param {(data: object, buffers?: ArrayBuffer[]) => Promise<Answer>} ask
 */
function createLatest(ask) {
  let busy = false;
  /** @type {{ start: () => void, drop: () => void } | null} */
  let waiting = null;

  /** @type {(data: object, buffers?: ArrayBuffer[]) => Promise<Answer>} */
  return (data, buffers) =>
    new Promise((resolve, reject) => {
      const start = () => {
        busy = true;
        ask(data, buffers)
          .then(resolve, reject)
          .finally(() => {
            busy = false;
            const next = waiting;
            waiting = null;
            next?.start();
          });
      };
      if (!busy) start();
      else {
        waiting?.drop();
        waiting = { start, drop: () => reject(new Superseded()) };
      }
    });
}
