/** A ratio with its interval, drawn small on a logarithmic scale that all rows share. */

const [WIDTH, HEIGHT] = [96, 16];
export const [LOW, HIGH] = [0.25, 2.5];
const SPAN = Math.log(HIGH / LOW);

/** Where a ratio stands, cut off at the ends of the scale. */
export function place(ratio: number): number {
  const share = Math.log(Math.min(HIGH, Math.max(LOW, ratio)) / LOW) / SPAN;
  return 3 + share * (WIDTH - 6);
}

type Properties = { readonly value: number; readonly low: number | null; readonly high: number | null };

export function MiniInterval({ value, low, high }: Properties) {
  const middle = HEIGHT / 2;
  return (
    <svg class="mini" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} aria-hidden="true">
      <path class="one" d={`M${place(1).toFixed(1)} 0 V${HEIGHT}`} />
      {low !== null && high !== null && (
        <>
          <path class="range" d={`M${place(low).toFixed(1)} ${middle} H${place(high).toFixed(1)}`} />
          {low < LOW && <path class="range" d={`M6 ${middle - 3} L2 ${middle} L6 ${middle + 3}`} />}
          {high > HIGH && <path class="range" d={`M${WIDTH - 6} ${middle - 3} L${WIDTH - 2} ${middle} L${WIDTH - 6} ${middle + 3}`} />}
        </>
      )}
      <rect class="point" x={place(value) - 3} y={middle - 3} width="6" height="6" />
    </svg>
  );
}
