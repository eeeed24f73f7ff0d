// The points of a map on WebGL2. Everything is uploaded once; a frame is one or two draw calls.
import { hasBit } from "../shared/buffers.js";
import { drawThrough, joinContext, leaveContext, programOf } from "./gl.js";

/** @typedef {import("./camera.js").Camera} Camera */
/** @typedef {import("./colors.js").Codes} Codes */

/**
 * @typedef {object} Frame what one picture of the points needs
 * @property {Camera} camera
 * @property {number} pixelRatio
 * @property {number} blend 0 at the old positions, 1 at the new
 * @property {number} size diameter in CSS pixels
 * @property {number} opacity
 * @property {{ size: number, opacity: number } | null} selected how the selected rows look, where
 *   some are; the others are dimmed
 * @property {boolean} dimAll images are drawn over the points
 * @property {number} stride 1 draws all points, k every k-th
 * @property {import("../shared/theme.js").Theme} theme
 *
 * @typedef {object} Points
 * @property {"webgl2" | "canvas2d"} kind
 * @property {(from: Float32Array, to: Float32Array) => void} setPositions
 * @property {(codes: Codes) => void} setCodes
 * @property {(bits: Uint8Array) => void} setSelection
 * @property {(rgba: Uint8Array) => void} setPalette
 * @property {(context: CanvasRenderingContext2D, frame: Frame) => void} draw
 * @property {() => void} close
 */

const VERTEX = `#version 300 es
layout(location = 0) in vec2 origin;
layout(location = 1) in vec2 goal;
layout(location = 2) in uint code;
layout(location = 3) in uint chosen;
uniform vec4 view; // scale and offset from map to clip coordinates
uniform float blend, size;
uniform int part; // 0: all points, 1: those not selected, 2: those selected
uniform sampler2D palette;
flat out vec4 color;
void main() {
  vec4 entry = texelFetch(palette, ivec2(int(code & 255u), int(code >> 8)), 0);
  bool out_of_part = (part == 1 && chosen == 1u) || (part == 2 && chosen == 0u);
  vec2 place = mix(origin, goal, blend) * view.xy + view.zw;
  gl_Position = vec4(entry.a == 0.0 || out_of_part ? vec2(2.0) : place, 0.0, 1.0);
  gl_PointSize = size;
  color = entry;
}`;

const FRAGMENT = `#version 300 es
precision highp float;
uniform float size, opacity, rim_width, rim_share, gray_share;
uniform vec3 rim, gray;
flat in vec4 color;
out vec4 pixel;
void main() {
  float radius = length(gl_PointCoord - 0.5) * size;
  float edge = 0.5 * size - 0.5;
  float cover = size < 2.5 ? 1.0 : clamp(edge - radius + 0.5, 0.0, 1.0);
  float on_rim = rim_share * smoothstep(edge - rim_width - 0.5, edge - rim_width + 0.5, radius);
  vec3 shade = mix(mix(color.rgb, gray, gray_share), rim, on_rim * step(1.0, color.a));
  // Less than full opacity makes a ring: what is inside fades, its edge less so. Little opacity is
  // a faint dot, not a ring.
  float ring = smoothstep(edge - 2.0 * rim_width - 0.5, edge - 2.0 * rim_width + 0.5, radius);
  float ink = size < 5.0 || color.a < 0.3 ? color.a : mix(color.a, min(1.0, 2.5 * color.a), ring);
  pixel = vec4(shade, 1.0) * (cover * opacity * (color.a == 1.0 ? 1.0 : ink));
}`;

const UNIFORMS = /** @type {const} */ ([
  "view",
  "blend",
  "size",
  "part",
  "opacity",
  "rim_width",
  "rim_share",
  "gray_share",
  "rim",
  "gray",
]);

/**
 * Rows in the order they are drawn: spread evenly by the golden ratio, so that rows sorted by
 * class do not cover each other, and so that every k-th point is a fair sample of all.
 * @param {number} n
 * @param {(place: number, row: number) => void} visit
 */
