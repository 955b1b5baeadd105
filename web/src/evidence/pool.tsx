/** Questions put to the registry, and the answer to one of them. */

import { useResource } from "../api";
import { RequestFailure } from "../parts/failure";
import { Link } from "../parts/link";
import { Report } from "../parts/report";
import { usePage, useTexts } from "../state";
import frame from "../texts";
import texts from "./texts";
import type { QuestionContent, QuestionRow } from "./types";

export function Questions() {
  const { language } = usePage();
  const say = useTexts(texts);
  const sayFrame = useTexts(frame);
  const list = useResource<{ questions: readonly QuestionRow[] }>("/evidence/questions", { lang: language });
  if (list.error) return <RequestFailure error={list.error} retry={list.reload} />;
  if (list.value === null) return <p class="waiting">{sayFrame("frame.loading")}</p>;
  return (
    <>
      <p class="lead">{say("pool.lead")}</p>
      <ul class="cards">
        {list.value.questions.map((one) => (
          <li class="panel" key={one.id}>
            <h3>
              <Link path={`/evidence/pool/${encodeURIComponent(one.id)}`}>{one.title}</Link>
            </h3>
            <p>{one.asks}</p>
            <p class="small muted">
              {one.studies > 0
                ? say("pool.about", { studies: one.studies, endpoints: one.endpoints.join(", ") })
                : one.endpoints.join(", ")}
            </p>
          </li>
        ))}
      </ul>
    </>
  );
}

export function Question({ id }: { id: string }) {
  const { address, language, set } = usePage();
  const say = useTexts(texts);
  const endpoint = address.query.endpoint;
  const path = `/evidence/questions/${encodeURIComponent(id)}`;
  const answer = useResource<QuestionContent>(path, { lang: language, endpoint });
  const list = useResource<{ questions: readonly QuestionRow[] }>("/evidence/questions", { lang: language });
  const asked = list.value?.questions.find((one) => one.id === id);
  const shown = answer.value?.id === id ? answer.value : null;
  return (
    <article>
      <p class="small unprinted">
        <Link path="/evidence/pool">← {say("pool.back")}</Link>
      </p>
      <h1>{asked?.title ?? shown?.title ?? id}</h1>
      <p class="lead">{asked?.asks ?? shown?.asks}</p>
      {asked && asked.endpoints.length > 1 && (
        <div class="segments unprinted" role="group" aria-label={say("pool.endpoint")}>
          {asked.endpoints.map((one) => (
            <button
              type="button"
              key={one}
              aria-pressed={one === (endpoint ?? asked.endpoints[0])}
              onClick={() => set({ endpoint: one })}
            >
              {one}
            </button>
          ))}
        </div>
      )}
      {answer.error && <RequestFailure error={answer.error} retry={answer.reload} />}
      {answer.loading && <p class="waiting">{say("pool.pooling")}</p>}
      {shown && !answer.loading && (
        <Report key={shown.endpoint} report={shown.page} path={path} parameters={{ endpoint: shown.endpoint }} />
      )}
    </article>
  );
}
