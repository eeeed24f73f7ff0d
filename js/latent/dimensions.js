// Numbers of the latent dimensions: their order, their places on a track, the code as Python.
import { short } from "../shared/dom.js";

/**
 * The dimensions, the most informative first; equal ones in the order of their numbers.
 * @param {ArrayLike<number>} information
 * @returns {number[]}
 */
export function byInformation(information) {
  const order = Array.from(information, (_, i) => i);
  return order.sort((a, b) => information[b] - information[a] || a - b);
}

/**
 * Where a value stands on a track, 0 at its low end and 1 at its high end.
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
export function toPlace(value, low, high) {
  if (high <= low) return 0.5;
  return Math.min(1, Math.max(0, (value - low) / (high - low)));
}

/**
 * @param {number} place 0 to 1
 * @param {number} low
 * @param {number} high
 */
export function toValue(place, low, high) {
  return low + place * (high - low);
}

/**
 * What an arrow key does to a value, or null for a key that moves nothing.
 * @param {string} key
 * @param {boolean} shift ten times the step
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
export function keyMove(key, shift, value, low, high) {
  const step = ((high - low) / 100) * (shift ? 10 : 1);
  /** @type {Record<string, number>} */
  const moves = {
    ArrowLeft: value - step,
    ArrowDown: value - step,
    ArrowRight: value + step,
    ArrowUp: value + step,
    PageDown: value - (high - low) / 10,
    PageUp: value + (high - low) / 10,
    Home: low,
    End: high,
  };
  const moved = moves[key];
  return moved === undefined ? null : Math.min(high, Math.max(low, moved));
}

/**
 * The shortest decimal number that is this float32 again.
 * @param {number} value
 */
export function exact(value) {
  const number = Math.fround(value);
  for (let digits = 3; digits < 9; digits++) {
    const text = Number(number.toPrecision(digits));
    if (Math.fround(text) === number) return String(text);
  }
  return String(Number(number.toPrecision(9)));
}

/**
 * Python that makes the code again.
 * @param {ArrayLike<number>} code
 */
export function toPython(code) {
  const numbers = Array.from(code, exact);
  const lines = [];
  for (let i = 0; i < numbers.length; i += 8) lines.push(numbers.slice(i, i + 8).join(", "));
  const inside = lines.length > 1 ? `\n    ${lines.join(",\n    ")},\n` : lines[0];
  return `import numpy as np\n\nz = np.array([${inside}], dtype=np.float32)\n`;
}

/**
 * How much a dimension tells, in words.
 * @param {number} amount
 * @param {string} unit "nats", "%", "sd" or ""
 */
export function inWords(amount, unit) {
  const number = steady(amount);
  if (unit === "nats") return `${number} nats`;
  if (unit === "%") return `${number} %`;
  if (unit === "sd") return `sd ${number}`;
  return "";
}

/**
 * A value beside its slider: as many places at every position, so that it does not dance.
 * @param {number} value
 */
export function fixed(value) {
  const text = steady(value);
  return (text === "-0.00" ? "0.00" : text).replace("-", "−");
}

/**
 * At most three digits, and two places where there is room for them: columns of numbers align.
 * @param {number} value
 */
function steady(value) {
  return Math.abs(value) < 9.995 ? value.toFixed(2) : short(value);
}
