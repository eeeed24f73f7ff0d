// Bytes from the kernel to typed arrays, and selections to bitsets.

/** @typedef {DataView | ArrayBuffer | Uint8Array | null | undefined} Bytes */

/**
 * The bytes themselves, without a copy. Respects the offset: a view may be a slice of a message.
 * @param {Bytes} bytes
 * @returns {Uint8Array}
 */
export function toUint8(bytes) {
  if (!bytes) return new Uint8Array(0);
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * A copy, so that the numbers are aligned.
 * @param {Bytes} bytes little-endian float32
 * @returns {Float32Array}
 */
export function toFloat32(bytes) {
  return new Float32Array(toUint8(bytes).slice().buffer);
}

/**
 * @param {Bytes} bytes little-endian uint16
 * @returns {Uint16Array}
 */
export function toUint16(bytes) {
  return new Uint16Array(toUint8(bytes).slice().buffer);
}

/**
 * @param {Bytes} bytes little-endian int32
 * @returns {Int32Array}
 */
export function toInt32(bytes) {
  return new Int32Array(toUint8(bytes).slice().buffer);
}

/**
 * An empty selection of n rows; bit i % 8 of byte i >> 3 stands for row i.
 * @param {number} n
 * @returns {Uint8Array}
 */
export function emptyBits(n) {
  return new Uint8Array((n + 7) >> 3);
}

/**
 * A selection of all n rows.
 * @param {number} n
 * @returns {Uint8Array}
 */
export function allBits(n) {
  const bits = emptyBits(n).fill(255);
  if (n & 7) bits[bits.length - 1] = (1 << (n & 7)) - 1;
  return bits;
}

/**
 * @param {Uint8Array} bits
 * @param {number} row
 */
export function hasBit(bits, row) {
  return ((bits[row >> 3] >> (row & 7)) & 1) === 1;
}

/**
 * @param {Uint8Array} bits
 * @param {number} row
 */
export function setBit(bits, row) {
  bits[row >> 3] |= 1 << (row & 7);
}

/**
 * The selected rows in ascending order.
 * @param {Uint8Array} bits
 * @param {number} [limit] stop after so many
 * @returns {number[]}
 */
export function rowsOf(bits, limit = Number.POSITIVE_INFINITY) {
  const rows = [];
  for (let byte = 0; byte < bits.length && rows.length < limit; byte++) {
    for (let rest = bits[byte]; rest !== 0 && rows.length < limit; rest &= rest - 1) {
      rows.push(byte * 8 + 31 - Math.clz32(rest & -rest));
    }
  }
  return rows;
}

/**
 * How many rows are selected.
 * @param {Uint8Array} bits
 */
export function countBits(bits) {
  let count = 0;
  for (let byte of bits) for (; byte !== 0; byte &= byte - 1) count++;
  return count;
}

/**
 * @param {Uint8Array} before
 * @param {Uint8Array} change
 * @param {"replace" | "add" | "remove"} mode
 * @returns {Uint8Array}
 */
export function combineBits(before, change, mode) {
  if (mode === "replace") return change;
  const result = before.length === change.length ? before.slice() : new Uint8Array(change.length);
  for (let i = 0; i < result.length; i++) {
    result[i] = mode === "add" ? result[i] | change[i] : result[i] & ~change[i];
  }
  return result;
}
