/** What went wrong, all findings at once, and what to do. */

import type { ApiError, Finding } from "../api";
import { useTexts } from "../state";
import texts from "../texts";

export function Failure({ message, findings = [] }: { message: string; findings?: readonly Finding[] }) {
  return (
    <div class="warning" role="alert">
      <p>{message}</p>
      {findings.length > 0 && (
        <ul>
          {findings.map((finding, index) => (
            <li key={index}>
              {finding.line ? <b>{finding.line}: </b> : null}
              {finding.key ? <code>{finding.key}</code> : null} {finding.message}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** An error of the server, with a way to ask again. */
export function RequestFailure({ error, retry }: { error: ApiError; retry?: () => void }) {
  const say = useTexts(texts);
  return (
    <>
      <Failure message={error.status === 0 ? say("frame.unreachable") : error.message} findings={error.findings} />
      {retry && (
        <button type="button" onClick={retry}>
          {say("frame.retry")}
        </button>
      )}
    </>
  );
}
