/** Talk with the server: JSON in and out, errors as values with what was found and what to do. */

import { useEffect, useState } from "preact/hooks";

export type Finding = {
  readonly message: string;
  readonly line?: number | null;
  readonly key?: string | null;
  readonly severity?: string;
};

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly kind: string,
    message: string,
    readonly findings: readonly Finding[] = [],
  ) {
    super(message);
  }
}

export type Parameters = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** The address of a call: path under /api with its query; empty values are left out. */
export function address(path: string, parameters: Parameters = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "") query.set(name, String(value));
  }
  const search = query.toString();
  return `/api${path}${search ? `?${search}` : ""}`;
}

async function answer<T>(response: Response): Promise<T> {
  const text = await response.text();
  let body: unknown = null;
  try {
    body = text ? JSON.parse(text) : null;
  } catch {
    throw new ApiError(response.status, "no_json", response.statusText || "The server's answer is not JSON.");
  }
  if (response.ok) return body as T;
  const error = (body as { error?: { kind?: string; message?: string; findings?: (Finding | string)[] } } | null)?.error;
  throw new ApiError(
    response.status,
    error?.kind ?? "http",
    error?.message ?? `${response.status} ${response.statusText}`,
    (error?.findings ?? []).map((finding) => (typeof finding === "string" ? { message: finding } : finding)),
  );
}

/** The header that a form on another site cannot send; the server asks for it on every change. */
const CHANGE_HEADERS = { "Content-Type": "application/json", "X-Normoxia": "1" };

export async function get<T>(path: string, parameters: Parameters = {}, signal?: AbortSignal): Promise<T> {
  return answer<T>(await fetch(address(path, parameters), { headers: { Accept: "application/json" }, signal }));
}

export async function post<T>(
  path: string,
  body: unknown,
  parameters: Parameters = {},
  signal?: AbortSignal,
): Promise<T> {
  return answer<T>(
    await fetch(address(path, parameters), {
      method: "POST",
      headers: CHANGE_HEADERS,
      body: JSON.stringify(body),
      signal,
    }),
  );
}

export async function remove<T>(path: string): Promise<T> {
  return answer<T>(await fetch(address(path), { method: "DELETE", headers: CHANGE_HEADERS }));
}

export type Resource<T> = {
  /** The newest answer; while another is fetched, the one before. */
  readonly value: T | null;
  readonly error: ApiError | null;
  readonly loading: boolean;
  /** Ask again. */
  readonly reload: () => void;
};

const REMEMBERED = 60;
const remembered = new Map<string, unknown>();

/** Forget the answers that were kept, for instance after a job finished. */
export function forget(prefix = "/api"): void {
  for (const key of [...remembered.keys()]) if (key.startsWith(prefix)) remembered.delete(key);
}

function remember(key: string, value: unknown): void {
  remembered.delete(key);
  remembered.set(key, value);
  if (remembered.size > REMEMBERED) remembered.delete(remembered.keys().next().value!);
}

/** Fetch a GET address while a component is shown; null asks nothing. Answers of this visit are shown at once. */
export function useResource<T>(path: string | null, parameters: Parameters = {}): Resource<T> {
  const key = path === null ? null : address(path, parameters);
  const [round, setRound] = useState(0);
  const [state, setState] = useState<{ key: string | null; value: T | null; error: ApiError | null }>({
    key: null,
    value: null,
    error: null,
  });
  useEffect(() => {
    if (key === null) return;
    const control = new AbortController();
    fetch(key, { headers: { Accept: "application/json" }, signal: control.signal })
      .then((response) => answer<T>(response))
      .then(
        (value) => {
          remember(key, value);
          setState({ key, value, error: null });
        },
        (cause: unknown) => {
          if (control.signal.aborted) return;
          setState((before) => ({ key, value: before.key === key ? before.value : null, error: asApiError(cause) }));
        },
      );
    return () => control.abort();
  }, [key, round]);
  const fresh = state.key === key;
  const kept = key === null ? undefined : (remembered.get(key) as T | undefined);
  return {
    value: fresh ? state.value : (kept ?? state.value),
    error: fresh ? state.error : null,
    loading: key !== null && !fresh && kept === undefined,
    reload: () => setRound(round + 1),
  };
}

export function asApiError(cause: unknown): ApiError {
  if (cause instanceof ApiError) return cause;
  return new ApiError(0, "unreachable", cause instanceof Error ? cause.message : String(cause));
}
