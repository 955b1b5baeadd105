/** Line drawings of the nodes, each within a circle of radius 15 about the origin; strokes only. */

const ANTIBODY = "M0 8.5 V0 M0 0 L-6 -7 M0 0 L6 -7 M-8.5 -4.5 L-3 1 M8.5 -4.5 L3 1";
const NUCLEUS = "M5 0 A5 5 0 1 1 -5 0 A5 5 0 1 1 5 0";
const RECEPTORS = "M-9 -6 L-12 -8 M0 -11 V-14 M9 -6 L12 -8 M9 6 L12 8 M-9 6 L-12 8 M0 11 V14";
const DOTS = "M-5 3 h.01 M5 3 h.01 M0 -6 h.01 M0 2 h.01 M-6 -3 h.01 M6 -3 h.01 M0 8 h.01";

export const GLYPHS: Readonly<Record<string, string>> = {
  anti_vegf: ANTIBODY,
  anti_pd1: ANTIBODY,
  anti_pdl1: ANTIBODY,
  anti_ctla4: ANTIBODY,
  bispecific: `${ANTIBODY} M-4 8.5 A4 4 0 0 0 4 8.5`,
  tki: "M-8 0 A4.5 4.5 0 0 1 -3.5 -4.5 H3.5 A4.5 4.5 0 0 1 3.5 4.5 H-3.5 A4.5 4.5 0 0 1 -8 0 M0 -4.5 V4.5",
  chemo: "M-6 -8 C6 -4 -6 4 6 8 M6 -8 C-6 -4 6 4 -6 8 M-4 -5.5 H4 M-4 5.5 H4",
  vegfr2: "M-10 2 H10 M-4 9 V0 L-8 -6 M4 9 V0 L8 -6",
  alternative: `${DOTS}`,
  drive: "M-10 7 C-4 7 -3 2 -3 -3 M10 7 C4 7 3 2 3 -3 M-3 -3 L-6 -7 M-3 -3 L0 -8 M3 -3 L6 -7",
  immature: "M-9 -2 C-7 -9 -2 -7 1 -9 C7 -8 8 -4 9 1 C9 7 3 8 -1 8 C-7 9 -10 4 -9 -2 M-9 3 L-12 6 M8 -6 L11 -9",
  mature: "M8 0 A8 8 0 1 1 -8 0 A8 8 0 1 1 8 0 M-9 -7 A11.5 11.5 0 0 1 -2 -11.3 M10 5.5 A11.5 11.5 0 0 1 3 11.1",
  leak: "M-9 -7 H-3 M3 -7 H9 M0 -7 C-4 -1 -4 3 0 3 C4 3 4 -1 0 -7 M-6 8 h.01 M6 6 h.01 M1 10 h.01",
  perfusion: "M-10 -5 H7 L3 -8 M7 -5 L3 -2 M-10 5 H7 L3 2 M7 5 L3 8",
  adhesion: "M-10 5 H10 M-6 5 V-4 M0 5 V-8 M6 5 V-4 M-6 -6 h.01 M0 -10 h.01 M6 -6 h.01",
  vegf: `${DOTS} M-9 6 h.01 M9 5 h.01`,
  ifn: DOTS,
  lactate: "M-7 -6 L7 6 M-7 0 h.01 M7 -1 h.01 M-1 7 h.01 M2 -7 h.01",
  gmcsf: DOTS,
  il10: DOTS,
  pdl1: "M-10 6 H10 M0 6 V-3 M-5 -3 H5 M-5 -3 V-7 M5 -3 V-7",
  naive: NUCLEUS,
  dc: `${NUCLEUS} M-8 -5 L-12 -8 M-9 3 L-13 4 M0 -9 L-1 -13 M8 -5 L12 -7 M9 3 L13 5 M2 9 L3 13 M-4 8 L-6 12`,
  primed: `${NUCLEUS} M-8 -8 L-4 -4 M8 -8 L4 -4`,
  memory: `${NUCLEUS} M9.5 0 A9.5 9.5 0 1 1 -9.5 0 A9.5 9.5 0 1 1 9.5 0`,
  entry: "M-3 -11 V-4 M-3 4 V11 M-12 0 H6 L2 -4 M6 0 L2 4",
  cd8: `${NUCLEUS} ${RECEPTORS}`,
  exhausted: "M5 0 A5 5 0 1 1 -5 0 M-9 -6 L-12 -8 M9 6 L12 8 M-4 8 H4",
  cd4: `${NUCLEUS} M-9 -6 L-12 -8 M9 -6 L12 -8 M0 11 V14`,
  treg: `${NUCLEUS} M-3 0 H3`,
  mdsc: "M-7 1 C-8 -6 -1 -7 0 -2 C1 -7 8 -6 7 1 C6 7 -6 7 -7 1",
  m1: "M-3 -5 C4 -8 8 -2 5 3 C2 7 -2 5 0 1 C1 -2 -4 -1 -3 -5 M-9 -5 L-12 -6 M-8 7 L-11 9",
  m2: "M-3 -5 C4 -8 8 -2 5 3 C2 7 -2 5 0 1 C1 -2 -4 -1 -3 -5 M9 -6 L12 -8 M7 9 L9 12",
  pd1: "M-10 -6 H10 M0 -6 V3 M-5 3 H5 M-5 3 V8 M5 3 V8",
  function: "M2 -10 L-5 1 H0 L-2 10 L6 -2 H1 Z",
  reach: "M-9 0 H2 M2 -4 A6 6 0 1 1 2 4",
  kill: "M-6 -6 L6 6 M6 -6 L-6 6 M0 -10 V-7 M0 7 V10",
  chemo_kill: "M-6 -6 L6 6 M6 -6 L-6 6",
  hypoxia: "M0 -9 C-6 -1 -7 2 -7 4 A7 6 0 0 0 7 4 C7 2 6 -1 0 -9 M-9 9 L9 -9",
  antigen: "M0 -8 L7 0 L0 8 L-7 0 Z M0 -3 V3",
  spread: "M-4 2 A4 4 0 1 0 -4 2.1 M5 -5 h.01 M8 1 h.01 M6 7 h.01 M-1 -8 h.01",
  genotype: "M-5 -8 C5 -4 -5 4 5 8 M5 -8 C-5 -4 5 4 -5 8",
  pdl1_class: "M-7 6 V1 M0 6 V-3 M7 6 V-7",
  tmb: "M-7 -4 H7 M-7 0 H7 M-7 4 H7 M-3 -7 V-1 M3 1 V7",
  line: "M-7 -6 H7 M-7 0 H7 M-7 6 H7",
  duration: "M8 0 A8 8 0 1 1 -8 0 A8 8 0 1 1 8 0 M0 -5 V0 L4 2",
  toxicity: "M0 -9 L9 7 H-9 Z M0 -3 V2 M0 4.5 h.01",
};

/** The tumour: a cluster of cells within a circle of radius 32, each with its nucleus. */
export const TUMOUR_CELLS: readonly (readonly [number, number, number])[] = [
  [0, 0, 10],
  [-16, -6, 9],
  [14, -12, 9],
  [17, 7, 9],
  [-10, 14, 9],
  [6, 18, 8],
  [-2, -19, 8],
  [-23, 10, 6],
  [24, -6, 5],
];
