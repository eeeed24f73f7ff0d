// The point nearest to the pointer, by looking at all of them: 1 M points take about 2 ms, less
// than it would take to keep an index of them true through filters and projections.

/**
 * @param {Float32Array} xy interleaved map coordinates
 * @param {number} x
 * @param {number} y
 * @param {number} reach how far away a point may be, in map units
 * @param {(row: number) => boolean} isShown
 * @returns {number | undefined} a row; 0 is one like any other
 */
export function nearestRow(xy, x, y, reach, isShown) {
  let nearest;
  let best = reach * reach;
  const bottom = y - reach;
  const top = y + reach;
  for (let k = 0; k < xy.length; k += 2) {
    const py = xy[k + 1];
    if (py < bottom || py > top) continue;
    const dx = xy[k] - x;
    const dy = py - y;
    const distance = dx * dx + dy * dy;
    if (distance <= best && isShown(k >> 1)) {
      best = distance;
      nearest = k >> 1;
    }
  }
  return nearest;
}
