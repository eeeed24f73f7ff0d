// Which points a brush touches on its way.
import { emptyBits, setBit } from "../shared/buffers.js";

/**
 * @param {Float32Array} xy interleaved map coordinates
 * @param {number[]} from [x, y] in map coordinates
 * @param {number[]} to
 * @param {number} reach radius of the brush in map units
 * @param {(row: number) => boolean} isShown
 * @returns {Uint8Array} a bitset of the rows no further than `reach` from the line
 */
export function rowsAlong(xy, from, to, reach, isShown) {
  const n = xy.length >> 1;
  const bits = emptyBits(n);
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length = dx * dx + dy * dy;
  const left = Math.min(from[0], to[0]) - reach;
  const right = Math.max(from[0], to[0]) + reach;
  const bottom = Math.min(from[1], to[1]) - reach;
  const top = Math.max(from[1], to[1]) + reach;
  for (let row = 0; row < n; row++) {
    const x = xy[2 * row];
    const y = xy[2 * row + 1];
    if (!(x >= left && x <= right && y >= bottom && y <= top)) continue;
    const along = length > 0 ? ((x - from[0]) * dx + (y - from[1]) * dy) / length : 0;
    const share = Math.min(Math.max(along, 0), 1);
    const away = Math.hypot(x - from[0] - share * dx, y - from[1] - share * dy);
    if (away <= reach && isShown(row)) setBit(bits, row);
  }
  return bits;
}
