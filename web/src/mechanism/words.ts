/** Titles broken into lines that fit under a node. */

const WIDE = /[\u2e80-\u9fff\uff00-\uffef]/;

/** Break a title at its spaces into at most two lines of about `width` letters; Chinese letters count double. */
export function broken(title: string, width: number): readonly string[] {
  if (extent(title) <= width) return [title];
  const cuts = [...title.matchAll(/ |(?<=[\u2e80-\u9fff])(?=[\u2e80-\u9fff])/g)].map((cut) => cut.index);
  if (cuts.length === 0) return [title];
  const half = extent(title) / 2;
  const best = cuts.reduce((one, other) =>
    Math.abs(extent(title.slice(0, other)) - half) < Math.abs(extent(title.slice(0, one)) - half) ? other : one,
  );
  return [title.slice(0, best).trim(), title.slice(best).trim()];
}

function extent(text: string): number {
  return [...text].reduce((sum, letter) => sum + (WIDE.test(letter) ? 1.8 : 1), 0);
}
