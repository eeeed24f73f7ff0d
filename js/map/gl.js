// One WebGL2 context for all maps of a page. A page has only 16 live contexts and loses the
// oldest without a word, so every bundle on the page finds the same one in a registry.

const KEY = Symbol.for("vaewidgets.gl.1");

/**
 * What the bundles of one page share. Its shape is fixed by the number in KEY: another version
 * of this package on the same page reads it too.
 * @typedef {object} SharedContext
 * @property {HTMLCanvasElement} canvas never on the page; views copy from it
 * @property {WebGL2RenderingContext} gl
 * @property {Set<User>} users
 * @property {Map<string, WebGLProgram>} programs compiled once, by name
 * @property {() => void} close
 *
 * @typedef {object} User
 * @property {() => void} restored the context came back empty: upload and draw again
 */

/** @returns {SharedContext | null} */
function open() {
  const canvas = document.createElement("canvas");
  const gl = canvas.getContext("webgl2", {
    antialias: false,
    depth: false,
    powerPreference: "high-performance",
  });
  if (!gl) return null;
  /** @type {SharedContext} */
  const shared = { canvas, gl, users: new Set(), programs: new Map(), close };
  /** @param {Event} event */
  function lost(event) {
    event.preventDefault(); // says that we want it back
    shared.programs.clear();
  }
  function restored() {
    for (const user of shared.users) user.restored();
  }
  function close() {
    canvas.removeEventListener("webglcontextlost", lost);
    canvas.removeEventListener("webglcontextrestored", restored);
    gl?.getExtension("WEBGL_lose_context")?.loseContext();
    canvas.width = canvas.height = 0;
  }
  canvas.addEventListener("webglcontextlost", lost);
  canvas.addEventListener("webglcontextrestored", restored);
  return shared;
}

/**
 * Join the page's context, opening it for the first view.
 * @param {User} user
 * @returns {SharedContext | null} null where there is no WebGL2
 */
export function joinContext(user) {
  /** @type {any} */
  const page = globalThis;
  page[KEY] ??= open();
  /** @type {SharedContext | null} */
  const shared = page[KEY];
  shared?.users.add(user);
  return shared;
}

/**
 * Leave it; the last view gives it back to the browser.
 * @param {SharedContext} shared
 * @param {User} user
 */
export function leaveContext(shared, user) {
  shared.users.delete(user);
  if (shared.users.size > 0) return;
  shared.close();
  /** @type {any} */
  const page = globalThis;
  if (page[KEY] === shared) delete page[KEY];
}

/**
 * @param {SharedContext} shared
 * @param {string} name
 * @param {string} vertex
 * @param {string} fragment
 * @returns {WebGLProgram}
 */
export function programOf(shared, name, vertex, fragment) {
  const known = shared.programs.get(name);
  if (known) return known;
  const { gl } = shared;
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ]) {
    const shader = /** @type {WebGLShader} */ (gl.createShader(/** @type {number} */ (type)));
    gl.shaderSource(shader, /** @type {string} */ (source));
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader); // lives as long as the program
  }
  gl.linkProgram(program);
  if (!gl.isContextLost() && !gl.getProgramParameter(program, gl.LINK_STATUS)) {
    throw new Error(
      `The graphics card refused the map's program: ${gl.getProgramInfoLog(program)}`,
    );
  }
  shared.programs.set(name, program);
  return program;
}

/**
 * Draw on the shared canvas and copy the result to a view's own canvas.
 * @param {SharedContext} shared
 * @param {CanvasRenderingContext2D} target
 * @param {() => void} draw
 */
export function drawThrough(shared, target, draw) {
  const { canvas, gl } = shared;
  const { width, height } = target.canvas;
  // Grows only: setting a size clears and reallocates, and views of all sizes take turns.
  if (canvas.width < width) canvas.width = width;
  if (canvas.height < height) canvas.height = height;
  gl.viewport(0, 0, width, height);
  gl.enable(gl.SCISSOR_TEST);
  gl.scissor(0, 0, width, height);
  gl.clearColor(0, 0, 0, 0);
  gl.clear(gl.COLOR_BUFFER_BIT);
  draw();
  target.drawImage(canvas, 0, canvas.height - height, width, height, 0, 0, width, height);
}
