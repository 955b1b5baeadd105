/** Where everything stands on the plate: drawn by hand, once for wide screens and once for narrow ones. */

export type Side = "below" | "right" | "left" | "above";
export type Spot = { readonly x: number; readonly y: number; readonly side?: Side; readonly r?: number };
export type Plate = {
  readonly name: "wide" | "narrow";
  readonly width: number;
  readonly height: number;
  /** Radius of a node, and sizes of its text. */
  readonly radius: number;
  readonly spots: Readonly<Record<string, Spot>>;
  /** How far an arrow bows to its left, as a share of its length; those not named take the usual bow. */
  readonly bows: Readonly<Record<string, number>>;
  /** Ground on which the nodes stand. */
  readonly scenery: {
    readonly bed: string;
    readonly node: string;
    readonly vessel: readonly string[];
    readonly lumen: string;
    readonly pericytes: readonly (readonly [number, number, number])[];
    readonly labels: readonly { readonly key: string; readonly x: number; readonly y: number }[];
  };
};

export const WIDE: Plate = {
  name: "wide",
  width: 880,
  height: 800,
  radius: 15,
  spots: {
    anti_ctla4: { x: 290, y: 48 },
    primed: { x: 392, y: 66 },
    naive: { x: 482, y: 40, side: "right" },
    memory: { x: 498, y: 112, side: "right" },
    dc: { x: 614, y: 70 },
    antigen: { x: 716, y: 70 },
    tmb: { x: 818, y: 56 },

    mature: { x: 212, y: 118, side: "left" },
    adhesion: { x: 243, y: 196, side: "left" },
    perfusion: { x: 212, y: 278, side: "left" },
    vegfr2: { x: 246, y: 354 },
    leak: { x: 246, y: 438 },
    immature: { x: 212, y: 528, side: "left" },
    drive: { x: 138, y: 408 },
    alternative: { x: 56, y: 452 },
    tki: { x: 56, y: 318 },
    toxicity: { x: 56, y: 560 },
    chemo: { x: 56, y: 668 },
    chemo_kill: { x: 212, y: 676 },

    entry: { x: 308, y: 168 },
    cd4: { x: 404, y: 160 },
    cd8: { x: 500, y: 208 },
    ifn: { x: 396, y: 238 },
    exhausted: { x: 622, y: 206 },
    pd1: { x: 722, y: 274 },
    reach: { x: 722, y: 168 },
    bispecific: { x: 820, y: 152 },
    anti_pd1: { x: 822, y: 236 },
    anti_pdl1: { x: 822, y: 330 },

    anti_vegf: { x: 300, y: 268 },
    vegf: { x: 384, y: 326 },
    genotype: { x: 318, y: 404 },
    hypoxia: { x: 384, y: 474 },
    gmcsf: { x: 470, y: 428 },
    il10: { x: 476, y: 512 },
    lactate: { x: 440, y: 592 },
    treg: { x: 576, y: 300 },
    mdsc: { x: 576, y: 392 },
    m2: { x: 576, y: 480 },
    m1: { x: 560, y: 568 },
    function: { x: 716, y: 400 },
    kill: { x: 716, y: 506 },
    pdl1: { x: 796, y: 560 },
    pdl1_class: { x: 806, y: 660 },
    tumour: { x: 668, y: 642, r: 32 },
    spread: { x: 440, y: 716 },
    line: { x: 574, y: 750 },
    duration: { x: 736, y: 750 },
  },
  bows: {
    "perfusion-reach": -0.2,
    "perfusion-chemo_kill": 0.14,
    "hypoxia-treg": 0.16,
    "vegf-treg": -0.05,
    "vegf-mdsc": 0.02,
    "vegf-m2": 0.1,
    "vegf-dc": -0.18,
    "vegf-naive": -0.14,
    "il10-dc": 0.24,
    "lactate-exhausted": -0.2,
    "lactate-function": -0.05,
    "ifn-immature": 0.16,
    "ifn-pdl1": -0.26,
    "ifn-m2": -0.1,
    "function-ifn": 0.24,
    "tumour-antigen": 0.09,
    "immature-tumour": -0.25,
    "tki-hypoxia": 0.3,
    "cd8-perfusion": -0.16,
    "perfusion-vegf": -0.16,
    "perfusion-hypoxia": 0.04,
    "perfusion-lactate": 0.1,
    "anti_ctla4-treg": -0.22,
    "treg-primed": -0.16,
    "cd8-memory": 0.3,
    "memory-cd8": 0.3,
    "tki-mature": -0.16,
    "drive-mature": -0.1,
    "mature-perfusion": 0.2,
    "leak-perfusion": -0.22,
    "leak-entry": -0.2,
    "pdl1-pd1": -0.1,
    "chemo_kill-tumour": -0.07,
    "hypoxia-alternative": 0.3,
  },
  scenery: {
    bed:
      "M276 150 C330 118 470 138 560 146 C660 150 742 128 776 196 C812 268 784 356 800 436 C818 540 846 610 770 690 " +
      "C700 762 596 716 520 752 C440 786 350 742 320 668 C286 580 280 520 284 440 C288 330 252 220 276 150 Z",
    node: "M338 60 C332 14 420 8 520 12 C640 14 776 10 784 62 C790 128 690 132 590 134 C470 140 348 138 338 60 Z",
    vessel: [
      "M186 20 C184 110 186 200 188 300 C188 380 178 420 186 470 C196 520 172 560 184 610 C194 660 176 720 184 790",
      "M238 20 C240 110 238 200 240 300 C242 372 252 410 242 462 C230 520 254 560 240 612 C230 664 250 720 240 790",
    ],
    lumen:
      "M186 20 C184 110 186 200 188 300 C188 380 178 420 186 470 C196 520 172 560 184 610 C194 660 176 720 184 790 " +
      "L240 790 C250 720 230 664 240 612 C254 560 230 520 242 462 C252 410 242 372 240 300 C238 200 240 110 238 20 Z",
    pericytes: [
      [181, 50, 90],
      [243, 62, 90],
      [181, 160, 90],
      [244, 136, 90],
      [182, 228, 90],
      [244, 242, 90],
    ],
    labels: [
      { key: "scene.node", x: 560, y: 26 },
      { key: "scene.vessel", x: 213, y: 14 },
      { key: "scene.bed", x: 596, y: 700 },
    ],
  },
};

