// A store of labels whose kernel the test plays.
import { afterEach } from "node:test";
import { createLabelStore } from "../labels/store.js";
import { createModel } from "./fake_model.js";
import { N, view } from "./label_helpers.js";

/** @type {AbortController[]} */
export const lives = [];
afterEach(() => {
  for (const life of lives.splice(0)) life.abort();
});
const settle = () => new Promise((resolve) => setImmediate(resolve));

/**
 * A store whose kernel has answered the first question.
 * @param {object} [state]
 * @param {Uint8Array} [codes]
 */
export async function open(state = {}, codes = new Uint8Array(N)) {
  const model = createModel({ _n: N, _key: `store ${Math.random()}` });
  const life = new AbortController();
  lives.push(life);
  const store = createLabelStore(/** @type {any} */ (model), life.signal);
  /** @param {any} content @param {any[]} buffers */
  const tell = async (content, buffers = []) => {
    model.emit("msg:custom", content, buffers);
    await settle();
  };
  /** @param {object} content @param {Uint8Array | Uint16Array} codes */
  const answer = async (content, codes = new Uint8Array(N)) => {
    const { request } = model.sent.findLast(({ content: { op } }) => op === "sync")?.content ?? {};
    const all = {
      version: 0,
      classes: ["cat", "dog"],
      palette: ["#111111", "#222222"],
      dtype: codes instanceof Uint16Array ? "<u2" : "<u1",
      undo: 0,
      redo: 0,
      conflict: "",
      gone: [],
      multi: false,
      layers: 1,
      notes: {},
      saved_to: "",
      suggestions: null,
    };
    await tell({ ...all, ...content, op: "reply", request }, [view(codes)]);
  };
  await answer(state, codes);
  const edits = () => model.sent.filter(({ content }) => content.op === "edit");
  return { model, store, life, tell, answer, edits };
}
