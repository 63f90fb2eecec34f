import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Answer, answeredAtMs, retryAfterMs } from '#shared/http/answer.ts';

const NOW = Date.UTC(2026, 0, 1);
const answered = (headers: Answer['headers']): Answer => ({ status: 429, headers, text: '', receivedAtMs: NOW });
const httpDate = (ms: number): string => new Date(ms).toUTCString();

describe('the wait that an answer asks for', () => {
  it('is read from seconds', () => {
    fc.assert(
      fc.property(fc.nat(100_000), (seconds) => {
        expect(retryAfterMs(answered({ 'retry-after': ` ${seconds} ` }))).toBe(seconds * 1000);
      }),
    );
  });

  it('is read from a date by the clock of the server, however wrong ours is', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e6, max: 1e6 }), fc.nat(3600), (skewSeconds, seconds) => {
        const serverMs = NOW + skewSeconds * 1000;
        const headers = { date: httpDate(serverMs), 'retry-after': httpDate(serverMs + seconds * 1000) };
        expect(retryAfterMs(answered(headers))).toBe(seconds * 1000);
      }),
    );
  });

  it('is read from a date by our clock when the server shows none', () => {
    expect(retryAfterMs(answered({ 'retry-after': httpDate(NOW + 5000) }))).toBe(5000);
  });

  it('is nothing for a date in the past', () => {
    expect(retryAfterMs(answered({ 'retry-after': httpDate(NOW - 5000) }))).toBe(0);
  });

  it.each(['', 'soon', '-1', '1.5e'])('is unknown for %j', (text) => {
    expect(retryAfterMs(answered({ 'retry-after': text }))).toBeUndefined();
  });

  it('is unknown without the header', () => {
    expect(retryAfterMs(answered({}))).toBeUndefined();
  });
});

describe('the time of an answer', () => {
  it('is that of its Date header, and unknown without a readable one', () => {
    expect(answeredAtMs(answered({ date: httpDate(NOW) }))).toBe(NOW);
    expect(answeredAtMs(answered({ date: 'today' }))).toBeUndefined();
    expect(answeredAtMs(answered({}))).toBeUndefined();
  });
});