export const NARROW: Plate = {
  name: "narrow",
  width: 390,
  height: 1010,
  radius: 13,
  spots: {
    anti_ctla4: { x: 36, y: 40 },
    primed: { x: 112, y: 50 },
    naive: { x: 186, y: 40 },
    dc: { x: 262, y: 50 },
    antigen: { x: 346, y: 40 },
    tmb: { x: 352, y: 128 },
    memory: { x: 228, y: 132 },

    mature: { x: 52, y: 150 },
    adhesion: { x: 72, y: 238 },
    entry: { x: 130, y: 156 },
    cd4: { x: 176, y: 226 },
    cd8: { x: 256, y: 226 },
    exhausted: { x: 340, y: 226 },
    bispecific: { x: 352, y: 318 },
    reach: { x: 282, y: 318 },
    ifn: { x: 204, y: 312 },
    anti_vegf: { x: 132, y: 318 },
    perfusion: { x: 52, y: 330 },
    vegf: { x: 150, y: 408 },
    pd1: { x: 288, y: 412 },
    anti_pd1: { x: 352, y: 404 },
    vegfr2: { x: 64, y: 424 },
    treg: { x: 222, y: 474 },
    anti_pdl1: { x: 352, y: 490 },
    function: { x: 294, y: 530 },
    leak: { x: 72, y: 514 },
    genotype: { x: 140, y: 498 },
    drive: { x: 36, y: 594 },
    hypoxia: { x: 120, y: 588 },
    mdsc: { x: 216, y: 560 },
    kill: { x: 344, y: 590 },
    tki: { x: 34, y: 680 },
    gmcsf: { x: 184, y: 644 },
    m2: { x: 256, y: 634 },
    alternative: { x: 100, y: 676 },
    pdl1: { x: 346, y: 684 },
    il10: { x: 196, y: 730 },
    m1: { x: 278, y: 716 },
    immature: { x: 50, y: 762 },
    lactate: { x: 130, y: 766 },
    pdl1_class: { x: 348, y: 776 },
    tumour: { x: 258, y: 822, r: 28 },
    toxicity: { x: 36, y: 848 },
    chemo_kill: { x: 112, y: 866 },
    chemo: { x: 42, y: 938 },
    spread: { x: 176, y: 914 },
    line: { x: 258, y: 946 },
    duration: { x: 342, y: 890 },
  },
  bows: {
    "perfusion-reach": -0.16,
    "perfusion-chemo_kill": 0.16,
    "tumour-antigen": 0.22,
    "immature-tumour": 0.1,
    "cd8-memory": 0.3,
    "memory-cd8": 0.3,
    "ifn-immature": 0.14,
    "ifn-pdl1": -0.2,
    "vegf-dc": -0.16,
    "il10-dc": 0.16,
    "lactate-exhausted": -0.16,
    "function-ifn": 0.16,
    "leak-entry": -0.14,
    "anti_ctla4-treg": -0.12,
    "treg-primed": -0.12,
    "leak-perfusion": -0.22,
    "mature-perfusion": 0.16,
  },
  scenery: {
    bed:
      "M112 186 C180 168 280 180 366 196 C392 260 376 360 380 470 C386 600 392 720 372 850 C330 908 240 880 170 876 " +
      "C110 860 92 800 96 700 C100 560 92 470 98 380 C104 300 92 230 112 186 Z",
    node: "M70 40 C72 8 180 10 260 10 C350 8 384 14 382 62 C380 160 290 170 220 172 C170 172 190 104 130 104 C84 104 68 90 70 40 Z",
    vessel: [
      "M24 120 C22 240 26 340 24 420 C14 480 36 540 22 600 C12 680 36 740 22 800",
      "M80 120 C82 240 78 340 82 420 C92 480 68 540 80 600 C92 680 66 740 80 800",
    ],
    lumen:
      "M24 120 C22 240 26 340 24 420 C14 480 36 540 22 600 C12 680 36 740 22 800 " +
      "L80 800 C66 740 92 680 80 600 C68 540 92 480 82 420 C78 340 82 240 80 120 Z",
    pericytes: [
      [20, 180, 90],
      [84, 190, 90],
      [20, 270, 90],
      [83, 290, 90],
    ],
    labels: [
      { key: "scene.node", x: 226, y: 22 },
      { key: "scene.vessel", x: 52, y: 114 },
      { key: "scene.bed", x: 310, y: 872 },
    ],
  },
};
