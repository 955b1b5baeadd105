/** When each drug is given in the first weeks: one row a drug, one mark a dose. */

import { useTexts } from "../state";
import texts from "./texts";

export type ArmSchedule = {
  readonly arm: string;
  readonly title?: string | null;
  readonly drugs: readonly { readonly drug: string; readonly title?: string | null; readonly doses: readonly number[] }[];
};

const WEEKS = 24;
const LEFT = 120;
const WEEK = 18;
const ROW = 20;

export function Timeline({ arms }: { arms: readonly ArmSchedule[] }) {
  const say = useTexts(texts);
  const width = LEFT + WEEKS * WEEK + 10;
  const at = (day: number) => LEFT + (day / 7) * WEEK;
  let y = 22;
  const rows = arms.map((arm, series) => {
    const head = y;
    y += 20;
    const drugs = arm.drugs.map((drug) => {
      const row = { ...drug, y };
      y += ROW;
      return row;
    });
    y += 6;
    return { arm, series, head, drugs };
  });
  return (
    <figure class="figure timeline">
      <figcaption>{say("trial.schedule", { weeks: WEEKS })}</figcaption>
      <div class="canvas" tabIndex={0} role="region" aria-label={say("trial.schedule", { weeks: WEEKS })}>
        <svg width={width} height={y + 4} viewBox={`0 0 ${width} ${y + 4}`} role="group">
          <text x={LEFT - 8} y="12" text-anchor="end" class="axis">
            {say("trial.week")}
          </text>
          {Array.from({ length: WEEKS / 3 + 1 }, (_, index) => index * 3).map((week) => (
            <g key={week}>
              <text x={at(7 * week)} y="12" text-anchor="middle" class="axis">
                {week}
              </text>
              <line x1={at(7 * week)} x2={at(7 * week)} y1="17" y2={y} class="grid-line" />
            </g>
          ))}
          {rows.map(({ arm, series, head, drugs }) => (
            <g key={arm.arm} class={`series-${series % 6}`}>
              <text x="0" y={head + 13} class="arm-name">
                {arm.title || arm.arm}
              </text>
              {drugs.map((drug) => {
                const shown = drug.doses.filter((day) => day <= 7 * WEEKS);
                const label = say("trial.schedule.row", { arm: arm.arm, drug: drug.title ?? drug.drug, n: shown.length });
                return (
                  <g key={drug.drug} role="img" aria-label={label}>
                    <text x={LEFT - 8} y={drug.y + 13} text-anchor="end" class="drug-name">
                      {drug.title ?? drug.drug}
                    </text>
                    <line x1={LEFT} x2={at(7 * WEEKS)} y1={drug.y + 9} y2={drug.y + 9} class="grid-line" />
                    {shown.map((day) => (
                      <rect key={day} x={at(day) - 1} y={drug.y + 3} width="2.2" height="12" class="dose" />
                    ))}
                  </g>
                );
              })}
            </g>
          ))}
        </svg>
      </div>
    </figure>
  );
}
