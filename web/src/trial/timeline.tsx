/** When each drug is given in the first weeks: one row a drug, one mark a dose. */

import { useTexts } from "../state";
import texts from "./texts";

type Course = { readonly drug: string; readonly days: readonly number[] };
export type ArmSchedule = { readonly id: string; readonly title: string; readonly timeline: readonly Course[] };

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
    // a drug that changes its dose or schedule has several courses, in one row
    const names = [...new Set(arm.timeline.map(({ drug }) => drug))];
    const drugs = names.map((name) => {
      const days = arm.timeline.filter(({ drug }) => drug === name).flatMap((course) => course.days);
      const row = { name, days, y };
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
            <g key={arm.id} class={`series-${series % 6}`}>
              <text x="0" y={head + 13} class="arm-name">
                {arm.title || arm.id}
              </text>
              {drugs.map((drug) => {
                const shown = drug.days.filter((day) => day <= 7 * WEEKS);
                const label = say("trial.schedule.row", { arm: arm.id, drug: drug.name, n: shown.length });
                return (
                  <g key={drug.name} role="img" aria-label={label}>
                    <text x={LEFT - 8} y={drug.y + 13} text-anchor="end" class="drug-name">
                      {drug.name}
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
