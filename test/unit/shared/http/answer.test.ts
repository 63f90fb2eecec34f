import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type Answer, answeredAtMs, json, nothing, retryAfterMs } from '#shared/http/answer.ts';

const NOW = Date.UTC(2026, 0, 1);
const answered = (headers: Answer['headers']): Answer => ({
  status: 429,
  headers,
  text: '',
  bytes: new Uint8Array(),
  receivedAtMs: NOW,
});
const httpDate = (ms: number): string => new Date(ms).toUTCString();

describe('the wait that an answer requests', () => {
  it('is read from seconds', () => {
    fc.assert(
      fc.property(fc.nat(100_000), (seconds) => {
        expect(retryAfterMs(answered({ 'retry-after': ` ${seconds} ` }))).toBe(seconds * 1000);
      }),
    );
  });

  it('is read from a date by the clock of the server, even if ours is wrong', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e6, max: 1e6 }), fc.nat(3600), (skewSeconds, seconds) => {
        const serverMs = NOW + skewSeconds * 1000;
        const headers = { date: httpDate(serverMs), 'retry-after': httpDate(serverMs + seconds * 1000) };
        expect(retryAfterMs(answered(headers))).toBe(seconds * 1000);
      }),
    );
  });

  it('is read from a date by our clock if the server sends none', () => {
    expect(retryAfterMs(answered({ 'retry-after': httpDate(NOW + 5000) }))).toBe(5000);
  });

  it('is zero for a date in the past', () => {
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

describe('reading an answer', () => {
  const call = { connection: 'vault', name: 'GET Credentials/1', idempotent: true };
  const read = (contentType: string) =>
    json(z.string())(
      {
        status: 200,
        headers: { 'content-type': contentType },
        text: '"pässwörd"',
        bytes: new Uint8Array(),
        receivedAtMs: NOW,
      },
      call,
    );

  it.each(['application/json', 'application/json; charset=utf-8', 'text/json;charset="UTF-8"'])(
    'accepts %s',
    (type) => {
      expect(read(type)).toBe('pässwörd');
    },
  );

  it.each(['application/json; charset=iso-8859-1', 'application/json;charset="utf-16"'])(
    'refuses %s, in which the same bytes can mean another text',
    (type) => expect(() => read(type)).toThrow('is not UTF-8 according to its content type'),
  );

  it.each([
    ['{"Password":"canary"}', 'expected a JSON string, found a JSON object'],
    ['["canary"]', 'expected a JSON string, found a JSON array'],
    ['null', 'expected a JSON string, found null'],
    ['""', 'expected at least 1 character'],
  ])('reports an unknown shape for %s, which is no credential: %s', (text, misfit) => {
    const answer = { status: 200, headers: {}, text, bytes: new Uint8Array(), receivedAtMs: NOW };
    const credential = z
      .string()
      .min(1)
      .transform((value) => value);
    expect(() => json(credential)(answer, call)).toThrow(
      `vault: the answer to GET Credentials/1 has an unknown shape (${misfit}). Check that the url`,
    );
  });

  it('does not accept a page as an answer, even if no value is read', () => {
    const page = { status: 200, headers: {}, text: ' <!DOCTYPE html>', bytes: new Uint8Array(), receivedAtMs: NOW };
    expect(() => nothing(page, call)).toThrow('is an HTML page');
    expect(nothing({ ...page, text: '' }, call)).toBeUndefined();
  });
});
