// What a person can be asked next, and in words which images came.
import { count } from "../shared/dom.js";

/**
 * @typedef {object} Question
 * @property {"group" | "uncertain" | "disagreeing" | "outlying" | "raters"} by as the kernel calls it
 * @property {string} label
 * @property {string} title
 * @property {string} found what the images are that came, after their number
 * @property {string} none
 */

/** @type {Question[]} */
export const QUESTIONS = [
  {
    by: "group",
    label: "Group",
    title: "Images of one group, to be named together",
    found: "of one group: name them together, or leave out what does not belong",
    none: "No group is left to ask about",
  },
  {
    by: "uncertain",
    label: "Uncertain",
    title: "Images whose label is in doubt",
    found: "whose label is in doubt, the most doubtful first",
    none: "No image is in doubt",
  },
  {
    by: "disagreeing",
    label: "Disagreeing",
    title: "Images that those around them contradict",
    found: "that those around them contradict, labelled ones first",
    none: "No image is contradicted by those around it",
  },
  {
    by: "outlying",
    label: "Outlying",
    title: "Images unlike any that is labelled",
    found: "unlike any that is labelled, the most unlike first",
    none: "No image is unlike the labelled ones",
  },
  {
    by: "raters",
    label: "Raters differ",
    title: "Images that two people labelled differently",
    found: "that two people labelled differently",
    none: "No image is labelled differently by two people",
  },
];

/**
 * @param {Question} question
 * @param {number} found how many images came
 * @param {string[]} things what a row is, one and several
 * @param {boolean} isPart whether only some are shown
 */
export function foundInWords({ found: words, none }, found, things, isPart) {
  if (found === 0) return `${none}${isPart ? " among those shown" : ""}.`;
  if (found === 1) return `1 ${things[0]} ${words.replace(/[:,].*/, "")}.`;
  return `${count(found)} ${things[1]} ${words}.`;
}
