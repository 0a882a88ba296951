// The server's refusals (RFC 9457, application/problem+json) and what can be done about them.

export interface Problem {
  status: number; // 0 when the server was not reached
  title: string;
  detail: string; // a whole sentence for people; '' when the server gave none
  retryAfterSeconds: number | null;
}

export class Refused extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail || problem.title || `HTTP ${problem.status}`);
    this.problem = problem;
  }
}

// Whatever went wrong: what is no refusal is the browser's own.
export function problemOf(error: unknown): Problem {
  if (error instanceof Refused) return error.problem;
  return { status: -1, title: 'Browser', detail: error instanceof Error ? error.message : String(error), retryAfterSeconds: null };
}

// RFC 9110 section 10.2.3: seconds or a date.
export function readRetryAfter(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  if (/^\d+$/.test(header.trim())) return Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, Math.ceil((date - nowMs) / 1000));
}

export async function readProblem(response: Response): Promise<Problem> {
  const problem: Problem = {
    status: response.status,
    title: response.statusText,
    detail: '',
    retryAfterSeconds: readRetryAfter(response.headers.get('Retry-After'), Date.now()),
  };
  if (!response.headers.get('Content-Type')?.includes('problem+json')) return problem;
  try {
    const body = (await response.json()) as Partial<Record<'title' | 'detail', unknown>> | null;
    if (typeof body?.title === 'string') problem.title = body.title;
    if (typeof body?.detail === 'string') problem.detail = body.detail;
  } catch {
    // A cut-off body: the status alone has to do.
  }
  return problem;
}

// 'absent': the publication has not begun; ask again. 'busy': the server or the way to it; ask again. 'final': only a person can change it.
export type Verdict = 'absent' | 'busy' | 'final';

export function judge(problem: Problem): Verdict {
  const { status, retryAfterSeconds } = problem;
  if ((status === 404 || status === 409) && retryAfterSeconds !== null) return 'absent';
  if (status === 0 || status === 408 || status === 429 || status >= 500) return 'busy';
  return 'final';
}

// Like fetch, but a server out of reach is a Problem too, and so is any answer that is not 2xx.
export async function request(address: string | URL, init: RequestInit & { token?: string; timeoutMs?: number }): Promise<Response> {
  const { token, timeoutMs = 10_000, ...rest } = init;
  const headers = new Headers(rest.headers);
  if (token !== undefined) headers.set('Authorization', `Bearer ${token}`);
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = rest.signal ? AbortSignal.any([rest.signal, timeout]) : timeout;
  let response: Response;
  try {
    response = await fetch(address, { ...rest, headers, signal, credentials: 'omit', cache: 'no-store' });
  } catch (error) {
    if (rest.signal?.aborted) throw error;
    throw new Refused({ status: 0, title: '', detail: '', retryAfterSeconds: null });
  }
  if (!response.ok) throw new Refused(await readProblem(response));
  return response;
}