export function inDrawingOrder(n, visit) {
  let step = Math.max(1, Math.round(n * 0.6180339887));
  while (divisor(step, n) !== 1) step++;
  for (let place = 0, row = 0; place < n; place++) {
    visit(place, row);
    row += step;
    if (row >= n) row -= n;
  }
}

/** @param {number} a @param {number} b @returns {number} greatest common divisor */
function divisor(a, b) {
  return b === 0 ? a : divisor(b, a % b);
}

/**
 * @param {() => void} redraw called when a lost context is back
 * @returns {Points | null} null where there is no WebGL2
 */
export function createGlPoints(redraw) {
  /** What the card has, to be given again when a lost context comes back empty. */
  const given = /** @type {Map<"positions" | "codes" | "selection" | "palette", any[]>} */ (
    new Map()
  );
  const user = {
    restored() {
      card = createCard(/** @type {import("./gl.js").SharedContext} */ (shared));
      for (const [what, values] of given) give(what, ...values);
      redraw();
    },
  };
  const shared = joinContext(user);
  if (!shared) return null;
  let card = createCard(shared);

  /** @param {"positions" | "codes" | "selection" | "palette"} what @param {any[]} values */
  function give(what, ...values) {
    given.set(what, values);
    /** @type {(...values: any[]) => void} */ (card[what])(...values);
  }

  return {
    kind: "webgl2",
    setPositions: (from, to) => give("positions", from, to),
    setCodes: (codes) => give("codes", codes),
    setSelection: (bits) => give("selection", bits),
    setPalette: (rgba) => give("palette", rgba),
    draw(context, frame) {
      if (!shared.gl.isContextLost())
        drawThrough(shared, context, () => card.draw(frame, context));
    },
    close() {
      card.close();
      leaveContext(shared, user);
    },
  };
}

/**
 * One view's memory on the graphics card, and how it is drawn.
 * @param {import("./gl.js").SharedContext} shared
 */
