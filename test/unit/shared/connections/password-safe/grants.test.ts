import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFile, readTicket } from '#shared/connections/password-safe/grants.ts';
import { type Answer, type CallName, isPage } from '#shared/http/answer.ts';

const call: CallName = { connection: 'corp-vault', name: 'POST Requests/7/Sessions', idempotent: false };

const answerOf = (text: string, contentType = 'application/json'): Answer => ({
  status: 201,
  headers: { 'content-type': contentType },
  text,
  bytes: Buffer.from(text),
  receivedAtMs: 0,
});

const anyText = fc.string({ unit: 'binary', maxLength: 30 });

describe('a ticket', () => {
  it('is returned as the text that was received, whatever else the answer contains and however it is written', () => {
    const ticket = fc.record({ Ticket: fc.string({ minLength: 1 }), SessionID: fc.option(fc.nat()), Extra: anyText });
    fc.assert(
      fc.property(ticket, fc.nat({ max: 4 }), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const { credential, sessionId } = readTicket(answerOf(text), call);
        expect([credential.reveal(), sessionId]).toEqual([text, value.SessionID ?? undefined]);
      }),
    );
  });

  it.each([
    '{"Ticket":""}',
    '{"Ticket":null}',
    '{"Ticket":7}',
    '{"ID":"1"}',
    '"ticket"',
    '[]',
    'null',
    '{"Ticket":"x"',
  ])('is not %s', (text) => {
    expect(() => readTicket(answerOf(text), call)).toThrow(expect.objectContaining({ name: 'AnswerMalformed' }));
  });
});

describe('a file', () => {
  it('is returned completely if it contains a setting', () => {
    fc.assert(
      fc.property(anyText, anyText, (before, after) => {
        const text = `${before}\r\nfull address:s:node-1\r\n${after}`;
        fc.pre(!isPage(answerOf(text)));
        expect(readFile(answerOf(text, 'application/octet-stream'), call)).toMatchObject({ sessionId: undefined });
        expect(readFile(answerOf(text, 'application/octet-stream'), call).credential.reveal()).toBe(text);
      }),
    );
  });

  it.each([
    ['', 'nothing'],
    ['{"Ticket":"secret-text"}', 'JSON'],
    ['<html>\nfull address:s:secret-text', 'a page'],
    ['s\0e\0c\0r\0e\0t\0:\0s\0:\0t\0', 'another encoding'],
    ['secret-text:without a kind', 'no setting'],
  ])('is not %j, and the error for %s does not quote it', (text) => {
    const read = () => readFile(answerOf(text, 'application/octet-stream'), call);
    expect(read).toThrow(expect.objectContaining({ name: 'AnswerMalformed', mayHaveHappened: true }));
    expect(read).not.toThrow(/secret/);
  });
});
