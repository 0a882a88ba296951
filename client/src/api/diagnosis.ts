// What the server finds about itself, for administrators.
import { request } from './problem';

export const levels = ['problem', 'attention', 'ok'] as const; // the worst first
export type Level = (typeof levels)[number];

export interface Finding {
  level: Level;
  code: string;
  values: Record<string, string>;
  sentence: string; // in English, for codes that this page does not know
}

export function readFindings(body: unknown): Finding[] {
  const list = (body as { findings?: unknown } | null)?.findings;
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown) => {
    const { level, code, values, sentence } = (item ?? {}) as Partial<Record<keyof Finding, unknown>>;
    const known = levels.find((each) => each === level);
    if (!known || typeof code !== 'string' || typeof sentence !== 'string') return [];
    const texts = Object.entries(typeof values === 'object' && values !== null ? values : {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    return [{ level: known, code, values: Object.fromEntries(texts), sentence }];
  });
}

// The worst first, otherwise as the server has them.
export const byLevel = (findings: readonly Finding[]): Finding[] => levels.flatMap((level) => findings.filter((each) => each.level === level));

export async function readDiagnosis(token: string, signal: AbortSignal): Promise<Finding[]> {
  const response = await request('/api/diagnosis', { token, signal, headers: { Accept: 'application/json' } });
  return readFindings(await response.json());
}