function createCard(shared) {
  const { gl } = shared;
  const program = programOf(shared, "points", VERTEX, FRAGMENT);
  const uniforms = /** @type {Record<typeof UNIFORMS[number], WebGLUniformLocation | null>} */ (
    Object.fromEntries(UNIFORMS.map((name) => [name, gl.getUniformLocation(program, name)]))
  );
  const [from, to, codes, chosen] = [0, 1, 2, 3].map(() => gl.createBuffer());
  const texture = gl.createTexture();
  const layout = gl.createVertexArray();
  let n = 0;
  let moves = false;
  let codeBytes = 1;

  /** @param {WebGLBuffer} buffer @param {ArrayBufferView} values */
  function upload(buffer, values) {
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
  }

  /** @param {number} stride */
  function arrange(stride) {
    gl.bindVertexArray(layout);
    for (const location of [0, 1, 2, 3]) gl.enableVertexAttribArray(location);
    gl.bindBuffer(gl.ARRAY_BUFFER, moves ? from : to);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 8 * stride, 0);
    gl.bindBuffer(gl.ARRAY_BUFFER, to);
    gl.vertexAttribPointer(1, 2, gl.FLOAT, false, 8 * stride, 0);
    gl.bindBuffer(gl.ARRAY_BUFFER, codes);
    const type = codeBytes === 1 ? gl.UNSIGNED_BYTE : gl.UNSIGNED_SHORT;
    gl.vertexAttribIPointer(2, 1, type, codeBytes * stride, 0);
    gl.bindBuffer(gl.ARRAY_BUFFER, chosen);
    gl.vertexAttribIPointer(3, 1, gl.UNSIGNED_BYTE, stride, 0);
  }

  /** @param {0 | 1 | 2} part @param {number} count @param {Frame} frame */
  function drawPart(part, count, frame) {
    const { theme, pixelRatio } = frame;
    const isDimmed = part === 1 || frame.dimAll;
    const look = part === 2 && frame.selected ? frame.selected : frame;
    const size = Math.max(1, look.size * pixelRatio);
    const isLight = theme.ground[0] + theme.ground[1] + theme.ground[2] > 384;
    gl.uniform1i(uniforms.part, part);
    gl.uniform1f(uniforms.size, size);
    // On a dark ground as much less ink would be next to none.
    const faint = part === 1 && !isLight ? 0.5 : 0.3;
    gl.uniform1f(uniforms.opacity, isDimmed ? frame.opacity * faint : look.opacity);
    gl.uniform1f(uniforms.rim_width, pixelRatio);
    gl.uniform1f(uniforms.rim_share, size < 5 || isDimmed ? 0 : part === 2 ? 0.85 : 0.35);
    gl.uniform1f(uniforms.gray_share, part === 1 ? 0.55 : 0);
    gl.uniform3fv(uniforms.rim, isLight ? [0, 0, 0] : [1, 1, 1]);
    gl.uniform3fv(uniforms.gray, isLight ? [0.65, 0.67, 0.7] : [0.55, 0.57, 0.6]);
    gl.drawArrays(gl.POINTS, 0, count);
  }

  return {
    /** @param {Float32Array} origin @param {Float32Array} goal */
    positions(origin, goal) {
      n = goal.length / 2;
      moves = origin !== goal && origin.length === goal.length;
      if (moves) upload(from, spreadPairs(origin));
      upload(to, spreadPairs(goal));
    },
    /** @param {Codes} values */
    codes(values) {
      codeBytes = values.BYTES_PER_ELEMENT;
      const spread = values.slice();
      inDrawingOrder(values.length, (place, row) => {
        spread[place] = values[row];
      });
      upload(codes, spread);
    },
    /** @param {Uint8Array} bits of the rows whose positions are known */
    selection(bits) {
      const spread = new Uint8Array(n);
      if (bits.length > 0) {
        inDrawingOrder(n, (place, row) => {
          spread[place] = hasBit(bits, row) ? 1 : 0;
        });
      }
      upload(chosen, spread);
    },
    /** @param {Uint8Array} rgba */
    palette(rgba) {
      const rows = Math.ceil(rgba.length / 4 / 256);
      const texels = new Uint8Array(rows * 1024);
      texels.set(rgba);
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, rows, 0, gl.RGBA, gl.UNSIGNED_BYTE, texels);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    },
    /** @param {Frame} frame @param {CanvasRenderingContext2D} context */
    draw(frame, context) {
      const { camera } = frame;
      const x = (2 * camera.scale * frame.pixelRatio) / context.canvas.width;
      const y = (2 * camera.scale * frame.pixelRatio) / context.canvas.height;
      gl.useProgram(program);
      arrange(frame.stride);
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.enable(gl.BLEND);
      gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
      gl.uniform4f(uniforms.view, x, y, -camera.x * x, -camera.y * y);
      gl.uniform1f(uniforms.blend, frame.blend);
      const count = Math.floor(n / frame.stride);
      if (frame.selected) {
        drawPart(1, count, frame);
        drawPart(2, count, frame);
      } else drawPart(0, count, frame);
      gl.bindVertexArray(null);
    },
    close() {
      for (const buffer of [from, to, codes, chosen]) gl.deleteBuffer(buffer);
      gl.deleteTexture(texture);
      gl.deleteVertexArray(layout);
    },
  };
}

/** @param {Float32Array} pairs @returns {Float32Array} in drawing order */
function spreadPairs(pairs) {
  const spread = new Float32Array(pairs.length);
  inDrawingOrder(pairs.length / 2, (place, row) => {
    spread[2 * place] = pairs[2 * row];
    spread[2 * place + 1] = pairs[2 * row + 1];
  });
  return spread;
}
