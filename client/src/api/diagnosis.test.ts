import { describe, expect, it } from 'vitest';

import { byLevel, readFindings } from './diagnosis';

const finding = (level: string, code: string) => ({ level, code, values: { port: '8443', odd: 1 }, sentence: 'A sentence.' });

describe('the findings of the server', () => {
  it('are read where they are whole', () => {
    const body = { findings: [finding('ok', 'a'), finding('dreadful', 'b'), null, { level: 'ok' }, { ...finding('problem', 'c'), values: null }] };
    expect(readFindings(body)).toEqual([
      { level: 'ok', code: 'a', values: { port: '8443' }, sentence: 'A sentence.' },
      { level: 'problem', code: 'c', values: {}, sentence: 'A sentence.' },
    ]);
    expect(readFindings(null)).toEqual([]);
  });

  it('stand with the worst first', () => {
    const findings = readFindings({ findings: [finding('ok', 'a'), finding('attention', 'b'), finding('problem', 'c'), finding('ok', 'd')] });
    expect(byLevel(findings).map(({ code }) => code)).toEqual(['c', 'b', 'a', 'd']);
  });
});
