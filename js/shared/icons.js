// Outlines in a 16 x 16 square, drawn with a 1.5 px stroke. One export each, so that a bundle
// carries only those its widget shows.

export const brush =
  "M9 9L13.5 3.5M6.5 8.5c-2 0-2.5 1.5-2.5 3s-1 2-1.5 2c3 .5 6 0 6-3 0-1-.8-2-2-2z";
export const cancel = "M4 4l8 8M12 4l-8 8";
export const check = "M3 8.5l3.5 3.5L13 4.5";
export const copy = "M6 5.5h7v8H6zM3 10.5v-8h7";
export const dice = "M3 3h10v10H3zM6 6h.01M10 6h.01M8 8h.01M6 10h.01M10 10h.01";
export const fit = "M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3";
export const history = "M8 2.5a5.5 5.5 0 11-5.2 3.7M2.5 3v3.4h3.4M8 5v3.2l2.2 1.4";
export const image = "M2.5 3.5h11v9h-11zM3 11l3-3 2.5 2.5L11 8l2.5 2.5M10.5 6h.01";
export const keys = "M2 4.5h12v7H2zM4.5 7h.01M7 7h.01M9.5 7h.01M11.5 7h.01M5 9.5h6";
export const lasso =
  "M6 10.3C4 9.8 2.5 8.4 2.5 6.8 2.5 4.6 5 3 8 3s5.5 1.6 5.5 3.8-2.5 3.7-5.5 3.7M6 10.3a1.2 1.2 0 102 .4C8 12.5 6.5 14 4.5 14";
export const more = "M3.5 8h.01M8 8h.01M12.5 8h.01";
export const note = "M3 3h10v7l-3 3H3zM13 10h-3v3M5.5 6h5M5.5 8.5h3";
export const pan = "M8 2v12M2 8h12M6 4l2-2 2 2M6 12l2 2 2-2M4 6L2 8l2 2M12 6l2 2-2 2";
export const pause = "M5.5 3.5v9M10.5 3.5v9";
export const play = "M5 3l8 5-8 5z";
export const rectangle =
  "M3 4.5v-1h1M7 3.5h2M12 3.5h1v1M13 7.5v1M13 11.5v1h-1M9 12.5H7M4 12.5H3v-1M3 8.5v-1";
export const redo = "M13 6H6.5a3.5 3.5 0 000 7H10M10 3l3 3-3 3";
export const reset = "M3 8a5 5 0 105-5H4.5M7 .5L4.5 3 7 5.5";
export const stop = "M4 4h8v8H4z";
export const swap = "M3 5.5h10M10 2.5l3 3-3 3M13 10.5H3M6 7.5l-3 3 3 3";
export const undo = "M3 6h6.5a3.5 3.5 0 010 7H6M6 3L3 6l3 3";
